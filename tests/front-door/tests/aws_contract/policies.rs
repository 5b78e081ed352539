//! Resource policies, and what the control plane does to its callers.

use std::time::{Duration, Instant};

use front_door::Options;
use serde_json::{Value, json};

use crate::world::{World, at_once, message, replace, shop};

fn with_policy(link: &str, resource: &str) -> Value {
    let mut document = shop(link);
    document["x-amazon-apigateway-policy"] = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource },
    ] });
    document
}

async fn policy(world: &World, api: &str) -> Value {
    let api = world.aws.get_rest_api().rest_api_id(api).send().await.unwrap();
    serde_json::from_str(api.policy().unwrap()).unwrap()
}

// "On import, "execute-api:/*" is converted to arn:aws:execute-api:region:account-id:api-id/*, using the current Region, your Amazon
// account ID, and the current REST API ID"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html).
#[tokio::test]
async fn the_short_form_becomes_the_apis_own_arn_and_lets_requests_through() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&with_policy(&link, "execute-api:/prod/*")).await;
    let arn = format!("arn:aws:execute-api:eu-central-1:000000000000:{api}/prod/*");
    assert_eq!(policy(&world, &api).await["Statement"][0]["Resource"], arn);
    let deployment = world.deploy(&api).await;
    for stage in ["prod", "other"] {
        world.stage(&api, stage, &deployment).await;
    }
    assert_eq!((world.get(&api, "/prod").await.0, world.get(&api, "/other").await.0), (200, 403));
}

#[tokio::test]
async fn a_policy_that_names_another_api_lets_nobody_in() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let other = "arn:aws:execute-api:eu-central-1:000000000000:a1b2c3d4e5/*";
    let (api, _) = world.import(&with_policy(&link, other)).await;
    assert_eq!(policy(&world, &api).await["Statement"][0]["Resource"], other);
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    assert_eq!(world.get(&api, "/prod").await.0, 403);
}

// "After you update the resource policy, you need to deploy the API"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html).
#[tokio::test]
async fn a_change_of_the_policy_or_of_the_default_endpoint_waits_for_a_deployment() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&with_policy(&link, "execute-api:/*")).await;
    let before = world.deploy(&api).await;
    world.stage(&api, "prod", &before).await;
    let nobody = json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
    for patch in [replace("/policy", &nobody), replace("/disableExecuteApiEndpoint", "true")] {
        world.aws.update_rest_api().rest_api_id(&api).patch_operations(patch).send().await.unwrap();
    }
    assert_eq!(world.get(&api, "/prod").await.0, 200);
    let export = world.aws.get_export().rest_api_id(&api).stage_name("prod").export_type("oas30");
    let export = export.parameters("extensions", "apigateway").send().await.unwrap();
    let export: Value = serde_json::from_slice(export.body().unwrap().as_ref()).unwrap();
    assert_ne!(export["x-amazon-apigateway-policy"]["Statement"], json!([]));
    let after = world.deploy(&api).await;
    world.stage(&api, "after", &after).await;
    assert_eq!(world.get(&api, "/after").await.0, 403);
}

// https://github.com/hashicorp/terraform-provider-aws/issues/16439
#[tokio::test]
async fn a_change_that_meets_another_one_is_refused_and_has_no_effect() {
    let world = World::with(Options { conflicts: Some(2), ..at_once() }).await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&shop(&link)).await;
    world.deploy(&api).await;
    let refused = world.aws.create_deployment().rest_api_id(&api).send().await.unwrap_err();
    let text =
        "ConflictException: Unable to complete operation due to concurrent modification. Please try again later.";
    assert_eq!(message(refused), text);
    assert_eq!(world.aws.get_deployments().rest_api_id(&api).send().await.unwrap().items().len(), 1);
    world.deploy(&api).await;
}

// https://github.com/serverless/serverless/issues/963
#[tokio::test]
async fn a_deployment_is_made_before_its_answer_comes() {
    let world = World::with(Options { definition: Duration::from_millis(400), ..at_once() }).await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&shop(&link)).await;
    let start = Instant::now();
    let waiting = world.deploy(&api);
    let looking = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.aws.get_deployments().rest_api_id(&api).send().await.unwrap().items().len()
    };
    let (_, seen) = tokio::join!(waiting, looking);
    assert_eq!(seen, 1);
    assert!(start.elapsed() >= Duration::from_millis(400));
}
