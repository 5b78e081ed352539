//! The command line of `cargo sandbox`.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use kubernetes::Assets;
use serde::Serialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::bench;
use crate::bench_page::{self, Measured};
use crate::error::{Context, Error, Result};
use crate::kills::Kills;
use crate::packages;
use crate::report::Report;
use crate::scenario::{self, Options, Scenario};
use crate::sweep::{self, Cases};
use crate::terraform::Story;
use crate::terraform::program::Program;
use crate::world::front::Front;

/// How many processes `--kill-functions` kills.
const DEATHS: usize = 12;

/// Replaces an EKS cluster behind API Gateway under live traffic, in an AWS account made on this machine for it.
///
/// Needs Rust, a C compiler and Python 3.11; no AWS account, no Docker. Writes below cargo's target directory only. Where
/// `KUBEBUILDER_ASSETS` names the programs of a Kubernetes control plane, the clusters have real ones.
#[derive(Parser)]
#[command(name = "cargo sandbox", version)]
pub struct Arguments {
    /// What to run; `replace` without a word.
    #[command(subcommand)]
    command: Option<Command>,
    /// Answer the approvals on their page, as a person would, instead of printing the link.
    #[arg(long, global = true)]
    approve: bool,
    /// Write what was observed to this file, as JSON.
    #[arg(long, global = true, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Bundles of Kubernetes manifests to run besides the shop.
    #[arg(long, global = true, value_name = "FILE", num_args = 1..)]
    workloads: Vec<PathBuf>,
    /// Requests a second.
    #[arg(long, global = true, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5000))]
    rate: u32,
    /// Percentages of the traffic that green gets, one step after the other.
    #[arg(long, global = true, value_delimiter = ',', default_value = "100", value_parser = clap::value_parser!(u8).range(1..=100))]
    steps: Vec<u8>,
    /// How long green is watched: after two minutes the report has figures of green alone, which CloudWatch has by the minute.
    #[arg(long, global = true, value_name = "DURATION", default_value = "10s")]
    bake: String,
    /// Kill processes of the functions in the middle of their work, at calls chosen by this number; the end must be the same.
    #[arg(long, global = true, value_name = "SEED")]
    kill_functions: Option<u64>,
    /// Stay up at the end, until Ctrl-C.
    #[arg(long, global = true)]
    keep: bool,
    /// Write every request to AWS with its answer to this file, a JSON object a line.
    #[arg(long, global = true, value_name = "FILE")]
    exchanges: Option<PathBuf>,
    /// Take the functions' binaries from this folder instead of building them.
    #[arg(long, global = true, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Replace blue by green, and delete blue.
    Replace,
    /// End with the plan.
    DryRun,
    /// The people who qualify green say no.
    Abort,
    /// An alarm fires while green is watched.
    Rollback,
    /// Three projects of Terraform manage the shop, and plan no change before and after: once as Bascule builds green, once as people do.
    Terraform {
        /// This story only.
        #[arg(long, value_name = "STORY")]
        only: Option<Story>,
    },
    /// Build the deployment packages as users do, and measure them.
    Packages,
    /// Run every world, replaced and turned back: accounts whose API is another one.
    SweepWorlds {
        /// So many runs at once, each in an account of its own; as many as there are processors, and four at most, without it. Of several each
        /// line says whose it is.
        #[arg(long, value_name = "N", default_value_t = processors(), value_parser = clap::value_parser!(u8).range(1..=8))]
        jobs: u8,
        /// This one only.
        #[arg(long, value_name = "WORLD")]
        only: Option<Front>,
    },
    /// Measure how fast the status page and the list answer with 50 migrations and 5,000 events in the ledger.
    BenchPage,
    /// Apply bundles to the real kube-apiserver in turns with kubectl, and measure time and memory.
    BenchApply {
        /// The size of the generated bundle, instead of 100, 1,000 and 10,000.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000))]
        objects: Option<u32>,
    },
}

/// Does what the command line asks for; false when something is not as expected.
///
/// # Errors
/// When the sandbox cannot do its part, or is interrupted.
pub async fn run(arguments: Arguments) -> Result<bool> {
    let mut sweep = None;
    let mut stories = None;
    let scenario = match arguments.command.unwrap_or(Command::Replace) {
        Command::Replace => Scenario::Replace,
        Command::Terraform { .. } if Program::find().is_none() => return without_provider(&arguments),
        Command::Terraform { only } => {
            stories = Some(only.map_or_else(|| vec![Story::Adopt, Story::Swap], |only| vec![only]));
            Scenario::Replace
        }
        Command::SweepWorlds { only, jobs } => {
            sweep = Some((only, usize::from(jobs)));
            Scenario::Replace
        }
        Command::DryRun => Scenario::DryRun,
        Command::Abort => Scenario::Abort,
        Command::Rollback => Scenario::Rollback,
        Command::Packages => return packages(&arguments).await,
        Command::BenchPage => return bench_page(&arguments).await,
        Command::BenchApply { objects } => return bench_apply(&arguments, objects).await,
    };
    let options = Options {
        label: String::new(),
        approve: arguments.approve,
        front: Front::Plain,
        terraform: None,
        workloads: arguments.workloads,
        rate: arguments.rate,
        steps: arguments.steps,
        bake: arguments.bake,
        kills: arguments.kill_functions.map(|seed| Kills { seed, deaths: DEATHS }),
        keep: arguments.keep,
        exchanges: arguments.exchanges,
        binaries: arguments.binaries,
        control_planes: Assets::named().transpose().map_err(Error::new)?,
    };
    if let Some(sweep) = sweep {
        return worlds(sweep, &options, arguments.report.as_deref()).await;
    }
    let report = match stories {
        Some(stories) => told(&stories, &options).await?,
        None => scenario::run(scenario, &options, interruption()?).await?,
    };
    println!("{}", report.page());
    write(arguments.report.as_deref(), &report)?;
    for disappointment in &report.disappointments {
        println!("  not as expected: {disappointment}");
    }
    Ok(report.satisfied())
}

/// Says that Terraform was not asked. The built-in `terraform_data` would be no stand-in: its resources have ids of their own, so that a state of
/// them holds nothing of blue and preflight refuses it, rightly; and what an import or a deployment looks like to the provider, it alone knows.
fn without_provider(arguments: &Arguments) -> Result<bool> {
    let why =
        "no Terraform with a mirror of its AWS provider on this machine: nothing was replaced, and no plan was made";
    println!("  not as expected: {why}");
    write(arguments.report.as_deref(), &json!({ "terraform": [], "leftOut": why }))?;
    Ok(false)
}

/// The report of the first of these stories, with the requests, the plans and the disappointments of all.
async fn told(stories: &[Story], options: &Options) -> Result<Report> {
    let mut interrupted = std::pin::pin!(interruption()?);
    let mut all: Option<Report> = None;
    for story in stories {
        let options = Options { front: story.front(), terraform: Some(*story), ..options.clone() };
        let report = Box::pin(scenario::run(Scenario::Replace, &options, &mut interrupted)).await?;
        match &mut all {
            None => all = Some(report),
            Some(all) => all.join(report),
        }
    }
    all.context("a story")
}

async fn worlds((only, jobs): (Option<Front>, usize), options: &Options, file: Option<&Path>) -> Result<bool> {
    if options.keep {
        return Err(Error::new("a sweep ends each account before the next: --keep is for a single story"));
    }
    // A sweep that is interrupted, or killed, leaves the cases that it has.
    write(file, &Cases::default())?;
    let swept = sweep::run(only, jobs, options, interruption()?, |cases| write(file, cases)).await?;
    for case in &swept.cases {
        println!("{}", case.line());
        for disappointment in &case.disappointments {
            println!("  not as expected: {disappointment}");
        }
    }
    Ok(swept.cases.iter().all(|case| case.disappointments.is_empty()))
}

async fn packages(arguments: &Arguments) -> Result<bool> {
    let say = |line: &str| eprintln!("{line}");
    let sizes = tokio::select! {
        sizes = packages::measure(arguments.binaries.as_deref(), &say) => sizes?,
        () = interruption()? => return Err(Error::new("interrupted")),
    };
    println!("{}", packages::page(&sizes));
    write(arguments.report.as_deref(), &sizes)?;
    let too_large = packages::too_large(&sizes);
    for complaint in &too_large {
        println!("  not as expected: {complaint}");
    }
    Ok(too_large.is_empty())
}

async fn bench_page(arguments: &Arguments) -> Result<bool> {
    let say = |line: &str| eprintln!("{line}");
    let measured = tokio::select! {
        measured = bench_page::measure(arguments.binaries.as_deref(), &say) => measured?,
        () = interruption()? => return Err(Error::new("interrupted")),
    };
    for page in &measured {
        println!("{}", page.line());
    }
    write(arguments.report.as_deref(), &measured)?;
    Ok(measured.iter().all(Measured::is_fast))
}

async fn bench_apply(arguments: &Arguments, objects: Option<u32>) -> Result<bool> {
    let say = |line: &str| eprintln!("{line}");
    let objects = objects.and_then(|objects| usize::try_from(objects).ok());
    let rows = tokio::select! {
        rows = bench::measure(objects, &arguments.workloads, arguments.binaries.as_deref(), &say) => rows?,
        () = interruption()? => return Err(Error::new("interrupted")),
    };
    println!("{}", bench::page(&rows));
    write(arguments.report.as_deref(), &rows)?;
    let missed = bench::missed(&rows);
    for complaint in &missed {
        println!("  not as expected: {complaint}");
    }
    Ok(missed.is_empty())
}

/// How many runs of a sweep go on at once where nobody says: each waits most of its time.
fn processors() -> u8 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    u8::try_from(processors.min(4)).unwrap_or(1)
}

fn write(file: Option<&Path>, report: &impl Serialize) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    let text = serde_json::to_string_pretty(report).context("writing the report")?;
    std::fs::write(file, text + "\n").context(format!("writing {}", file.display()))
}

/// Ends with the first signal that asks for an end.
fn interruption() -> Result<impl Future<Output = ()>> {
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .into_iter()
        .map(|kind| signal(kind).context("listening for signals"))
        .collect::<Result<Vec<_>>>()?;
    Ok(async move {
        let waits = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures::future::select_all(waits).await;
    })
}
