//! A switch that people pause: the step that is taken is watched on, and no further one is taken until people say so or the switch's
//! deadline is over.

use crate::{Migration, PhaseError, Progress, ports::Ledger};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Who paused the switch, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

impl Pause {
    /// The pause that lasts; nothing where there is none, or it has ended.
    ///
    /// # Errors
    /// What the call answers, and `Conflict` for an item that cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration) -> Result<Option<Self>, PhaseError> {
        ports.saved(migration, Progress::Pause).await
    }

    /// Begins it.
    ///
    /// # Errors
    /// Only what the call answers.
    pub async fn begin<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::Pause, json!(self)).await
    }

    /// Ends it.
    ///
    /// # Errors
    /// Only what the call answers.
    pub async fn end<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::Pause, Value::Null).await
    }
}
