//! What is read.

use super::{API, LISTENER, known, lines, said};
use crate::apigateway::tests::missing;
use crate::scenario::{Scenario, answer, fault};
use domain::Condition;
use domain::plan::edge::{Connection, Integration, Stage};
use domain::ports::gateway::{Deployment, Method};
use domain::ports::{Apis, Stages};
use serde_json::json;

#[tokio::test]
async fn every_route_is_a_method_with_the_integration_that_it_shares() {
    let routes = json!({ "nextToken": "t2", "items": [
        { "apiKeyRequired": false, "authorizationType": "NONE", "routeId": "72jz1wk", "routeKey": "ANY /admin",
          "target": "integrations/a1b2c3" },
        { "apiGatewayManaged": true, "apiKeyRequired": false, "authorizationType": "JWT", "routeId": "go65gqi",
          "routeKey": "$default", "target": "integrations/a1b2c4" },
    ] });
    let more = json!({ "items": [
        { "routeId": "abc", "routeKey": "GET /cart/{id}", "target": "integrations/a1b2c4" },
        { "authorizationType": "AWS_IAM", "routeId": "abd", "routeKey": "GET /bare" },
    ] });
    let function = "arn:aws:lambda:us-west-2:123456789012:function:my-function";
    let integrations = json!({ "items": [
        { "apiGatewayManaged": true, "connectionType": "INTERNET", "integrationId": "a1b2c3", "integrationMethod": "POST",
          "integrationType": "AWS_PROXY", "integrationUri": function, "payloadFormatVersion": "2.0", "timeoutInMillis": 5_000 },
        { "connectionType": "VPC_LINK", "connectionId": "abc123", "integrationId": "a1b2c4", "integrationMethod": "ANY",
          "integrationType": "HTTP_PROXY", "integrationUri": LISTENER, "payloadFormatVersion": "1.0",
          "requestParameters": { "overwrite:path": "$request.path" } },
    ] });
    let scenario = known([said(200, &routes), said(200, &more), said(200, &integrations)]).await;
    let private = Integration {
        kind: "HTTP_PROXY".to_owned(),
        http_method: "ANY".to_owned(),
        connection: Connection::VpcLinkV2 { id: "abc123".to_owned(), target: LISTENER.to_owned() },
        timeout_millis: 30_000,
        request_parameters: [("overwrite:path".to_owned(), "$request.path".to_owned())].into(),
        ..Integration::default()
    };
    let of_the_function = Integration {
        kind: "AWS_PROXY".to_owned(),
        http_method: "POST".to_owned(),
        uri: format!("arn:aws:apigateway:us-west-2:lambda:path/2015-03-31/functions/{function}/invocations"),
        timeout_millis: 5_000,
        ..Integration::default()
    };
    let method = |id: &str, path: &str, method: &str, authorization: &str, integration: Option<&Integration>| Method {
        resource_id: id.to_owned(),
        path: path.to_owned(),
        method: method.to_owned(),
        api_key_required: false,
        authorization: authorization.to_owned(),
        integration: integration.cloned(),
    };
    let expected = vec![
        method("a1b2c4", "/$default", "ANY", "JWT", Some(&private)),
        method("a1b2c3", "/admin", "ANY", "NONE", Some(&of_the_function)),
        method("", "/bare", "GET", "AWS_IAM", None),
        method("a1b2c4", "/cart/{id}", "GET", "NONE", Some(&private)),
    ];
    assert_eq!(scenario.account.methods(API).await, Ok(expected));
    assert_eq!(
        lines(&scenario),
        [
            "GET /v2/apis/a1b2c3d4/routes?maxResults=500",
            "GET /v2/apis/a1b2c3d4/routes?maxResults=500&nextToken=t2",
            "GET /v2/apis/a1b2c3d4/integrations?maxResults=500",
        ]
    );
}

#[tokio::test]
async fn a_stage_is_read_with_its_variables_and_whether_changes_are_deployed_to_it_at_once() {
    let prod = json!({
        "createdDate": "2020-04-08T00:36:05Z", "defaultRouteSettings": { "detailedMetricsEnabled": false },
        "deploymentId": "x1zwyv", "lastUpdatedDate": "2020-04-08T00:36:13Z", "routeSettings": {}, "stageName": "prod",
        "stageVariables": { "function": "my-prod-function" }, "tags": { "team": "shop" },
    });
    let default = json!({ "autoDeploy": true, "deploymentId": "x1zwyv", "stageName": "$default", "tags": {} });
    let pages = [json!({ "items": [prod], "nextToken": "t2" }), json!({ "items": [default], "nextToken": "" })];
    let answers = [&prod, &default, &pages[0], &pages[1]].map(|body| said(200, body));
    let scenario = known(answers).await;
    let expected = Stage {
        name: "prod".to_owned(),
        deployment_id: "x1zwyv".to_owned(),
        variables: [("function".to_owned(), "my-prod-function".to_owned())].into(),
        tags: [("team".to_owned(), "shop".to_owned())].into(),
        ..Stage::default()
    };
    let at_once = Stage {
        name: "$default".to_owned(),
        deployment_id: "x1zwyv".to_owned(),
        auto_deploy: true,
        ..Stage::default()
    };
    assert_eq!(scenario.account.stage(API, "prod").await, Ok(Some(expected.clone())));
    assert_eq!(scenario.account.stage(API, "$default").await, Ok(Some(at_once.clone())));
    assert_eq!(scenario.account.stages(API).await, Ok(vec![expected, at_once]));
    assert_eq!(
        lines(&scenario),
        [
            "GET /v2/apis/a1b2c3d4/stages/prod",
            "GET /v2/apis/a1b2c3d4/stages/%24default",
            "GET /v2/apis/a1b2c3d4/stages?maxResults=500",
            "GET /v2/apis/a1b2c3d4/stages?maxResults=500&nextToken=t2",
        ]
    );
}

#[tokio::test]
async fn deployments_are_read_without_those_that_failed() {
    let of = |id: &str, status: &str| {
        json!({ "autoDeployed": false, "createdDate": "2020-04-07T23:58:40Z", "deploymentId": id, "deploymentStatus": status,
            "description": "release 7" })
    };
    let first = json!({ "items": [of("abcdef", "DEPLOYED"), of("bcdefg", "FAILED")], "nextToken": "t2" });
    let scenario = known([said(200, &first), said(200, &json!({ "items": [of("cdefgh", "PENDING")] }))]).await;
    let deployment = |id: &str| Deployment {
        id: id.to_owned(),
        description: "release 7".to_owned(),
        created: "2020-04-07T23:58:40Z".to_owned(),
    };
    let expected = vec![deployment("abcdef"), deployment("cdefgh")];
    assert_eq!(scenario.account.deployments(API).await, Ok(expected));
    assert_eq!(
        lines(&scenario),
        [
            "GET /v2/apis/a1b2c3d4/deployments?maxResults=500",
            "GET /v2/apis/a1b2c3d4/deployments?maxResults=500&nextToken=t2",
        ]
    );
}

#[tokio::test]
async fn a_stage_is_exported_with_its_integrations_in_the_form_of_the_ports() {
    let of = |field: &str| {
        let mut integration = json!({ "type": "http_proxy", "httpMethod": "ANY", "connectionType": "VPC_LINK",
            "connectionId": "abc123", "timeoutInMillis": 30_000 });
        integration[field] = LISTENER.into();
        json!({ "openapi": "3.0.1", "paths": { "/cart": { "get": { "x-amazon-apigateway-integration": integration } } } })
    };
    let scenario = known([answer(200, of("uri").to_string()), answer(200, "openapi: 3.0.1")]).await;
    assert_eq!(scenario.account.export(API, "prod").await, Ok(of("integrationTarget")));
    let line = "GET /v2/apis/a1b2c3d4/exports/OAS30?includeExtensions=true&outputType=JSON&stageName=prod";
    assert_eq!(lines(&scenario), [line]);
    assert_eq!(scenario.account.export(API, "prod").await.unwrap_err().condition, Condition::Unavailable);
}

#[tokio::test]
async fn what_is_not_there_is_nothing_and_no_error() {
    let scenario = known([missing(), missing(), missing()]).await;
    assert_eq!(scenario.account.stage(API, "prod").await, Ok(None));
    assert_eq!(scenario.account.stages(API).await, Ok(Vec::new()));
    assert_eq!(scenario.account.api(API).await, Ok(None));
}

// The errors of the operations in botocore's model of apigatewayv2.
#[tokio::test]
async fn what_api_gateway_refuses_to_tell_is_told_by_its_condition() {
    for (status, code, condition) in [
        (400, "BadRequestException", Condition::Refused),
        (403, "AccessDeniedException", Condition::Denied),
        (429, "TooManyRequestsException", Condition::Unavailable),
    ] {
        let refused = || fault(status, code, "no");
        let scenario: Scenario = known((0..4).map(|_| refused())).await;
        let account = &scenario.account;
        let errors = [
            account.stage(API, "prod").await.unwrap_err(),
            account.stages(API).await.unwrap_err(),
            account.methods(API).await.unwrap_err(),
            account.deployments(API).await.unwrap_err(),
        ];
        let of = ["the stage prod", "the stages", "the routes", "the deployments"];
        for (error, of) in errors.iter().zip(of) {
            let message = format!("reading {of} of a1b2c3d4: {code}: no");
            assert_eq!((error.condition, &error.message), (condition, &message));
        }
    }
}
