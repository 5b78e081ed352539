//! The ledger in memory, and what keeps one.

use super::{Crash, Gate, Office, Workshop, Yard};
use domain::{Direction, Entry, Migration, PhaseError, Progress, ResourceKey, Status, ports::Ledger};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<ResourceKey, Entry>,
    events: Vec<(String, Value)>,
    progress: BTreeMap<Progress, Value>,
    fence: u64,
    direction: Direction,
}

/// A ledger in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger {
    state: Arc<Mutex<State>>,
    /// When it crashes.
    pub crash: Crash,
}

impl MemoryLedger {
    /// With the given crash plan, shared with other ports.
    #[must_use]
    pub fn new(crash: Crash) -> Self {
        Self { state: Arc::default(), crash }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What META says: writes with another fence or direction are refused.
    pub fn set_owner(&self, fence: u64, direction: Direction) {
        let mut state = self.state();
        state.fence = fence;
        state.direction = direction;
    }

    /// Everything, for assertions.
    #[must_use]
    pub fn all(&self) -> Vec<Entry> {
        self.state().entries.values().cloned().collect()
    }

    /// The audit, for assertions.
    #[must_use]
    pub fn events(&self) -> Vec<(String, Value)> {
        self.state().events.clone()
    }

    fn write(&self, migration: &Migration, change: impl FnOnce(&mut State)) -> Result<(), PhaseError> {
        self.crash.alive()?;
        let mut state = self.state();
        if state.fence > migration.fence || state.direction != migration.direction {
            return Err(PhaseError::conflict("the ledger has another owner"));
        }
        change(&mut state);
        drop(state);
        self.crash.point()
    }
}

impl Ledger for MemoryLedger {
    async fn entry(&self, _: &Migration, key: &ResourceKey) -> Result<Option<Entry>, PhaseError> {
        self.crash.point()?;
        Ok(self.state().entries.get(key).cloned())
    }

    async fn entries(&self, _: &Migration) -> Result<Vec<Entry>, PhaseError> {
        self.crash.point()?;
        Ok(self.all())
    }

    async fn intend(&self, migration: &Migration, key: &ResourceKey, detail: Value) -> Result<(), PhaseError> {
        self.write(migration, |state| {
            let entry = state.entries.entry(key.clone()).or_insert_with(|| Entry {
                key: key.clone(),
                status: Status::Absent,
                id: None,
                detail: Value::Null,
            });
            if entry.status == Status::Absent {
                *entry = Entry { key: key.clone(), status: Status::Intended, id: None, detail };
            }
        })
    }

    async fn present(&self, migration: &Migration, key: &ResourceKey, id: &str) -> Result<(), PhaseError> {
        if !self.state().entries.contains_key(key) {
            return Err(PhaseError::conflict(format!("{key} has no intent")));
        }
        self.write(migration, |state| {
            if let Some(entry) = state.entries.get_mut(key) {
                entry.status = Status::Present;
                entry.id = Some(id.to_owned());
            }
        })
    }

    async fn absent(&self, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
        self.write(migration, |state| {
            if let Some(entry) = state.entries.get_mut(key) {
                entry.status = Status::Absent;
            }
        })
    }

    async fn record(&self, migration: &Migration, what: &str, evidence: Value) -> Result<(), PhaseError> {
        self.write(migration, |state| state.events.push((what.to_owned(), evidence)))
    }

    async fn progress(&self, _: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.crash.point()?;
        Ok(self.state().progress.get(&which).cloned())
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.write(migration, |state| {
            state.progress.insert(which, progress);
        })
    }
}

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

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.ledger.progress(migration, which).await
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.ledger.save_progress(migration, which, progress).await
    }
}

impl Ledger for Office {
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

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.ledger.progress(migration, which).await
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.ledger.save_progress(migration, which, progress).await
    }
}

impl Ledger for Workshop {
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

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.ledger.progress(migration, which).await
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.ledger.save_progress(migration, which, progress).await
    }
}

impl Ledger for Yard {
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

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.ledger.progress(migration, which).await
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.ledger.save_progress(migration, which, progress).await
    }
}
