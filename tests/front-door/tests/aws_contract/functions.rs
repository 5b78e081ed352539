//! Lambda functions behind an API: proxy integrations and authorizers, and who lets API Gateway invoke them.

use std::sync::{Arc, Mutex};

use front_door::{FunctionCall, Functions};
use serde_json::{Value, json};

use crate::world::{World, api, at_once, replace, shop};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:000000000000:function:hits";

fn uri() -> String {
    format!("arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations")
}

/// A function whose policy names this source, and the events that it was invoked with.
fn function(source: &'static str, answer: Value) -> (Functions, Arc<Mutex<Vec<Value>>>) {
    let events: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = Arc::clone(&events);
    let functions: Functions = Arc::new(move |call| {
        let answer = match call {
            // As Lambda writes it (https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html).
            FunctionCall::Policy(arn) => Some(json!({ "Version": "2012-10-17", "Statement": [{
                "Sid": "api", "Effect": "Allow", "Principal": { "Service": "apigateway.amazonaws.com" },
                "Action": "lambda:InvokeFunction", "Resource": arn,
                "Condition": { "ArnLike": { "AWS:SourceArn": format!("arn:aws:execute-api:eu-central-1:000000000000:{source}") } },
            }] })),
            FunctionCall::Invoke(_, event) => {
                seen.lock().unwrap().push(event);
                Some(answer.clone())
            }
        };
        Box::pin(std::future::ready(answer))
    });
    (functions, events)
}

/// Deploys a document to the stages `prod` and `other`.
async fn deployed(world: &World, document: &Value) -> String {
    let (api, _) = world.import(document).await;
    let deployment = world.deploy(&api).await;
    for stage in ["prod", "other"] {
        world.stage(&api, stage, &deployment).await;
    }
    api
}

fn proxy() -> Value {
    api(&json!({ "/hits": { "get": { "x-amazon-apigateway-integration": {
        "type": "aws_proxy", "httpMethod": "POST", "uri": uri(),
    } } } }))
}

/// The document of an API whose root has an authorizer of this type.
fn guarded(link: &str, kind: &str) -> Value {
    let mut document = shop(link);
    document["paths"]["/"]["get"]["security"] = json!([{ "guard": [] }]);
    document["components"]["securitySchemes"]["guard"] = json!({
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": { "type": kind, "authorizerUri": uri() },
    });
    document
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>.
fn policy(effect: &str) -> Value {
    json!({ "principalId": "user", "policyDocument": { "Version": "2012-10-17", "Statement": [
        { "Action": "execute-api:Invoke", "Effect": effect, "Resource": "arn:aws:execute-api:*:*:*/*" },
    ] } })
}

// "Internal server error" where the policy of the function does not name the API: https://repost.aws/knowledge-center/api-gateway-lambda-template-invoke-error.
#[tokio::test]
async fn a_function_answers_for_the_stage_that_its_policy_names_and_for_no_other() {
    let answer = json!({ "statusCode": 201, "body": "{\"hits\":1}", "headers": { "x-hits": "1" } });
    let (functions, events) = function("*/prod/GET/hits", answer);
    let world = World::with_functions(at_once(), functions).await;
    let api = deployed(&world, &proxy()).await;
    assert_eq!(world.get(&api, "/prod/hits?a=b").await, (201, json!({ "hits": 1 })));
    assert_eq!(world.get(&api, "/other/hits").await, (500, json!({ "message": "Internal server error" })));
    let events = events.lock().unwrap();
    let event = &events[0];
    assert_eq!((events.len(), &event["httpMethod"], &event["path"]), (1, &json!("GET"), &json!("/hits")));
    assert_eq!((&event["queryStringParameters"], &event["body"]), (&json!({ "a": "b" }), &Value::Null));
}

#[tokio::test]
async fn a_token_authorizer_is_asked_for_whoever_has_a_token() {
    for (effect, expected) in [("Allow", 200), ("Deny", 403)] {
        let (functions, events) = function("*/authorizers/*", policy(effect));
        let world = World::with_functions(at_once(), functions).await;
        let link = world.link("blue").await;
        let api = deployed(&world, &guarded(&link, "token")).await;
        let host = format!("{api}.execute-api.eu-central-1.amazonaws.com");
        // "If the header … is missing … API Gateway returns a 401 Unauthorized response without calling the authorizer function"
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html).
        assert_eq!(world.get(&api, "/prod").await, (401, json!({ "message": "Unauthorized" })));
        for _ in 0..2 {
            let answer = world.request(&host, "/prod", &[("authorization", "allow")]).await;
            assert_eq!(answer.0, expected, "{effect}");
        }
        // Its answer is kept for five minutes.
        let events = events.lock().unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0]["type"], &events[0]["authorizationToken"]), (&json!("TOKEN"), &json!("allow")));
        let arn = events[0]["methodArn"].as_str().unwrap();
        assert!(arn.starts_with(&format!("arn:aws:execute-api:eu-central-1:000000000000:{api}/prod/GET/")), "{arn}");
    }
}

// AUTHORIZER_CONFIGURATION_ERROR is a 500
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
#[tokio::test]
async fn an_authorizer_whose_function_may_not_be_invoked_is_a_configuration_error() {
    let (functions, events) = function("another/authorizers/*", policy("Allow"));
    let world = World::with_functions(at_once(), functions).await;
    let link = world.link("blue").await;
    let api = deployed(&world, &guarded(&link, "request")).await;
    assert_eq!(world.get(&api, "/prod").await.0, 500);
    assert_eq!(*events.lock().unwrap(), Vec::<Value>::new());
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-private-integration.html.
#[tokio::test]
async fn through_a_second_link_the_target_of_the_integration_answers() {
    let world = World::new().await;
    let (blue, green) = (world.balance("blue", crate::world::backend("blue").await), world.link("green").await);
    let target = crate::world::nlb("green");
    let document = api(&json!({ "/": { "get": { "x-amazon-apigateway-integration": {
        "type": "http_proxy", "httpMethod": "GET", "uri": "http://shop.example.com/", "connectionType": "VPC_LINK",
        "connectionId": "bbb111", "integrationTarget": blue,
    } } } }));
    let (api, root) = world.import(&document).await;
    let b = world.deploy(&api).await;
    world.stage(&api, "prod", &b).await;
    assert_eq!(world.serving(&api).await, "blue");
    let update = world.aws.update_integration().rest_api_id(&api).resource_id(&root).http_method("GET");
    update.patch_operations(replace("/integrationTarget", &target)).send().await.unwrap();
    let g = world.deploy(&api).await;
    world.update_stage(&api, vec![replace("/deploymentId", &g)]).await.unwrap();
    assert_eq!(world.serving(&api).await, "green");
    assert!(!green.is_empty());
}
