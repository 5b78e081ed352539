//! Runs a phase as Step Functions would: again and again until it ends.

use super::{Grounds, Yard};
use domain::{Condition, Direction, Entry, Migration, Outcome, PhaseError};

/// What an undisturbed run leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The account.
    pub grounds: Grounds,
    /// The ledger.
    pub entries: Vec<Entry>,
    /// What was created, sorted.
    pub creates: Vec<String>,
}

impl Yard {
    /// What is left.
    #[must_use]
    pub fn end(&self) -> End {
        let mut creates = self.creates();
        creates.sort();
        End { grounds: self.grounds().clone(), entries: self.ledger.all(), creates }
    }

    /// Runs until the end: `NotReady` is polled while time passes, and a killed Lambda is started again.
    ///
    /// # Errors
    /// Whatever else the phase ends with.
    pub async fn drive(
        &self,
        migration: &Migration,
        phase: impl AsyncFn(&Self, &Migration) -> Result<Outcome, PhaseError>,
    ) -> Result<Outcome, PhaseError> {
        loop {
            match phase(self, migration).await {
                Err(error) if error.condition == Condition::NotReady => self.pass(),
                Err(error) if error.condition == Condition::Unavailable => self.crash().after(0),
                end => return end,
            }
        }
    }

    /// Sets up, runs the phase to its end, and turns the migration back: where an undo starts.
    ///
    /// # Errors
    /// What the phase ends with.
    pub async fn turned_back(
        set_up: impl AsyncFn() -> (Self, Migration),
        phase: impl AsyncFn(&Self, &Migration) -> Result<Outcome, PhaseError>,
    ) -> Result<(Self, Migration), PhaseError> {
        let (yard, mut migration) = set_up().await;
        yard.drive(&migration, phase).await?;
        migration.direction = Direction::Undo;
        yard.ledger.set_owner(0, Direction::Undo);
        Ok((yard, migration))
    }

    /// Runs a phase undisturbed and twice, then on a fresh account for each call of it, killed after that call and started again:
    /// all must end alike.
    ///
    /// # Errors
    /// Which run ended otherwise.
    pub async fn survives(
        set_up: impl AsyncFn() -> (Self, Migration),
        phase: impl AsyncFn(&Self, &Migration) -> Result<Outcome, PhaseError>,
    ) -> Result<End, String> {
        let (yard, migration) = set_up().await;
        yard.crash().after(0);
        yard.drive(&migration, &phase).await.map_err(|error| error.to_string())?;
        let (calls, expected) = (yard.crash().calls(), yard.end());
        yard.drive(&migration, &phase).await.map_err(|error| format!("again: {error}"))?;
        if yard.end() != expected {
            return Err(format!("the second run changed something:\n{:#?}\n{expected:#?}", yard.end()));
        }
        for call in 1..=calls {
            let (yard, migration) = set_up().await;
            yard.crash().after(call);
            yard.drive(&migration, &phase).await.map_err(|error| format!("killed after call {call}: {error}"))?;
            if yard.end() != expected {
                return Err(format!("killed after call {call}:\n{:#?}\nexpected:\n{expected:#?}", yard.end()));
            }
        }
        Ok(expected)
    }
}
