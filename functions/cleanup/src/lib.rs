//! Deletes blue, days after the bake ended well, and what was temporary with it.
//!
//! Every step deletes only what the approved plan lists or what the ledger says Bascule created.

pub mod blue;
pub mod control_plane;
pub mod edge;
pub mod guard;
pub mod inventory;
pub mod network;
pub mod nodes;

use domain::{Migration, Outcome, PhaseError, ports::Migrations};

/// Begins: from here on there is no way back. Called after the guards have passed and people, where asked, have said yes.
///
/// # Errors
/// `Refused` where the migration was not promoted.
pub async fn begin<P: Migrations>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    ports.begin_cleanup(migration).await
}

/// A cleanup is not undone: the guards stand before it.
///
/// # Errors
/// Always `Refused`.
#[expect(clippy::unused_async, reason = "the form of every phase")]
pub async fn undo<P>(_ports: &P, _migration: &Migration) -> Result<Outcome, PhaseError> {
    Err(PhaseError::refused("a cleanup cannot be undone: blue is being deleted and green serves"))
}

/// The refusal of a step that does not exist.
#[must_use]
pub fn unknown(step: &str) -> PhaseError {
    PhaseError::invalid_input(format!(
        "$.step: found {step:?}, expected guard, edge, nodes, control-plane, network or inventory"
    ))
}
