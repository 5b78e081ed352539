//! Green against blue in the same window: what the same requests, sent to both sides in turns, say of errors and latencies.
//!
//! Like Argo Rollouts an analysis is `Successful`, `Failed` or `Inconclusive`
//! (<https://argo-rollouts.readthedocs.io/en/stable/features/analysis/>). Errors are compared by Fisher's exact test; latencies, as in
//! Kayenta, by the Mann–Whitney U test with a tolerance of a quarter
//! (<https://github.com/spinnaker/kayenta/blob/master/docs/canary-judge.md>). Both are one-sided: a better green fails nothing.

mod statistics;

use crate::{Migration, PhaseError, Progress, ports::Ledger};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use statistics::{more_often, slower};
use std::{collections::BTreeMap, fmt};

/// So unlikely must be what is seen of a green that equals blue, for all tests at the ends of all steps together.
const AT_THE_END: f64 = 4e-4;

/// The same for one test of one look before the end of a step. A switch has at most 2,960 looks (`MaxAttempts` of Guard), two tests each:
/// below 1 in 10,000 together (a Haybittle–Peto boundary, <https://doi.org/10.1259/0007-1285-44-526-793>).
const ON_THE_WAY: f64 = 1e-8;

/// The same for all tests at the ends of the windows of a bake together.
const AT_THE_END_OF_WINDOWS: f64 = 1e-4;

/// The same for one test of one look of a bake, of which its longest has 44,640, a minute each, in 31 days: below 2 in 10,000 together.
const IN_THE_BAKE: f64 = 2e-9;

/// Added to every latency, in milliseconds: differences below a quarter of it are no differences.
const FLOOR: f64 = 10.0;

/// Buckets of latencies grow by this; five of them are the tolerance of a quarter.
const GROWTH: f64 = 1.045_639_552_591_273;

/// Buckets by which green may be slower.
const TOLERATED: u8 = 5;

/// The last bucket: half a minute, which no API takes to answer.
const LAST: u8 = 180;

/// What one side answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Requests that say something.
    pub samples: u32,
    /// Those of them that failed.
    pub errors: u32,
    /// How long the others took: buckets with how many are in them.
    latencies: BTreeMap<u8, u32>,
}

impl Tally {
    /// Counts one request; `millis` is how long it took, and nothing where it failed.
    pub fn count(&mut self, millis: Option<u32>) {
        self.samples += 1;
        match millis {
            Some(millis) => *self.latencies.entry(bucket(millis)).or_default() += 1,
            None => self.errors += 1,
        }
    }

    /// The latency that this share of the answers did not exceed, in milliseconds; nothing without answers.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u32> {
        let all: u32 = self.latencies.values().sum();
        let rank = share * f64::from(all);
        let mut seen = 0;
        let (found, _) = self.latencies.iter().find(|(_, count)| {
            seen += **count;
            f64::from(seen) >= rank
        })?;
        Some(millis(*found))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} failed", self.errors, self.samples)?;
        match (self.quantile(0.5), self.quantile(0.95)) {
            (Some(median), Some(high)) => write!(f, ", half within {median} ms, 95 % within {high} ms"),
            _ => Ok(()),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and LAST")]
fn bucket(millis: u32) -> u8 {
    let steps = (f64::from(millis) + FLOOR).log(GROWTH) - FLOOR.log(GROWTH);
    steps.clamp(0.0, f64::from(LAST)) as u8
}

/// The upper end of a bucket.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most half a minute")]
fn millis(bucket: u8) -> u32 {
    (FLOOR * GROWTH.powi(i32::from(bucket) + 1) - FLOOR).round() as u32
}

/// Both sides during one step: a progress in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Steps of the switch that were guarded before this one, and windows of the bake that have passed.
    pub guarded: usize,
    /// Blue.
    pub blue: Tally,
    /// Green.
    pub green: Tally,
    /// When this window of the bake began; nothing for a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether it was judged at its end, once, and was successful. From then on only what is as good as certain fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passed: bool,
}

/// Of what a comparison is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Of so many steps of a switch.
    Step(usize),
    /// Of so many windows of a bake.
    Window(usize),
}

impl Span {
    /// How unlikely must be what is seen of a green that equals blue, in each of the two tests: before the end, and at it.
    fn unlikely(self) -> (f64, f64) {
        let (on_the_way, all, of) = match self {
            Self::Step(of) => (ON_THE_WAY, AT_THE_END, of),
            Self::Window(of) => (IN_THE_BAKE, AT_THE_END_OF_WINDOWS, of),
        };
        #[expect(clippy::cast_precision_loss, reason = "a switch has at most 20 steps, and a bake 720 windows")]
        let each = all / (2.0 * of.max(1) as f64);
        (on_the_way, each)
    }
}

/// What a comparison says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Green is not worse.
    Successful,
    /// Green is worse, with the reason.
    Failed(String),
    /// Too little is known, and of what.
    Inconclusive(String),
}

impl Comparison {
    /// That of the step after `guarded` others; an empty one where it has none yet.
    ///
    /// # Errors
    /// `Conflict` where what the ledger has cannot be read.
    pub async fn saved<P: Ledger>(ports: &P, migration: &Migration, guarded: usize) -> Result<Self, PhaseError> {
        let saved: Option<Self> = ports.saved(migration, Progress::Analysis).await?;
        Ok(saved.filter(|saved| saved.guarded == guarded).unwrap_or_else(|| Self { guarded, ..Self::default() }))
    }

    /// That of the present window of the bake; an empty one that begins now where there is none yet.
    ///
    /// # Errors
    /// As for [`Comparison::saved`].
    pub async fn of_the_bake<P: Ledger>(ports: &P, migration: &Migration, now: Timestamp) -> Result<Self, PhaseError> {
        let steps = migration.input.cutover.steps.len();
        let saved: Option<Self> = ports.saved(migration, Progress::Analysis).await?;
        let saved = saved.filter(|saved| saved.guarded >= steps && saved.since.is_some());
        Ok(saved.unwrap_or_else(|| Self { guarded: steps, since: Some(now), ..Self::default() }))
    }

    /// The window after this one, which begins now.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Self {
        Self { guarded: self.guarded + 1, since: Some(now), ..Self::default() }
    }

    /// Saves it in the ledger.
    ///
    /// # Errors
    /// `Conflict` where the migration has another owner or was turned back.
    pub async fn save<P: Ledger>(&self, ports: &P, migration: &Migration) -> Result<(), PhaseError> {
        ports.save_progress(migration, Progress::Analysis, json!(self)).await
    }

    /// Decides with at least `wanted` samples of each side. Before the end only what is as good as certain fails; at its end, which is
    /// judged once, what is most unlikely of a green that equals blue.
    #[must_use]
    pub fn judge(&self, wanted: u32, span: Span, is_over: bool) -> Verdict {
        let (blue, green) = (&self.blue, &self.green);
        let is_enough = blue.samples.min(green.samples) >= wanted.max(1);
        let (on_the_way, at_the_end) = span.unlikely();
        let unlikely = if is_enough && is_over && !self.passed { at_the_end } else { on_the_way };
        if more_often((blue.errors, blue.samples), (green.errors, green.samples)) < unlikely {
            return Verdict::Failed(format!("green fails more often than blue: {self}"));
        }
        if slower(&blue.latencies, &green.latencies, TOLERATED) < unlikely {
            return Verdict::Failed(format!("green is slower than blue by more than a quarter: {self}"));
        }
        if !is_enough {
            return Verdict::Inconclusive(format!("fewer than {wanted} samples of each side: {self}"));
        }
        // Nothing can be said of a green beside a blue that does not work.
        if self.blue_fails() {
            return Verdict::Inconclusive(format!("blue fails itself: {self}"));
        }
        Verdict::Successful
    }

    /// Whether blue fails more often than not.
    #[must_use]
    pub const fn blue_fails(&self) -> bool {
        self.blue.errors.saturating_mul(2) > self.blue.samples
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blue {}; green {}", self.blue, self.green)
    }
}

#[cfg(test)]
mod tests;
