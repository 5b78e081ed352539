//! The gate's ledger.

use super::Gate;
use crate::{Entry, Migration, PhaseError, ResourceKey, ports::Ledger};
use serde_json::Value;

impl Ledger for Gate {
    async fn entry(&self, migration: &Migration, key: &ResourceKey) -> Result<Option<Entry>, PhaseError> {
        self.ledger.entry(migration, key).await
    }

    async fn entries(&self, migration: &Migration) -> Result<Vec<Entry>, PhaseError> {
        self.ledger.entries(migration).await
    }

    async fn intend(&self, migration: &Migration, key: &ResourceKey, detail: Value) -> Result<(), PhaseError> {
        self.ledger.intend(migration, key, detail).await
    }

    async fn present(&self, migration: &Migration, key: &ResourceKey, id: &str) -> Result<(), PhaseError> {
        self.ledger.present(migration, key, id).await
    }

    async fn absent(&self, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
        self.ledger.absent(migration, key).await
    }

    async fn record(&self, migration: &Migration, what: &str, evidence: Value) -> Result<(), PhaseError> {
        self.ledger.record(migration, what, evidence).await
    }

    async fn progress(&self, migration: &Migration, phase: &str) -> Result<Option<Value>, PhaseError> {
        self.ledger.progress(migration, phase).await
    }

    async fn save_progress(&self, migration: &Migration, phase: &str, progress: Value) -> Result<(), PhaseError> {
        self.ledger.save_progress(migration, phase, progress).await
    }
}
