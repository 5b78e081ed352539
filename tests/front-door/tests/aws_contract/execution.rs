//! The data plane.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_apigateway::types::{EndpointConfiguration, PutMode};
use front_door::Options;
use serde_json::json;

use crate::world::{Sides, World, api, at_once, nlb, replace, secured, shop};

/// Deploys an API that forwards all paths below the root to a connection: a link's id or a stage variable.
async fn proxy(world: &World, connection: &str, timeout: u32) -> String {
    let document = api(&json!({ "/{proxy+}": { "x-amazon-apigateway-any-method": {
        "parameters": [{ "name": "proxy", "in": "path", "required": true }],
        "x-amazon-apigateway-integration": {
            "type": "http_proxy", "httpMethod": "ANY", "uri": "http://shop.example.com/{proxy}",
            "requestParameters": { "integration.request.path.proxy": "method.request.path.proxy" },
            "connectionType": "VPC_LINK", "connectionId": connection, "timeoutInMillis": timeout,
        },
    } } }));
    let (api, _) = world.import(&document).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    api
}

#[tokio::test]
async fn a_private_integration_sends_path_query_and_the_uris_host() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let api = proxy(&world, &link, 29_000).await;
    let (status, seen) = world.get(&api, "/prod/a/b%2Fc?x=1&y=2").await;
    assert_eq!(status, 200);
    assert_eq!(seen["path"], "/a/b%2Fc?x=1&y=2");
    assert_eq!(seen["host"], "shop.example.com");
    assert_eq!(seen["apiId"], api.as_str());
}

#[tokio::test]
async fn unknown_stages_apis_and_paths_answer_as_aws_does() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let forbidden = (403, json!({ "message": "Forbidden" }));
    assert_eq!(world.get("nothing", "/prod").await, forbidden);
    assert_eq!(world.get(&sides.api, "/nothing").await, forbidden);
    assert_eq!(world.request("unknown.example.com", "/", &[]).await, forbidden);
    let missing = (403, json!({ "message": "Missing Authentication Token" }));
    assert_eq!(world.get(&sides.api, "/prod/nothing").await, missing);
}

#[tokio::test]
async fn a_custom_domain_leads_to_the_stage_that_is_mapped() {
    let world = World::new().await;
    let Sides { api, .. } = world.two_sides().await;
    let regional = EndpointConfiguration::builder().types("REGIONAL".into()).build();
    let domain = world.aws.create_domain_name().domain_name("shop.example.com").endpoint_configuration(regional);
    domain.regional_certificate_arn("arn:aws:acm:r:a:certificate/c").send().await.unwrap();
    let map = || world.aws.create_base_path_mapping().domain_name("shop.example.com").rest_api_id(&api);
    map().base_path("v1").stage("prod").send().await.unwrap();
    assert_eq!(world.request("shop.example.com", "/v1", &[]).await.0, 200);
    assert_eq!(world.request("shop.example.com", "/", &[]).await.0, 403);
    map().stage("prod").send().await.unwrap();
    assert_eq!(world.request("shop.example.com:443", "/", &[]).await.0, 200);
}

#[tokio::test]
async fn an_api_with_its_own_endpoint_disabled_answers_only_at_its_domain_once_it_is_deployed() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let disable = world.aws.update_rest_api().rest_api_id(&sides.api);
    disable.patch_operations(replace("/disableExecuteApiEndpoint", "true")).send().await.unwrap();
    assert_eq!(world.get(&sides.api, "/prod").await.0, 200);
    let deployment = world.deploy(&sides.api).await;
    world.update_stage(&sides.api, vec![replace("/deploymentId", &deployment)]).await.unwrap();
    assert_eq!(world.get(&sides.api, "/prod").await.0, 403);
}

#[tokio::test]
async fn a_stage_variable_can_name_the_link_and_switch_it() {
    let world = World::new().await;
    let (blue, green) = (world.link("blue").await, world.link("green").await);
    let api = proxy(&world, "${stageVariables.vpcLinkId}", 29_000).await;
    for (link, name) in [(&blue, "blue"), (&green, "green")] {
        world.update_stage(&api, vec![replace("/variables/vpcLinkId", link)]).await.unwrap();
        assert_eq!(world.get(&api, "/prod/x").await.1["name"], name);
    }
}

#[tokio::test]
async fn a_backend_that_takes_too_long_is_a_gateway_timeout() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let api = proxy(&world, &link, 100).await;
    let timed_out = (504, json!({ "message": "Endpoint request timed out" }));
    assert_eq!(world.get(&api, "/prod/slow/400").await, timed_out);
    assert_eq!(world.get(&api, "/prod/slow/1").await.0, 200);
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_a_failed_integration() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let api = proxy(&world, &link, 29_000).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(world.balance("blue", closed), nlb("blue"));
    let failed = (504, json!({ "message": "Network error communicating with endpoint" }));
    assert_eq!(world.get(&api, "/prod/x").await, failed);
}

#[tokio::test]
async fn a_change_reaches_the_data_plane_after_a_while_and_requests_in_flight_finish_where_they_began() {
    let delay = Duration::from_millis(300);
    let world = World::with(Options { propagation: delay..=delay, ..at_once() }).await;
    let (blue, green) = (world.link("blue").await, world.link("green").await);
    let api = proxy(&world, "${stageVariables.vpcLinkId}", 29_000).await;
    world.update_stage(&api, vec![replace("/variables/vpcLinkId", &blue)]).await.unwrap();
    tokio::time::sleep(delay * 2).await;
    world.update_stage(&api, vec![replace("/variables/vpcLinkId", &green)]).await.unwrap();
    assert_eq!(world.get(&api, "/prod/x").await.1["name"], "blue");
    let (in_flight, later) = tokio::join!(world.get(&api, "/prod/slow/700"), async {
        tokio::time::sleep(delay + Duration::from_millis(100)).await;
        world.get(&api, "/prod/x").await
    });
    assert_eq!((in_flight.0, &in_flight.1["name"]), (200, &json!("blue")));
    assert_eq!(later.1["name"], "green");
}

#[tokio::test]
async fn a_switch_under_load_loses_no_request() {
    let world =
        Arc::new(World::with(Options { propagation: Duration::ZERO..=Duration::from_millis(50), ..at_once() }).await);
    let sides = world.two_sides().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (world, api, stopped) = (Arc::clone(&world), sides.api.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !*stopped.borrow() {
                    seen.push(world.serving(&api).await);
                }
                seen
            })
        })
        .collect();
    for deployment in [&sides.g, &sides.b, &sides.g] {
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.update_stage(&sides.api, vec![replace("/deploymentId", deployment)]).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.send(true).unwrap();
    for worker in workers {
        let seen = worker.await.unwrap();
        assert_eq!(seen.last().map(String::as_str), Some("green"));
        assert!(seen.iter().any(|name| name == "blue"));
    }
}

#[tokio::test]
async fn a_changed_gateway_response_is_what_clients_see_after_the_next_deployment() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let mut changed = shop(&sides.blue);
    changed["x-amazon-apigateway-gateway-responses"] = json!({ "MISSING_AUTHENTICATION_TOKEN": {
        "statusCode": 404,
        "responseTemplates": { "application/json": "{\"error\":$context.error.messageString}" },
    } });
    let put = world.aws.put_rest_api().rest_api_id(&sides.api).mode(PutMode::Merge);
    put.body(changed.to_string().into_bytes().into()).send().await.unwrap();
    assert_eq!(world.get(&sides.api, "/prod/nothing").await.0, 403);
    let next = world.deploy(&sides.api).await;
    world.update_stage(&sides.api, vec![replace("/deploymentId", &next)]).await.unwrap();
    let changed = (404, json!({ "error": "Missing Authentication Token" }));
    assert_eq!(world.get(&sides.api, "/prod/nothing").await, changed);
}

#[tokio::test]
async fn a_method_with_iam_authorization_is_not_open_to_the_unsigned() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let scheme = json!({
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
    });
    let (api, _) = world.import(&secured(&link, "sigv4", &scheme)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    assert_eq!(world.get(&api, "/prod").await, (403, json!({ "message": "Missing Authentication Token" })));
}

/// A measurement, not a limit: run it with `--ignored` on a quiet machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement that needs a quiet machine"]
async fn the_data_plane_carries_thousands_of_requests_a_second() {
    let world = Arc::new(World::new().await);
    let sides = world.two_sides().await;
    let address = world.plane.address();
    let start = Instant::now();
    let workers: Vec<_> = (0..16)
        .map(|_| {
            let api = sides.api.clone();
            tokio::spawn(async move {
                let stream = tokio::net::TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let io = hyper_util::rt::TokioIo::new(stream);
                let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                for _ in 0..1000 {
                    let request = http::Request::builder()
                        .uri("/prod")
                        .header("host", format!("{api}.execute-api.eu-central-1.amazonaws.com"))
                        .body(http_body_util::Empty::<bytes::Bytes>::new())
                        .unwrap();
                    let response = sender.send_request(request).await.unwrap();
                    assert_eq!(response.status(), 200);
                    http_body_util::BodyExt::collect(response.into_body()).await.unwrap();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let rate = 16_000.0 / start.elapsed().as_secs_f64();
    println!("{rate:.0} requests a second");
    assert!(rate > 2000.0);
}
