//! Amazon CloudWatch alarms as phases use them.

use crate::PhaseError;
use std::future::Future;

/// The state of a CloudWatch alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// `OK`.
    Ok,
    /// `ALARM`.
    Alarm,
    /// `INSUFFICIENT_DATA`, which never counts as healthy.
    InsufficientData,
    /// There is no such alarm.
    Missing,
}

impl AlarmState {
    /// As CloudWatch calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Missing => "missing",
        }
    }
}

/// CloudWatch alarms.
pub trait Alarms: Sync {
    /// The state of each, in the order asked. Composite alarms count like others.
    fn states(&self, arns: &[String]) -> impl Future<Output = Result<Vec<AlarmState>, PhaseError>> + Send;
}
