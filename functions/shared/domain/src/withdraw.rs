//! Withdraws questions when a migration goes back.

use crate::{
    Condition, MigrationId, PhaseError,
    approval::{Answer, Decision, Question, WAY_BACK},
    ports::{Approvals, Clock, Tokens},
};
use strum::VariantArray as _;

/// Answers every question that is open with no, so that its page tells people what happened, and fails its task, so that a
/// migrate execution which waits for people or for the bake learns at once that it was rolled back, and ends. An answer may be
/// in the ledger that the execution never heard of: its task is failed too. Where the way back was begun by that execution
/// itself, nobody waits any more.
///
/// # Errors
/// Only those of the calls.
pub async fn withdraw<P: Approvals + Tokens + Clock>(ports: &P, id: &MigrationId) -> Result<(), PhaseError> {
    for &question in Question::VARIANTS {
        let Some(asked) = ports.asked(id, question).await? else { continue };
        let why = PhaseError::turned_back("nobody waits for the answer any more");
        if asked.answer.is_none() {
            let answer = Answer {
                decision: Decision::Rejected,
                by: WAY_BACK.to_owned(),
                comment: "the migration was turned back".to_owned(),
                at: ports.now(),
                caller: None,
            };
            match ports.answer(id, (question, asked.number), &answer).await {
                // People were faster; what they said is void all the same.
                Err(error) if error.condition == Condition::Conflict => {}
                answered => answered?,
            }
        }
        ports.fail(&asked.token, &why).await?;
    }
    Ok(())
}
