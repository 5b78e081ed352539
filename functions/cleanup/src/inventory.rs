//! The end: nothing of Bascule's may be left but green itself.

use domain::{
    Entry, Migration, Outcome, PhaseError, Side,
    ports::{Ledger, Migrations, migrations::Life},
};

/// Whether what an entry stands for may stay once blue is gone: green serves on what was created for it.
fn stays(entry: &Entry) -> bool {
    entry.key.side == Side::Green && entry.key.kind.stays_with_green()
}

/// Whether the migration has ended with green already: an earlier try came so far.
///
/// # Errors
/// Those of the ledger only.
pub(crate) async fn has_ended<P: Migrations>(ports: &P, migration: &Migration) -> Result<bool, PhaseError> {
    let meta = ports.meta(&migration.id).await?;
    Ok(meta.is_some_and(|meta| meta.life == Life::Ended && meta.outcome.as_deref() == Some("GreenServes")))
}

/// Ends the migration where the ledger holds nothing else than green.
///
/// # Errors
/// `Refused` with what is left.
pub async fn converge<P: Ledger + Migrations>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let entries = ports.entries(migration).await?;
    let left: Vec<String> =
        entries.iter().filter(|entry| entry.is_live() && !stays(entry)).map(|entry| entry.key.to_string()).collect();
    if !left.is_empty() {
        return Err(PhaseError::refused(format!(
            "green serves and the cleanup is through, but the ledger still has: {}. Start the cleanup machine again, or delete these by hand",
            left.join(", ")
        )));
    }
    ports.end(migration, "GreenServes").await?;
    Ok(Outcome::done())
}
