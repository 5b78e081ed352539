//! Deadlines and watches as one-time schedules that the ledger knows
//! (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    approval::Question,
    names,
    ports::{
        Clock, Ledger, Schedules,
        schedules::{Appointment, When},
    },
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::fmt;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule"];

/// Characters of a schedule's name
/// (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).
const LONGEST_NAME: usize = 64;

/// Scheduler rejects a time that has passed once the call arrives: every schedule is made at least this long before its time.
const NOTICE: SignedDuration = SignedDuration::from_mins(1);

/// What a schedule of a migration is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// The time for an answer to the question of this number is over: calls decide until there is one.
    Deadline(Question, u32),
    /// Half and three quarters of the time for an answer to the question of this number are over: calls observe.
    Reminder(Question, u32),
    /// While the migration is open: calls observe, which looks whether its execution still runs.
    Watch,
    /// The time of the bake is over: calls observe.
    BakeEnd,
    /// Every minute of the bake: calls observe.
    BakeWatch,
    /// Every five minutes from the end of the bake to the deletion of blue: calls observe, which looks at the way back.
    WayBack,
    /// The deletion of blue: starts the cleanup machine.
    Cleanup,
}

impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(question, number) => write!(f, "deadline-{}-{number}", question.name()),
            Self::Reminder(question, number) => write!(f, "reminder-{}-{number}", question.name()),
            Self::Watch => f.write_str("watch"),
            Self::BakeEnd => f.write_str("bake-end"),
            Self::BakeWatch => f.write_str("bake-watch"),
            Self::WayBack => f.write_str("way-back"),
            Self::Cleanup => f.write_str("cleanup"),
        }
    }
}

/// The ledger's key of the schedule for an occasion.
#[must_use]
pub fn key(occasion: Occasion) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Schedule, occasion.to_string())
}

/// The name of the schedule of this key. The functions' roles allow schedules of its prefix only.
#[must_use]
pub fn name(migration: &Migration, key: &ResourceKey) -> String {
    names::unique(&migration.id, key.side, key.kind, &format!("bascule-{}", key.name), LONGEST_NAME)
}

/// Has `target_arn` called with `input`. Making the same schedule again keeps the time of the first, which is also the
/// answer. The call itself comes a minute from now at the earliest.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Schedules + Clock>(
    ports: &P,
    migration: &Migration,
    occasion: Occasion,
    when: When,
    target_arn: &str,
    input: Value,
) -> Result<jiff::Timestamp, PhaseError> {
    let key = key(occasion);
    let name = name(migration, &key);
    let entry = ports.live(migration, &key).await?;
    let first = entry.as_ref().and_then(|entry| entry.detail["at"].as_str()?.parse().ok());
    let when = first.map_or(when, |first| when.with_time(first));
    if entry.is_none() {
        ports.intend(migration, &key, json!({ "at": when.time() })).await?;
    }
    let earliest = ports.now().saturating_add(NOTICE).unwrap_or(when.time());
    let when_called = when.not_before(earliest);
    let appointment = Appointment { name: name.clone(), when: when_called, target_arn: target_arn.to_owned(), input };
    ports.schedule(&appointment).await?;
    ports.present(migration, &key, &name).await?;
    Ok(when.time())
}

/// Deletes the schedule for an occasion; nothing where it was never made. One that has run deleted itself.
///
/// # Errors
/// Only what the calls answer.
pub async fn remove<P: Ledger + Schedules>(
    ports: &P,
    migration: &Migration,
    occasion: Occasion,
) -> Result<(), PhaseError> {
    let key = key(occasion);
    if ports.live(migration, &key).await?.is_none() {
        return Ok(());
    }
    delete(ports, migration, &key).await
}

async fn delete<P: Ledger + Schedules>(ports: &P, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
    ports.unschedule(&name(migration, key)).await?;
    ports.absent(migration, key).await
}

/// Deletes every schedule of the migration.
///
/// # Errors
/// Only what the calls answer.
pub async fn remove_all<P: Ledger + Schedules>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, Side::Temporary, Kind::Schedule).await? {
        delete(ports, migration, &entry.key).await?;
    }
    Ok(())
}
