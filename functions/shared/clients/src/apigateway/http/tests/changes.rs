//! What is changed.

use super::{API, LISTENER, described, known, lines, said};
use crate::apigateway::tests::{missing, refusals, told};
use crate::scenario::{Scenario, answer, fault};
use domain::plan::edge::{Connection, Protocol, Stage};
use domain::ports::gateway::Patch;
use domain::ports::{Apis, Stages};
use domain::{Condition, Tags};
use serde_json::{Value, json};

fn tags() -> Tags {
    [("bascule:migration".to_owned(), "m".to_owned())].into()
}

fn listener(target: &str) -> Connection {
    Connection::VpcLinkV2 { id: "abc123".to_owned(), target: target.to_owned() }
}

fn definition(field: &str) -> Value {
    let mut integration = json!({ "connectionType": "VPC_LINK", "connectionId": "abc123" });
    integration[field] = LISTENER.into();
    json!({ "openapi": "3.0.1", "info": { "title": "shop" },
        "paths": { "/cart": { "get": { "x-amazon-apigateway-integration": integration } } } })
}

/// The document in a request's body, which has it as text.
fn sent(scenario: &Scenario, index: usize) -> Value {
    serde_json::from_str(scenario.json(index)["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn an_http_api_is_imported_in_awss_form_and_its_kind_known_by_then() {
    let scenario = Scenario::of([said(201, &json!({ "apiId": "t1", "protocolType": "HTTP" })), answer(204, "")]);
    let imported = scenario.account.import(&definition("integrationTarget"), "REGIONAL", Protocol::Http).await;
    assert_eq!(imported, Ok("t1".to_owned()));
    assert_eq!(sent(&scenario, 0), definition("uri"));
    scenario.account.delete_api("t1").await.unwrap();
    assert_eq!(scenario.lines(), ["PUT /v2/apis?failOnWarnings=false", "DELETE /v2/apis/t1"]);

    let scenario = Scenario::of([answer(201, "{}")]);
    let error = scenario.account.import(&json!({}), "REGIONAL", Protocol::Http).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unavailable);
}

#[tokio::test]
async fn an_overwrite_keeps_the_tags_that_roles_may_change_the_api_by() {
    let mut before = described("HTTP");
    before["tags"] = json!({ "bascule:side": "temporary" });
    let mut bare = before.clone();
    bare["tags"] = json!({});
    // The second time API Gateway drops them.
    let answers =
        [(200, &before), (201, &before), (200, &before), (201, &bare)].map(|(status, body)| said(status, body));
    let scenario = known(answers.into_iter().chain([answer(201, "")])).await;
    for _ in 0..2 {
        scenario.account.overwrite(API, &definition("integrationTarget"), Protocol::Http).await.unwrap();
    }
    let mut expected = definition("uri");
    expected["tags"] = json!([{ "name": "bascule:side", "x-amazon-apigateway-tag-value": "temporary" }]);
    assert_eq!(sent(&scenario, 3), expected);
    assert_eq!(
        lines(&scenario),
        [
            "GET /v2/apis/a1b2c3d4",
            "PUT /v2/apis/a1b2c3d4?failOnWarnings=false",
            "GET /v2/apis/a1b2c3d4",
            "PUT /v2/apis/a1b2c3d4?failOnWarnings=false",
            "POST /v2/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Fapis%2Fa1b2c3d4",
        ]
    );
    assert_eq!(scenario.json(6), json!({ "tags": { "bascule:side": "temporary" } }));
}

#[tokio::test]
async fn an_api_that_is_gone_is_not_overwritten() {
    let scenario = known([missing()]).await;
    let error = scenario.account.overwrite(API, &json!({}), Protocol::Http).await.unwrap_err();
    assert_eq!(told(error), (Condition::Refused, "overwriting the API a1b2c3d4: there is no such API".to_owned()));
}

#[tokio::test]
async fn an_api_is_changed_tagged_and_connected() {
    let scenario = known([said(200, &described("HTTP")), answer(201, ""), answer(200, "{}"), answer(200, "{}")]).await;
    let account = &scenario.account;
    account.update_api(API, &[Patch::replace("/disableExecuteApiEndpoint", "false")]).await.unwrap();
    account.tag(API, &tags()).await.unwrap();
    // The second route of the same integration.
    for _ in 0..2 {
        account.connect(API, "a1b2c3", "GET", &listener(LISTENER)).await.unwrap();
    }
    assert_eq!(
        lines(&scenario),
        [
            "PATCH /v2/apis/a1b2c3d4",
            "POST /v2/tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Fapis%2Fa1b2c3d4",
            "PATCH /v2/apis/a1b2c3d4/integrations/a1b2c3",
            "PATCH /v2/apis/a1b2c3d4/integrations/a1b2c3",
        ]
    );
    assert_eq!(scenario.json(2), json!({ "disableExecuteApiEndpoint": false }));
    assert_eq!(scenario.json(3), json!({ "tags": { "bascule:migration": "m" } }));
    assert_eq!(scenario.json(4), json!({ "connectionId": "abc123", "integrationUri": LISTENER }));
}

#[tokio::test]
async fn stages_and_deployments_are_made_for_what_is_deployed_by_hand() {
    let answers = [
        said(201, &json!({ "stageName": "keep", "deploymentId": "53lz9l", "autoDeploy": false })),
        said(201, &json!({ "autoDeployed": false, "deploymentId": "53lz9l", "deploymentStatus": "DEPLOYED" })),
        said(200, &json!({ "stageName": "keep" })),
    ];
    let scenario = known(answers).await;
    let account = &scenario.account;
    let stage = Stage {
        name: "keep".to_owned(),
        deployment_id: "53lz9l".to_owned(),
        variables: [("color".to_owned(), "blue".to_owned())].into(),
        tags: tags(),
        ..Stage::default()
    };
    account.create_stage(API, &stage).await.unwrap();
    assert_eq!(account.create_deployment(API, "bascule G").await, Ok("53lz9l".to_owned()));
    let patches = [Patch::replace("/deploymentId", "g"), Patch::replace("/variables/color", "green")];
    account.update_stage(API, "$default", &patches).await.unwrap();
    assert_eq!(
        lines(&scenario),
        [
            "POST /v2/apis/a1b2c3d4/stages",
            "POST /v2/apis/a1b2c3d4/deployments",
            "PATCH /v2/apis/a1b2c3d4/stages/%24default",
        ]
    );
    let expected = json!({ "stageName": "keep", "deploymentId": "53lz9l", "autoDeploy": false,
        "stageVariables": { "color": "blue" }, "tags": { "bascule:migration": "m" } });
    assert_eq!(scenario.json(2), expected);
    assert_eq!(scenario.json(3), json!({ "description": "bascule G" }));
    assert_eq!(scenario.json(4), json!({ "deploymentId": "g", "stageVariables": { "color": "green" } }));
}

#[tokio::test]
async fn a_deployment_that_failed_is_told_with_what_is_left_behind() {
    let failed =
        json!({ "deploymentId": "53lz9l", "deploymentStatus": "FAILED", "deploymentStatusMessage": "no routes" });
    let scenario = known([said(201, &failed), answer(201, "{}")]).await;
    let error = scenario.account.create_deployment(API, "bascule G").await.unwrap_err();
    let message =
        "deploying a1b2c3d4: the deployment 53lz9l failed (no routes); it is left behind, and no stage has it";
    assert_eq!(told(error), (Condition::Conflict, message.to_owned()));
    let error = scenario.account.create_deployment(API, "bascule G").await.unwrap_err();
    assert_eq!(error.condition, Condition::Unavailable);
}

#[tokio::test]
async fn what_an_http_api_does_not_have_is_refused_and_nothing_is_sent() {
    let scenario = known([]).await;
    let account = &scenario.account;
    let canary = [Patch::replace("/canarySettings/percentTraffic", "5.0"), Patch::replace("/deploymentId", "g")];
    let errors = [
        account.update_stage(API, "prod", &canary).await.unwrap_err(),
        account.update_stage(API, "prod", &[Patch::remove("/deploymentId")]).await.unwrap_err(),
        account.update_api(API, &[Patch::replace("/minimumCompressionSize", "1")]).await.unwrap_err(),
        account.connect(API, "a1b2c3", "GET", &Connection::VpcLink("l2".to_owned())).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.condition, Condition::Refused, "{error}");
    }
    assert_eq!(lines(&scenario), Vec::<String>::new());
}

#[tokio::test]
async fn a_delete_of_what_is_gone_is_done() {
    let done = || answer(204, "");
    for answers in [[done(), done(), done()], [missing(), missing(), missing()]] {
        let scenario = known(answers).await;
        let account = &scenario.account;
        account.delete_stage(API, "keep").await.unwrap();
        account.delete_deployment(API, "53lz9l").await.unwrap();
        account.delete_api(API).await.unwrap();
        let lines_of = ["/stages/keep", "/deployments/53lz9l", ""];
        assert_eq!(lines(&scenario), lines_of.map(|rest| format!("DELETE /v2/apis/a1b2c3d4{rest}")));
    }
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_change_is_a_conflict() {
    for (status, code, condition) in refusals(Condition::Conflict) {
        let scenario = known((0..4).map(|_| fault(status, code, "no"))).await;
        let account = &scenario.account;
        let target = listener(LISTENER);
        for (error, context) in [
            (
                account.update_stage(API, "prod", &[Patch::replace("/deploymentId", "g")]).await.unwrap_err(),
                "changing the stage prod of a1b2c3d4".to_owned(),
            ),
            (
                account.delete_deployment(API, "g").await.unwrap_err(),
                "deleting the deployment g of a1b2c3d4".to_owned(),
            ),
            (account.create_deployment(API, "d").await.unwrap_err(), "deploying a1b2c3d4".to_owned()),
            (
                account.connect(API, "a1b2c3", "GET", &target).await.unwrap_err(),
                format!("pointing the integration a1b2c3 of a1b2c3d4 at {target}"),
            ),
        ] {
            assert_eq!(told(error), (condition, format!("{context}: {code}: no")));
        }
    }
}

#[test]
fn calls_that_must_not_be_made_twice_are_sent_once_and_have_time() {
    let account = Scenario::new(&[]).account;
    let client = super::super::once(&account);
    assert_eq!(client.config().retry_config().unwrap().max_attempts(), 1);
    for client in [client, super::super::patient(&account)] {
        let long = Some(std::time::Duration::from_mins(2));
        assert_eq!(client.config().timeout_config().unwrap().operation_attempt_timeout(), long);
    }
}
