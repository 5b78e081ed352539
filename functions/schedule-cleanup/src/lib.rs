//! Has the cleanup of blue started later, by a one-time schedule, and marks the migration as promoted.

use domain::{
    Migration, Outcome, PhaseError,
    ports::{Clock, Ledger, Migrations, Schedules, Settings, schedules::When},
    resources::schedule::{self, Occasion},
};
use serde_json::json;

/// Schedules the cleanup machine for `cleanup.after` from now; the first date stands however often this runs. Only then is the
/// migration promoted, so a promoted migration always has its cleanup.
///
/// # Errors
/// `Refused` where the template names no cleanup machine.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + Schedules + Migrations + Settings + Clock,
{
    let at = migration.input.cleanup.after.after(ports.now());
    let input = json!({ "migrationId": migration.id });
    let machine = ports.cleanup_machine_arn()?;
    let at = schedule::ensure(ports, migration, Occasion::Cleanup, When::At(at), &machine, input).await?;
    ports.promote(migration).await?;
    schedule::remove(ports, migration, Occasion::Watch).await?;
    Ok(Outcome::done().with("cleanupAt", at.to_string()))
}

/// Cancels the cleanup and every other schedule: a migration that goes back keeps no deadline.
///
/// # Errors
/// Only those of the calls.
pub async fn undo<P: Ledger + Schedules>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    schedule::remove_all(ports, migration).await?;
    Ok(Outcome::done())
}
