//! Executions of the state machines, on AWS Step Functions.

use crate::{MigrationId, PhaseError};
use serde_json::Value;
use std::future::Future;

/// How an execution stands
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It runs, or waits to be redriven.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Ended {
        /// `FAILED`, `TIMED_OUT` or `ABORTED`.
        status: String,
        /// When.
        at: jiff::Timestamp,
    },
}

/// An execution of the migrate machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// The migration.
    pub id: MigrationId,
    /// When it was started.
    pub started_at: jiff::Timestamp,
    /// How it stands.
    pub standing: Standing,
}

/// How many executions a list of them has.
pub const MOST_RECENT: usize = 50;

/// Executions of the state machines.
pub trait Executions: Sync {
    /// How the execution of a migration stands; nothing where Step Functions does not know it.
    fn standing(&self, id: &MigrationId) -> impl Future<Output = Result<Option<Standing>, PhaseError>> + Send;

    /// The latest executions of the migrate machine, the newest first, at most [`MOST_RECENT`]
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).
    fn recent(&self) -> impl Future<Output = Result<Vec<Recent>, PhaseError>> + Send;

    /// Starts the rollback machine. False where an execution of this name was started before.
    fn start_rollback(&self, name: &str, input: &Value) -> impl Future<Output = Result<bool, PhaseError>> + Send;
}
