//! Messages to people, through Amazon SNS.

use crate::PhaseError;
use std::future::Future;

/// Messages to people.
pub trait Messages: Sync {
    /// Publishes to Bascule's topic.
    fn publish(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
