//! Withdraws questions when a migration goes back.

use crate::{
    MigrationId, PhaseError,
    approval::Question,
    ports::{Approvals, Tokens},
};
use strum::VariantArray as _;

/// Fails the task of every question, so that a migrate execution which waits for people or for the bake learns at once that
/// it was rolled back, and ends. An answer may be in the ledger that the execution never heard of. Where the way back was
/// begun by that execution itself, nobody waits any more and nothing happens.
///
/// # Errors
/// Only those of the calls.
pub async fn withdraw<P: Approvals + Tokens>(ports: &P, id: &MigrationId) -> Result<(), PhaseError> {
    for &question in Question::VARIANTS {
        if let Some(asked) = ports.asked(id, question).await? {
            let why = PhaseError::guard_breached("the migration was rolled back from outside while it waited");
            ports.fail(&asked.token, &why).await?;
        }
    }
    Ok(())
}
