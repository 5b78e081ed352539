//! Runs every world: replaced, and in a second run turned back after the shift; several runs side by side, each in an account of its own.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use futures::future::Shared;
use futures::{FutureExt, StreamExt};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::expectation;
use crate::lambdas;
use crate::project::Project;
use crate::report::Report;
use crate::scenario::{self, Options, Scenario};
use crate::world::front::Front;

/// A story, and what becomes of blue in it, in words.
type Told = (Scenario, &'static str);

/// The stories of each world.
const STORIES: [Told; 2] = [(Scenario::Replace, "replaced"), (Scenario::Rollback, "turned back")];

/// The outcome of a run that the sandbox could not do.
const NOT_RUN: &str = "NotRun";

/// One run of a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The world.
    pub world: String,
    /// Requests that customers sent.
    pub sent: usize,
    /// How many of them failed.
    pub failed: usize,
    /// Who serves in the end: `GreenServes` or `BlueServes`; `NotRun` where the sandbox could not do its part.
    pub outcome: String,
    /// Whether everything that customers hold on to is as before.
    pub unchanged: bool,
    /// What stayed and should not have.
    pub left: Vec<String>,
    /// Why the run is not what was expected; left out where it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disappointments: Vec<String>,
}

/// All runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cases {
    /// Those that have ended, in the order of the worlds.
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

    /// A run that came to no report. Nothing is known of what customers hold on to, so it does not count as unchanged.
    fn not_run(world: Front, story: &str, error: &Error) -> Self {
        Self {
            world: world.name(),
            sent: 0,
            failed: 0,
            outcome: NOT_RUN.to_owned(),
            unchanged: false,
            left: Vec::new(),
            disappointments: vec![format!("to be {story}, and the run came to no end: {error}")],
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

/// Runs this world, or all, with the options, so many runs at once; `interrupted` ends it early. The functions are built once. `each` gets what
/// there is after every run that has ended. A run that the sandbox could not do is a case too, and the others go on.
///
/// # Errors
/// When the functions cannot be built, when `each` fails, or when it is interrupted: then every account has been ended.
pub async fn run(
    only: Option<Front>,
    jobs: usize,
    options: &Options,
    interrupted: impl Future<Output = ()>,
    each: impl FnMut(&Cases) -> Result<()>,
) -> Result<Cases> {
    let interrupted = interrupted.shared();
    eprintln!("Load: {}", expectation::load(options.rate));
    let binaries = tokio::select! {
        binaries = built(options.binaries.as_deref()) => Some(binaries?),
        () = interrupted.clone() => return Err(Error::new("interrupted")),
    };
    let worlds = only.map_or_else(Front::worlds, |world| vec![world]);
    let ending = interrupted.clone();
    let run = async |world: Front, (scenario, story): Told| {
        let label = if jobs > 1 { format!("{} {story}", world.name()) } else { String::new() };
        let exchanges = options.exchanges.as_deref().map(|file| own(file, world, story));
        let options = Options { label, front: world, exchanges, binaries: binaries.clone(), ..options.clone() };
        Ok(Case::of(world, Box::pin(scenario::run(scenario, &options, ending.clone())).await?))
    };
    sweep(&worlds, jobs, interrupted, run, each).await
}

/// The folder with the functions' binaries.
async fn built(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = given {
        return Ok(folder.to_owned());
    }
    let project = Project::locate().await?;
    lambdas::build(&project, &|line| eprintln!("{line}")).await?;
    Ok(project.target.join("debug"))
}

/// A file of one run beside the others': its name begins with what the run is.
fn own(file: &Path, world: Front, story: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{}-{}-{name}", world.name(), story.replace(' ', "-")))
}

/// Both stories of these worlds, so many at once.
async fn sweep(
    worlds: &[Front],
    jobs: usize,
    interrupted: Shared<impl Future<Output = ()>>,
    run: impl AsyncFn(Front, Told) -> Result<Case>,
    mut each: impl FnMut(&Cases) -> Result<()>,
) -> Result<Cases> {
    let plan = worlds.iter().flat_map(|world| STORIES.map(|story| (*world, story))).enumerate();
    let (run, is_over) = (&run, || interrupted.peek().is_some());
    let runs = plan.map(|(place, (world, story))| async move {
        if is_over() {
            return None;
        }
        // One that panics takes nothing from the others either.
        let case = AssertUnwindSafe(run(world, story)).catch_unwind().await;
        let case = case.unwrap_or_else(|panic| Err(Error::new(format!("it panicked: {}", words(&*panic)))));
        match case {
            Ok(case) => Some((place, case)),
            Err(_) if is_over() => None,
            Err(error) => Some((place, Case::not_run(world, story.1, &error))),
        }
    });
    let mut ended: Vec<(usize, Case)> = Vec::new();
    let mut all = Cases::default();
    let mut runs = std::pin::pin!(futures::stream::iter(runs).buffer_unordered(jobs.max(1)));
    while let Some(case) = runs.next().await {
        let Some((place, case)) = case else { continue };
        eprintln!("{}", case.line());
        ended.push((place, case));
        ended.sort_by_key(|(place, _)| *place);
        all.cases = ended.iter().map(|(_, case)| case.clone()).collect();
        each(&all)?;
    }
    if is_over() { Err(Error::new("interrupted")) } else { Ok(all) }
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use super::*;

    const WORLDS: [Front; 2] = [Front::Irsa, Front::Fargate];

    fn case(world: Front, (_, story): Told) -> Case {
        Case { outcome: story.to_owned(), unchanged: true, ..Case::not_run(world, story, &Error::new("")) }
    }

    fn told(cases: &Cases) -> Vec<String> {
        cases.cases.iter().map(|case| format!("{} {}", case.world, case.outcome)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn cases_stand_in_the_order_of_the_worlds_whatever_ends_first_and_no_more_run_at_once_than_asked() {
        let in_order = ["irsa replaced", "irsa turned back", "fargate replaced", "fargate turned back"];
        // How long each of the four takes, and which of them are written first when as many run at once.
        for (jobs, seconds, first) in [
            (1, [9, 1, 9, 1], vec!["irsa replaced"]),
            (2, [9, 1, 9, 1], vec!["irsa turned back"]),
            (8, [9, 7, 5, 1], vec!["fargate turned back"]),
        ] {
            let (now, most, started) = (Cell::new(0), Cell::new(0), Cell::new(0));
            let written = RefCell::new(Vec::new());
            let run = async |world, story| {
                let mine = started.replace(started.get() + 1);
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::time::sleep(Duration::from_secs(seconds[mine])).await;
                now.set(now.get() - 1);
                Ok(case(world, story))
            };
            let each = |cases: &Cases| {
                written.borrow_mut().push(told(cases));
                Ok(())
            };
            let all = sweep(&WORLDS, jobs, std::future::pending().boxed().shared(), run, each).await.unwrap();
            assert_eq!(told(&all), in_order, "{jobs} at once");
            assert_eq!(most.get(), jobs.min(4), "{jobs} at once");
            let written = written.into_inner();
            assert_eq!(
                (written.len(), &written[0], &written[3]),
                (4, &first.iter().map(ToString::to_string).collect(), &told(&all))
            );
        }
    }

    #[tokio::test]
    async fn a_world_that_does_not_run_is_a_case_that_says_why_and_the_others_go_on() {
        for panics in [false, true] {
            let run = async |world, story: Told| {
                assert!(!(panics && world == Front::Irsa && story.0 == Scenario::Replace), "no port");
                if world == Front::Irsa && story.0 == Scenario::Replace {
                    return Err(Error::new("no port"));
                }
                Ok(case(world, story))
            };
            let all = sweep(&WORLDS, 2, std::future::pending().boxed().shared(), run, |_| Ok(())).await.unwrap();
            assert_eq!(
                told(&all),
                ["irsa NotRun", "irsa turned back", "fargate replaced", "fargate turned back"],
                "panics: {panics}"
            );
            let failed = &all.cases[0];
            assert!(!failed.unchanged && failed.disappointments[0].ends_with("no port"), "{failed:?}");
            let written = serde_json::to_value(&all).unwrap();
            assert_eq!(written["cases"][0]["outcome"], "NotRun");
            assert!(written["cases"][0]["disappointments"][0].as_str().unwrap().contains("to be replaced"));
        }
    }

    #[tokio::test]
    async fn an_interrupted_sweep_starts_no_more_and_leaves_what_it_has() {
        let (interrupt, interrupted) = tokio::sync::oneshot::channel::<()>();
        let (interrupt, started) = (Cell::new(Some(interrupt)), Cell::new(0));
        let interrupted = interrupted.map(drop).boxed().shared();
        let ending = interrupted.clone();
        let run = async |world, story| {
            started.set(started.get() + 1);
            if started.get() == 2 {
                drop(interrupt.take());
                ending.clone().await;
                return Err(Error::new("interrupted"));
            }
            Ok(case(world, story))
        };
        let written = RefCell::new(Vec::new());
        let each = |cases: &Cases| {
            *written.borrow_mut() = told(cases);
            Ok(())
        };
        assert!(sweep(&WORLDS, 1, interrupted, run, each).await.is_err());
        assert_eq!((started.get(), written.into_inner()), (2, vec!["irsa replaced".to_owned()]));
    }

    #[test]
    fn what_runs_write_side_by_side_has_names_of_its_own() {
        let file = own(Path::new("/tmp/calls.jsonl"), Front::Irsa, STORIES[1].1);
        assert_eq!(file, Path::new("/tmp/irsa-turned-back-calls.jsonl"));
    }
}
