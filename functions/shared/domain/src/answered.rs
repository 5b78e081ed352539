//! Fails the waiting task of a state whose function cannot begin.

use crate::{Outcome, PhaseError, TaskToken, ports::Tokens};

/// Passes the outcome on. An error also fails the waiting task under its name: Step Functions does not look at what the
/// function answered while the state waits for its token
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>).
///
/// # Errors
/// The error that it was given, also where Step Functions could not be told of it.
pub async fn answered<P: Tokens>(
    ports: &P,
    token: &TaskToken,
    outcome: Result<Outcome, PhaseError>,
) -> Result<Outcome, PhaseError> {
    if let Err(error) = &outcome
        && let Err(untold) = ports.fail(token, error).await
    {
        tracing::warn!(%untold, "Step Functions was not told why the task failed");
    }
    outcome
}
