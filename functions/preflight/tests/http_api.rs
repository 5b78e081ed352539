//! Preflight's look at an HTTP API, on an account in memory: healthy, and with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::Found;
use domain::plan::edge::{Edge, Protocol};
use domain::{Input, Kind, PhaseError};
use serde_json::{Value, json};
use testing::shop::{API, Front, http_api, input_with};
use testing::{Account, Aws};

async fn read(account: &Account, gateway: Value) -> Result<Found<Edge>, PhaseError> {
    let input = Input::read(&input_with(json!({ "gateway": gateway }))).unwrap();
    preflight::edge::read(account, &input, &account.plan().compute).await
}

async fn problems(change: impl FnOnce(&mut Aws)) -> Vec<(String, String)> {
    let account = Account::shop_behind(Front::HttpApi);
    change(&mut account.aws());
    let found = read(&account, http_api::gateway("prod")).await.unwrap();
    found.problems.into_iter().map(|problem| (problem.path, problem.code)).collect()
}

#[tokio::test]
async fn it_is_switched_in_one_call_and_has_no_usage_plans() {
    for (front, stage) in [(Front::HttpApi, "prod"), (Front::HttpApiDefault, http_api::DEFAULT)] {
        let account = Account::shop_behind(front);
        let found = read(&account, http_api::gateway(stage)).await.unwrap();
        assert_eq!(found.problems, [], "{front:?}");
        assert_eq!((found.facts.api.protocol, found.facts.stage.name.as_str()), (Protocol::Http, stage));
        assert_eq!(found.switch, [format!("UpdateStage shop1/{stage}: replace /deploymentId with green's")]);
        let of = |kind: Kind| found.creates.iter().filter(|planned| planned.kind == kind).count();
        let counts = [Kind::RestApi, Kind::Deployment, Kind::Stage, Kind::VpcLink, Kind::UsagePlan].map(of);
        assert_eq!(counts, [1, 2, 2, 0, 0], "{front:?}");
        let copy = found.creates.iter().find(|planned| planned.kind == Kind::RestApi).unwrap();
        assert_eq!(copy.name, "a temporary copy of shop, which is an HTTP API");
        let is_told = found.advice.iter().any(|line| line.starts_with("through deployment G no request is sent"));
        assert_eq!(is_told, front == Front::HttpApiDefault, "{:?}", found.advice);
    }
}

#[tokio::test]
async fn an_api_in_the_field_of_the_other_kind_is_told_where_it_belongs() {
    for (front, gateway, path, part) in [
        (Front::HttpApi, json!({ "restApiId": API, "stage": "prod" }), "$.gateway.restApiId", "name it in httpApiId"),
        (Front::Plain, http_api::gateway("prod"), "$.gateway.httpApiId", "name it in restApiId"),
    ] {
        let found = read(&Account::shop_behind(front), gateway).await.unwrap().problems;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].path == path && found[0].message.contains(part), "{found:?}");
    }
}

#[tokio::test]
async fn automatic_deployment_of_another_stage_counts_too() {
    let found = problems(|aws| {
        let mut other = aws.stages[&(API.to_owned(), "prod".to_owned())].clone();
        "beta".clone_into(&mut other.name);
        other.auto_deploy = true;
        aws.stages.insert((API.to_owned(), "beta".to_owned()), other);
    })
    .await;
    assert_eq!(found, [("$.gateway.stage".to_owned(), "auto-deploy".to_owned())]);
}

#[tokio::test]
async fn an_edit_of_an_integration_that_routes_share_was_not_deployed_for_each_of_them() {
    let account = Account::shop_behind(Front::HttpApi);
    for method in account.aws().methods.get_mut(API).unwrap().iter_mut().filter(|method| method.resource_id == "i-shop")
    {
        method.integration.as_mut().unwrap().timeout_millis = 5_000;
    }
    let found = read(&account, http_api::gateway("prod")).await.unwrap().problems;
    let told = &found[0].message;
    assert!(["ANY /$default", "GET /cart", "POST /cart"].iter().all(|route| told.contains(route)), "{found:?}");
    assert!(!told.contains("/product"), "{found:?}");
}
