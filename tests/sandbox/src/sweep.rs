//! Runs every world: replaced, and in a second run turned back after the shift.

use serde::Serialize;

use crate::error::Result;
use crate::report::Report;
use crate::scenario::{self, Options, Scenario};
use crate::world::front::Front;

/// One run of a world.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The world.
    pub world: String,
    /// Requests that customers sent.
    pub sent: usize,
    /// How many of them failed.
    pub failed: usize,
    /// Who serves in the end: `GreenServes` or `BlueServes`.
    pub outcome: String,
    /// Whether everything that customers hold on to is as before.
    pub unchanged: bool,
    /// What stayed and should not have.
    pub left: Vec<String>,
    /// Why the run is not what was expected. Not part of the JSON.
    #[serde(skip)]
    pub disappointments: Vec<String>,
}

/// All runs.
#[derive(Clone, Debug, Serialize)]
pub struct Cases {
    /// One by one.
    pub cases: Vec<Case>,
}

impl Case {
    fn of(world: Front, report: Report) -> Self {
        let left = report.left.orphans.into_iter().chain(report.left.unknown_to_ledger).collect();
        Self {
            world: world.name(),
            sent: report.requests.sent,
            failed: report.requests.failed,
            outcome: report.outcome,
            unchanged: report.unchanged.all(),
            left,
            disappointments: report.disappointments,
        }
    }

    /// A line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let unchanged = if self.unchanged { "unchanged" } else { "changed" };
        let (world, outcome) = (&self.world, &self.outcome);
        format!(
            "{world:<18} {outcome:<12} {} sent, {} failed, {unchanged}, {} left",
            self.sent,
            self.failed,
            self.left.len()
        )
    }
}

/// Runs this world, or all, with the options; `interrupted` ends it early.
///
/// # Errors
/// When the sandbox cannot do its part, or is interrupted.
pub async fn run(only: Option<Front>, options: &Options, interrupted: impl Future<Output = ()>) -> Result<Cases> {
    let mut interrupted = std::pin::pin!(interrupted);
    let mut cases = Vec::new();
    for world in only.map_or_else(Front::worlds, |world| vec![world]) {
        for story in [Scenario::Replace, Scenario::Rollback] {
            let options = Options { front: world, ..options.clone() };
            let report = Box::pin(scenario::run(story, &options, &mut interrupted)).await?;
            let case = Case::of(world, report);
            eprintln!("{}", case.line());
            cases.push(case);
        }
    }
    Ok(Cases { cases })
}
