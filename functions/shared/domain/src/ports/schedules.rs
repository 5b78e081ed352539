//! Amazon EventBridge Scheduler as phases use it.

use crate::PhaseError;
use jiff::Timestamp;
use serde_json::Value;
use std::future::Future;

/// When a schedule calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once, at this time.
    At(Timestamp),
    /// Every so many minutes. A call that was lost is made up for by the next one.
    Every {
        /// One is the finest rate there is.
        minutes: u32,
        /// The first call.
        from: Timestamp,
        /// No call after this.
        until: Timestamp,
    },
}

impl When {
    /// The time of the only or of the first call.
    #[must_use]
    pub const fn time(self) -> Timestamp {
        match self {
            Self::At(time) | Self::Every { from: time, .. } => time,
        }
    }

    /// The same with another time of the first call; what repeats does so for as long.
    #[must_use]
    pub fn with_time(self, time: Timestamp) -> Self {
        match self {
            Self::At(_) => Self::At(time),
            Self::Every { minutes, from, until } => {
                let until = time.saturating_add(until.duration_since(from)).unwrap_or(Timestamp::MAX);
                Self::Every { minutes, from: time, until }
            }
        }
    }

    /// The same with no call before this time.
    #[must_use]
    pub fn not_before(self, earliest: Timestamp) -> Self {
        if self.time() < earliest { self.with_time(earliest) } else { self }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_later_lasts_as_long() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let every = When::Every { minutes: 5, from, until };
        assert_eq!((every.not_before(from), When::At(from).not_before(from)), (every, When::At(from)));
        let (later, end) = (at("2026-01-01T00:01:00Z"), at("2026-01-02T00:01:00Z"));
        assert_eq!(every.not_before(later), When::Every { minutes: 5, from: later, until: end });
        assert_eq!(When::At(from).not_before(later), When::At(later));
    }
}
