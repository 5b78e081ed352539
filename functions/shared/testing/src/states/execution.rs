//! What an execution has done so far, as `DescribeExecution` and `GetExecutionHistory` tell it.

use super::definition::Machine;
use super::template::Seen;
use jiff::Timestamp;
use serde_json::Value;
use std::rc::Rc;

/// Events that the history of a standard workflow has room for. Event 25,000 is `ExecutionSucceeded` or `ExecutionFailed`
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html>).
pub const MOST_EVENTS: usize = 25_000;

/// The status of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `RUNNING`
    Running,
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `TIMED_OUT`: longer than the machine's `TimeoutSeconds`.
    TimedOut,
    /// `ABORTED`: stopped by `StopExecution`.
    Aborted,
}

impl Status {
    /// AWS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }

    pub(super) const fn last_event(self) -> &'static str {
        match self {
            Self::Succeeded => "ExecutionSucceeded",
            Self::TimedOut => "ExecutionTimedOut",
            Self::Aborted => "ExecutionAborted",
            Self::Running | Self::Failed => "ExecutionFailed",
        }
    }
}

/// One execution of a machine.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Name of the machine.
    pub machine: String,
    /// What it was started with.
    pub input: Value,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// How it stands.
    pub status: Status,
    /// The output of one that succeeded.
    pub output: Option<Value>,
    /// The error's name of one that failed, where it has one.
    pub error: Option<String>,
    /// The cause of one that failed, where it has one.
    pub cause: Option<String>,
    /// The types of its events in order, as `GetExecutionHistory` lists them. Their number counts against [`MOST_EVENTS`].
    pub history: Vec<&'static str>,
    /// The states it entered, in order; a retry does not enter a state again.
    pub visited: Vec<String>,
    pub(super) definition: Rc<Machine>,
    /// The Task state that waits for it: its thread and the epoch of that.
    pub(super) parent: Option<(usize, u64)>,
    /// What `$states.context` tells of it and its machine.
    pub(super) context: Seen,
    /// Its own thread.
    pub(super) root: usize,
}

impl Execution {
    /// Adds an event and returns its id, which counts from 1.
    pub(super) fn record(&mut self, event: &'static str) -> usize {
        self.history.push(event);
        self.history.len()
    }

    /// Whether another event would be the last that the history has room for.
    pub(super) const fn is_full(&self) -> bool {
        self.history.len() + 1 >= MOST_EVENTS
    }
}
