//! Forwarding, recording and fault injection of the front door.

use std::time::{Duration, Instant};

use front_door::{Fault, FrontDoor, Moment, Rule};
use http_body_util::Full;
use serde_json::json;

use crate::world::{World, api, backend, send};

fn signed(uri: String, service: &str) -> http::request::Builder {
    let credential = format!("AKIDTESTER/20261122/eu-central-1/{service}/aws4_request");
    let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
    http::Request::builder().uri(uri).header("authorization", authorization)
}

#[tokio::test]
async fn a_service_that_nobody_registered_reaches_the_emulator_with_its_host_and_signature() {
    let world = World::new().await;
    let request =
        signed(format!("http://{}/?a=b", world.door.address()), "dynamodb").header("host", "dynamodb.example");
    let (status, seen) = send(request.method("POST").body(Full::from("{}")).unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(seen["name"], "emulator");
    assert_eq!(seen["host"], "dynamodb.example");
    assert_eq!(seen["path"], "/?a=b");
    assert!(seen["authorization"].as_str().unwrap().contains("/dynamodb/aws4_request"));
}

#[tokio::test]
async fn a_body_of_many_megabytes_passes_whole() {
    let world = World::new().await;
    let request = signed(format!("http://{}/bucket/key", world.door.address()), "s3").method("PUT");
    let (_, seen) = send(request.body(Full::from(vec![7; 20 << 20])).unwrap()).await;
    assert_eq!(seen["length"], 20 << 20);
}

#[tokio::test]
async fn every_call_is_recorded_with_service_operation_principal_and_status() {
    let world = World::new().await;
    world.aws.get_stage().rest_api_id("nothing").stage_name("prod").send().await.unwrap_err();
    let calls = world.door.calls();
    let call = calls.last().unwrap();
    assert_eq!((call.service.as_str(), call.operation.as_str()), ("apigateway", "GetStage"));
    assert_eq!(call.access_key_id.as_deref(), Some("AKIDTESTER"));
    assert_eq!(call.status, Some(404));
    assert_eq!(call.error.as_deref(), Some("NotFoundException"));
}

#[tokio::test]
async fn a_fault_before_the_effect_leaves_nothing_behind() {
    let world = World::new().await;
    let fault = Fault::Error { status: 500, code: "InternalFailure".into() };
    world.door.faults().add(Rule::nth("apigateway", "ImportRestApi", 1, Moment::BeforeEffect, fault));
    let refused = world.refused_import(&api(&json!({}))).await;
    assert!(refused.starts_with("InternalFailure"), "{refused}");
    assert!(world.aws.get_rest_apis().send().await.unwrap().items().is_empty());
}

#[tokio::test]
async fn a_connection_that_drops_after_the_effect_leaves_the_effect() {
    let world = World::new().await;
    world.door.faults().add(Rule::nth("apigateway", "ImportRestApi", 1, Moment::AfterEffect, Fault::Dropped));
    world.refused_import(&api(&json!({}))).await;
    assert_eq!(world.aws.get_rest_apis().send().await.unwrap().items().len(), 1);
    let calls = world.door.calls();
    let dropped = calls.iter().find(|call| call.operation == "ImportRestApi").unwrap();
    assert!(dropped.faulted);
    assert_eq!(dropped.status, None);
}

#[tokio::test]
async fn an_injected_throttle_is_read_by_the_sdk_as_the_services_own() {
    let world = World::new().await;
    world.door.faults().add(Rule::nth("apigateway", "*", 2, Moment::BeforeEffect, Fault::Throttled));
    world.aws.get_rest_apis().send().await.unwrap();
    let error = world.aws.get_rest_apis().send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_too_many_requests_exception());
}

#[tokio::test]
async fn a_delay_makes_a_call_take_longer_and_nothing_else() {
    let world = World::new().await;
    let delay = Fault::Delayed(Duration::from_millis(150));
    world.door.faults().add(Rule::nth("*", "GetRestApis", 1, Moment::BeforeEffect, delay));
    let start = Instant::now();
    world.aws.get_rest_apis().send().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_stopped_front_door_answers_nobody() {
    let door = FrontDoor::builder(format!("http://{}", backend("emulator").await)).start().await.unwrap();
    let address = door.address();
    door.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
