//! Has the cleanup of blue started later, by a one-time schedule, and marks the migration as promoted.

use domain::{
    Migration, Outcome, PhaseError,
    ports::{Clock, Ledger, Migrations, Schedules, Settings, approvals::When},
    resources::schedule,
};
use serde_json::json;

/// The name of the cleanup among the migration's schedules.
pub const CLEANUP: &str = "cleanup";

/// Schedules the cleanup machine for `cleanup.after` from now; the first date stands however often this runs. Only then is the
/// migration promoted, so a promoted migration always has its cleanup.
///
/// # Errors
/// Whatever the ports answer.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + Schedules + Migrations + Settings + Clock,
{
    let at = migration.input.cleanup.after.after(ports.now());
    let input = json!({ "migrationId": migration.id });
    let at = schedule::ensure(ports, migration, CLEANUP, When::At(at), &ports.cleanup_machine_arn()?, input).await?;
    ports.promote(migration).await?;
    Ok(Outcome::done().with("cleanupAt", at.to_string()))
}

/// Cancels the cleanup and every other schedule: a migration that goes back keeps no deadline.
///
/// # Errors
/// Whatever the ports answer.
pub async fn undo<P: Ledger + Schedules>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    schedule::remove_all(ports, migration).await?;
    Ok(Outcome::done())
}
