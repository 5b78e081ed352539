//! Signatures for links, by AWS KMS.

use crate::PhaseError;
use std::future::Future;

/// Signatures for links.
pub trait Signatures: Sync {
    /// An HMAC of the text under Bascule's KMS key, unpadded base64url.
    fn sign(&self, text: &str) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Whether the signature is of this text.
    fn verify(&self, text: &str, signature: &str) -> impl Future<Output = Result<bool, PhaseError>> + Send;
}
