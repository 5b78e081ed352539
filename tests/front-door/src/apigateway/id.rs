//! Identifiers in API Gateway's format: random lower-case letters and digits.

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A random identifier of this length.
pub(crate) fn random(length: usize) -> String {
    (0..length).map(|_| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())])).collect()
}

/// The value of a generated API key: 40 letters and digits.
pub(crate) fn api_key_value() -> String {
    (0..40).map(|_| fastrand::alphanumeric()).collect()
}

/// The current time in seconds since the epoch, the time format of API Gateway's answers.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
