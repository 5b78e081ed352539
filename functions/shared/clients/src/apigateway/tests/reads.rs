//! What is read.

use super::{missing, refusals, told};
use crate::scenario::{Scenario, answer, fault};
use domain::Condition;
use domain::plan::edge::{Api, Canary, Connection, Integration, Protocol, Quota, Stage, Throttle, UsagePlan, VpcLink};
use domain::ports::gateway::Deployment;
use domain::ports::{Apis, Stages, UsagePlans, VpcLinks};
use serde_json::json;

fn tags() -> std::collections::BTreeMap<String, String> {
    [("team".to_owned(), "shop".to_owned())].into()
}

#[tokio::test]
async fn an_api_is_read_with_its_settings_or_their_defaults() {
    let full = json!({
        "id": "a1b2c3d4e5", "name": "shop", "createdDate": 1_735_689_600, "version": "1",
        "endpointConfiguration": { "types": ["REGIONAL"], "ipAddressType": "ipv4", "vpcEndpointIds": ["vpce-0f1e2d"] },
        "endpointAccessMode": "STRICT",
        "apiKeySource": "AUTHORIZER", "binaryMediaTypes": ["image/png"], "minimumCompressionSize": 1024,
        "disableExecuteApiEndpoint": true, "policy": "{\"Version\":\"2012-10-17\"}", "tags": { "team": "shop" },
    });
    let bare = json!({ "id": "a1b2c3d4e5", "name": "shop" });
    let scenario = Scenario::of([full, bare].map(|body| answer(200, body.to_string())));
    let expected = Api {
        id: "a1b2c3d4e5".to_owned(),
        name: "shop".to_owned(),
        protocol: Protocol::Rest,
        endpoint_type: "REGIONAL".to_owned(),
        vpc_endpoint_ids: vec!["vpce-0f1e2d".to_owned()],
        is_strict: true,
        binary_media_types: vec!["image/png".to_owned()],
        policy: Some(r#"{"Version":"2012-10-17"}"#.to_owned()),
        api_key_source: "AUTHORIZER".to_owned(),
        minimum_compression_size: Some(1024),
        execute_api_disabled: true,
        tags: tags(),
    };
    assert_eq!(scenario.account.api("a1b2c3d4e5").await.unwrap(), Some(expected.clone()));
    let defaults = Api {
        id: expected.id,
        name: expected.name,
        endpoint_type: "EDGE".to_owned(),
        api_key_source: "HEADER".to_owned(),
        ..Api::default()
    };
    assert_eq!(scenario.account.api("a1b2c3d4e5").await.unwrap(), Some(defaults));
    assert_eq!(scenario.lines(), ["GET /restapis/a1b2c3d4e5"; 2]);
}

#[tokio::test]
async fn what_is_not_there_is_nothing_and_no_error() {
    let scenario = Scenario::of((0..8).map(|_| missing()));
    let account = &scenario.account;
    assert_eq!(account.api("a").await, Ok(None));
    assert_eq!(account.stage("a", "prod").await, Ok(None));
    assert_eq!(account.stages("a").await, Ok(Vec::new()));
    assert_eq!(account.vpc_link("l").await, Ok(None));
    assert_eq!(account.api_key("k").await, Ok(None));
    // What is no REST API may be an HTTP API.
    let http = "GET /v2/apis/a";
    let expected = [
        "GET /restapis/a",
        http,
        "GET /restapis/a/stages/prod",
        http,
        "GET /restapis/a/stages",
        http,
        "GET /vpclinks/l",
        "GET /apikeys/k?includeValue=true",
    ];
    assert_eq!(scenario.lines(), expected);
}

#[tokio::test]
async fn what_api_gateway_refuses_to_tell_is_told_by_its_condition() {
    for (status, code, condition) in refusals(Condition::Refused) {
        let scenario = Scenario::of([fault(status, code, "no")]);
        let error = scenario.account.stage("a", "prod").await.unwrap_err();
        assert_eq!(told(error), (condition, format!("reading the stage prod of a: {code}: no")));
    }
}

#[tokio::test]
async fn lists_are_read_to_their_last_page() {
    let pages = |first: serde_json::Value, last: serde_json::Value| {
        [json!({ "item": [first], "position": "p2" }), json!({ "item": [last] })]
            .map(|body| answer(200, body.to_string()))
    };
    let ids = || pages(json!({ "id": "one" }), json!({ "id": "two" }));
    let http = answer(200, json!({ "items": [] }).to_string());
    let scenario = Scenario::of(ids().into_iter().chain([http]).chain(ids()).chain(ids()));
    let apis = scenario.account.apis().await.unwrap();
    assert_eq!(apis.into_iter().map(|api| api.id).collect::<Vec<_>>(), ["one", "two"]);
    let links = scenario.account.vpc_links().await.unwrap();
    assert_eq!(links.into_iter().map(|link| link.id).collect::<Vec<_>>(), ["one", "two"]);
    let deployments = scenario.account.deployments("a").await.unwrap();
    assert_eq!(deployments.into_iter().map(|deployment| deployment.id).collect::<Vec<_>>(), ["one", "two"]);
    let asked = ["restapis", "vpclinks", "restapis/a/deployments"]
        .map(|path| [format!("GET /{path}?limit=500"), format!("GET /{path}?position=p2&limit=500")]);
    let mut asked = asked.concat();
    asked.insert(2, "GET /v2/apis?maxResults=500".to_owned());
    assert_eq!(scenario.lines(), asked);
}

#[tokio::test]
async fn the_methods_of_all_resources_are_read_with_their_integrations() {
    let integration = json!({
        "type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "http://shop.example.com/cart", "connectionType": "VPC_LINK",
        "connectionId": "l1", "timeoutInMillis": 29_000, "tlsConfig": { "insecureSkipVerification": true },
        "requestParameters": { "integration.request.path.id": "method.request.path.id" },
    });
    let first = json!({ "position": "p2", "item": [
        { "id": "r2", "path": "/z", "resourceMethods": { "GET": { "httpMethod": "GET", "authorizationType": "AWS_IAM" } } },
        { "id": "r0", "path": "/" },
    ] });
    let last = json!({ "item": [{ "id": "r1", "path": "/cart", "resourceMethods": {
        "POST": { "authorizationType": "NONE", "apiKeyRequired": true, "methodIntegration": integration },
        "GET": { "authorizationType": "NONE", "methodIntegration": { "type": "MOCK" } },
    } }] });
    let scenario = Scenario::of([first, last].map(|body| answer(200, body.to_string())));
    let methods = scenario.account.methods("a").await.unwrap();
    let found: Vec<_> = methods.iter().map(|method| (method.path.as_str(), method.method.as_str())).collect();
    assert_eq!(found, [("/cart", "GET"), ("/cart", "POST"), ("/z", "GET")]);
    assert!(methods[1].api_key_required && !methods[0].api_key_required);
    assert_eq!((methods[1].resource_id.as_str(), methods[2].authorization.as_str()), ("r1", "AWS_IAM"));
    let expected = Integration {
        kind: "HTTP_PROXY".to_owned(),
        http_method: "ANY".to_owned(),
        uri: "http://shop.example.com/cart".to_owned(),
        connection: Connection::VpcLink("l1".to_owned()),
        timeout_millis: 29_000,
        insecure_skip_verification: true,
        request_parameters: [("integration.request.path.id".to_owned(), "method.request.path.id".to_owned())].into(),
    };
    assert_eq!(methods[1].integration, Some(expected));
    // A private integration names its connection; without one the request goes over the internet.
    assert_eq!(methods[0].integration.as_ref().unwrap().connection, Connection::Internet);
    assert_eq!(methods[2].integration, None);
    assert_eq!(
        scenario.lines(),
        [
            "GET /restapis/a/resources?limit=500&embed=methods",
            "GET /restapis/a/resources?position=p2&limit=500&embed=methods",
        ]
    );
}

#[tokio::test]
async fn a_stage_is_read_with_its_canary_and_what_is_attached_to_it() {
    let body = json!({
        "stageName": "prod", "deploymentId": "dep-b", "variables": { "color": "blue" }, "tracingEnabled": true,
        "canarySettings": { "deploymentId": "dep-g", "percentTraffic": 12.5, "useStageCache": false,
            "stageVariableOverrides": { "color": "green" } },
        "cacheClusterEnabled": true, "cacheClusterSize": "0.5", "cacheClusterStatus": "AVAILABLE",
        "webAclArn": "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/1", "tags": { "team": "shop" },
        "clientCertificateId": "a1b2c3",
    });
    let plain = json!({ "stageName": "test", "deploymentId": "dep-b", "cacheClusterEnabled": false, "cacheClusterSize": "0.5" });
    let both = json!({ "item": [body, plain] });
    let scenario = Scenario::of([answer(200, body.to_string()), answer(200, both.to_string())]);
    let expected = Stage {
        name: "prod".to_owned(),
        deployment_id: "dep-b".to_owned(),
        auto_deploy: false,
        canary: Some(Canary {
            deployment_id: "dep-g".to_owned(),
            percent: 12.5,
            variables: [("color".to_owned(), "green".to_owned())].into(),
        }),
        variables: [("color".to_owned(), "blue".to_owned())].into(),
        cache_size: Some("0.5".to_owned()),
        client_certificate_id: Some("a1b2c3".to_owned()),
        web_acl_arn: Some("arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/1".to_owned()),
        tracing: true,
        tags: tags(),
    };
    assert_eq!(scenario.account.stage("a", "prod").await, Ok(Some(expected.clone())));
    let test = Stage { name: "test".to_owned(), deployment_id: "dep-b".to_owned(), ..Stage::default() };
    assert_eq!(scenario.account.stages("a").await, Ok(vec![expected, test]));
    assert_eq!(scenario.lines(), ["GET /restapis/a/stages/prod", "GET /restapis/a/stages"]);
}

#[tokio::test]
async fn a_link_and_a_deployment_are_read_with_what_tells_whose_they_are() {
    let link = json!({ "id": "l1", "name": "green", "targetArns": ["arn:nlb"], "status": "FAILED",
        "statusMessage": "NLB is already associated with another VPC Endpoint Service", "tags": { "team": "shop" } });
    let deployments = json!({ "item": [{ "id": "dep-b", "description": "release 7", "createdDate": 1_735_689_600 }] });
    let scenario = Scenario::of([link, deployments].map(|body| answer(200, body.to_string())));
    let expected = VpcLink {
        id: "l1".to_owned(),
        name: "green".to_owned(),
        target_arns: vec!["arn:nlb".to_owned()],
        status: "FAILED".to_owned(),
        status_message: "NLB is already associated with another VPC Endpoint Service".to_owned(),
        tags: tags(),
    };
    assert_eq!(scenario.account.vpc_link("l1").await, Ok(Some(expected)));
    let deployment = Deployment {
        id: "dep-b".to_owned(),
        description: "release 7".to_owned(),
        created: "2025-01-01T00:00:00Z".to_owned(),
    };
    assert_eq!(scenario.account.deployments("a").await, Ok(vec![deployment]));
}

#[tokio::test]
async fn only_the_plans_of_the_api_are_read_with_their_keys() {
    let plans = json!({ "item": [
        { "id": "p1", "name": "gold", "apiStages": [{ "apiId": "a", "stage": "prod" }],
          "throttle": { "rateLimit": 100.5, "burstLimit": 200 }, "quota": { "limit": 5000, "offset": 2, "period": "MONTH" } },
        { "id": "p2", "name": "other", "apiStages": [{ "apiId": "b", "stage": "prod" }] },
    ] });
    let keys = [
        json!({ "position": "k", "item": [{ "id": "key2", "type": "API_KEY", "name": "n" }] }),
        json!({ "item": [{ "id": "key1" }] }),
    ];
    let bodies = std::iter::once(plans).chain(keys);
    let scenario = Scenario::of(bodies.map(|body| answer(200, body.to_string())));
    let gold = UsagePlan {
        id: "p1".to_owned(),
        name: "gold".to_owned(),
        stages: vec![("a".to_owned(), "prod".to_owned())],
        throttle: Some(Throttle { rate: 100.5, burst: 200 }),
        quota: Some(Quota { limit: 5000, offset: 2, period: "MONTH".to_owned() }),
        key_ids: vec!["key1".to_owned(), "key2".to_owned()],
        ..UsagePlan::default()
    };
    let found = scenario.account.usage_plans(Some("a")).await.unwrap();
    assert_eq!((&found[0], found[1].key_ids.len()), (&gold, 0));
    assert_eq!(
        scenario.lines(),
        [
            "GET /usageplans?limit=500",
            "GET /usageplans/p1/keys?limit=500",
            "GET /usageplans/p1/keys?position=k&limit=500",
        ]
    );
}

#[tokio::test]
async fn the_value_of_a_key_is_asked_for_and_shows_nowhere() {
    let body = json!({ "id": "key1", "name": "web", "enabled": true, "value": "s3cret-s3cret-s3cret" });
    let scenario = Scenario::of([answer(200, body.to_string())]);
    let key = scenario.account.api_key("key1").await.unwrap().unwrap();
    assert_eq!(key.reveal(), "s3cret-s3cret-s3cret");
    assert!(!format!("{key:?}").contains("s3cret"));
    assert_eq!(scenario.lines(), ["GET /apikeys/key1?includeValue=true"]);
}

#[tokio::test]
async fn a_disabled_key_is_as_good_as_none() {
    let body = json!({ "id": "key1", "name": "web", "enabled": false, "value": "s3cret-s3cret-s3cret" });
    let scenario = Scenario::of([answer(200, body.to_string())]);
    assert_eq!(scenario.account.api_key("key1").await, Ok(None));
}
