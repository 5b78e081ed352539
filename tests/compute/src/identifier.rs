//! Identifiers and times in AWS's formats.

use std::{
    collections::hash_map::RandomState,
    fmt::Write as _,
    hash::{BuildHasher, Hasher},
    sync::atomic::{AtomicU64, Ordering},
};

/// A unique string of this many hexadecimal digits.
pub(crate) fn hexadecimal(digits: usize) -> String {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let mut out = String::new();
    while out.len() < digits {
        // Every RandomState has its own random keys, so the hash of a counter is random enough here.
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(DRAWN.fetch_add(1, Ordering::Relaxed));
        // Writing to a String cannot fail.
        let _ = write!(out, "{:016x}", hasher.finish());
    }
    out.truncate(digits);
    out
}

/// A version 4 UUID.
pub(crate) fn uuid() -> String {
    let digits = hexadecimal(32);
    format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

/// The current time in seconds since 1970, EKS's format.
pub(crate) fn epoch_seconds() -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a double exactly")]
    let milliseconds = jiff::Timestamp::now().as_millisecond() as f64;
    milliseconds / 1000.0
}

/// The current time in the query protocol's format.
pub(crate) fn date_time() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_length_and_differ() {
        assert_eq!(hexadecimal(17).len(), 17);
        assert_eq!(uuid().len(), 36);
        assert_ne!(uuid(), uuid());
    }
}
