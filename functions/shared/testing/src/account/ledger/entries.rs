//! RESOURCE and EVENT items, and the progress of phases.

use super::super::Account;
use domain::ports::Ledger;
use domain::{Entry, Migration, PhaseError, Progress, ResourceKey, Status};
use serde_json::{Value, json};

impl Account {
    fn put_entry(&self, migration: &Migration, entry: Entry) -> Result<(), PhaseError> {
        let evidence = json!({ "key": entry.key.to_string(), "id": entry.id, "detail": entry.detail });
        self.write(migration, entry.status.name(), evidence, |record| {
            record.entries.insert(entry.key.clone(), entry);
        })
    }

    fn get_entry(&self, migration: &Migration, key: &ResourceKey) -> Result<Option<Entry>, PhaseError> {
        self.look(|table| Ok(table.migrations.get(&migration.id).and_then(|record| record.entries.get(key)).cloned()))
    }
}

impl Ledger for Account {
    async fn entry(&self, migration: &Migration, key: &ResourceKey) -> Result<Option<Entry>, PhaseError> {
        self.get_entry(migration, key)
    }

    async fn entries(&self, migration: &Migration) -> Result<Vec<Entry>, PhaseError> {
        self.look(|table| {
            let record = table.migrations.get(&migration.id);
            Ok(record.map(|record| record.entries.values().cloned().collect()).unwrap_or_default())
        })
    }

    async fn intend(&self, migration: &Migration, key: &ResourceKey, detail: Value) -> Result<(), PhaseError> {
        match self.get_entry(migration, key)? {
            Some(entry) if entry.is_live() => Ok(()),
            _ => self.put_entry(migration, Entry { key: key.clone(), status: Status::Intended, id: None, detail }),
        }
    }

    async fn present(&self, migration: &Migration, key: &ResourceKey, id: &str) -> Result<(), PhaseError> {
        let Some(entry) = self.get_entry(migration, key)? else {
            return Err(PhaseError::conflict(format!("{key} was created without an intent in the ledger")));
        };
        if entry.status == Status::Present && entry.id.as_deref() == Some(id) {
            return Ok(());
        }
        self.put_entry(migration, Entry { status: Status::Present, id: Some(id.to_owned()), ..entry })
    }

    async fn absent(&self, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
        match self.get_entry(migration, key)? {
            Some(entry) if entry.is_live() => self.put_entry(migration, Entry { status: Status::Absent, ..entry }),
            _ => Ok(()),
        }
    }

    async fn record(&self, migration: &Migration, what: &str, evidence: Value) -> Result<(), PhaseError> {
        self.write(migration, what, evidence, |_| {})
    }

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.look(|table| {
            Ok(table.migrations.get(&migration.id).and_then(|record| record.progress.get(&which)).cloned())
        })
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.write(migration, &format!("progress of {}", which.name()), progress.clone(), |record| {
            record.progress.insert(which, progress);
        })
    }
}
