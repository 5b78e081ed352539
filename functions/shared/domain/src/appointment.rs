//! Deadlines and watches as schedules that the ledger knows.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::unique,
    ports::{
        Ledger, Schedules,
        approvals::{Appointment, When},
    },
};
use serde_json::{Value, json};

/// A schedule's name has at most 64 characters
/// (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).
const LONGEST_NAME: usize = 64;

fn key(what: &str) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Schedule, what)
}

/// The functions' roles allow schedules of this prefix only.
fn name(migration: &Migration, key: &ResourceKey) -> String {
    unique(&migration.id, key.side, key.kind, &format!("bascule-{}", key.name), LONGEST_NAME)
}

/// Has `target_arn` called with `input`. Making the same appointment again keeps the time of the first, which is also the
/// answer.
///
/// # Errors
/// Whatever the ledger or Scheduler answer.
pub async fn make<P: Ledger + Schedules>(
    ports: &P,
    migration: &Migration,
    what: &str,
    when: When,
    target_arn: &str,
    input: Value,
) -> Result<jiff::Timestamp, PhaseError> {
    let key = key(what);
    let name = name(migration, &key);
    let entry = ports.live(migration, &key).await?;
    let first = entry.as_ref().and_then(|entry| entry.detail["at"].as_str()?.parse().ok());
    let when = first.map_or(when, |first| when.with_time(first));
    if entry.is_none() {
        ports.intend(migration, &key, json!({ "at": when.time() })).await?;
    }
    ports.schedule(&Appointment { name: name.clone(), when, target_arn: target_arn.to_owned(), input }).await?;
    ports.present(migration, &key, &name).await?;
    Ok(when.time())
}

/// Cancels an appointment; nothing where it was never made. One that has run deleted itself.
///
/// # Errors
/// Whatever the ledger or Scheduler answer.
pub async fn cancel<P: Ledger + Schedules>(ports: &P, migration: &Migration, what: &str) -> Result<(), PhaseError> {
    let key = key(what);
    if ports.live(migration, &key).await?.is_none() {
        return Ok(());
    }
    ports.unschedule(&name(migration, &key)).await?;
    ports.absent(migration, &key).await
}

/// Cancels every appointment of the migration.
///
/// # Errors
/// Whatever the ledger or Scheduler answer.
pub async fn cancel_all<P: Ledger + Schedules>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.entries(migration).await? {
        if entry.key.kind == Kind::Schedule && entry.is_live() {
            cancel(ports, migration, &entry.key.name).await?;
        }
    }
    Ok(())
}
