//! Private APIs: who reaches them under which name, and what an overwrite does to their endpoints.

use aws_sdk_apigateway::types::PutMode;
use serde_json::{Value, json};

use crate::world::{World, message, shop};

/// The extension that associates VPC endpoints
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-endpoint-configuration.html>).
const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";

fn private(link: &str, policy: bool) -> Value {
    let mut document = shop(link);
    document["servers"] = json!([{ "url": "/", ENDPOINT: { "vpcEndpointIds": ["vpce-1", "vpce-2"] } }]);
    if policy {
        document["x-amazon-apigateway-policy"] = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*" },
            { "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
              "Condition": { "StringNotEquals": { "aws:SourceVpce": "vpce-1" } } },
        ] });
    }
    document
}

async fn import(world: &World, document: &Value) -> String {
    let import = world.aws.import_rest_api().fail_on_warnings(true).parameters("endpointConfigurationTypes", "PRIVATE");
    let api = import.body(document.to_string().into_bytes().into()).send().await.unwrap();
    api.id().unwrap().to_owned()
}

async fn endpoints(world: &World, api: &str) -> Vec<String> {
    let api = world.aws.get_rest_api().rest_api_id(api).send().await.unwrap();
    api.endpoint_configuration().unwrap().vpc_endpoint_ids().to_vec()
}

// "https://{rest-api-id}-{vpce-id}.execute-api.{region}.amazonaws.com/{stage}"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html).
#[tokio::test]
async fn a_private_api_is_reached_through_its_endpoints_as_far_as_its_policy_lets_them() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let api = import(&world, &private(&link, true)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    for (name, expected) in [("-vpce-1", 200), ("-vpce-2", 403), ("-vpce-3", 403), ("", 403)] {
        let host = format!("{api}{name}.execute-api.eu-central-1.amazonaws.com");
        assert_eq!(world.request(&host, "/prod", &[]).await.0, expected, "{host}");
    }
}

#[tokio::test]
async fn an_api_that_is_not_private_has_no_name_of_an_endpoint() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let host = format!("{}-vpce-1.execute-api.eu-central-1.amazonaws.com", sides.api);
    assert_eq!(world.request(&host, "/prod", &[]).await.0, 403);
}

// https://github.com/hashicorp/terraform-provider-aws/issues/14290
#[tokio::test]
async fn a_private_api_without_a_policy_is_not_deployed() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let api = import(&world, &private(&link, false)).await;
    let refused = message(world.aws.create_deployment().rest_api_id(&api).send().await.unwrap_err());
    assert_eq!(refused, "BadRequestException: Private REST API doesn't have a resource policy attached to it");
}

// https://github.com/aws/aws-sam-cli/issues/2353
#[tokio::test]
async fn an_overwrite_associates_the_endpoints_of_its_document_and_no_other() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let document = private(&link, true);
    let api = import(&world, &document).await;
    let overwrite = async |document: &Value| {
        let put = world.aws.put_rest_api().rest_api_id(&api).mode(PutMode::Overwrite);
        put.body(document.to_string().into_bytes().into()).send().await.unwrap();
    };
    overwrite(&document).await;
    assert_eq!(endpoints(&world, &api).await, ["vpce-1", "vpce-2"]);
    overwrite(&shop(&link)).await;
    assert_eq!(endpoints(&world, &api).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_export_names_the_endpoints() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let api = import(&world, &private(&link, true)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    let export = world.aws.get_export().rest_api_id(&api).stage_name("prod").export_type("oas30");
    let export = export.parameters("extensions", "apigateway").accepts("application/json").send().await.unwrap();
    let document: Value = serde_json::from_slice(export.body().unwrap().as_ref()).unwrap();
    assert_eq!(document["servers"][0][ENDPOINT]["vpcEndpointIds"], json!(["vpce-1", "vpce-2"]));
}
