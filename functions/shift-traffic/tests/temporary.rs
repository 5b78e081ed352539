//! The temporary API between green and blue, on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::Stage;
use domain::ports::Clock;
use domain::ports::gateway::{Method, Patch};
use domain::resources::{rest_api, stage_shift};
use domain::shift::Shift;
use domain::{Condition, Migration, Status};
use serde_json::{Value, json};
use shift_traffic::temporary::{converge, undo};
use std::collections::BTreeMap;
use testing::shop::{API, GREEN_LINK, TEMPORARY, TEMPORARY_GREEN, input_with};
use testing::{Account, Aws, Fault};

fn pair(api: &str, name: &str) -> (String, String) {
    (api.to_owned(), name.to_owned())
}

/// Link and URI of every integration through a link.
fn backends(methods: &[Method]) -> Vec<(String, String)> {
    let linked = methods.iter().filter_map(Method::linked).map(|method| method.integration);
    linked.filter_map(|found| Some((found.connection.vpc_link(&BTreeMap::new())?, found.uri))).collect()
}

fn expected(link: &str, host: &str) -> Vec<(String, String)> {
    ["/admin", "/cart", "/cart", "/product/{id}"].map(|path| (link.to_owned(), format!("http://{host}{path}"))).into()
}

/// What the temporary API's stage serves.
fn served(aws: &Aws) -> Vec<(String, String)> {
    let stage = &aws.stages[&pair(TEMPORARY, "prod")];
    backends(&aws.deployments[&pair(TEMPORARY, &stage.deployment_id)].1)
}

fn configured(aws: &Aws) -> Vec<(String, String)> {
    backends(&aws.methods[TEMPORARY])
}

fn production(aws: &Aws) -> (Value, Vec<(String, String)>) {
    let of_shop = |(api, _): &&(String, String)| api == API;
    let stages: Vec<&Stage> = aws.stages.iter().filter(|(key, _)| of_shop(key)).map(|(_, stage)| stage).collect();
    let deployments: Vec<_> = aws.deployments.keys().filter(of_shop).collect();
    (json!([aws.apis[API], stages, deployments]), backends(&aws.methods[API]))
}

/// The shop with this share of its traffic on green.
async fn with_share(share: u8, on_abort: &str) -> (Account, Migration) {
    let input = input_with(json!({ "cutover": { "steps": [50, 100] }, "onAbort": on_abort }));
    let (account, migration) = Account::opened(&input).unwrap();
    account.prepare(&migration);
    let at = account.now();
    let shift = Shift { guarded: 1, share, started_at: at, shifted_at: at };
    shift.save(&account, &migration).await.unwrap();
    (account, migration)
}

async fn switched() -> (Account, Migration) {
    with_share(100, "keep").await
}

async fn back_with(on_abort: &str) -> (Account, Migration) {
    let (account, migration) = with_share(100, on_abort).await;
    converge(&account, &migration).await.unwrap();
    let back = account.turned_back(&migration);
    (account, back)
}

#[tokio::test]
async fn after_the_switch_the_temporary_url_shows_blue_under_the_public_hosts() {
    let (before, _) = switched().await;
    let before = before.aws().clone();
    assert_eq!(served(&before), expected(GREEN_LINK, "green.example.com"));
    let once = async |account: &Account, migration: &Migration| {
        converge(account, migration).await?;
        let calls = account.aws().history.stage_calls.clone();
        let stages: Vec<_> = calls.iter().map(|(api, stage, _)| pair(api, stage)).collect();
        assert_eq!(stages, [pair(TEMPORARY, "prod")]);
        Ok(())
    };
    let aws = Account::survives(switched, once).await.unwrap().aws;
    assert_eq!(served(&aws), expected("blue1", "shop.example.com"));
    // Found by its name, called with the same settings.
    assert_eq!(aws.apis[TEMPORARY], before.apis[TEMPORARY]);
    assert_eq!(production(&aws), production(&before));
}

#[tokio::test]
async fn a_try_after_a_throttled_deployment_imports_nothing_again() {
    let (undisturbed, migration) = switched().await;
    let before = undisturbed.calls();
    converge(&undisturbed, &migration).await.unwrap();
    let calls = undisturbed.operations().split_off(before);
    let deployed = calls.iter().position(|call| *call == "apigateway:CreateDeployment").unwrap() + 1;
    for fault in [Fault::Throttled, Fault::TimedOut, Fault::Killed] {
        let (account, migration) = switched().await;
        account.fail_at(deployed, fault);
        assert_eq!(converge(&account, &migration).await.unwrap_err().condition, Condition::Unavailable);
        assert_eq!(account.met(), Some("apigateway:CreateDeployment"));
        account.drive(&migration, converge).await.unwrap();
        let imports = account.operations().into_iter().filter(|call| *call == "apigateway:PutRestApi").count();
        assert_eq!(imports, 1, "{fault:?}");
        assert_eq!(served(&account.aws()), expected("blue1", "shop.example.com"), "{fault:?}");
    }
}

#[tokio::test]
async fn where_green_is_kept_the_temporary_url_shows_green_again() {
    let (before, migration) = switched().await;
    let before = before.aws().clone();
    let left = Account::survives(async || back_with("keep").await, undo).await.unwrap();
    assert_eq!(served(&left.aws), expected(GREEN_LINK, "green.example.com"));
    assert_eq!(configured(&left.aws), expected(GREEN_LINK, "green.example.com"));
    assert_eq!(left.aws.apis[TEMPORARY], before.apis[TEMPORARY]);
    assert_eq!(production(&left.aws), production(&before));
    let shift = left.entries.iter().find(|entry| entry.key == stage_shift::temporary(&migration)).unwrap();
    assert_eq!(shift.status, Status::Absent);
}

#[tokio::test]
async fn a_swap_that_died_anywhere_is_taken_back() {
    let (undisturbed, migration) = switched().await;
    let before = undisturbed.calls();
    converge(&undisturbed, &migration).await.unwrap();
    for call in 1..=undisturbed.calls() - before {
        let (account, migration) = switched().await;
        account.fail_at(call, Fault::Killed);
        converge(&account, &migration).await.unwrap_err();
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap();
        let aws = account.aws();
        assert_eq!(served(&aws), expected(GREEN_LINK, "green.example.com"), "killed at call {call}");
        assert_eq!(configured(&aws), expected(GREEN_LINK, "green.example.com"), "killed at call {call}");
    }
}

#[tokio::test]
async fn where_green_is_deleted_the_temporary_api_is_left_to_its_deletion() {
    let (account, back) = back_with("delete").await;
    let before = account.left(&back);
    undo(&account, &back).await.unwrap();
    assert_eq!(account.left(&back), before);
}

#[tokio::test]
async fn a_temporary_api_that_people_deleted_stands_in_nobodys_way() {
    let (account, back) = back_with("keep").await;
    account.aws().stages.remove(&pair(TEMPORARY, "prod"));
    undo(&account, &back).await.unwrap();
    let calls = account.aws().history.stage_calls.clone();
    assert!(calls.iter().all(|(_, _, patches)| *patches != [Patch::replace("/deploymentId", TEMPORARY_GREEN)]));
}

#[tokio::test]
async fn the_temporary_url_shows_green_until_green_has_all_of_the_traffic() {
    let (account, migration) = with_share(50, "keep").await;
    let before = account.left(&migration);
    assert_eq!(converge(&account, &migration).await.unwrap_err().condition, Condition::Conflict);
    assert_eq!(account.left(&migration), before);
}

#[tokio::test]
async fn the_public_api_is_never_overwritten() {
    let (account, migration) = switched().await;
    let before = account.left(&migration);
    let refused = rest_api::overwrite(&account, &migration, API, json!({})).await;
    assert_eq!(refused.unwrap_err().condition, Condition::Refused);
    assert_eq!(account.left(&migration), before);
}
