//! Runs a phase as Step Functions does: again while it is not ready.

use super::{Gate, Road};
use domain::{Condition, Entry, Migration, PhaseError};

/// The longest that any phase needs here.
const POLLS: usize = 100;

/// What a phase left behind.
#[derive(Debug, PartialEq)]
pub struct Left {
    /// The account.
    pub road: Road,
    /// The ledger's entries.
    pub entries: Vec<Entry>,
}

impl Gate {
    /// Runs the phase until it ends.
    ///
    /// # Errors
    /// What the phase ends with, other than `NotReady`.
    pub async fn drive<T>(
        &self,
        migration: &Migration,
        phase: impl AsyncFn(&Self, &Migration) -> Result<T, PhaseError>,
    ) -> Result<T, PhaseError> {
        for _ in 0..POLLS {
            match phase(self, migration).await {
                Err(error) if error.condition == Condition::NotReady => self.pass(),
                ended => return ended,
            }
        }
        Err(PhaseError::not_ready(format!("not ended after {POLLS} polls")))
    }

    /// Runs the phase from `start` undisturbed and twice, and then killed after each of its calls in turn: what is left is the
    /// same each time.
    ///
    /// # Errors
    /// What the phase ends with, or `Conflict` with the call after which something else was left.
    pub async fn survives<T>(
        start: impl AsyncFn() -> (Self, Migration),
        phase: impl AsyncFn(&Self, &Migration) -> Result<T, PhaseError>,
    ) -> Result<Left, PhaseError> {
        let (gate, migration) = start().await;
        gate.drive(&migration, &phase).await?;
        let expected = gate.left();
        gate.drive(&migration, &phase).await.map_err(|error| error.during("the second run"))?;
        if gate.left() != expected {
            return Err(PhaseError::conflict("the second run changed something"));
        }
        for call in 1.. {
            let (gate, migration) = start().await;
            gate.crash().after(call);
            let survived = gate.drive(&migration, &phase).await.is_ok();
            gate.crash().after(0);
            gate.drive(&migration, &phase)
                .await
                .map_err(|error| error.during(format!("after a death at call {call}")))?;
            if gate.left() != expected {
                let left = gate.left();
                return Err(PhaseError::conflict(format!(
                    "a death at call {call} left {left:#?}\nexpected {expected:#?}"
                )));
            }
            if survived {
                break;
            }
        }
        Ok(expected)
    }

    /// What is left now.
    #[must_use]
    pub fn left(&self) -> Left {
        Left { road: self.road().clone(), entries: self.ledger.all() }
    }
}
