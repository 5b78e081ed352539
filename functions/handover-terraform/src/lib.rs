//! Hands the Terraform states of blue over to green after the bake, and back: the states of two workspaces are exchanged,
//! addresses are moved within one, or a merge request is written by which one takes up what Bascule created.
//!
//! Every hand-over of a project is a transaction with a journal in the ledger: lock as Terraform does, read and check, copy, note
//! what is to be written, write conditionally, verify, unlock. Killed at any call it goes on, or back where the migration was turned
//! back.

mod adopt;
mod exchange;
mod journal;
mod locks;

use domain::{
    Migration, Outcome, PhaseError,
    ports::{Clock, Ledger, SecurityGroupRules, TerraformStates},
};
use journal::Journal;

/// The ports of this phase.
pub trait Ports: Ledger + TerraformStates + SecurityGroupRules + Clock {}

impl<T> Ports for T where T: Ledger + TerraformStates + SecurityGroupRules + Clock {}

/// Hands every project over, one after the other. The answer is `{"handover": "NotConfigured"}` where the input names none.
///
/// # Errors
/// `NotReady` while somebody else holds a lock, which is never forced; `Conflict` where a state is not the one that preflight read,
/// or was changed under Bascule's lock.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    if migration.plan.terraform.is_empty() {
        return Ok(Outcome::done().with("handover", "NotConfigured"));
    }
    let mut journal = Journal::load(ports, migration).await?;
    for project in 0..migration.plan.terraform.len() {
        exchange::reach(ports, migration, &mut journal, project, journal::Side::After).await?;
    }
    Ok(Outcome::done().with("handover", "Done"))
}

/// Hands back what was handed over, in the reverse order, and takes the copies away.
///
/// # Errors
/// As for [`converge`].
pub async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    if migration.plan.terraform.is_empty() {
        return Ok(Outcome::done());
    }
    let mut journal = Journal::load(ports, migration).await?;
    for project in (0..migration.plan.terraform.len()).rev() {
        exchange::reach(ports, migration, &mut journal, project, journal::Side::Before).await?;
    }
    Ok(Outcome::done())
}
