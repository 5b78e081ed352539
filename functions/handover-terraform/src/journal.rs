//! The journal of the hand-over, in the ledger.

use domain::{Migration, PhaseError, Progress, ports::Ledger};
use serde::{Deserialize, Serialize};

/// What a project's states describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// As before the hand-over.
    Before,
    /// As after it.
    After,
}

/// How far every project is, in the order of the plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Journal {
    /// One a project.
    pub(crate) projects: Vec<Record>,
}

/// How far one project is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// How often it was handed over or back.
    pub(crate) exchanges: u32,
    /// What is under way.
    pub(crate) stage: Stage,
}

/// Where an exchange is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "name")]
pub(crate) enum Stage {
    /// Nothing is under way: no lock is held.
    #[default]
    Rest,
    /// Locks are taken, copies are made; no state was written yet.
    Locking,
    /// From here on states may be written: the MD5 of each before and after.
    Writing {
        /// The serial that exchanged states get.
        serial: u64,
        /// As they were.
        before: Vec<String>,
        /// As they are to be.
        after: Vec<String>,
    },
    /// A merge request is written beside a state that is only read.
    Requesting,
    /// Every state is on the same side; locks and copies are given back.
    Unlocking,
}

impl Record {
    /// What the states describe while nothing is written.
    pub(crate) const fn side(&self) -> Side {
        if self.exchanges.is_multiple_of(2) { Side::Before } else { Side::After }
    }
}

impl Journal {
    /// As the ledger has it.
    pub(crate) async fn load<P: Ledger>(ports: &P, migration: &Migration) -> Result<Self, PhaseError> {
        let saved = ports.progress(migration, Progress::HandoverTerraform).await?;
        let mut journal: Self = match saved {
            Some(saved) => serde_json::from_value(saved).map_err(|error| {
                PhaseError::refused(format!(
                    "the journal of the hand-over cannot be read: {error}; nothing was changed"
                ))
            })?,
            None => Self::default(),
        };
        journal.projects.resize_with(migration.plan.terraform.len(), Record::default);
        Ok(journal)
    }

    /// Notes how far a project is.
    pub(crate) async fn save<P: Ledger>(
        &mut self,
        ports: &P,
        migration: &Migration,
        project: usize,
        record: Record,
    ) -> Result<(), PhaseError> {
        self.projects[project] = record;
        let saved = serde_json::to_value(&*self).map_err(|error| PhaseError::refused(error.to_string()))?;
        ports.save_progress(migration, Progress::HandoverTerraform, saved).await
    }
}
