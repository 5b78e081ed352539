//! The conditions in which a phase can end other than well. Their names are the error types that Step Functions
//! matches in `Retry` and `Catch` (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a phase did not end well. `NotReady` and `Unavailable` are retried; every other condition goes to the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Condition {
    /// What was asked for is under way: ask again after the poll interval.
    NotReady,
    /// AWS or the network did not answer, or throttled: ask again with backoff.
    Unavailable,
    /// What the user wrote cannot be understood.
    InvalidInput,
    /// Understood, and not safe or not supported: nothing was created for it.
    Refused,
    /// AWS or Kubernetes denied an action that Bascule needs.
    Denied,
    /// Somebody else changed or holds what Bascule was about to change.
    Conflict,
    /// What was built does not work.
    Unhealthy,
    /// An alarm, a deadline or another guard says that green must not go on serving.
    GuardBreached,
    /// People gave production back to blue while the phase was still on its way to green.
    TurnedBack,
}

impl Condition {
    /// Every condition, for the tests that hold the state machines and the code together.
    pub const ALL: [Self; 9] = [
        Self::NotReady,
        Self::Unavailable,
        Self::InvalidInput,
        Self::Refused,
        Self::Denied,
        Self::Conflict,
        Self::Unhealthy,
        Self::GuardBreached,
        Self::TurnedBack,
    ];

    /// The error type as Step Functions sees it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotReady => "NotReady",
            Self::Unavailable => "Unavailable",
            Self::InvalidInput => "InvalidInput",
            Self::Refused => "Refused",
            Self::Denied => "Denied",
            Self::Conflict => "Conflict",
            Self::Unhealthy => "Unhealthy",
            Self::GuardBreached => "GuardBreached",
            Self::TurnedBack => "TurnedBack",
        }
    }

    /// Whether trying the same again can end well.
    #[must_use]
    pub const fn is_retried(self) -> bool {
        matches!(self, Self::NotReady | Self::Unavailable)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a phase failed. The message says what was found, what was expected, what was left behind and what the operator
/// can do; it never holds a secret, a task token or a kubeconfig, since it ends in the execution history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{condition}: {message}")]
pub struct PhaseError {
    /// The name that Step Functions matches.
    pub condition: Condition,
    /// For people.
    pub message: String,
}

impl PhaseError {
    /// An error of any condition.
    pub fn new(condition: Condition, message: impl Into<String>) -> Self {
        Self { condition, message: message.into() }
    }

    /// Under way: poll again.
    pub fn not_ready(message: impl Into<String>) -> Self {
        Self::new(Condition::NotReady, message)
    }

    /// No answer, or throttled: try again with backoff.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Condition::Unavailable, message)
    }

    /// The input cannot be understood.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(Condition::InvalidInput, message)
    }

    /// Not safe or not supported.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Condition::Refused, message)
    }

    /// A permission is missing.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(Condition::Denied, message)
    }

    /// Somebody else got there first.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Condition::Conflict, message)
    }

    /// Built, and does not work.
    pub fn unhealthy(message: impl Into<String>) -> Self {
        Self::new(Condition::Unhealthy, message)
    }

    /// A guard said no.
    pub fn guard_breached(message: impl Into<String>) -> Self {
        Self::new(Condition::GuardBreached, message)
    }

    /// The way back has begun; `left` says what became of the call that did not know it yet.
    pub fn turned_back(left: impl fmt::Display) -> Self {
        Self::new(Condition::TurnedBack, format!("the migration was turned back meanwhile (direction undo); {left}"))
    }

    /// The same error with what was being done in front.
    #[must_use]
    pub fn during(self, what: impl fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_not_ready_and_unavailable_are_retried() {
        let retried: Vec<_> = Condition::ALL.into_iter().filter(|c| c.is_retried()).map(Condition::name).collect();
        assert_eq!(retried, ["NotReady", "Unavailable"]);
    }

    #[test]
    fn the_ledger_writes_conditions_as_step_functions_sees_them() {
        for condition in Condition::ALL {
            assert_eq!(serde_json::to_value(condition).unwrap(), condition.name());
        }
    }
}
