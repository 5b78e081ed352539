//! How the kind of an API is found.

use super::{API, described, known, lines, said};
use crate::apigateway::tests::missing;
use crate::scenario::{Scenario, answer, fault};
use domain::Condition;
use domain::plan::edge::{Api, Protocol};
use domain::ports::gateway::Patch;
use domain::ports::{Apis, Stages};
use serde_json::json;

fn deployed(deployment: &str) -> serde_json::Value {
    json!({ "stageName": "prod", "deploymentId": deployment, "autoDeploy": false })
}

#[tokio::test]
async fn an_http_api_is_found_where_there_is_no_such_rest_api_and_asked_directly_from_then_on() {
    let scenario = Scenario::of([missing(), said(200, &described("HTTP")), said(200, &described("HTTP"))]);
    let expected = Api {
        id: API.to_owned(),
        name: "my-api".to_owned(),
        protocol: Protocol::Http,
        endpoint_type: "REGIONAL".to_owned(),
        api_key_source: "HEADER".to_owned(),
        tags: [("department".to_owned(), "finance".to_owned())].into(),
        ..Api::default()
    };
    assert_eq!(scenario.account.api(API).await, Ok(Some(expected.clone())));
    assert_eq!(scenario.account.api(API).await, Ok(Some(expected)));
    assert_eq!(scenario.lines(), ["GET /restapis/a1b2c3d4", "GET /v2/apis/a1b2c3d4", "GET /v2/apis/a1b2c3d4"]);
}

#[tokio::test]
async fn the_switch_of_an_api_that_was_read_is_one_call() {
    let scenario = known([said(200, &deployed("dep-g")), said(200, &deployed("dep-b"))]).await;
    for deployment in ["dep-g", "dep-b"] {
        let patches = [Patch::replace("/deploymentId", deployment)];
        scenario.account.update_stage(API, "prod", &patches).await.unwrap();
    }
    assert_eq!(lines(&scenario), ["PATCH /v2/apis/a1b2c3d4/stages/prod"; 2]);
    assert_eq!(scenario.json(2), json!({ "deploymentId": "dep-g" }));
}

#[tokio::test]
async fn a_change_of_an_api_that_nobody_read_finds_its_kind_too() {
    // Without the API IAM may have no tags to allow the change of the REST API by.
    for first in [missing(), fault(403, "AccessDeniedException", "User: … is not authorized")] {
        let scenario = Scenario::of([first, said(200, &described("HTTP")), answer(204, "")]);
        scenario.account.delete_api(API).await.unwrap();
        assert_eq!(
            scenario.lines(),
            ["DELETE /restapis/a1b2c3d4", "GET /v2/apis/a1b2c3d4", "DELETE /v2/apis/a1b2c3d4"]
        );
    }
}

#[tokio::test]
async fn a_rest_api_that_is_denied_is_denied() {
    let denied = || fault(403, "AccessDeniedException", "User: … is not authorized");
    let scenario = Scenario::of([denied(), missing(), denied(), denied()]);
    for _ in 0..2 {
        let error = scenario.account.delete_api(API).await.unwrap_err();
        assert_eq!(error.condition, Condition::Denied);
        assert!(error.message.starts_with("deleting the API a1b2c3d4: "), "{error}");
    }
}

#[tokio::test]
async fn of_a_rest_api_that_was_read_a_stage_that_is_not_there_is_asked_for_once() {
    let scenario = Scenario::of([answer(200, r#"{"id":"a1b2c3d4"}"#), missing(), missing()]);
    scenario.account.api(API).await.unwrap();
    assert_eq!(scenario.account.stage(API, "prod").await, Ok(None));
    assert_eq!(scenario.account.api(API).await, Ok(None));
    assert_eq!(scenario.lines()[1..], ["GET /restapis/a1b2c3d4/stages/prod", "GET /restapis/a1b2c3d4"]);
}

#[tokio::test]
async fn what_is_of_neither_kind_or_a_websocket_api_is_nothing() {
    for second in [missing(), said(200, &described("WEBSOCKET"))] {
        let scenario = Scenario::of([missing(), second]);
        assert_eq!(scenario.account.stages(API).await, Ok(Vec::new()));
        assert_eq!(scenario.lines(), ["GET /restapis/a1b2c3d4/stages", "GET /v2/apis/a1b2c3d4"]);
    }
}

#[tokio::test]
async fn an_api_whose_kind_cannot_be_found_is_not_taken_for_one_that_is_gone() {
    let throttled = || fault(429, "TooManyRequestsException", "Too Many Requests");
    let scenario = Scenario::of([missing(), throttled(), missing(), throttled()]);
    assert_eq!(scenario.account.delete_api(API).await.unwrap_err().condition, Condition::Unavailable);
    assert_eq!(scenario.account.stages(API).await.unwrap_err().condition, Condition::Unavailable);
}

#[tokio::test]
async fn every_api_of_both_kinds_is_listed_and_its_kind_known_by_then() {
    let of = |id: &str, protocol: &str| json!({ "apiId": id, "name": id, "protocolType": protocol });
    let first = json!({ "items": [of("a1b2c3d4", "WEBSOCKET"), of("a1b2c3d5", "HTTP")], "nextToken": "t2" });
    let second = json!({ "items": [of("a1b2c3d6", "HTTP")] });
    let scenario = Scenario::of([
        answer(200, r#"{"item":[{"id":"r1","name":"rest"}]}"#),
        said(200, &first),
        said(200, &second),
        said(200, &json!({ "items": [] })),
        answer(200, r#"{"item":[]}"#),
    ]);
    let apis = scenario.account.apis().await.unwrap();
    let found: Vec<_> = apis.iter().map(|api| (api.id.as_str(), api.protocol)).collect();
    assert_eq!(found, [("r1", Protocol::Rest), ("a1b2c3d5", Protocol::Http), ("a1b2c3d6", Protocol::Http)]);
    scenario.account.stages("a1b2c3d6").await.unwrap();
    scenario.account.stages("r1").await.unwrap();
    assert_eq!(
        scenario.lines(),
        [
            "GET /restapis?limit=500",
            "GET /v2/apis?maxResults=500",
            "GET /v2/apis?maxResults=500&nextToken=t2",
            "GET /v2/apis/a1b2c3d6/stages?maxResults=500",
            "GET /restapis/r1/stages",
        ]
    );
}
