//! Everything that the ledger says of a migration, for the status page and the report.

use domain::{
    Entry, Input, Migration, PhaseError, Progress,
    approval::{Asked, Question},
    audit::{Event, Run},
    cut_short::CutShort,
    moved_cleanup::MovedCleanup,
    pause::Pause,
    ports::{audit::Snapshot, migrations::Meta},
    resources::schedule::{self, Occasion},
    shift::Shift,
    way_back::Watched,
};
use serde::Deserialize;

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
    /// Who has ended the bake before its time, where somebody has.
    pub cut_short: Option<CutShort>,
    /// To when people moved the cleanup, until that is done.
    pub moved: Option<MovedCleanup>,
    /// What stands against going back; nothing before green serves.
    pub way_back: Option<Watched>,
    /// What keeps the bake from ending.
    pub hindrance: Hindrance,
    /// The last question of each kind.
    pub asked: Vec<Asked>,
    /// What Bascule created, changed and deleted.
    pub entries: Vec<Entry>,
    /// When this was read.
    pub now: jiff::Timestamp,
}

/// What observe has found that keeps a bake from ending, as it tells people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hindrance {
    /// Releases on one cluster only.
    pub released: Vec<String>,
    /// Whether a cluster does not answer, so that nothing can be compared.
    #[serde(default)]
    pub incomparable: bool,
    /// Whether blue fails what green answers.
    #[serde(default)]
    pub blue_fails: bool,
}

impl Hindrance {
    /// As a sentence without its full stop; nothing where nothing stands against the end of the bake.
    #[must_use]
    pub fn told(&self, input: &Input) -> Option<String> {
        let (blue, green) = (&input.blue.cluster, &input.green.cluster);
        if !self.released.is_empty() {
            return Some(format!("released on one side only: {}", self.released.join(", ")));
        }
        if self.incomparable {
            return Some(format!(
                "{blue} and {green} cannot be compared, since one of their Kubernetes APIs does not answer"
            ));
        }
        self.blue_fails
            .then(|| format!("{blue} fails more than half of the requests by which {green} is compared with it"))
    }
}

impl Sight {
    /// Of what the ledger has.
    ///
    /// # Errors
    /// `Conflict` where a progress cannot be read.
    pub fn of(snapshot: Snapshot, now: jiff::Timestamp) -> Result<Self, PhaseError> {
        Ok(Self {
            shift: snapshot.saved(Progress::ShiftTraffic)?,
            paused: snapshot.saved(Progress::Pause)?,
            cut_short: snapshot.saved(Progress::CutShort)?,
            moved: snapshot.saved(Progress::MovedCleanup)?,
            way_back: snapshot.saved(Progress::WayBack)?,
            hindrance: snapshot.saved(Progress::Observe)?.unwrap_or_default(),
            meta: snapshot.meta,
            migration: snapshot.migration,
            runs: snapshot.runs,
            events: snapshot.events,
            asked: snapshot.asked,
            entries: snapshot.entries,
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
    ///
    /// # Errors
    /// What the ledger has in place of a time: there is a schedule, and when it deletes blue is not known.
    pub fn cleanup_at(&self) -> Result<Option<jiff::Timestamp>, String> {
        let Some(entry) = self.cleanup().filter(|entry| entry.is_live()) else { return Ok(None) };
        let at = &entry.detail["at"];
        at.as_str().and_then(|at| at.parse().ok()).map(Some).ok_or_else(|| at.to_string())
    }
}

#[cfg(test)]
pub(crate) mod tests;
