//! SHA-256, by which plans, bundles and evidence are compared.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Lower-case hexadecimal SHA-256 of `bytes`.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut sum = Sum::default();
    sum.add(bytes);
    sum.hex()
}

/// The SHA-256 of bytes that come in pieces.
#[derive(Debug, Clone, Default)]
pub struct Sum(Sha256);

impl Sum {
    /// Takes the next piece.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum of all pieces, in lower-case hexadecimal.
    #[must_use]
    pub fn hex(self) -> String {
        self.0.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-4 example, "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
        let mut sum = Sum::default();
        sum.add(b"a");
        sum.add(b"bc");
        assert_eq!(sum.hex(), expected);
    }
}
