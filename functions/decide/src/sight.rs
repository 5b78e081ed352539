//! Everything that the ledger says of a migration, for the status page and the report.

use domain::{
    Entry, Migration, PhaseError, Progress,
    approval::{Asked, Question},
    audit::{Event, Run},
    pause::Pause,
    ports::{Approvals, Audit, Ledger, migrations::Meta},
    shift::Shift,
    way_back::Watched,
};

/// What the ledger says of a migration.
#[derive(Debug, Clone)]
pub struct Sight {
    /// META.
    pub meta: Meta,
    /// The migration with its input and plan.
    pub migration: Migration,
    /// The phases that have run, in the order in which they began.
    pub runs: Vec<Run>,
    /// The last events, in order.
    pub events: Vec<Event>,
    /// How far traffic has moved; nothing before the switch and after a way back.
    pub shift: Option<Shift>,
    /// Who has paused the switch, where somebody has.
    pub paused: Option<Pause>,
    /// What stands against going back; nothing before green serves.
    pub way_back: Option<Watched>,
    /// Which releases on one cluster only the bake has found.
    pub released: Vec<String>,
    /// The last question of each kind.
    pub asked: Vec<Asked>,
    /// What Bascule created, changed and deleted.
    pub entries: Vec<Entry>,
    /// When this was read.
    pub now: jiff::Timestamp,
}

impl Sight {
    /// Reads it, with the last `most` events.
    ///
    /// # Errors
    /// Only what the calls answer.
    pub async fn read<P: Ledger + Approvals + Audit>(
        ports: &P,
        (meta, migration): (Meta, Migration),
        most: Option<u16>,
        now: jiff::Timestamp,
    ) -> Result<Self, PhaseError> {
        let mut asked = Vec::new();
        for question in [Question::Qualification, Question::Bake, Question::Cleanup] {
            asked.extend(ports.asked(&migration.id, question).await?);
        }
        let found = ports.progress(&migration, Progress::Observe).await?.unwrap_or_default();
        let released = found["released"].as_array().into_iter().flatten().filter_map(|text| text.as_str());
        Ok(Self {
            released: released.map(str::to_owned).collect(),
            paused: Pause::saved(ports, &migration).await?,
            way_back: Watched::saved(ports, &migration).await?,
            runs: ports.runs(&migration.id).await?,
            events: ports.events(&migration.id, most).await?,
            shift: Shift::saved(ports, &migration).await?,
            entries: ports.entries(&migration).await?,
            asked,
            meta,
            migration,
            now,
        })
    }

    /// The last question of this kind.
    #[must_use]
    pub fn question(&self, question: Question) -> Option<&Asked> {
        self.asked.iter().find(|asked| asked.question == question)
    }
}

#[cfg(test)]
pub(crate) mod tests;
