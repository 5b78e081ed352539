//! The four stories end to end, with the binaries, the state machines and the template that users deploy.
//!
//! One at a time: each has an account of its own, but they would share two cores.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use sandbox::{Options, Report, Scenario, run};
use tokio::sync::Mutex;

static TURN: Mutex<()> = Mutex::const_new(());

/// Runs a scenario and checks what every one of them must show; what is not as expected is in the message.
async fn told(scenario: Scenario, options: Options) -> Report {
    let _turn = TURN.lock().await;
    let report = run(scenario, &options, std::future::pending()).await.unwrap();
    assert!(report.satisfied(), "{}\n{:#?}", report.page(), report.disappointments);
    assert_eq!(report.requests.failed, 0);
    assert!(report.unchanged.all());
    assert_eq!((report.left.orphans.len(), report.left.unknown_to_ledger.len()), (0, 0));
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_replaced_under_traffic_and_blue_is_gone_in_the_end() {
    let report = told(Scenario::Replace, Options::default()).await;
    assert_eq!(report.outcome, "GreenServes");
    assert_eq!(report.switch.control_plane_calls, 1);
    assert!(report.requests.sent >= 10_000, "{}", report.requests.sent);
    assert_eq!(report.requests.by_cluster.keys().copied().collect::<Vec<_>>(), ["shop-blue", "shop-green"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_moves_in_steps_with_one_call_each() {
    let options = Options { steps: vec![5, 25, 50, 100], ..Options::default() };
    let report = told(Scenario::Replace, options).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("GreenServes", 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_ends_with_the_plan_and_creates_nothing() {
    let report = told(Scenario::DryRun, Options::default()).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("BlueServes", 0));
    assert_eq!(sandbox::measure::writes(&report.aws_calls), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_of_the_people_who_qualify_green_leaves_blue_serving_and_nothing_behind() {
    let report = told(Scenario::Abort, Options::default()).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("BlueServes", 0));
    assert_eq!(report.requests.by_cluster.keys().copied().collect::<Vec<_>>(), ["shop-blue"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_during_the_bake_brings_blue_back_with_one_call() {
    let report = told(Scenario::Rollback, Options::default()).await;
    assert_eq!((report.outcome.as_str(), report.switch.control_plane_calls), ("BlueServes", 2));
}
