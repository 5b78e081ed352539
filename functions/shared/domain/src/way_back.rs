//! How well production could be given back to blue while green serves. Nothing of Bascule's keeps blue from becoming smaller, older or
//! unreachable in days of waiting: it is looked at again and again, and people are told when it weakens.

mod look;

pub use look::{look, read};

use crate::{Migration, PhaseError, Progress, ports::Ledger};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// So long nothing new may be found wrong until people are told that something is well again: Pods that come and go are told once.
const CALM: SignedDuration = SignedDuration::from_mins(10);

/// One thing that stands against going back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weakness {
    /// Of what, such as `Deployment/shop/web`.
    pub what: String,
    /// Whether nothing of it is left, so that requests would fail.
    pub gone: bool,
    /// What was found, as a sentence without its full stop.
    pub finding: String,
}

impl Weakness {
    /// What makes two looks different: numbers alone do not.
    fn mark(&self) -> (&str, bool) {
        (&self.what, self.gone)
    }
}

/// What one look at blue showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// What stands against going back.
    pub weak: Vec<Weakness>,
    /// How many targets of each of blue's target groups are healthy, by the group's name.
    pub healthy: BTreeMap<String, usize>,
}

/// What is known of the way back: a progress in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watched {
    /// What people were told, and what pages show.
    pub told: Vec<Weakness>,
    /// When they were told last; the first look where they never were.
    pub told_at: Timestamp,
    /// What the last looks showed, all of them.
    seen: Vec<Weakness>,
    /// When a look showed that first.
    seen_at: Timestamp,
    /// How many targets of each target group the first look found healthy.
    healthy: BTreeMap<String, usize>,
}

/// What comes of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It showed what the last one did.
    Same,
    /// It showed something else, of which nobody needs to know yet.
    Noted(Watched),
    /// People are to be told.
    Told(Watched),
}

impl Watched {
    /// As the ledger has it; nothing before the first look.
    ///
    /// # Errors
    /// `Conflict` where what the ledger has cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration) -> Result<Option<Self>, PhaseError> {
        ports.saved(migration, Progress::WayBack).await
    }

    /// Saves it in the ledger.
    ///
    /// # Errors
    /// `Conflict` where the migration has another owner or was turned back.
    pub async fn save<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::WayBack, json!(self)).await
    }

    /// Whether people were told last that something stands against going back.
    #[must_use]
    pub const fn is_degraded(&self) -> bool {
        !self.told.is_empty()
    }

    /// What they were told, in one line.
    #[must_use]
    pub fn findings(&self) -> String {
        findings(&self.told)
    }

    /// Decides what comes of one more look. What is gone is told at once. What is weak is told when two looks in a row show it, since
    /// Pods are replaced all the time; and it counts as well again once nothing new has been found for ten minutes.
    #[must_use]
    pub fn after(known: Option<&Self>, seen: Seen, now: Timestamp) -> Change {
        let baseline = known.map_or(&seen.healthy, |known| &known.healthy);
        // A group that could not be read at first has its measure from the first look that could.
        let mut healthy = seen.healthy.clone();
        healthy.extend(baseline.clone());
        let mut weak = seen.weak;
        weak.extend(seen.healthy.iter().filter_map(|(group, found)| targets(group, *found, healthy[group])));
        weak.sort_by(|one, other| one.mark().cmp(&other.mark()));
        let Some(known) = known else {
            let first = Self { told: Vec::new(), told_at: now, seen: weak, seen_at: now, healthy };
            return first.judge(&BTreeSet::new(), now).unwrap_or_else(Change::Noted);
        };
        let before = marks(&known.seen);
        let seen_at = if marks(&weak) == before { known.seen_at } else { now };
        let next = Self { seen: weak, seen_at, healthy, ..known.clone() };
        next.judge(&before, now).unwrap_or_else(|next| {
            if marks(&next.seen) == before && next.healthy == known.healthy {
                Change::Same
            } else {
                Change::Noted(next)
            }
        })
    }

    /// Tells people, or gives itself back where they know already. `before` is what the look before showed.
    fn judge(self, before: &BTreeSet<(&str, bool)>, now: Timestamp) -> Result<Change, Self> {
        let (seen, told) = (marks(&self.seen), marks(&self.told));
        let is_new = seen.iter().any(|mark| !told.contains(mark) && (mark.1 || before.contains(mark)));
        let is_calm = now.duration_since(self.seen_at) >= CALM;
        if is_new || (seen != told && is_calm) {
            let told = self.seen.clone();
            return Ok(Change::Told(Self { told, told_at: now, ..self }));
        }
        Err(self)
    }
}

fn marks(weak: &[Weakness]) -> BTreeSet<(&str, bool)> {
    weak.iter().map(Weakness::mark).collect()
}

/// What was found, in one line.
fn findings(weak: &[Weakness]) -> String {
    weak.iter().map(|weakness| weakness.finding.as_str()).collect::<Vec<_>>().join("; ")
}

/// With `externalTrafficPolicy: Local` some targets are rightly unhealthy: fewer than at first is what counts.
fn targets(group: &str, found: usize, at_first: usize) -> Option<Weakness> {
    (found == 0 || found < at_first).then(|| Weakness {
        what: format!("target group {group}"),
        gone: found == 0,
        finding: format!("{found} targets of the target group {group} are healthy, where {at_first} were at first"),
    })
}

#[cfg(test)]
mod tests;
