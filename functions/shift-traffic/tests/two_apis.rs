//! Two APIs in front of one cluster: one call each, and all go back where one cannot be moved.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::ports::gateway::Patch;
use domain::shift::Shift;
use domain::{Condition, Migration, Outcome, PhaseError, Whole};
use serde_json::json;
use shift_traffic::{Step, converge, undo as take_back};
use testing::Account;
use testing::shop::two_apis::{OTHER, OTHER_G, gateway};
use testing::shop::{API, G, input_with};

fn ready(steps: &[u8]) -> (Account, Migration) {
    let input = input_with(json!({ "gateway": gateway(), "cutover": { "steps": steps } }));
    let (account, migration) = Account::prepared_for_two(&input).unwrap();
    account.approve(&migration);
    (account, migration)
}

async fn straight() -> (Account, Migration) {
    ready(&[100])
}

async fn step(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::Shift).await
}

async fn undo(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    take_back(account, migration, Whole::Whole).await
}

/// The calls that changed a stage of production's, by the API.
fn calls(account: &Account) -> Vec<(String, Vec<Patch>)> {
    let calls = account.aws().history.stage_calls.clone().into_iter();
    calls.filter(|(_, stage, _)| stage == "prod").map(|(api, _, patches)| (api, patches)).collect()
}

/// The deployment that each API's stage serves.
fn served(account: &Account) -> [String; 2] {
    let aws = account.aws();
    [API, OTHER].map(|api| aws.stages[&(api.to_owned(), "prod".to_owned())].deployment_id.clone())
}

fn to(deployment: &str) -> Vec<Patch> {
    vec![Patch::replace("/deploymentId", deployment)]
}

#[tokio::test]
async fn the_switch_is_one_call_for_each_api_in_their_order_from_every_fault() {
    let once = async |account: &Account, migration: &Migration| {
        let outcome = step(account, migration).await?;
        assert_eq!(outcome.get("complete"), Some(&json!(true)));
        assert_eq!(calls(account), [(API.to_owned(), to(G)), (OTHER.to_owned(), to(OTHER_G))]);
        Ok(())
    };
    let aws = Account::survives(straight, once).await.unwrap().aws;
    assert_eq!(aws.stages[&(OTHER.to_owned(), "prod".to_owned())].deployment_id, OTHER_G);
}

#[tokio::test]
async fn a_step_moves_the_same_share_of_each() {
    let (account, migration) = ready(&[10, 100]);
    account.drive(&migration, step).await.unwrap();
    let canaries: Vec<_> = {
        let aws = account.aws();
        let stages = [API, OTHER].map(|api| aws.stages[&(api.to_owned(), "prod".to_owned())].canary.clone().unwrap());
        stages.map(|canary| (canary.deployment_id, canary.percent.to_string())).into()
    };
    assert_eq!(canaries, [(G.to_owned(), "10".to_owned()), (OTHER_G.to_owned(), "10".to_owned())]);
    let shift = Shift::saved(&account, &migration).await.unwrap().unwrap();
    assert_eq!((shift.share, shift.guarded), (10, 0));
}

#[tokio::test]
async fn none_is_moved_where_somebody_deployed_to_one_of_them() {
    let (account, migration) = straight().await;
    let prod = (OTHER.to_owned(), "prod".to_owned());
    account.aws().stages.get_mut(&prod).unwrap().deployment_id = "x".to_owned();
    assert_eq!(step(&account, &migration).await.unwrap_err().condition, Condition::Conflict);
    assert_eq!(calls(&account), []);
}

#[tokio::test]
async fn the_way_back_is_one_call_for_each_from_every_fault() {
    let shifted = async || {
        let (account, migration) = straight().await;
        account.drive(&migration, step).await.unwrap();
        let back = account.turned_back(&migration);
        account.aws().history.stage_calls.clear();
        (account, back)
    };
    let back = async |account: &Account, migration: &Migration| {
        undo(account, migration).await?;
        let expected = [(API.to_owned(), to("deployment-b")), (OTHER.to_owned(), to("deployment-b2"))];
        // A call that was refused is made again after the other one.
        let mut calls = calls(account);
        calls.sort_by(|(one, _), (other, _)| one.cmp(other));
        assert_eq!(calls, expected);
        Ok(())
    };
    Account::survives(shifted, back).await.unwrap();
}

#[tokio::test]
async fn an_api_that_others_moved_keeps_no_other_from_going_back() {
    let (account, migration) = straight().await;
    account.drive(&migration, step).await.unwrap();
    let prod = (API.to_owned(), "prod".to_owned());
    account.aws().stages.get_mut(&prod).unwrap().deployment_id = "x".to_owned();
    let back = account.turned_back(&migration);
    assert_eq!(undo(&account, &back).await.unwrap_err().condition, Condition::Conflict);
    assert_eq!(served(&account), ["x".to_owned(), "deployment-b2".to_owned()]);
}

#[tokio::test]
async fn what_was_moved_before_a_failure_goes_back_and_the_rest_is_left() {
    let (account, migration) = straight().await;
    // The second API's G was deleted: its call is refused when the first one's has been made.
    account.aws().deployments.remove(&(OTHER.to_owned(), OTHER_G.to_owned()));
    assert!(step(&account, &migration).await.is_err());
    assert_eq!(served(&account), [G.to_owned(), "deployment-b2".to_owned()]);
    let back = account.turned_back(&migration);
    undo(&account, &back).await.unwrap();
    assert_eq!(served(&account), ["deployment-b".to_owned(), "deployment-b2".to_owned()]);
}
