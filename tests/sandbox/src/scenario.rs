//! The four stories that the sandbox tells, from a fresh account to the report.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use kubernetes::Assets;
use serde_json::Value;

use crate::account::Account;
use crate::aws::Aws;
use crate::doorstep::Doorstep;
use crate::error::{Context, Error, Result};
use crate::execution::Machines;
use crate::history::History;
use crate::inventory::Inventory;
use crate::kills::{self, Kills, Plan};
use crate::letterbox::Letterbox;
use crate::likeness::{self, Side};
use crate::load::{Failure, Load, Records, Server};
use crate::processes::Watch;
use crate::progress::Progress;
use crate::report::Report;
use crate::shop;
use crate::sides;
use crate::site::Site;
use crate::snapshot::Snapshot;
use crate::teller::Teller;
use crate::terraform::{Projects, Story, green};
use crate::world::front::Front;
use crate::world::{BLUE, GREEN, irsa, staff};
use crate::{archive, input, inventory, measure, papers};

use crate::again::{self, Scene};

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
    /// What each line of the display begins with, where several runs go on side by side.
    pub label: String,
    /// Whether the sandbox itself answers the approvals.
    pub approve: bool,
    /// What the shop has in front of its cluster.
    pub front: Front,
    /// How Terraform manages the shop, where it does.
    pub terraform: Option<Story>,
    /// More bundles of manifests, after the shop's own.
    pub workloads: Vec<PathBuf>,
    /// Requests a second.
    pub rate: u32,
    /// Percentages of the traffic that green gets.
    pub steps: Vec<u8>,
    /// How long green is watched before blue may go, as the input has it.
    pub bake: String,
    /// Which of the functions' processes to kill while they work.
    pub kills: Option<Kills>,
    /// Whether to stay up in the end until interrupted.
    pub keep: bool,
    /// Where to write every request to AWS with its answer, a JSON object a line.
    pub exchanges: Option<PathBuf>,
    /// Where the functions' binaries are, when they are not to be built.
    pub binaries: Option<PathBuf>,
    /// The programs of the clusters' control planes, when they are to be real ones.
    pub control_planes: Option<Assets>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            label: String::new(),
            approve: true,
            front: Front::Plain,
            terraform: None,
            workloads: Vec::new(),
            rate: 200,
            steps: vec![100],
            bake: "10s".to_owned(),
            kills: None,
            keep: false,
            exchanges: None,
            binaries: None,
            control_planes: None,
        }
    }
}

/// Runs a scenario on a fresh account and reports; `interrupted` ends it early, and nothing is left running in any case.
///
/// # Errors
/// When the sandbox cannot do its part. That the migration disappoints is no error: the report says so.
pub async fn run(scenario: Scenario, options: &Options, interrupted: impl Future<Output = ()>) -> Result<Report> {
    let progress = Progress::new(&options.label);
    let say = |line: &str| progress.say(line);
    let mut interrupted = std::pin::pin!(interrupted);
    let site = tokio::select! {
        site = Site::prepare(options.binaries.as_deref(), options.control_planes.clone(), &say) => site?,
        () = &mut interrupted => return Err(Error::new("interrupted")),
    };
    let told = tokio::select! {
        report = Box::pin(tell(scenario, options, &site, &progress)) => report,
        () = &mut interrupted => Err(Error::new("interrupted")),
    };
    if options.keep && told.is_ok() {
        progress.end();
        for line in crate::keep::instructions(&site.account) {
            eprintln!("{line}");
        }
        interrupted.await;
    }
    progress.end();
    site.clear().await;
    told
}

async fn tell(scenario: Scenario, options: &Options, site: &Site, progress: &Progress) -> Result<Report> {
    let say = |line: &str| progress.say(line);
    let Site { packages, account, .. } = site;
    let (aws, watch) = (&account.aws, Watch::start(account.group()));
    let (stack, shop) = site.furnish(options.front, &options.workloads, &say).await?;
    let mut projects = match options.terraform {
        Some(story) => Some(Box::pin(Projects::of_the_shop(account, &shop.api, story, &say)).await?),
        None => None,
    };
    let letters = Letterbox::subscribe(aws, stack.outputs.get("TopicArn").context("TopicArn")?).await?;
    let doorstep = Doorstep::open(aws, stack.outputs.get("ApprovalUrl").context("ApprovalUrl")?).await?;
    let load = shop::open(account, &shop, options.rate).await?;
    say(&format!("Load: {} requests a second, all answered by {BLUE}", options.rate));

    let before = Snapshot::take(aws, &shop.api.ids()).await?;
    let blue = Side::read(aws, BLUE).await.context("blue as AWS describes it")?;
    let inventory_before = inventory::take(aws).await.context("the inventory before")?;
    let trust_before = irsa::trust(aws).await?;
    let machines = Machines::of(&stack)?;
    let begin = Timestamp::now();
    let name = format!("sandbox-{}", begin.as_second());
    let input = input::of_the_story(&shop, options, scenario, projects.as_ref());
    let arn = machines.start(aws, &name, &input).await?;
    say(&format!("Migration: execution {name} started"));
    let url = stack.outputs.get("ApprovalUrl").context("ApprovalUrl")?;
    say(&format!("Status: {}", doorstep.local(&papers::status_link(aws, url, &arn).await?)?));

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
        key: shop.api.keys.first().map_or("", String::as_str),
        compared: None,
        like: Some((&blue, &input)),
    };
    let mut disappointments = Vec::new();
    let mut killed = Vec::new();
    let plan = options.kills.map_or_else(Plan::default, |kills| Plan::new(kills, &site.project.functions));
    let kills = kills::run(account, plan, |function, call| {
        say(&format!("Killed: {function} after its call {call}"));
        killed.push(function);
    });
    let story = follow(&mut teller, &machines, (&arn, &name), projects.as_mut(), &mut disappointments);
    let migrate = tokio::select! {
        migrate = story => migrate?,
        () = kills => unreachable!("kills go on until they are dropped"),
    };
    let scenario = told(scenario, options.approve, &migrate);
    let compared = teller.compared;
    let records = close(load, &say).await?;
    let mut histories = vec![migrate];
    histories.extend(machines.consequences(aws).await?);
    let ledger = inventory::ledger::Ledger::read(aws, stack.outputs.get("LedgerTable").context("LedgerTable")?).await?;
    let after = inventory::take(aws).await.context("the inventory after")?;
    let winner = measure::winner(&records);
    let blue_deleted = scenario == Scenario::Replace && winner == Server::Green && !options.front.has_green();
    disappointments.extend(lost(aws, options.front, (&blue, &inventory_before, &input), &after, winner).await?);
    disappointments.extend(archive::wrong(aws, &arn, &name).await.context("plan and report")?);
    disappointments.extend(wrong_trust(aws, &trust_before, &after, blue_deleted).await?);
    disappointments.extend(Box::pin(wrong_cluster(account, scenario, options, winner, &say)).await?);
    let moves = measure::moves(account, &shop.api.ids(), begin);
    let peaks = watch.peaks();
    let starts = measure::starts(aws, packages).await?;
    let mut report = Report {
        outcome: measure::outcome(winner).to_owned(),
        requests: measure::requests(&records),
        by_side: sides::told(account, &histories[0], &records, &moves, &mut disappointments).await?,
        switch: measure::switch(&moves, &records),
        phases: measure::phases(aws, &histories).await?,
        step_functions: measure::step_functions(&histories),
        lambda: measure::lambdas(aws, packages, &starts, &peaks).await?,
        aws_calls: measure::calls(&account.front_door.calls()),
        unchanged: Snapshot::take(aws, &shop.api.ids()).await?.unchanged(&before),
        terraform: Vec::new(),
        left: inventory::left(&inventory_before, &after, &ledger, blue_deleted),
        compared,
        plan: if scenario == Scenario::DryRun { Some(papers::file(aws, &arn, "plan.md").await?) } else { None },
        denied: measure::denied(&account.front_door.calls()),
        killed,
        disappointments,
        memory: peaks.total,
    };
    say(&format!("Report: for the change ticket it is in {}", archive::report(&name)));
    write_calls(account, options, &say)?;
    crate::expectation::judge(&mut report, scenario, options, &histories);
    if let Some(projects) = &mut projects {
        let (letters, doorstep, machines) = (&letters, &doorstep, &machines);
        let scene = Scene { options, account, letters, doorstep, progress, machines, shop: &shop };
        end_of_projects(&scene, projects, &mut report).await?;
    }
    Ok(report)
}

/// What green lacks after the cleanup: of what people built themselves a thing, of what Bascule built an attribute of blue's.
async fn lost(
    aws: &Aws,
    front: Front,
    (blue, before, input): (&Side, &Inventory, &Value),
    after: &Inventory,
    winner: Server,
) -> Result<Vec<String>> {
    match winner {
        _ if front.has_green() => Ok(inventory::lost(before, after)),
        Server::Green => {
            let green = Side::read(aws, GREEN).await.context("green after the cleanup")?;
            Ok(likeness::compare(blue, &green, front, input).differences)
        }
        Server::Blue | Server::Other => Ok(Vec::new()),
    }
}

/// Ends the load, a little after the migration, and says which requests failed.
async fn close(load: Load, say: &dyn Fn(&str)) -> Result<Records> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let records = load.stop().await?;
    records.failures.iter().map(failed).for_each(|line| say(&line));
    Ok(records)
}

/// What is wrong with the cluster that serves in the end.
async fn wrong_cluster(
    account: &Account,
    scenario: Scenario,
    options: &Options,
    winner: Server,
    say: &dyn Fn(&str),
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    if options.front.has_staff() {
        let serving = if winner == Server::Green { GREEN } else { BLUE };
        wrong.extend(staff::wrong(&account.aws, serving).await.context("the staff's identity provider")?);
    }
    if scenario == Scenario::Replace && winner == Server::Green && options.terraform.is_none() {
        wrong.extend(green::differences(account, options.front, GREEN, say).await?);
    }
    Ok(wrong)
}

/// Where Terraform manages the shop: replaced once more where blue is gone, and what the plans said.
async fn end_of_projects(scene: &Scene<'_>, projects: &mut Projects, report: &mut Report) -> Result<()> {
    if projects.deletes_blue() && report.disappointments.is_empty() {
        Box::pin(again::replace(scene, projects, report)).await?;
    }
    report.disappointments.extend(projects.disappointments());
    report.terraform = projects.rows();
    Ok(())
}

fn write_calls(account: &Account, options: &Options, say: &dyn Fn(&str)) -> Result<()> {
    say(&format!("Report: every call of AWS is in {}", account.write_calls()?.display()));
    if let Some(file) = &options.exchanges {
        crate::exchanges::write(file, &account.front_door.exchanges())?;
    }
    Ok(())
}

/// What of the roles' trust policies is not as it should be after the story.
async fn wrong_trust(
    aws: &Aws,
    before: &BTreeMap<String, String>,
    after: &Inventory,
    blue_deleted: bool,
) -> Result<Vec<String>> {
    let providers: Vec<String> =
        after.iter().filter(|one| one.kind == "OpenIdConnectProvider").map(|one| one.id.clone()).collect();
    Ok(irsa::wrong(before, &irsa::trust(aws).await?, &providers, blue_deleted))
}

fn failed(failure: &Failure) -> String {
    format!("Failed request after {:.3} s: {}: {}", failure.start.as_secs_f64(), failure.request, failure.reason)
}

/// Follows the migration, and the cleanup where green serves; where Terraform manages the shop, its people do their part.
pub(crate) async fn follow(
    teller: &mut Teller<'_>,
    machines: &Machines,
    (arn, name): (&str, &str),
    projects: Option<&mut Projects>,
    disappointments: &mut Vec<String>,
) -> Result<History> {
    let earlier = machines.cleanups(&teller.account.aws).await?;
    let migrate = teller.follow(arn, disappointments).await?;
    if measure::named_outcome(&migrate).as_deref() == Some("GreenServes") {
        teller.progress.say("Migration: green serves; waiting for the schedule of the cleanup");
        let (asks, mut asked) = tokio::sync::watch::channel(false);
        let teller = &*teller;
        let cleanup = async move {
            let each = |history: &History| {
                teller.show("cleanup", history);
                if waits_for_terraform(history) {
                    asks.send_replace(true);
                }
            };
            machines.cleanup(&teller.account.aws, earlier, each).await
        };
        let people = async {
            let Some(projects) = projects else { return Ok(()) };
            let say = |line: &str| teller.progress.say(line);
            projects.merge(&teller.account.aws, name, &say).await?;
            if !projects.deletes_blue() {
                return Ok(());
            }
            asked
                .wait_for(|asked| *asked)
                .await
                .context("the cleanup ended, and asked for no deletion by Terraform")?;
            projects.destroy(&say).await
        };
        let (cleanup, people) = tokio::join!(cleanup, people);
        if let Err(error) = people {
            disappointments.push(error.to_string());
        }
        match cleanup {
            Ok(history) if history.status == "SUCCEEDED" => teller.progress.say("Cleanup: ended"),
            Ok(history) => disappointments.push(format!("the cleanup is {}: {:?}", history.status, history.error)),
            Err(error) => disappointments.push(error.to_string()),
        }
    }
    Ok(migrate)
}

/// Whether a cleanup waits for what Terraform has to delete.
fn waits_for_terraform(history: &History) -> bool {
    history
        .last_condition()
        .is_some_and(|(error, message)| error == "NotReady" && message.contains("Terraform manages it"))
}

/// The scenario that was run: a person who answers no on the approval's page turns a replacement into an abort. The sandbox
/// itself never does, where it approves.
fn told(asked: Scenario, approves: bool, migrate: &History) -> Scenario {
    match (asked, migrate.status.as_str(), measure::named_outcome(migrate).as_deref()) {
        (Scenario::Replace, "SUCCEEDED", Some("BlueServes")) if !approves => Scenario::Abort,
        _ => asked,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ended(status: &str, outcome: &str) -> History {
        let mut history = History::default();
        history.status = status.to_owned();
        history.output = Some(json!({"outcome": outcome}));
        history
    }

    #[test]
    fn a_replacement_to_which_a_person_says_no_is_an_abort() {
        assert_eq!(told(Scenario::Replace, false, &ended("SUCCEEDED", "BlueServes")), Scenario::Abort);
        assert_eq!(told(Scenario::Replace, false, &ended("SUCCEEDED", "GreenServes")), Scenario::Replace);
    }

    #[test]
    fn a_replacement_that_nobody_refused_is_to_end_as_one() {
        assert_eq!(told(Scenario::Replace, true, &ended("SUCCEEDED", "BlueServes")), Scenario::Replace);
        assert_eq!(told(Scenario::Replace, false, &ended("FAILED", "")), Scenario::Replace);
    }
}
