//! The audit of a migration, and the runs of its phases, as the ledger keeps them.

use crate::{Condition, Direction, PhaseError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happened: an EVENT item, which nothing changes afterwards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number, from 1, without a gap.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Which function wrote it.
    pub by: String,
    /// What happened.
    pub what: String,
    /// With this evidence; no secrets.
    pub evidence: Value,
}

/// The runs of a phase: a PHASE item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The phase, by the name of its crate.
    pub phase: String,
    /// When it ran first.
    pub started_at: Timestamp,
    /// When a copy of it ended last; nothing before the first time.
    pub ended_at: Option<Timestamp>,
    /// How often it was invoked; polls count.
    pub attempts: u64,
    /// Whether a copy runs now.
    pub running: bool,
    /// How the last invocation ended, where that was not well.
    pub said: Option<Said>,
}

impl Run {
    /// What is waited for before it is invoked again in this direction; nothing where it ended well, failed, or went the other way.
    #[must_use]
    pub fn waits_for(&self, direction: Direction) -> Option<&str> {
        let waits = self.said.as_ref().filter(|said| said.condition.is_retried() && said.direction == direction);
        waits.map(|said| said.message.as_str())
    }
}

/// How an invocation of a phase ended that did not end well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// Towards what it worked.
    pub direction: Direction,
    /// The error's name.
    pub condition: Condition,
    /// Its message, at most [`Said::LONGEST`] characters of it.
    pub message: String,
}

impl Said {
    /// Characters of a message: pages show it in a line or two, and the execution's history has all of it.
    pub const LONGEST: usize = 600;

    /// Of the error of an invocation.
    #[must_use]
    pub fn of(direction: Direction, error: &PhaseError) -> Self {
        let message = error.message.chars().take(Self::LONGEST).collect();
        Self { direction, condition: error.condition, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_waits_for_what_it_said_until_it_fails_or_goes_the_other_way() {
        let run = |error: Option<PhaseError>| Run {
            phase: "provision-nodes".to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            attempts: 1,
            running: false,
            said: error.map(|error| Said::of(Direction::Converge, &error)),
        };
        let waits = run(Some(PhaseError::not_ready("CREATING")));
        assert_eq!(waits.waits_for(Direction::Converge), Some("CREATING"));
        assert_eq!(waits.waits_for(Direction::Undo), None);
        assert_eq!(run(Some(PhaseError::conflict("taken"))).waits_for(Direction::Converge), None);
        assert_eq!(run(None).waits_for(Direction::Converge), None);
        let long = run(Some(PhaseError::unavailable("ü".repeat(2 * Said::LONGEST))));
        assert_eq!(long.waits_for(Direction::Converge).map(|text| text.chars().count()), Some(Said::LONGEST));
    }
}
