//! The end of preflight, on a ledger in memory: every reason at once, under the right name, and kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::ports::alarms::AlarmState;
use domain::ports::migrations::Life;
use domain::{Condition, MigrationId, PhaseError, Problem, Reading, plan::Found};
use preflight::{Findings, conclude};
use serde_json::{Value, json};
use testing::{Account, Record, migration};

const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a";

fn id() -> MigrationId {
    named("second")
}

fn named(name: &str) -> MigrationId {
    MigrationId::new(format!("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:{name}"))
}

fn sound() -> Value {
    json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    })
}

/// The migration `move` of the same clusters is under way, at another stage.
fn hold(account: &Account) {
    let mut input = sound();
    input["green"]["cluster"] = json!("another-green");
    input["gateway"]["stage"] = json!("beta");
    account.enter(&migration(&input).unwrap());
}

fn release(account: &Account) {
    account.table().locks.clear();
}

fn held() -> String {
    let migration = migration(&sound()).unwrap();
    format!("the migration {} holds it; wait for its end, or start the rollback machine for it", migration.id)
}

/// What preflight answers to an input where this was found in the account.
async fn concluded(account: &Account, written: &Value, edge: Vec<Problem>) -> Result<(), PhaseError> {
    concluded_as(account, &id(), written, edge).await
}

async fn concluded_as(
    account: &Account,
    id: &MigrationId,
    written: &Value,
    edge: Vec<Problem>,
) -> Result<(), PhaseError> {
    let reading = Reading::of(written);
    let input = reading.input.clone().unwrap();
    let mut findings = Findings {
        compute: Found::new(domain::plan::compute::Compute::default()),
        edge: Found::new(domain::plan::edge::Edge::default()),
        workloads: Found::new(domain::plan::workloads::Workloads::default()),
        terraform: Found::new(preflight::terraform::Managed::default()),
    };
    findings.edge.problems = edge;
    Box::pin(conclude(account, id, &reading, &input, written, findings)).await.map(drop)
}

fn kept(account: &Account) -> Option<Record> {
    account.table().migrations.get(&id()).cloned()
}

#[tokio::test]
async fn a_sound_input_for_a_sound_account_is_opened() {
    let account = Account::new();
    concluded(&account, &sound(), Vec::new()).await.unwrap();
    let meta = kept(&account).unwrap().meta;
    assert_eq!((meta.life, meta.fence, meta.refusal), (Life::Open, 1, None));
    let locks: Vec<String> = account.table().locks.keys().cloned().collect();
    assert_eq!(locks, ["LOCK#CLUSTER#shop-blue", "LOCK#CLUSTER#shop-green", "LOCK#STAGE#a1b2c3d4e5#prod"]);
}

#[tokio::test]
async fn what_is_wrong_with_the_input_and_with_the_account_is_told_and_kept_together() {
    let mut written = sound();
    written["extra"] = json!(1);
    written["gateway"] = json!({ "restApiId": "a1b2c3d4e5" });
    written["terraform"] = json!({});
    written["bake"] = json!({ "alarms": [ALARM] });
    let account = Account::new();
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    hold(&account);
    let edge = vec![Problem::new("$.gateway.restApiId", "no link"), Problem::new("$.gateway.stage", "no such stage")];
    let error = concluded(&account, &written, edge).await.unwrap_err();
    let refusal = kept(&account).unwrap().meta.refusal.unwrap();
    assert_eq!(error.condition, Condition::InvalidInput);
    assert_eq!(error, refusal.clone().into());
    let mut paths: Vec<_> = refusal.problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        ["$.bake.alarms[0]", "$.blue.cluster", "$.extra", "$.gateway.restApiId", "$.gateway.stage", "$.terraform"],
        "the stage that is missing is told once"
    );
}

#[tokio::test]
async fn a_lock_of_another_migration_is_a_conflict_whatever_else_was_found() {
    let lock = Problem::new("$.blue.cluster", held());
    for edge in [Vec::new(), vec![Problem::new("$.gateway.stage", "has a canary")]] {
        let account = Account::new();
        hold(&account);
        let error = concluded(&account, &sound(), edge.clone()).await.unwrap_err();
        let refusal = kept(&account).unwrap().meta.refusal.unwrap();
        let expected = [vec![lock.clone()], edge].concat();
        assert_eq!((error.condition, refusal.problems), (Condition::Conflict, expected));
    }
    let account = Account::new();
    let error = concluded(&account, &sound(), vec![Problem::new("$.gateway.stage", "has a canary")]).await.unwrap_err();
    assert_eq!(error, PhaseError::refused("$.gateway.stage: has a canary"));
}

#[tokio::test]
async fn a_lock_that_is_taken_while_preflight_looks_is_a_conflict_that_is_kept_too() {
    let account = Account::new();
    // After the look at the locks, at the topic and at META.
    account.meanwhile(4, hold);
    let error = concluded(&account, &sound(), Vec::new()).await.unwrap_err();
    assert_eq!(error, PhaseError::conflict(format!("$.blue.cluster: {}", held())));
    assert_eq!(kept(&account).unwrap().meta.refusal.unwrap().condition, Condition::Conflict);
}

#[tokio::test]
async fn a_lock_that_is_gone_again_is_no_refusal() {
    let account = Account::new();
    account.meanwhile(4, hold);
    account.meanwhile(5, release);
    let error = concluded(&account, &sound(), Vec::new()).await.unwrap_err();
    assert_eq!((error.condition, kept(&account)), (Condition::Unavailable, None));
}

/// Execution names may have characters that the tags of a load balancer may not
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>,
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Tag.html>).
#[tokio::test]
async fn a_name_that_no_tag_takes_is_refused_before_anything_is_created() {
    for (name, wrong) in [("to-1.34_b", None), ("größer=2+@", None), ("a(1)", Some("()")), ("it's!", Some("'!"))] {
        let concluded = concluded_as(&Account::new(), &named(name), &sound(), Vec::new()).await;
        match wrong {
            None => assert_eq!(concluded, Ok(()), "{name}"),
            Some(wrong) => {
                let error = concluded.unwrap_err();
                assert_eq!(error.condition, Condition::Refused);
                assert!(error.message.contains(&format!("tags take none of {wrong:?}")), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_migration_that_could_ask_nobody_is_refused_and_a_dry_run_asks_nobody_anyway() {
    let account = Account::new();
    account.people().nobody_listens = true;
    let error = concluded(&account, &sound(), Vec::new()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("nobody is subscribed"), "{error}");
    let mut dry = sound();
    dry["dryRun"] = json!(true);
    let account = Account::new();
    account.people().nobody_listens = true;
    assert_eq!(concluded(&account, &dry, Vec::new()).await, Ok(()));
}

#[tokio::test]
async fn an_analysis_without_a_request_to_compare_by_is_refused() {
    for (cutover, smoke, refused) in [
        (json!({ "steps": [50, 100] }), json!([]), true),
        (json!({ "analysis": { "when": "always" } }), json!([]), true),
        (json!({ "steps": [50, 100], "analysis": { "when": "never" } }), json!([]), false),
        (json!({ "steps": [50, 100] }), json!([{ "path": "/health" }]), false),
        (json!({}), json!([]), false),
    ] {
        let mut written = sound();
        written["cutover"] = cutover.clone();
        written["smoke"] = smoke;
        let concluded = concluded(&Account::new(), &written, Vec::new()).await;
        let told = concluded.err().map(|error| error.message.contains("$.cutover.analysis: green is compared"));
        assert_eq!(told, refused.then_some(true), "{cutover}");
    }
}
