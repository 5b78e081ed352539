//! A bake that people end before its time: written where they ask for it, and obeyed by the next look at the bake, which comes every
//! minute. Alarms and releases on one side count until then, as at the end of any bake.

use crate::{Migration, PhaseError, Progress, ports::Ledger};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// When people ended the bake, and who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CutShort {
    /// From when on it may end.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
}

impl CutShort {
    /// What people asked for; nothing where they did not.
    ///
    /// # Errors
    /// What the call answers, and `Conflict` for an item that cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration) -> Result<Option<Self>, PhaseError> {
        ports.saved(migration, Progress::CutShort).await
    }

    /// Writes it.
    ///
    /// # Errors
    /// Only what the call answers.
    pub async fn save<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::CutShort, json!(self)).await
    }
}
