//! Digests in hexadecimal, for names and comparisons.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The SHA-256 of `bytes`, as 64 hexadecimal digits.
#[must_use]
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap_or_else(|_| unreachable!("writing to a String does not fail"));
        digits
    })
}
