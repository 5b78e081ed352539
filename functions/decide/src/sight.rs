//! Everything that the ledger says of a migration, for the status page and the report.

use domain::{
    Entry, Migration, PhaseError, Progress,
    approval::{Asked, Question},
    audit::{Event, Run},
    moved_cleanup::MovedCleanup,
    pause::Pause,
    ports::{Approvals, Audit, Ledger, migrations::Meta},
    resources::schedule::{self, Occasion},
    shift::Shift,
    way_back::Watched,
};
use futures::{future::try_join_all, try_join};

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
    /// To when people moved the cleanup, until that is done.
    pub moved: Option<MovedCleanup>,
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
        let id = &migration.id;
        // Side by side: a page would wait for one answer of DynamoDB after the other.
        let questions =
            [Question::Qualification, Question::Bake, Question::Cleanup].map(|which| ports.asked(id, which));
        let (asked, found, paused, moved, way_back, runs, events, shift, entries) = try_join!(
            try_join_all(questions),
            ports.progress(&migration, Progress::Observe),
            Pause::saved(ports, &migration),
            MovedCleanup::saved(ports, &migration),
            Watched::saved(ports, &migration),
            ports.runs(id),
            ports.events(id, most),
            Shift::saved(ports, &migration),
            ports.entries(&migration),
        )?;
        let found = found.unwrap_or_default();
        let released = found["released"].as_array().into_iter().flatten().filter_map(|text| text.as_str());
        Ok(Self {
            released: released.map(str::to_owned).collect(),
            asked: asked.into_iter().flatten().collect(),
            paused,
            moved,
            way_back,
            runs,
            events,
            shift,
            entries,
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

    /// The ledger's entry of the schedule that deletes blue.
    #[must_use]
    pub fn cleanup(&self) -> Option<&Entry> {
        let key = schedule::key(Occasion::Cleanup);
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// When a schedule deletes blue; nothing where none does.
    #[must_use]
    pub fn cleanup_at(&self) -> Option<jiff::Timestamp> {
        let entry = self.cleanup().filter(|entry| entry.is_live())?;
        entry.detail["at"].as_str()?.parse().ok()
    }
}

#[cfg(test)]
pub(crate) mod tests;
