//! What is changed.

use super::super::apis::partition;
use super::{done, missing, refusals, told};
use crate::scenario::{Scenario, answer, fault};
use domain::plan::edge::{Connection, Protocol, Quota, Stage, Throttle, UsagePlan};
use domain::ports::{Apis, Stages, UsagePlans, VpcLinks};
use domain::{Condition, PhaseError};
use domain::{Tags, ports::gateway::Patch};
use serde_json::{Value, json};

fn tags() -> Tags {
    [("bascule:migration".to_owned(), "m".to_owned())].into()
}

fn made(id: &str) -> Scenario {
    Scenario::of([answer(201, json!({ "id": id }).to_string())])
}

fn patches(scenario: &Scenario) -> Value {
    scenario.json(0)["patchOperations"].clone()
}

#[tokio::test]
async fn the_switch_is_one_call_with_every_patch() {
    let scenario = Scenario::of([answer(200, json!({ "stageName": "prod", "deploymentId": "dep-g" }).to_string())]);
    let asked = [Patch::remove("/canarySettings"), Patch::replace("/deploymentId", "dep-g")];
    scenario.account.update_stage("a", "prod", &asked).await.unwrap();
    assert_eq!(scenario.lines(), ["PATCH /restapis/a/stages/prod"]);
    let expected = json!([
        { "op": "remove", "path": "/canarySettings" }, { "op": "replace", "path": "/deploymentId", "value": "dep-g" },
    ]);
    assert_eq!(patches(&scenario), expected);
}

#[tokio::test]
async fn the_definition_of_an_api_is_exported_imported_and_overwritten_as_a_document() {
    let document = json!({ "openapi": "3.0.1", "info": { "title": "shop", "version": "1" } });
    let scenario = Scenario::of([answer(200, document.to_string()).header("content-type", "application/json")]);
    assert_eq!(scenario.account.export("a", "prod").await, Ok(document.clone()));
    assert_eq!(scenario.lines(), ["GET /restapis/a/stages/prod/exports/oas30?extensions=apigateway"]);
    assert_eq!(scenario.headers("accept"), ["application/json"]);

    let scenario = made("t1");
    assert_eq!(scenario.account.import(&document, "REGIONAL", Protocol::Rest).await, Ok("t1".to_owned()));
    let line = "POST /restapis?mode=import&endpointConfigurationTypes=REGIONAL&failonwarnings=false";
    assert_eq!((scenario.lines(), scenario.json(0)), (vec![line.to_owned()], document.clone()));

    let scenario = made("t1");
    assert_eq!(scenario.account.overwrite("t1", &document, Protocol::Rest).await, Ok(()));
    let line = "PUT /restapis/t1?mode=overwrite&failonwarnings=false";
    assert_eq!((scenario.lines(), scenario.json(0)), (vec![line.to_owned()], document));
}

#[tokio::test]
async fn an_export_that_is_no_document_is_asked_for_again() {
    let scenario = Scenario::new(&[(200, "<html>")]);
    assert_eq!(scenario.account.export("a", "prod").await.unwrap_err().condition, Condition::Unavailable);
}

#[tokio::test]
async fn an_api_is_changed_tagged_and_connected() {
    let scenario = made("a");
    let patch = Patch::Add("/binaryMediaTypes/image~1png".to_owned(), String::new());
    scenario.account.update_api("a", &[patch]).await.unwrap();
    assert_eq!(scenario.lines(), ["PATCH /restapis/a"]);
    assert_eq!(patches(&scenario), json!([{ "op": "add", "path": "/binaryMediaTypes/image~1png", "value": "" }]));

    let scenario = Scenario::of([answer(204, "")]);
    scenario.account.tag("a", &tags()).await.unwrap();
    assert_eq!(scenario.lines(), ["PUT /tags/arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Frestapis%2Fa"]);
    assert_eq!(scenario.json(0), json!({ "tags": { "bascule:migration": "m" } }));

    let scenario = Scenario::new(&[(200, "{}")]);
    scenario.account.connect("a", "r1", "GET", &link("l2")).await.unwrap();
    assert_eq!(scenario.lines(), ["PATCH /restapis/a/resources/r1/methods/GET/integration"]);
    assert_eq!(patches(&scenario), json!([{ "op": "replace", "path": "/connectionId", "value": "l2" }]));

    let scenario = Scenario::new(&[(200, "{}")]);
    let second = Connection::of("VPC_LINK", "v2", "arn:balancer");
    scenario.account.connect("a", "r1", "GET", &second).await.unwrap();
    let expected = json!([
        { "op": "replace", "path": "/connectionId", "value": "v2" },
        { "op": "replace", "path": "/integrationTarget", "value": "arn:balancer" },
    ]);
    assert_eq!(patches(&scenario), expected);
}

fn link(id: &str) -> Connection {
    Connection::VpcLink(id.to_owned())
}

#[test]
fn a_region_tells_its_partition() {
    for (region, expected) in
        [("eu-central-1", "aws"), ("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
    {
        assert_eq!(partition(region), expected, "{region}");
    }
}

#[tokio::test]
async fn stages_deployments_and_links_are_made_with_what_they_are_found_by() {
    let scenario = Scenario::of([answer(201, json!({ "stageName": "keep", "deploymentId": "dep-b" }).to_string())]);
    let stage = Stage {
        name: "keep".to_owned(),
        deployment_id: "dep-b".to_owned(),
        variables: [("color".to_owned(), "blue".to_owned())].into(),
        tags: tags(),
        ..Stage::default()
    };
    scenario.account.create_stage("a", &stage).await.unwrap();
    assert_eq!(scenario.lines(), ["POST /restapis/a/stages"]);
    let expected = json!({ "stageName": "keep", "deploymentId": "dep-b", "variables": { "color": "blue" },
        "tags": { "bascule:migration": "m" } });
    assert_eq!(scenario.json(0), expected);

    let scenario = made("dep-g");
    assert_eq!(scenario.account.create_deployment("a", "bascule G").await, Ok("dep-g".to_owned()));
    assert_eq!(scenario.lines(), ["POST /restapis/a/deployments"]);
    assert_eq!(scenario.json(0), json!({ "description": "bascule G" }));

    let scenario = made("l2");
    assert_eq!(scenario.account.create_vpc_link("green", "arn:nlb", &tags()).await, Ok("l2".to_owned()));
    assert_eq!(scenario.lines(), ["POST /vpclinks"]);
    let expected = json!({ "name": "green", "targetArns": ["arn:nlb"], "tags": { "bascule:migration": "m" } });
    assert_eq!(scenario.json(0), expected);
}

#[tokio::test]
async fn an_answer_without_an_id_is_asked_for_again() {
    let nothing = || Scenario::new(&[(201, "{}")]).account;
    let errors: [PhaseError; 4] = [
        nothing().create_deployment("a", "d").await.unwrap_err(),
        nothing().create_vpc_link("green", "arn:nlb", &Tags::new()).await.unwrap_err(),
        nothing().create_usage_plan(&UsagePlan::default()).await.unwrap_err(),
        nothing().import(&json!({}), "EDGE", Protocol::Rest).await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.condition == Condition::Unavailable), "{errors:?}");
}

#[tokio::test]
async fn a_usage_plan_is_made_given_its_keys_and_taken_apart() {
    let plan = UsagePlan {
        name: "gold".to_owned(),
        stages: vec![("t1".to_owned(), "prod".to_owned())],
        throttle: Some(Throttle { rate: 100.5, burst: 200 }),
        quota: Some(Quota { limit: 5000, offset: 2, period: "MONTH".to_owned() }),
        tags: tags(),
        ..UsagePlan::default()
    };
    let scenario = made("p9");
    assert_eq!(scenario.account.create_usage_plan(&plan).await, Ok("p9".to_owned()));
    assert_eq!(scenario.lines(), ["POST /usageplans"]);
    let expected = json!({
        "name": "gold", "apiStages": [{ "apiId": "t1", "stage": "prod" }], "throttle": { "burstLimit": 200, "rateLimit": 100.5 },
        "quota": { "limit": 5000, "offset": 2, "period": "MONTH" }, "tags": { "bascule:migration": "m" },
    });
    assert_eq!(scenario.json(0), expected);

    // The second time the key is in it.
    let scenario = Scenario::of([
        answer(201, "{}"),
        fault(409, "ConflictException", "Usage Plan ID and API Key ID already exist"),
    ]);
    scenario.account.add_key("p9", "key1").await.unwrap();
    scenario.account.add_key("p9", "key1").await.unwrap();
    assert_eq!(scenario.lines(), ["POST /usageplans/p9/keys"; 2]);
    assert_eq!(scenario.json(0), json!({ "keyId": "key1", "keyType": "API_KEY" }));

    let scenario = Scenario::of([answer(200, "{}"), missing()]);
    let stages = [("t1".to_owned(), "prod".to_owned()), ("a".to_owned(), "keep".to_owned())];
    scenario.account.remove_stages("p9", &stages).await.unwrap();
    scenario.account.remove_stages("p9", &stages).await.unwrap();
    assert_eq!(scenario.lines(), ["PATCH /usageplans/p9"; 2]);
    let expected = json!([
        { "op": "remove", "path": "/apiStages", "value": "t1:prod" },
        { "op": "remove", "path": "/apiStages", "value": "a:keep" },
    ]);
    assert_eq!(patches(&scenario), expected);
}

// The texts: https://github.com/hashicorp/terraform-provider-aws/issues/16439 and
// https://github.com/carlnordenfelt/aws-api-gateway-for-cloudformation/issues/27.
#[tokio::test]
async fn a_change_that_met_another_one_is_asked_for_again() {
    let text = "Unable to complete operation due to concurrent modification. Please try again later.";
    for (status, code) in [(409, "ConflictException"), (400, "BadRequestException")] {
        let scenario = Scenario::of((0..7).map(|_| fault(status, code, text)));
        let account = &scenario.account;
        let errors = [
            account.connect("a", "r1", "GET", &link("l2")).await.unwrap_err(),
            account.update_stage("a", "prod", &[Patch::replace("/deploymentId", "g")]).await.unwrap_err(),
            account.create_deployment("a", "bascule G").await.unwrap_err(),
            account.add_key("p9", "key1").await.unwrap_err(),
            account.overwrite("t1", &json!({}), Protocol::Rest).await.unwrap_err(),
            account.delete_stage("a", "keep").await.unwrap_err(),
            account.delete_vpc_link("l2").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.condition, Condition::Unavailable, "{error}");
        }
    }
}

// 400 methods took about 30 seconds to import, and as long to deploy: https://github.com/serverless/serverless/issues/963.
#[test]
fn calls_that_take_long_get_the_time_and_those_that_must_not_be_made_twice_are_sent_once() {
    let account = Scenario::new(&[]).account;
    let long = Some(std::time::Duration::from_mins(2));
    for client in [super::super::once(&account), super::super::patient(&account)] {
        let timeouts = client.config().timeout_config().unwrap();
        assert_eq!(timeouts.operation_attempt_timeout(), long);
    }
    let retries = super::super::once(&account);
    assert_eq!(retries.config().retry_config().unwrap().max_attempts(), 1);
}

#[tokio::test]
async fn changes_of_a_loop_are_eight_a_second_at_most() {
    let scenario = Scenario::of((0..3).map(|_| answer(200, "{}")));
    let start = std::time::Instant::now();
    for _ in 0..3 {
        scenario.account.connect("a", "r1", "GET", &link("l2")).await.unwrap();
    }
    assert!(start.elapsed() >= std::time::Duration::from_millis(250), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_delete_of_what_is_gone_is_done() {
    let of_the_api = ["/restapis/a/stages/keep", "/restapis/a/deployments/dep-g", "/restapis/a"];
    let others = ["/vpclinks/l2", "/usageplans/p9"];
    let deletes = of_the_api.iter().chain(&others).map(|path| format!("DELETE {path}"));
    // What is no REST API may be an HTTP API.
    let looks = of_the_api.iter().flat_map(|path| [format!("DELETE {path}"), "GET /v2/apis/a".to_owned()]);
    let looks = looks.chain(others.map(|path| format!("DELETE {path}")));
    for (answers, lines) in [
        ((0..5).map(|_| done()).collect::<Vec<_>>(), deletes.collect::<Vec<_>>()),
        ((0..8).map(|_| missing()).collect(), looks.collect()),
    ] {
        let scenario = Scenario::of(answers);
        let account = &scenario.account;
        account.delete_stage("a", "keep").await.unwrap();
        account.delete_deployment("a", "dep-g").await.unwrap();
        account.delete_api("a").await.unwrap();
        account.delete_vpc_link("l2").await.unwrap();
        account.delete_usage_plan("p9").await.unwrap();
        assert_eq!(scenario.lines(), lines);
    }
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_change_is_a_conflict() {
    for (status, code, condition) in refusals(Condition::Conflict) {
        let refused = || Scenario::of([fault(status, code, "no")]).account;
        let told_of = |context: &str| (condition, format!("{context}: {code}: no"));
        let error = refused().update_stage("a", "prod", &[Patch::remove("/canarySettings")]).await.unwrap_err();
        assert_eq!(told(error), told_of("changing the stage prod of a"));
        let error = refused().delete_deployment("a", "dep-g").await.unwrap_err();
        assert_eq!(told(error), told_of("deleting the deployment dep-g of a"));
        let error = refused().delete_vpc_link("l2").await.unwrap_err();
        assert_eq!(told(error), told_of("deleting the VPC link l2"));
        let error = refused().create_deployment("a", "d").await.unwrap_err();
        assert_eq!(told(error), told_of("deploying a"));
        let error = refused().connect("a", "r1", "GET", &link("l2")).await.unwrap_err();
        assert_eq!(told(error), told_of("pointing GET of resource r1 of a at the VPC link l2"));
    }
}
