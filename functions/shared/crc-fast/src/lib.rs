//! The CRCs of Amazon S3, in place of the crate `crc-fast` from crates.io.
//!
//! `aws-sdk-s3` checks what it reads and writes by `aws-smithy-checksums`, which takes CRCs from `crc-fast`. That one chooses among
//! fifty algorithms at run time, so that no linker can drop any of their tables, 680 KB that do not compress: an eighth of the
//! largest function's package (<https://github.com/awesomized/crc-fast-rust/issues/61>). `[patch.crates-io]` of the workspace has
//! this crate in its place: what `aws-smithy-checksums` calls of its API, on the crate `crc`, for the three CRCs that S3 has
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_Checksum.html>). It is to go as soon as `crc-fast` has features for that.
//!
//! It takes a byte at a time where `crc-fast` takes 16 and more: some 3 ms for a MB of manifests, a fortieth of what parsing them takes.

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc};
use std::fmt;

static ISO_HDLC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
static ISCSI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
static NVME: Crc<u64> = Crc::<u64>::new(&CRC_64_NVME);

/// An algorithm, under its name in the catalogue of CRC algorithms (<https://reveng.sourceforge.io/crc-catalogue/all.htm>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// What S3 calls CRC32C.
    Crc32Iscsi,
    /// What S3 calls CRC32.
    Crc32IsoHdlc,
    /// What S3 calls CRC64NVME, which it adds itself to what comes without a checksum.
    Crc64Nvme,
}

/// A CRC of what came so far.
pub struct Digest(State);

enum State {
    Of32(crc::Digest<'static, u32>),
    Of64(crc::Digest<'static, u64>),
}

impl Digest {
    /// A CRC of nothing yet.
    #[must_use]
    pub const fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32Iscsi => State::Of32(ISCSI.digest()),
            CrcAlgorithm::Crc32IsoHdlc => State::Of32(ISO_HDLC.digest()),
            CrcAlgorithm::Crc64Nvme => State::Of64(NVME.digest()),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Of32(digest) => digest.update(bytes),
            State::Of64(digest) => digest.update(bytes),
        }
    }

    /// The CRC of all that came, in the lower bits where it is one of 32.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        match &self.0 {
            State::Of32(digest) => digest.clone().finalize().into(),
            State::Of64(digest) => digest.clone().finalize(),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({:x})", self.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::{CrcAlgorithm::*, *};

    /// The CRC of what comes in pieces of this many bytes.
    fn in_pieces(algorithm: CrcAlgorithm, bytes: &[u8], size: usize) -> u64 {
        let mut digest = Digest::new(algorithm);
        bytes.chunks(size).for_each(|piece| digest.update(piece));
        digest.finalize()
    }

    fn assert_all(algorithm: CrcAlgorithm, cases: &[(&[u8], u64)]) {
        for (bytes, expected) in cases {
            for size in [1, 7, 4096] {
                let found = in_pieces(algorithm, bytes, size);
                assert_eq!(found, *expected, "{algorithm:?} of {} bytes by {size}: {found:x}", bytes.len());
            }
        }
    }

    fn rising(length: usize) -> Vec<u8> {
        (0..=u8::MAX).cycle().take(length).collect()
    }

    fn falling(length: usize) -> Vec<u8> {
        (0..=u8::MAX).rev().cycle().take(length).collect()
    }

    // https://reveng.sourceforge.io/crc-catalogue/all.htm: "check", the CRC of these nine characters.
    #[test]
    fn the_crcs_are_those_of_the_catalogue() {
        assert_all(Crc32IsoHdlc, &[(b"123456789", 0xcbf4_3926)]);
        assert_all(Crc32Iscsi, &[(b"123456789", 0xe306_9283)]);
        assert_all(Crc64Nvme, &[(b"123456789", 0xae8b_1486_0a79_9888)]);
    }

    // https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4, whose bytes are in the order of the wire.
    #[test]
    fn crc32c_is_that_of_iscsi() {
        let falling: Vec<u8> = (0..32).rev().collect();
        assert_all(
            Crc32Iscsi,
            &[(&[0; 32], 0x8a91_36aa), (&[0xff; 32], 0x62a8_ab43), (&rising(32), 0x46dd_794e), (&falling, 0x113f_db5c)],
        );
    }

    // "64b CRC Test Cases" of the NVM Express NVM Command Set Specification 1.0c, 5.2.1.3.5.
    #[test]
    fn crc64nvme_is_that_of_nvm_express() {
        assert_all(
            Crc64Nvme,
            &[
                (&[0; 4096], 0x6482_d367_eb22_b64e),
                (&[0xff; 4096], 0xc0dd_ba73_02ec_a3ac),
                (&rising(4096), 0x3e72_9f5f_6750_449c),
                (&falling(4096), 0x9a2d_f64b_8e9e_517e),
            ],
        );
    }

    #[test]
    fn a_digest_can_be_asked_and_go_on() {
        let mut digest = Digest::new(Crc32IsoHdlc);
        assert_eq!(digest.finalize(), 0);
        digest.update(b"12345");
        assert_ne!(digest.finalize(), 0xcbf4_3926);
        digest.update(b"6789");
        assert_eq!(digest.finalize(), 0xcbf4_3926);
    }

    /// With a `crc-fast` from crates.io beside this crate, packages would be larger again.
    #[test]
    fn the_sdk_takes_its_crcs_from_here() {
        let lock = include_str!("../../../../Cargo.lock");
        let packages: Vec<&str> =
            lock.split("[[package]]").filter(|text| text.contains("name = \"crc-fast\"")).collect();
        let [package] = packages[..] else { panic!("one crc-fast was expected: {packages:?}") };
        assert!(!package.contains("source ="), "{package}");
        assert!(!lock.contains("[[patch.unused]]"), "nothing asks for what is patched any more: it can go");
    }
}
