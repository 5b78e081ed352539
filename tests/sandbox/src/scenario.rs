//! The four stories that the sandbox tells, from a fresh account to the report.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::Account;
use crate::browser;
use crate::doorstep::Doorstep;
use crate::error::{Context, Error, Result};
use crate::execution::Machines;
use crate::history::History;
use crate::lambdas::{self, Package};
use crate::letterbox::Letterbox;
use crate::load::{Load, Server};
use crate::processes::Watch;
use crate::progress::{Now, Progress};
use crate::project::Project;
use crate::python::Python;
use crate::report::Report;
use crate::shop::{self, Shop};
use crate::snapshot::Snapshot;
use crate::wire::Wire;
use crate::world::gateway::STAGE;
use crate::world::{BLUE, GREEN, HOST, TEMPORARY_HOST, alarm};
use crate::{inventory, measure, stack};

/// How often an execution is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// The longest that any execution may take before the run is given up; the report says so.
const LONGEST: Duration = Duration::from_mins(10);

/// Which story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Blue is replaced by green and deleted.
    Replace,
    /// The migration ends with the plan.
    DryRun,
    /// The people who qualify green say no.
    Abort,
    /// An alarm fires while green is watched.
    Rollback,
}

/// What the command line may change.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether the sandbox itself answers the approvals.
    pub approve: bool,
    /// More bundles of manifests, after the shop's own.
    pub workloads: Vec<PathBuf>,
    /// Requests a second.
    pub rate: u32,
    /// Percentages of the traffic that green gets.
    pub steps: Vec<u8>,
    /// Whether to stay up in the end until interrupted.
    pub keep: bool,
    /// Where the functions' binaries are, when they are not to be built.
    pub binaries: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { approve: true, workloads: Vec::new(), rate: 200, steps: vec![100], keep: false, binaries: None }
    }
}

/// Runs a scenario on a fresh account and reports; `interrupted` ends it early, and nothing is left running in any case.
///
/// # Errors
/// When the sandbox cannot do its part. That the migration disappoints is no error: the report says so.
pub async fn run(scenario: Scenario, options: &Options, interrupted: impl Future<Output = ()>) -> Result<Report> {
    let progress = Progress::new();
    let say = |line: &str| progress.say(line);
    let story = async {
        let project = Project::locate().await?;
        let python = Python::prepare(&project, &say).await?;
        let packages = match &options.binaries {
            Some(folder) => lambdas::take(&project, folder, &say).await?,
            None => lambdas::build(&project, &say).await?,
        };
        let account = Account::start(&project, &python).await?;
        Ok((project, packages, account))
    };
    let mut interrupted = std::pin::pin!(interrupted);
    let (project, packages, account) = tokio::select! {
        ready = story => ready?,
        () = &mut interrupted => return Err(Error::new("interrupted")),
    };
    say(&format!("Account: up at {}, log in {}", account.aws.endpoint(), account.log.display()));
    let told = tokio::select! {
        report = tell(scenario, options, &project, &packages, &account, &progress) => report,
        () = &mut interrupted => Err(Error::new("interrupted")),
    };
    if options.keep && told.is_ok() {
        progress.end();
        for line in crate::keep::instructions(&account) {
            eprintln!("{line}");
        }
        interrupted.await;
    }
    progress.end();
    account.stop().await;
    told
}

async fn tell(
    scenario: Scenario,
    options: &Options,
    project: &Project,
    packages: &[Package],
    account: &Account,
    progress: &Progress,
) -> Result<Report> {
    let say = |line: &str| progress.say(line);
    let aws = &account.aws;
    let watch = Watch::start();
    let parameters = [("Architecture", architecture()), ("LedgerDeletionProtection", "false")];
    let stack = stack::deploy(aws, project, packages, &parameters).await.context("deploying infra/template.yaml")?;
    say(&format!("Stack: infra/template.yaml deployed, {} resources", stack.resources.len()));
    let starts = measure::starts(aws, packages).await?;
    let shop = shop::build(account, &options.workloads, &say).await?;
    let letters = Letterbox::subscribe(aws, stack.outputs.get("TopicArn").context("TopicArn")?).await?;
    let doorstep = Doorstep::open(aws, stack.outputs.get("ApprovalUrl").context("ApprovalUrl")?).await?;
    let load = shop::open(account, &shop, options.rate).await?;
    say(&format!("Load: {} requests a second, all answered by {BLUE}", options.rate));

    let before = Snapshot::take(aws, &shop.api.id).await?;
    let inventory_before = inventory::take(aws).await.context("the inventory before")?;
    let machines = Machines::of(&stack)?;
    let begin = Timestamp::now();
    let name = format!("sandbox-{}", begin.as_second());
    let arn = machines.start(aws, &name, &input(scenario, options, &shop)).await?;
    say(&format!("Migration: execution {name} started"));

    let mut teller = Teller {
        scenario,
        options,
        account,
        letters: &letters,
        doorstep: &doorstep,
        load: &load,
        progress,
        read: 0,
        fired: false,
    };
    let mut disappointments = Vec::new();
    let migrate = teller.follow(&arn, &mut disappointments).await?;
    if scenario == Scenario::Replace && migrate.status == "SUCCEEDED" {
        say("Migration: green serves; waiting for the schedule of the cleanup");
        let last = machines.cleanup(aws, |history| teller.show("cleanup", history)).await;
        match last {
            Ok(history) if history.status == "SUCCEEDED" => say("Cleanup: ended"),
            Ok(history) => disappointments.push(format!("the cleanup is {}: {:?}", history.status, history.error)),
            Err(error) => disappointments.push(error.to_string()),
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let records = load.stop().await?;

    let mut histories = vec![migrate];
    histories.extend(machines.consequences(aws).await?);
    let ledger = inventory::ledger::Ledger::read(aws, stack.outputs.get("LedgerTable").context("LedgerTable")?).await?;
    let after = inventory::take(aws).await.context("the inventory after")?;
    let winner = measure::winner(&records);
    let blue_deleted = scenario == Scenario::Replace && winner == Server::Green;
    let peaks = watch.peaks();
    let mut report = Report {
        outcome: if winner == Server::Green { "GreenServes" } else { "BlueServes" }.to_owned(),
        requests: measure::requests(&records),
        switch: measure::switch(account, &records, &shop.api.id, begin),
        phases: measure::phases(aws, &histories).await?,
        step_functions: measure::step_functions(&histories),
        lambda: measure::lambdas(aws, packages, &starts, &peaks).await?,
        aws_calls: measure::calls(account),
        unchanged: Snapshot::take(aws, &shop.api.id).await?.unchanged(&before),
        left: inventory::left(&inventory_before, &after, &ledger, blue_deleted),
        disappointments,
        memory: peaks.total,
    };
    say(&format!("Report: every call of AWS is in {}", account.write_calls()?.display()));
    crate::expectation::judge(&mut report, scenario, options, &histories);
    for failure in &records.failures {
        say(&format!(
            "Failed request after {:.3} s: {}: {}",
            failure.start.as_secs_f64(),
            failure.request,
            failure.reason
        ));
    }
    Ok(report)
}

/// The template's parameter for the machine that built the functions.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// The input of the execution: the five lines, what may run once only (the load generator, and the Service that would get a load balancer), and waits that suit a demonstration.
fn input(scenario: Scenario, options: &Options, shop: &Shop) -> Value {
    json!({
        "blue": {"cluster": BLUE},
        "green": {"cluster": GREEN},
        "gateway": {"restApiId": shop.api.id, "stage": STAGE},
        "workloads": {
            "manifests": shop.manifests,
            "hosts": [{"primary": HOST, "temporary": TEMPORARY_HOST}],
            "hold": ["Deployment/default/loadgenerator", "Service/default/frontend-external"],
        },
        "smoke": [{"path": "/products"}, {"path": "/cart"}, {"path": "/"}],
        "cutover": {"steps": options.steps, "stepDuration": "4s", "deadline": "10m", "alarms": [alarm::arn()]},
        "bake": {"duration": "10s", "alarms": [alarm::arn()]},
        "approval": {"timeout": "1h", "onTimeout": "abort"},
        "cleanup": {"after": "2s", "approval": false},
        "dryRun": scenario == Scenario::DryRun,
    })
}

/// Watches an execution and plays the people and the alarm in it.
struct Teller<'a> {
    scenario: Scenario,
    options: &'a Options,
    account: &'a Account,
    letters: &'a Letterbox,
    doorstep: &'a Doorstep,
    load: &'a Load,
    progress: &'a Progress,
    read: usize,
    fired: bool,
}

impl Teller<'_> {
    /// Follows the migration to its end.
    async fn follow(&mut self, arn: &str, disappointments: &mut Vec<String>) -> Result<History> {
        let begin = std::time::Instant::now();
        loop {
            let history = History::read(&self.account.aws, arn).await?;
            self.show("", &history);
            if !history.running() {
                self.progress.say(&format!(
                    "Migration: {} {}",
                    history.status,
                    history.error.as_ref().map(|(error, cause)| format!("{error}: {cause}")).unwrap_or_default()
                ));
                return Ok(history);
            }
            // A person takes as long as a person takes.
            if begin.elapsed() > LONGEST && self.options.approve {
                disappointments
                    .push(format!("the migration did not end; it is in {}", history.current().unwrap_or_default()));
                return Ok(history);
            }
            self.answer_letters().await?;
            self.fire_alarm(&history).await?;
            tokio::time::sleep(LOOK).await;
        }
    }

    fn show(&self, machine: &str, history: &History) {
        let waiting = match history.last_condition() {
            Some((error, message)) if error == "NotReady" && history.running() => message,
            Some((error, message)) => format!("{error}: {message}"),
            None => String::new(),
        };
        let share = self.load.look(|records| (records.share(Duration::from_secs(1)), records.failed()));
        let phase = history.current().unwrap_or_else(|| history.status.clone());
        self.progress.show(&Now {
            phase: format!("{machine} {phase}").trim().to_owned(),
            waiting,
            sent: self.load.sent(),
            failed: share.1,
            green: share.0.green,
        });
    }

    /// Opens the links that were delivered, or shows them.
    async fn answer_letters(&mut self) -> Result<()> {
        let letters = self.letters.since(self.read);
        self.read += letters.len();
        for letter in letters {
            let Some(link) = letter.link() else {
                self.progress.say(&format!("Letter: {}", letter.subject));
                continue;
            };
            let page = self.doorstep.local(link)?;
            if self.options.approve {
                let decision = if self.scenario == Scenario::Abort { "rejected" } else { "approved" };
                browser::decide(&Wire::plain()?, &page, decision).await.context("answering the approval")?;
                self.progress.say(&format!("Approval: {} - answered {decision:?} on its page", letter.subject));
            } else {
                self.progress.say(&format!("Approval: {} - decide at {page}", letter.subject));
            }
        }
        Ok(())
    }

    /// In the story of the way back, the alarm fires once green is being watched with everything on it.
    async fn fire_alarm(&mut self, history: &History) -> Result<()> {
        let baking = history.current().as_deref() == Some("Bake") && history.task_waits();
        if self.scenario == Scenario::Rollback && !self.fired && baking {
            self.fired = true;
            alarm::fire(&self.account.aws).await.context("firing the alarm")?;
            self.progress.say(&format!("Alarm: {} is in ALARM", alarm::NAME));
        }
        Ok(())
    }
}
