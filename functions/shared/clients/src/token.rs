//! Functions that a waiting state calls.

use crate::Account;
use domain::{Outcome, PhaseError, ports::Tokens, ports::approvals::TaskToken};

/// Passes the answer on; where it is an error, fails the waiting task under its name too. A retried condition would
/// otherwise be invisible to whoever waits on the token: Step Functions takes the first of the two that arrives.
///
/// # Errors
/// The error itself.
pub async fn answered(
    account: &Account,
    token: &TaskToken,
    answer: Result<Outcome, PhaseError>,
) -> Result<Outcome, PhaseError> {
    if let Err(error) = &answer {
        account.fail(token, error).await?;
    }
    answer
}
