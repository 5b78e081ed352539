//! `cargo sandbox`: replaces a cluster on this machine, with everything that a replacement needs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sandbox::error::{Context, Result};
use sandbox::scenario::{Options, Scenario, run};
use tokio::signal::unix::{SignalKind, signal};

/// Replaces an EKS cluster behind API Gateway under live traffic, in an AWS account made on this machine for it.
///
/// Needs Rust, a C compiler and Python 3.11; no AWS account, no Docker. Writes below cargo's target directory only.
#[derive(Parser)]
#[command(name = "cargo sandbox", version)]
struct Arguments {
    /// What to run; `replace` without a word.
    #[command(subcommand)]
    scenario: Option<Command>,
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
    /// Stay up at the end, until Ctrl-C.
    #[arg(long, global = true)]
    keep: bool,
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
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "error".into()))
        .with_writer(std::io::stderr)
        .init();
    match Box::pin(sandbox(Arguments::parse())).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn sandbox(arguments: Arguments) -> Result<bool> {
    let scenario = match arguments.scenario.unwrap_or(Command::Replace) {
        Command::Replace => Scenario::Replace,
        Command::DryRun => Scenario::DryRun,
        Command::Abort => Scenario::Abort,
        Command::Rollback => Scenario::Rollback,
    };
    let options = Options {
        approve: arguments.approve,
        workloads: arguments.workloads,
        rate: arguments.rate,
        steps: arguments.steps,
        keep: arguments.keep,
        binaries: arguments.binaries,
    };
    let report = run(scenario, &options, interruption()?).await?;
    println!("{}", report.page());
    if let Some(file) = arguments.report {
        let text = serde_json::to_string_pretty(&report).context("writing the report")?;
        std::fs::write(&file, text + "\n").context(format!("writing {}", file.display()))?;
    }
    for disappointment in &report.disappointments {
        println!("  not as expected: {disappointment}");
    }
    Ok(report.satisfied())
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
