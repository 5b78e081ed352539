//! The scenarios of the sandbox end to end, with the functions, the state machines and the template that users deploy.

use end_to_end::exchanges;
use libtest_mimic::Trial;
use sandbox::inventory::Left;
use sandbox::kills::{Kills, Plan};
use sandbox::project::Project;
use sandbox::{Options, Report, Scenario, run};
use std::collections::BTreeSet;

/// With this seed prepare-cutover, provision-edge, provision-network and shift-traffic die, once each.
const KILLS: Kills = Kills { seed: 9, deaths: 4 };

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        crate::trial("functions_that_are_killed_while_they_work_change_nothing_about_the_end", kills),
        crate::trial("a_cluster_is_replaced_under_traffic_and_blue_is_gone_in_the_end", replace),
        crate::trial("traffic_moves_in_steps_with_one_call_each", steps),
        crate::trial("an_alarm_during_the_bake_brings_blue_back_with_one_call", rollback),
        crate::trial("a_no_of_the_people_who_qualify_green_leaves_blue_serving_and_nothing_behind", abort),
        crate::trial("a_dry_run_ends_with_the_plan_and_creates_nothing", dry_run),
    ]
}

/// The usual options, and what tells the run's lines from those beside it.
fn named(label: &str) -> Options {
    Options { label: label.to_owned(), ..Options::default() }
}

/// Runs a scenario and checks what every one of them must show; what is not as expected is in the message.
async fn told(scenario: Scenario, options: Options) -> Report {
    let report = run(scenario, &options, std::future::pending()).await.unwrap();
    assert_eq!(report.disappointments, Vec::<String>::new(), "{}", report.page());
    assert_eq!(report.requests.failed, 0);
    assert!(report.unchanged.all(), "{:?}", report.unchanged);
    assert_eq!(report.left, Left::default());
    report
}

async fn replace() {
    let project = Project::locate().await.unwrap();
    let file = project.sandbox().join(format!("exchanges-{}.jsonl", std::process::id()));
    let report = told(Scenario::Replace, Options { exchanges: Some(file.clone()), ..named("replace") }).await;
    let judgement = exchanges::judge(&file, "test");
    std::fs::remove_file(file).unwrap();
    assert_eq!(judgement.problems, Vec::<String>::new());
    assert!(judgement.answers > 1_000, "{judgement:?}");
    assert_eq!(report.outcome, "GreenServes");
    assert_eq!(report.switch.control_plane_calls, 1);
    assert!(report.requests.sent >= 10_000, "{}", report.requests.sent);
    assert_eq!(report.requests.by_cluster.keys().copied().collect::<Vec<_>>(), ["shop-blue", "shop-green"]);
}

async fn steps() {
    let options = Options { steps: vec![5, 25, 50, 100], ..named("steps") };
    let report = told(Scenario::Replace, options).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("GreenServes", 4));
}

async fn kills() {
    let report = told(Scenario::Replace, Options { kills: Some(KILLS), ..named("kills") }).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("GreenServes", 1));
    let planned = Plan::new(KILLS, &Project::locate().await.unwrap().functions).functions();
    assert_eq!(report.killed.into_iter().collect::<BTreeSet<_>>(), planned);
}

async fn rollback() {
    let report = told(Scenario::Rollback, named("rollback")).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("BlueServes", 2));
}

async fn abort() {
    let report = told(Scenario::Abort, named("abort")).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("BlueServes", 0));
    assert_eq!(report.requests.by_cluster.keys().copied().collect::<Vec<_>>(), ["shop-blue"]);
}

async fn dry_run() {
    let report = told(Scenario::DryRun, named("dry run")).await;
    let plan = report.plan.as_deref().unwrap_or_default();
    assert!(plan.contains("shop-green takes over from shop-blue") && plan.contains("UpdateStage"), "{plan}");
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("BlueServes", 0));
    // The files that the people's own bucket gets.
    assert_eq!(sandbox::measure::writes(&report.aws_calls), ["s3 PutObject"]);
}
