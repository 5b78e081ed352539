//! The control plane of HTTP APIs, which is called in the wire format of API Gateway V2 (botocore's service model `apigatewayv2`).

use std::time::Duration;

use front_door::{Options, Quotas};
use serde_json::{Value, json};

use crate::world::{World, at_once, nlb};

/// The ARN of a listener of a load balancer of the tests.
pub(crate) fn listener(name: &str) -> String {
    nlb(name).replace(":loadbalancer/", ":listener/") + "/0467ef3c8400ae65"
}

/// An HTTP API whose routes share an integration with blue's listener, and a link V2.
pub(crate) struct Shop {
    pub(crate) api: String,
    pub(crate) link: String,
    pub(crate) integration: String,
}

impl World {
    /// Makes a VPC link V2.
    pub(crate) async fn link_v2(&self) -> String {
        let link = json!({ "name": "shop", "subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"] });
        self.done("POST", "/vpclinks", &link).await["vpcLinkId"].as_str().unwrap().to_owned()
    }

    /// Makes an HTTP API with these routes on blue, whose backend runs, with these mappings.
    pub(crate) async fn http_shop(&self, keys: &[&str], mappings: &Value) -> Shop {
        self.balance("blue", crate::world::backend("blue").await);
        self.balance("green", crate::world::backend("green").await);
        let link = self.link_v2().await;
        let api = self.done("POST", "/apis", &json!({ "name": "shop", "protocolType": "HTTP" })).await;
        let api = api["apiId"].as_str().unwrap().to_owned();
        let integration = json!({
            "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": listener("blue"),
            "connectionType": "VPC_LINK", "connectionId": link, "requestParameters": mappings,
        });
        let integration = self.done("POST", &format!("/apis/{api}/integrations"), &integration).await;
        let integration = integration["integrationId"].as_str().unwrap().to_owned();
        for key in keys {
            let route = json!({ "routeKey": key, "target": format!("integrations/{integration}") });
            self.done("POST", &format!("/apis/{api}/routes"), &route).await;
        }
        Shop { api, link, integration }
    }

    /// Deploys the API as it stands.
    pub(crate) async fn deploy_http(&self, api: &str) -> String {
        let deployment = self.done("POST", &format!("/apis/{api}/deployments"), &json!({})).await;
        assert_eq!(deployment["deploymentStatus"], "DEPLOYED");
        deployment["deploymentId"].as_str().unwrap().to_owned()
    }

    /// Makes a stage, of a deployment or with `autoDeploy`.
    pub(crate) async fn stage_http(&self, api: &str, name: &str, deployment: Option<&str>) -> Value {
        let stage = match deployment {
            Some(deployment) => json!({ "stageName": name, "deploymentId": deployment }),
            None => json!({ "stageName": name, "autoDeploy": true }),
        };
        self.done("POST", &format!("/apis/{api}/stages"), &stage).await
    }

    /// Points the shop's integration at another listener.
    pub(crate) async fn point(&self, shop: &Shop, name: &str) {
        let path = format!("/apis/{}/integrations/{}", shop.api, shop.integration);
        let changed = self.done("PATCH", &path, &json!({ "integrationUri": listener(name) })).await;
        assert_eq!(changed["connectionId"], shop.link.as_str(), "what is not named stays");
    }
}

#[tokio::test]
async fn a_deployment_is_a_snapshot_and_one_call_moves_a_stage_there_and_back() {
    let world = World::new().await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    let b = world.deploy_http(&shop.api).await;
    let stage = world.stage_http(&shop.api, "$default", Some(&b)).await;
    // As in awscli/examples/apigatewayv2/get-stages.rst, where a stage of this kind has neither member.
    assert_eq!((stage.get("autoDeploy"), stage.get("lastDeploymentStatusMessage")), (None, None));
    world.point(&shop, "green").await;
    let g = world.deploy_http(&shop.api).await;
    world.point(&shop, "blue").await;
    let serving = async || world.get(&shop.api, "/products").await.1["name"].clone();
    assert_eq!(serving().await, "blue");
    let path = format!("/apis/{}/stages/%24default", shop.api);
    for (deployment, wanted) in [(&g, "green"), (&b, "blue")] {
        let stage = world.done("PATCH", &path, &json!({ "deploymentId": deployment })).await;
        assert_eq!(stage["deploymentId"], deployment.as_str());
        assert_eq!(serving().await, wanted);
    }
    let deployments = [&b, &g].map(|id| format!("/apis/{}/deployments/{id}", shop.api));
    assert_eq!(world.v2("DELETE", &deployments[0], &Value::Null).await.0, 400, "a stage uses it");
    assert_eq!(world.v2("DELETE", &deployments[1], &Value::Null).await.0, 204);
    let moves: Vec<String> =
        world.gateway.switches(&shop.api, "$default").into_iter().map(|one| one.operation).collect();
    assert_eq!(moves, ["CreateStage", "UpdateStage", "UpdateStage"]);
}

#[tokio::test]
async fn each_change_is_live_at_once_where_a_stage_deploys_by_itself() {
    let world = World::new().await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    let first = world.stage_http(&shop.api, "live", None).await;
    let path = format!("/apis/{}/stages/live", shop.api);
    let before = world.done("GET", &path, &Value::Null).await;
    assert_eq!(first["autoDeploy"], true);
    assert_eq!(world.get(&shop.api, "/live").await.1["name"], "blue");
    world.point(&shop, "green").await;
    assert_eq!(world.get(&shop.api, "/live").await.1["name"], "green");
    let after = world.done("GET", &path, &Value::Null).await;
    assert_ne!(after["deploymentId"], before["deploymentId"]);
    let id = after["deploymentId"].as_str().unwrap();
    // The words are AWS's (awscli/examples/apigatewayv2/get-stages.rst).
    let said = format!("Successfully deployed stage with deployment ID '{id}'");
    assert_eq!(after["lastDeploymentStatusMessage"], said.as_str());
    let deployment = world.done("GET", &format!("/apis/{}/deployments/{id}", shop.api), &Value::Null).await;
    // The description is AWS's (awscli/examples/apigatewayv2/get-deployment.rst).
    let automatic = "Automatic deployment triggered by changes to the Api configuration";
    assert_eq!((&deployment["autoDeployed"], &deployment["description"]), (&json!(true), &json!(automatic)));
    // The words are AWS's (go-to-k/cdk-real-drift#667).
    let (status, refused) = world.v2("PATCH", &path, &json!({ "deploymentId": before["deploymentId"] })).await;
    let said = refused["message"].as_str().unwrap();
    assert!(status == 400 && said.starts_with("Deployment ID cannot be set on this stage"), "{said}");
    assert!(said.contains("because AutoDeploy is enabled."), "{said}");
    // With it turned off the stage stays where it is.
    world.done("PATCH", &path, &json!({ "autoDeploy": false })).await;
    world.point(&shop, "blue").await;
    assert_eq!(world.get(&shop.api, "/live").await.1["name"], "green");
    world.done("PATCH", &path, &json!({ "deploymentId": before["deploymentId"] })).await;
    assert_eq!(world.get(&shop.api, "/live").await.1["name"], "blue");
}

#[tokio::test]
async fn an_api_without_a_route_that_leads_anywhere_is_not_deployed() {
    let world = World::new().await;
    let shop = world.http_shop(&[], &json!({})).await;
    let deployments = format!("/apis/{}/deployments", shop.api);
    // AWS's words, as stages in public repositories have them in `LastDeploymentStatusMessage`.
    let none = "Unable to deploy API because no valid routes exist in this API";
    assert_eq!(world.v2("POST", &deployments, &json!({})).await, (400, json!({ "message": none })));
    world.done("POST", &format!("/apis/{}/routes", shop.api), &json!({ "routeKey": "GET /a" })).await;
    assert_eq!(world.v2("POST", &deployments, &json!({})).await.0, 400);
    world.stage_http(&shop.api, "$default", None).await;
    let stage = world.done("GET", &format!("/apis/{}/stages/$default", shop.api), &Value::Null).await;
    assert_eq!(stage["lastDeploymentStatusMessage"], format!("Deployment attempt failed: {none}").as_str());
}

// tests/test_apigatewayv2/test_apigatewayv2_integrations.py and test_apigatewayv2_routes.py of moto, and Terraform's acceptance tests in
// internal/service/apigatewayv2, which run against AWS: api_test.go, integration_test.go, route_test.go, stage_test.go.
#[tokio::test]
async fn what_is_not_said_has_the_values_that_terraform_finds_on_aws() {
    let world = World::new().await;
    let shop = world.http_shop(&["GET /pets"], &json!({})).await;
    let api = world.done("GET", &format!("/apis/{}", shop.api), &Value::Null).await;
    for (member, wanted) in [
        ("apiKeySelectionExpression", json!("$request.header.x-api-key")),
        ("routeSelectionExpression", json!("$request.method $request.path")),
        ("disableExecuteApiEndpoint", json!(false)),
        ("apiEndpoint", json!(format!("https://{}.execute-api.eu-central-1.amazonaws.com", shop.api))),
    ] {
        assert_eq!(api[member], wanted, "{member}");
    }
    let integrations = world.done("GET", &format!("/apis/{}/integrations", shop.api), &Value::Null).await;
    let integration = &integrations["items"][0];
    assert_eq!(
        (&integration["payloadFormatVersion"], &integration["timeoutInMillis"]),
        (&json!("1.0"), &json!(30_000))
    );
    let routes = world.done("GET", &format!("/apis/{}/routes", shop.api), &Value::Null).await;
    let route = &routes["items"][0];
    assert_eq!((&route["authorizationType"], &route["apiKeyRequired"]), (&json!("NONE"), &json!(false)));
    assert_eq!(route["target"], format!("integrations/{}", shop.integration).as_str());
    let stage = world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    assert_eq!(
        (&stage["defaultRouteSettings"], &stage["stageVariables"]),
        (&json!({ "detailedMetricsEnabled": false }), &json!({}))
    );
    let twice = world.v2("POST", &format!("/apis/{}/routes", shop.api), &json!({ "routeKey": "GET /pets" })).await;
    assert_eq!(twice, (409, json!({ "message": "Route with key GET /pets already exists for this API" })));
    let used = format!("/apis/{}/integrations/{}", shop.api, shop.integration);
    assert_eq!(world.v2("DELETE", &used, &Value::Null).await.0, 409, "a route has it");
}

#[tokio::test]
async fn variables_and_parameters_are_merged_and_an_empty_value_removes_one() {
    let world = World::new().await;
    let shop =
        world.http_shop(&["$default"], &json!({ "overwrite:path": "$request.path", "append:header.a": "1" })).await;
    let stage = world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    assert_eq!(stage["stageVariables"], json!({}));
    let path = format!("/apis/{}/stages/prod", shop.api);
    world.done("PATCH", &path, &json!({ "stageVariables": { "a": "1", "b": "2" } })).await;
    let stage = world.done("PATCH", &path, &json!({ "stageVariables": { "a": "" } })).await;
    assert_eq!(stage["stageVariables"], json!({ "b": "2" }));
    let path = format!("/apis/{}/integrations/{}", shop.api, shop.integration);
    let changed =
        json!({ "requestParameters": { "append:header.a": "", "overwrite:header.host": "shop.example.com" } });
    let wanted = json!({ "overwrite:header.host": "shop.example.com", "overwrite:path": "$request.path" });
    assert_eq!(world.done("PATCH", &path, &changed).await["requestParameters"], wanted);
    let reserved = json!({ "requestParameters": { "overwrite:header.Authorization": "x" } });
    let restricted = "Operations on header authorization are restricted";
    assert_eq!(world.v2("PATCH", &path, &reserved).await, (400, json!({ "message": restricted })));
}

#[tokio::test]
async fn an_api_is_either_a_rest_api_or_an_http_api() {
    let world = World::new().await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    let (rest, _) = world.import(&crate::world::shop(&world.link("other").await)).await;
    assert!(world.aws.get_rest_api().rest_api_id(&shop.api).send().await.is_err());
    let (status, refused) = world.v2("GET", &format!("/apis/{rest}"), &Value::Null).await;
    // moto/apigatewayv2/exceptions.py
    assert_eq!((status, refused), (404, json!({ "message": format!("Invalid API identifier specified {rest}") })));
    let listed = world.done("GET", "/apis", &Value::Null).await;
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["protocolType"]), (1, &json!("HTTP")));
    assert_eq!(world.aws.get_rest_apis().send().await.unwrap().items().len(), 1);
    assert_eq!(world.v2("GET", &format!("/apis/{}/models", shop.api), &Value::Null).await.0, 403, "not simulated");
    assert_eq!(world.v2("DELETE", &format!("/apis/{}", shop.api), &Value::Null).await.0, 204);
    assert_eq!(world.v2("GET", &format!("/apis/{}", shop.api), &Value::Null).await.0, 404);
}

#[tokio::test]
async fn lists_come_in_pages_and_tags_by_arn() {
    let world = World::new().await;
    let shop = world.http_shop(&["GET /a", "GET /b", "GET /c"], &json!({})).await;
    let path = format!("/apis/{}/routes?maxResults=2", shop.api);
    let first = world.done("GET", &path, &Value::Null).await;
    let token = first["nextToken"].as_str().unwrap();
    let second = world.done("GET", &format!("{path}&nextToken={token}"), &Value::Null).await;
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (2, 1));
    assert_eq!(second.get("nextToken"), None);
    let arn = format!("arn%3Aaws%3Aapigateway%3Aeu-central-1%3A%3A%2Fapis%2F{}", shop.api);
    let tags = json!({ "tags": { "bascule:side": "temporary", "team": "shop" } });
    assert_eq!(world.v2("POST", &format!("/tags/{arn}"), &tags).await.0, 201);
    assert_eq!(world.v2("DELETE", &format!("/tags/{arn}?tagKeys=team"), &Value::Null).await.0, 204);
    let kept = json!({ "tags": { "bascule:side": "temporary" } });
    assert_eq!(world.done("GET", &format!("/tags/{arn}"), &Value::Null).await, kept);
    assert_eq!(world.done("GET", &format!("/apis/{}", shop.api), &Value::Null).await["tags"], kept["tags"]);
}

#[tokio::test]
async fn iam_checks_the_method_on_the_path_without_the_version() {
    let arn = |path: &str| format!("arn:aws:apigateway:eu-central-1::/{path}");
    let statements = json!([
        { "Effect": "Allow", "Action": "apigateway:PATCH", "Resource": arn("apis/*/stages/prod") },
        { "Effect": "Allow", "Action": "apigateway:GET", "Resource": arn("apis/*") },
    ]);
    let world = World::with_role(at_once(), &statements).await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    let b = world.deploy_http(&shop.api).await;
    world.stage_http(&shop.api, "prod", Some(&b)).await;
    let role = async |method: &str, path: &str, body: Value| world.v2_as(World::ROLE, method, path, &body).await.0;
    let stage = format!("/apis/{}/stages/prod", shop.api);
    assert_eq!(role("PATCH", &stage, json!({ "deploymentId": b })).await, 200);
    assert_eq!(role("GET", &stage, Value::Null).await, 200);
    assert_eq!(role("PATCH", &format!("/apis/{}", shop.api), json!({ "name": "x" })).await, 403);
    assert_eq!(role("GET", "/apis", Value::Null).await, 403);
    assert_eq!(role("DELETE", &stage, Value::Null).await, 403);
}

// "In the Amazon API Gateway V1 API, child resources inherit the tags that are set on parent resources"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html): in V2 none does.
#[tokio::test]
async fn an_api_and_a_stage_have_their_own_tags_and_nothing_inherits_them() {
    let temporary = json!({ "StringEquals": { "aws:ResourceTag/side": "temporary" } });
    let statements = json!([{
        "Effect": "Allow", "Action": "apigateway:*", "Resource": "arn:aws:apigateway:eu-central-1::/apis/*", "Condition": temporary,
    }]);
    let world = World::with_role(at_once(), &statements).await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    let of_api = format!("/apis/{}", shop.api);
    let parts = [format!("{of_api}/stages/prod"), format!("{of_api}/integrations/{}", shop.integration)];
    let read = async |path: &str| world.v2_as(World::ROLE, "GET", path, &Value::Null).await.0;
    assert_eq!(read(&of_api).await, 403);
    let tag = async |path: &str| {
        let arn = format!("arn:aws:apigateway:eu-central-1::{path}").replace(':', "%3A").replace('/', "%2F");
        world.done("POST", &format!("/tags/{arn}"), &json!({ "tags": { "side": "temporary" } })).await;
    };
    tag(&of_api).await;
    assert_eq!((read(&of_api).await, read(&parts[0]).await, read(&parts[1]).await), (200, 403, 403));
    tag(&parts[0]).await;
    assert_eq!(read(&parts[0]).await, 200);
}

// "Amazon API Gateway quotas": CreateVpcLink (V2) 1 request every 15 seconds, CreateDeployment 1 request every 5 seconds per account.
#[tokio::test]
async fn the_quotas_of_the_account_hold_for_v2() {
    let world = World::with(Options { quotas: Some(Quotas::default()), ..at_once() }).await;
    let link = json!({ "name": "shop", "subnetIds": ["subnet-1"] });
    assert_eq!(world.v2("POST", "/vpclinks", &link).await.0, 201);
    assert_eq!(world.v2("POST", "/vpclinks", &link).await.0, 429);
    let burst = (0..60).map(|_| async { world.v2("GET", "/apis", &Value::Null).await.0 });
    let throttled = futures::future::join_all(burst).await.into_iter().filter(|status| *status == 429).count();
    assert!((1..=21).contains(&throttled), "{throttled}: ten a second, and a burst of forty, of which one is gone");
}

#[tokio::test]
async fn a_change_that_meets_another_is_a_conflict() {
    let world = World::with(Options { conflicts: Some(1), ..at_once() }).await;
    let api = world.done("POST", "/apis", &json!({ "name": "shop", "protocolType": "HTTP" })).await;
    let path = format!("/apis/{}", api["apiId"].as_str().unwrap());
    let (status, refused) = world.v2("PATCH", &path, &json!({ "name": "x" })).await;
    assert!(status == 409 && refused["message"].as_str().unwrap().contains("concurrent modification"), "{refused}");
}

#[tokio::test]
async fn a_link_is_pending_carries_nothing_and_is_then_available() {
    let options = Options { vpc_link_creation: Duration::from_millis(300), ..at_once() };
    let world = World::with(options).await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    world.stage_http(&shop.api, "$default", None).await;
    let link = format!("/vpclinks/{}", shop.link);
    let status = async || world.done("GET", &link, &Value::Null).await["vpcLinkStatus"].clone();
    assert_eq!(status().await, "PENDING");
    assert_eq!(world.get(&shop.api, "/").await, (503, json!({ "message": "Service Unavailable" })));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!((status().await, world.get(&shop.api, "/").await.0), (json!("AVAILABLE"), 200));
}
