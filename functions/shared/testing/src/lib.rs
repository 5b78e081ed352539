//! For the tests of phases: a ledger in memory that keeps the rules of the real one, and crashes on demand; and Step
//! Functions in virtual time, on which the machines run.

mod gate;
mod ledger;
mod office;
mod settings;
pub mod states;
mod workshop;
mod yard;

pub use gate::{Gate, Left, Road};
pub use ledger::MemoryLedger;
pub use office::{Desk, Office};
pub use workshop::{MemoryCluster, Shelf, Workshop};
pub use yard::{End, Grounds, Yard};

use domain::{Direction, Migration, PhaseError};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
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
pub fn migration(input: &Value) -> Result<Migration, Vec<domain::Problem>> {
    let opened_at = jiff::Timestamp::from_second(1_767_225_600).unwrap_or_default();
    Ok(Migration {
        id: domain::MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move"),
        input: domain::Input::read(input)?,
        plan: domain::Plan::default(),
        direction: Direction::Converge,
        fence: 0,
        deadline: jiff::Timestamp::MAX,
        opened_at,
    })
}
