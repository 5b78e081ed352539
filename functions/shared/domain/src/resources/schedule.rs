//! Deadlines and watches as one-time schedules that the ledger knows
//! (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side, names,
    ports::{
        Ledger, Schedules,
        approvals::{Appointment, When},
    },
};
use serde_json::{Value, json};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule"];

/// Characters of a schedule's name
/// (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).
const LONGEST_NAME: usize = 64;

/// The schedule for `what`, such as the end of the bake.
#[must_use]
pub fn key(what: &str) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Schedule, what)
}

/// The name of the schedule for `what`. The functions' roles allow schedules of its prefix only.
#[must_use]
pub fn name(migration: &Migration, what: &str) -> String {
    let key = key(what);
    names::unique(&migration.id, key.side, key.kind, &format!("bascule-{what}"), LONGEST_NAME)
}

/// Has `target_arn` called with `input`. Making the same schedule again keeps the time of the first, which is also the
/// answer.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Schedules>(
    ports: &P,
    migration: &Migration,
    what: &str,
    when: When,
    target_arn: &str,
    input: Value,
) -> Result<jiff::Timestamp, PhaseError> {
    let key = key(what);
    let name = name(migration, what);
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

/// Deletes the schedule for `what`; nothing where it was never made. One that has run deleted itself.
///
/// # Errors
/// Only what the calls answer.
pub async fn remove<P: Ledger + Schedules>(ports: &P, migration: &Migration, what: &str) -> Result<(), PhaseError> {
    let key = key(what);
    if ports.live(migration, &key).await?.is_none() {
        return Ok(());
    }
    ports.unschedule(&name(migration, what)).await?;
    ports.absent(migration, &key).await
}

/// Deletes every schedule of the migration.
///
/// # Errors
/// Only what the calls answer.
pub async fn remove_all<P: Ledger + Schedules>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, Side::Temporary, Kind::Schedule).await? {
        remove(ports, migration, &entry.key.name).await?;
    }
    Ok(())
}
