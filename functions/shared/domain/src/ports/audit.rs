//! Reading all that the ledger has of a migration, for the pages and the report.

use crate::{
    Entry, Migration, MigrationId, PhaseError, Progress, Refusal,
    approval::Asked,
    audit::{Event, Run},
    ports::migrations::Meta,
    progress,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeMap, future::Future};

/// What the ledger has of a migration that it knows.
#[derive(Debug, Clone)]
pub enum Told {
    /// Preflight refused it, and there is nothing else.
    Refused(Refusal),
    /// It was opened.
    Opened(Box<Snapshot>),
}

/// All of a migration, of a few reads side by side.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// META.
    pub meta: Meta,
    /// The migration with its input and plan.
    pub migration: Migration,
    /// The phases that have run, in the order in which they began.
    pub runs: Vec<Run>,
    /// What phases have saved of their progress.
    pub progress: BTreeMap<Progress, Value>,
    /// The last question of each kind.
    pub asked: Vec<Asked>,
    /// What Bascule created, changed and deleted, in the order of their keys.
    pub entries: Vec<Entry>,
    /// The last events, in order. What was written in the last second may be missing.
    pub events: Vec<Event>,
}

impl Snapshot {
    /// What was saved of a progress that has a type of its own; nothing before the first time, and where null was saved since.
    ///
    /// # Errors
    /// `Conflict` for an item that cannot be read.
    pub fn saved<T: DeserializeOwned>(&self, which: Progress) -> Result<Option<T>, PhaseError> {
        progress::read(which, self.progress.get(&which).cloned())
    }
}

/// All that the ledger has of a migration.
pub trait Audit: Sync {
    /// The migration with its last `most` events, in a few calls side by side; nothing where the ledger does not know it. The errors are
    /// those of [`crate::ports::Migrations::load`].
    fn told(
        &self,
        id: &MigrationId,
        most: u16,
        deadline: jiff::Timestamp,
    ) -> impl Future<Output = Result<Option<Told>, PhaseError>> + Send;
}
