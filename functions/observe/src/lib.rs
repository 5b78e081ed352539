//! Watches: a guard after each step of the switch, and the bake.
//!
//! The bake's token waits for the first of an alarm's event and the end of its time; no state transition is spent on it. A
//! schedule looks every minute for what sends no event: somebody else's deployment, and a release on one cluster only.

pub mod bake;
pub mod event;
pub mod guard;
pub mod sight;

use domain::{Direction, Migration, PhaseError};

/// Refuses to watch a migration that was turned back: the tasks that waited have been failed already.
///
/// # Errors
/// `Conflict` where the migration was turned back.
pub fn forward(migration: &Migration) -> Result<(), PhaseError> {
    match migration.direction {
        Direction::Converge => Ok(()),
        Direction::Undo => {
            Err(PhaseError::conflict("the migration goes the other way (undo); nothing is watched any more"))
        }
    }
}
