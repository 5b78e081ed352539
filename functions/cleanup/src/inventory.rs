//! The end: nothing of Bascule's may be left but green itself.

use domain::{
    Kind, Migration, Outcome, PhaseError, Side,
    ports::{Ledger, Migrations},
};

/// Whether an entry may stay once blue is gone: green serves on what was created for it.
#[must_use]
pub fn stays(side: Side, kind: Kind) -> bool {
    side == Side::Green && !matches!(kind, Kind::StageShift | Kind::Integration | Kind::Schedule)
}

/// Ends the migration where the ledger holds nothing else than green.
///
/// # Errors
/// `Refused` with what is left; whatever the ledger answers.
pub async fn converge<P: Ledger + Migrations>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let entries = ports.entries(migration).await?;
    let left: Vec<String> = entries
        .iter()
        .filter(|entry| entry.is_live() && !stays(entry.key.side, entry.key.kind))
        .map(|entry| entry.key.to_string())
        .collect();
    if !left.is_empty() {
        return Err(PhaseError::refused(format!(
            "green serves and blue is deleted, but the ledger still has: {}. Start the cleanup machine again, or delete these by hand",
            left.join(", ")
        )));
    }
    ports.end(migration, "GreenServes").await?;
    Ok(Outcome::done())
}
