//! Amazon EventBridge Scheduler as phases use it.

use crate::PhaseError;
use serde_json::Value;
use std::future::Future;

/// When a schedule calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once, at this time.
    At(jiff::Timestamp),
    /// Every minute, the finest rate there is, until this time.
    EveryMinuteUntil(jiff::Timestamp),
}

impl When {
    /// The time of the only or of the last call.
    #[must_use]
    pub const fn time(self) -> jiff::Timestamp {
        match self {
            Self::At(time) | Self::EveryMinuteUntil(time) => time,
        }
    }

    /// The same with another time.
    #[must_use]
    pub const fn with_time(self, time: jiff::Timestamp) -> Self {
        match self {
            Self::At(_) => Self::At(time),
            Self::EveryMinuteUntil(_) => Self::EveryMinuteUntil(time),
        }
    }
}

/// A schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Appointment {
    /// Its name: unique in Bascule's schedule group, at most 64 characters.
    pub name: String,
    /// When it calls.
    pub when: When,
    /// The ARN of a Lambda function or of a state machine.
    pub target_arn: String,
    /// What it is called with.
    pub input: Value,
}

/// Schedules of EventBridge Scheduler, which delete themselves once they have run for the last time
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html>).
pub trait Schedules: Sync {
    /// Makes it, or moves it where it exists.
    fn schedule(&self, appointment: &Appointment) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes it; nothing where it is gone.
    fn unschedule(&self, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
