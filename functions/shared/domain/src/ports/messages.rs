//! Messages to people, through Amazon SNS.

use crate::PhaseError;
use std::future::Future;

/// Messages to people.
pub trait Messages: Sync {
    /// Publishes to Bascule's topic.
    fn publish(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// How many subscriptions of the topic are confirmed: without one nobody gets a message.
    fn subscriptions(&self) -> impl Future<Output = Result<u64, PhaseError>> + Send;
}
