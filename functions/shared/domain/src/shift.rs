//! How far traffic has moved: the progress of `shift-traffic`, counted on by the guard after each step.

use crate::{Input, Migration, PhaseError, Progress, ports::Ledger};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How far traffic has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    /// Steps of `cutover.steps` that the guard has let pass.
    pub guarded: usize,
    /// Percentage of the traffic that green has now.
    pub share: u8,
    /// When the first step was taken.
    pub started_at: jiff::Timestamp,
    /// When the latest step was taken.
    pub shifted_at: jiff::Timestamp,
}

impl Shift {
    /// As the ledger has it; nothing before the first step.
    ///
    /// # Errors
    /// `Conflict` where what the ledger has cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration) -> Result<Option<Self>, PhaseError> {
        ports.saved(migration, Progress::ShiftTraffic).await
    }

    /// Saves it in the ledger.
    ///
    /// # Errors
    /// `Conflict` where the migration has another owner or was turned back.
    pub async fn save<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::ShiftTraffic, json!(self)).await
    }

    /// After the guard has let the latest step pass.
    #[must_use]
    pub const fn guarded(self) -> Self {
        Self { guarded: self.guarded + 1, ..self }
    }

    /// The percentage of the step to take now; nothing once every step was taken and guarded.
    #[must_use]
    pub fn next(input: &Input, shift: Option<&Self>) -> Option<u8> {
        input.cutover.steps.get(shift.map_or(0, |shift| shift.guarded)).copied()
    }

    /// Until when the latest step is watched.
    #[must_use]
    pub fn watched_until(&self, input: &Input) -> jiff::Timestamp {
        input.cutover.step_duration.after(self.shifted_at)
    }

    /// When the whole switch must have ended.
    #[must_use]
    pub fn deadline(&self, input: &Input) -> jiff::Timestamp {
        input.cutover.deadline.after(self.started_at)
    }
}
