//! For the tests of phases: a ledger in memory that keeps the rules of the real one, and crashes on demand.

mod gate;
mod office;
mod workshop;
mod yard;

pub use gate::{Gate, Left, Road};
pub use office::{Desk, Office};
pub use workshop::{MemoryCluster, Shelf, Workshop};
pub use yard::{End, Grounds, Yard};

use crate::{Direction, Entry, Migration, PhaseError, ResourceKey, Status, ports::Ledger};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Counts the calls of one simulated Lambda over all its ports, and ends it after the nth: the call has its effect and
/// its answer is lost, which is the worst instant to be killed at.
#[derive(Debug, Clone, Default)]
pub struct Crash(Arc<(AtomicUsize, AtomicUsize)>);

impl Crash {
    /// Dies after `calls` calls; never for 0.
    pub fn after(&self, calls: usize) {
        self.0.0.store(0, Ordering::SeqCst);
        self.0.1.store(calls, Ordering::SeqCst);
    }

    /// To be called at the end of every port method.
    ///
    /// # Errors
    /// `Unavailable` from the call on at which the Lambda died.
    pub fn point(&self) -> Result<(), PhaseError> {
        let count = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        let limit = self.0.1.load(Ordering::SeqCst);
        if limit != 0 && count >= limit { Err(PhaseError::unavailable("crashed")) } else { Ok(()) }
    }

    /// To be called at the start of every port method that changes something: once dead, a Lambda does nothing more.
    ///
    /// # Errors
    /// `Unavailable` after the call at which the Lambda died.
    pub fn alive(&self) -> Result<(), PhaseError> {
        let limit = self.0.1.load(Ordering::SeqCst);
        if limit != 0 && self.calls() >= limit { Err(PhaseError::unavailable("crashed")) } else { Ok(()) }
    }

    /// Calls since the last `after`.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }
}

/// A migration of the execution `move`, opened at the start of 2026, with the given input and an empty plan.
///
/// # Errors
/// Every problem of the input.
pub fn migration(input: &Value, step: &str) -> Result<Migration, Vec<crate::Problem>> {
    let opened_at = jiff::Timestamp::from_second(1_767_225_600).unwrap_or_default();
    Ok(Migration {
        id: crate::MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move"),
        input: crate::Input::read(input)?,
        plan: crate::Plan::default(),
        direction: Direction::Converge,
        step: step.to_owned(),
        fence: 0,
        deadline: jiff::Timestamp::MAX,
        opened_at,
    })
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<ResourceKey, Entry>,
    events: Vec<(String, Value)>,
    progress: BTreeMap<String, Value>,
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

    async fn progress(&self, _: &Migration, phase: &str) -> Result<Option<Value>, PhaseError> {
        self.crash.point()?;
        Ok(self.state().progress.get(phase).cloned())
    }

    async fn save_progress(&self, migration: &Migration, phase: &str, progress: Value) -> Result<(), PhaseError> {
        self.write(migration, |state| {
            state.progress.insert(phase.to_owned(), progress);
        })
    }
}
