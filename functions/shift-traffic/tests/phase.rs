//! shift-traffic on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::Canary;
use domain::ports::gateway::{Method, Patch};
use domain::shift::Shift;
use domain::{Condition, Kind, Migration, Outcome, PhaseError, Status, Whole};
use serde_json::json;
use shift_traffic::{Step, converge, undo as take_back};
use std::collections::BTreeMap;
use testing::shop::{API, G, GREEN_LINK, input_with};
use testing::{Account, Aws};

/// No call.
const NONE: [Vec<Patch>; 0] = [];

fn prod() -> (String, String) {
    (API.to_owned(), "prod".to_owned())
}

/// The shop once everything is prepared and people have said yes.
fn ready(steps: &[u8]) -> (Account, Migration) {
    let (account, migration) = Account::opened(&input_with(json!({ "cutover": { "steps": steps } }))).unwrap();
    account.prepare(&migration);
    account.approve(&migration);
    (account, migration)
}

async fn straight() -> (Account, Migration) {
    ready(&[100])
}

async fn step(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::Shift).await
}

async fn adopt(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::Adopt).await
}

async fn undo(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    take_back(account, migration, Whole::Whole).await
}

/// Observe's guard has watched the step.
async fn guarded(account: &Account, migration: &Migration) {
    let shift = Shift::saved(account, migration).await.unwrap().unwrap();
    shift.guarded().save(account, migration).await.unwrap();
}

async fn shifted() -> (Account, Migration) {
    let (account, migration) = straight().await;
    account.drive(&migration, step).await.unwrap();
    guarded(&account, &migration).await;
    (account, migration)
}

async fn going_back() -> (Account, Migration) {
    let (account, migration) = shifted().await;
    let back = account.turned_back(&migration);
    account.aws().history.stage_calls.clear();
    (account, back)
}

/// The calls that changed production's stage.
fn calls(account: &Account) -> Vec<Vec<Patch>> {
    let calls = account.aws().history.stage_calls.clone().into_iter();
    calls.filter(|(api, stage, _)| (api.clone(), stage.clone()) == prod()).map(|(_, _, patches)| patches).collect()
}

#[tokio::test]
async fn a_straight_switch_is_one_call_from_every_fault() {
    let once = async |account: &Account, migration: &Migration| {
        let outcome = step(account, migration).await?;
        assert_eq!((outcome.get("share"), outcome.get("complete")), (Some(&json!(100)), Some(&json!(true))));
        assert_eq!(calls(account), [[Patch::replace("/deploymentId", G)]]);
        Ok(())
    };
    let aws = Account::survives(straight, once).await.unwrap().aws;
    assert_eq!(aws.stages[&prod()].deployment_id, G);
}

#[tokio::test]
async fn nothing_moves_without_a_yes_to_this_plan() {
    let (account, mut migration) = straight().await;
    migration.plan.region = "eu-west-1".to_owned();
    assert_eq!(step(&account, &migration).await.unwrap_err().condition, Condition::Refused);
    let (account, migration) = Account::opened(&input_with(json!({}))).unwrap();
    account.prepare(&migration);
    assert_eq!(step(&account, &migration).await.unwrap_err().condition, Condition::Refused);
    assert_eq!(calls(&account), NONE);
}

#[tokio::test]
async fn four_steps_are_four_calls_and_the_guard_stands_between_them() {
    let (account, migration) = ready(&[5, 25, 50, 100]);
    for share in [5, 25, 50, 100] {
        // Not guarded yet: the same step again, and no call.
        for _ in 0..2 {
            assert_eq!(account.drive(&migration, step).await.unwrap().get("share"), Some(&json!(share)));
        }
        guarded(&account, &migration).await;
    }
    assert_eq!(step(&account, &migration).await.unwrap().get("complete"), Some(&json!(true)));
    let percent = |share: &str| Patch::replace("/canarySettings/percentTraffic", share);
    let expected = [
        vec![Patch::replace("/canarySettings/deploymentId", G), percent("5")],
        vec![percent("25")],
        vec![percent("50")],
        vec![Patch::remove("/canarySettings"), Patch::replace("/deploymentId", G)],
    ];
    assert_eq!(calls(&account), expected);
    let stage = account.aws().stages[&prod()].clone();
    assert_eq!((stage.deployment_id.as_str(), stage.canary), (G, None));
}

#[tokio::test]
async fn a_stage_that_others_moved_is_left_alone() {
    for moved in [None, Some(Canary { deployment_id: "x".to_owned(), percent: 1.0, ..Canary::default() })] {
        let (account, migration) = straight().await;
        {
            let mut aws = account.aws();
            let stage = aws.stages.get_mut(&prod()).unwrap();
            if moved.is_none() {
                stage.deployment_id = "x".to_owned();
            }
            stage.canary = moved;
        }
        assert_eq!(step(&account, &migration).await.unwrap_err().condition, Condition::Conflict);
        assert_eq!(calls(&account), NONE);
    }
}

#[tokio::test]
async fn the_way_back_is_one_call_from_every_fault() {
    let once = async |account: &Account, migration: &Migration| {
        undo(account, migration).await?;
        assert_eq!(calls(account), [[Patch::replace("/deploymentId", "deployment-b")]]);
        Ok(())
    };
    let left = Account::survives(going_back, once).await.unwrap();
    let shift = left.entries.iter().find(|entry| entry.key.kind == Kind::StageShift).unwrap();
    assert_eq!(shift.status, Status::Absent);
}

#[tokio::test]
async fn from_a_partial_shift_the_way_back_removes_the_canary() {
    let (account, migration) = ready(&[5, 100]);
    step(&account, &migration).await.unwrap();
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(calls(&account)[1..], [[Patch::remove("/canarySettings")]]);
    assert_eq!(account.aws().stages[&prod()], Account::shop().aws().stages[&prod()]);
}

#[tokio::test]
async fn where_nothing_was_shifted_there_is_nothing_to_take_back() {
    let (account, migration) = straight().await;
    let back = account.turned_back(&migration);
    undo(&account, &back).await.unwrap();
    assert_eq!(calls(&account), NONE);
}

#[tokio::test]
async fn a_deployment_of_others_is_never_overwritten_on_the_way_back() {
    let (account, back) = going_back().await;
    account.aws().stages.get_mut(&prod()).unwrap().deployment_id = "hotfix".to_owned();
    let error = undo(&account, &back).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert_eq!(calls(&account), NONE);
}

fn links(aws: &Aws) -> Vec<String> {
    let linked = aws.methods[API].iter().filter_map(Method::linked);
    linked.filter_map(|method| method.integration.connection.vpc_link(&BTreeMap::new())).collect()
}

#[tokio::test]
async fn after_the_bake_the_configuration_gets_greens_link_and_the_way_back_restores_it() {
    let aws = Account::survives(shifted, adopt).await.unwrap().aws;
    assert_eq!(links(&aws), [GREEN_LINK; 4]);
    let adopted = async || {
        let (account, migration) = shifted().await;
        adopt(&account, &migration).await.unwrap();
        let back = account.turned_back(&migration);
        (account, back)
    };
    let aws = Account::survives(adopted, undo).await.unwrap().aws;
    assert_eq!(links(&aws), ["blue1"; 4]);
    assert_eq!(aws.stages[&prod()], Account::shop().aws().stages[&prod()]);
}

#[tokio::test]
async fn green_is_not_adopted_before_it_has_everything() {
    let (account, migration) = straight().await;
    assert_eq!(adopt(&account, &migration).await.unwrap_err().condition, Condition::Conflict);
}
