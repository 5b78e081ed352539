//! Answers to waiting Step Functions tasks
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>).

use crate::{PhaseError, TaskToken};
use serde_json::Value;
use std::future::Future;

/// Answers to waiting Step Functions tasks.
pub trait Tokens: Sync {
    /// The task succeeds with this output. False where nobody waits for the token any more.
    fn succeed(&self, token: &TaskToken, output: &Value) -> impl Future<Output = Result<bool, PhaseError>> + Send;

    /// The task fails under this error. False where nobody waits for the token any more.
    fn fail(&self, token: &TaskToken, error: &PhaseError) -> impl Future<Output = Result<bool, PhaseError>> + Send;
}
