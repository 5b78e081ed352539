//! What was written to the ledger, in a file: a ledger in `DynamoDB` outlives the process that writes to it, and this one is killed by
//! tests.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use domain::{Migration, PhaseError, Progress, ResourceKey, ports::Ledger};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One write.
#[derive(Serialize, Deserialize)]
pub(crate) enum Line {
    Intended(ResourceKey, Value),
    Present(ResourceKey, String),
    Saved(Value),
}

/// A file of writes, a line each; nothing is kept without one.
pub(crate) struct Journal {
    file: Option<PathBuf>,
}

impl Journal {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    /// Appends a write.
    pub(crate) fn write(&self, line: &Line) -> Result<(), PhaseError> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_string(line).map_err(std::io::Error::from);
        let written = text.and_then(|text| {
            let mut file = OpenOptions::new().create(true).append(true).open(file)?;
            file.write_all(format!("{text}\n").as_bytes())
        });
        written.map_err(|error| PhaseError::unavailable(format!("writing the ledger's file: {error}")))
    }

    /// Gives a ledger what was written before. A last line that is not whole was never written.
    pub(crate) async fn replay<L: Ledger>(&self, ledger: &L, migration: &Migration) -> Result<(), PhaseError> {
        let text = self.file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Intended(key, detail) => ledger.intend(migration, &key, detail).await?,
                Line::Present(key, id) => ledger.present(migration, &key, &id).await?,
                Line::Saved(progress) => {
                    ledger.save_progress(migration, Progress::DeployWorkloads, progress).await?;
                }
            }
        }
        Ok(())
    }
}
