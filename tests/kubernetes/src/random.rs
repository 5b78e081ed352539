//! Random names and identifiers from the operating system's random number generator.

use std::fmt::Write;

/// The characters of generated names in Kubernetes: no vowels, so that no words appear
/// (`k8s.io/apimachinery/pkg/util/rand`).
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).is_err() {
        // getrandom fails only on kernels that Rust does not support; the time keeps names unique then.
        for (at, byte) in jiff::Timestamp::now().as_nanosecond().to_le_bytes().iter().cycle().take(N).enumerate() {
            bytes[at] ^= byte;
        }
    }
    bytes
}

/// A random suffix of `N` characters; `generateName` appends five.
pub(crate) fn suffix<const N: usize>() -> String {
    bytes::<N>().iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

/// A random UUID (version 4, RFC 9562).
pub(crate) fn uid() -> String {
    let mut bytes = bytes::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hexadecimal(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A bearer token of 256 bits.
pub(crate) fn token() -> String {
    hexadecimal(&bytes::<32>())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
