//! The data plane of HTTP APIs.

use serde_json::{Value, json};

use crate::world::World;

const HOST: &str = "shop.example.com";

/// What a GET at a path of an API's default endpoint makes of path and host at the backend.
async fn seen(world: &World, api: &str, path: &str) -> (String, String) {
    let (status, body) = world.get(api, path).await;
    assert_eq!(status, 200, "{body}");
    (body["path"].as_str().unwrap().to_owned(), body["host"].as_str().unwrap().to_owned())
}

// "Working with private integrations for HTTP APIs": "a request to the test stage of an API includes test/ in the request to your private
// integration. To remove the stage name (...), use parameter mapping to overwrite the request path to $request.path."
#[tokio::test]
async fn the_name_of_the_stage_stands_in_the_path_unless_the_path_is_mapped_or_it_is_the_default_stage() {
    let world = World::new().await;
    let shop = world.http_shop(&["ANY /products/{id}", "GET /static/{proxy+}"], &json!({})).await;
    let plain = world.deploy_http(&shop.api).await;
    for name in ["prod", "$default"] {
        world.stage_http(&shop.api, name, Some(&plain)).await;
    }
    let own = format!("{}.execute-api.eu-central-1.amazonaws.com", shop.api);
    let with = |path: &str| (path.to_owned(), own.clone());
    assert_eq!(seen(&world, &shop.api, "/prod/products/7?a=b%20c").await, with("/prod/products/7?a=b%20c"));
    assert_eq!(seen(&world, &shop.api, "/products/7").await, with("/products/7"));
    assert_eq!(seen(&world, &shop.api, "/static/css/a.css").await, with("/static/css/a.css"));
    let path = format!("/apis/{}/integrations/{}", shop.api, shop.integration);
    let mapped = json!({ "requestParameters": { "overwrite:path": "$request.path", "overwrite:header.Host": HOST } });
    world.done("PATCH", &path, &mapped).await;
    let mapped = world.deploy_http(&shop.api).await;
    world.done("PATCH", &format!("/apis/{}/stages/prod", shop.api), &json!({ "deploymentId": mapped })).await;
    let wanted = ("/products/7?a=b".to_owned(), HOST.to_owned());
    assert_eq!(seen(&world, &shop.api, "/prod/products/7?a=b").await, wanted);
}

#[tokio::test]
async fn mappings_put_in_variables_and_take_out_what_was_asked() {
    let world = World::new().await;
    let mappings = json!({
        "overwrite:path": "/v1/${request.path.id}/${stageVariables.side}",
        "overwrite:querystring.page": "1", "append:querystring.id": "$request.path.id", "remove:querystring.debug": "''",
    });
    let shop = world.http_shop(&["GET /products/{id}"], &mappings).await;
    world.stage_http(&shop.api, "$default", Some(&world.deploy_http(&shop.api).await)).await;
    let variables = json!({ "stageVariables": { "side": "a" } });
    world.done("PATCH", &format!("/apis/{}/stages/$default", shop.api), &variables).await;
    let (path, _) = seen(&world, &shop.api, "/products/7?debug=1&page=5&x=y").await;
    assert_eq!(path, "/v1/7/a?x=y&id=7&page=1");
}

// "If there's no $default stage, then the API returns {"message":"Not Found"}"; the same where no route fits.
#[tokio::test]
async fn what_no_stage_or_route_takes_is_not_found() {
    let world = World::new().await;
    let shop = world.http_shop(&["GET /a", "POST /b"], &json!({})).await;
    world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    let none = (404, json!({ "message": "Not Found" }));
    for path in ["/a", "/prod/b", "/prod/c", "/production/a"] {
        assert_eq!(world.get(&shop.api, path).await, none, "{path}");
    }
    assert_eq!(world.get(&shop.api, "/prod/a").await.0, 200);
    let key = [("x-api-key", "anything")];
    let host = format!("{}.execute-api.eu-central-1.amazonaws.com", shop.api);
    assert_eq!(world.request(&host, "/prod/a", &key).await.0, 200, "HTTP APIs know no API keys");
}

#[tokio::test]
async fn the_default_endpoint_is_disabled_with_the_next_deployment_and_a_custom_domain_leads_on() {
    let world = World::new().await;
    let shop = world.http_shop(&["GET /a"], &json!({ "overwrite:path": "$request.path" })).await;
    world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    let domain =
        world.aws.create_domain_name().domain_name("api.example.com").regional_certificate_arn("arn:aws:acm:x");
    let types = aws_sdk_apigateway::types::EndpointType::Regional;
    let configuration = aws_sdk_apigateway::types::EndpointConfiguration::builder().types(types).build();
    domain.endpoint_configuration(configuration).send().await.unwrap();
    let mapping = json!({ "apiId": shop.api, "stage": "prod", "apiMappingKey": "" });
    let made = world.done("POST", "/domainnames/api.example.com/apimappings", &mapping).await;
    let listed = world.done("GET", "/domainnames/api.example.com/apimappings", &Value::Null).await;
    assert_eq!((&listed["items"][0], &made["stage"]), (&made, &json!("prod")));
    let disabled = json!({ "disableExecuteApiEndpoint": true });
    world.done("PATCH", &format!("/apis/{}", shop.api), &disabled).await;
    assert_eq!(world.get(&shop.api, "/prod/a").await.0, 200, "not deployed yet");
    let deployment = world.deploy_http(&shop.api).await;
    world.done("PATCH", &format!("/apis/{}/stages/prod", shop.api), &json!({ "deploymentId": deployment })).await;
    assert_eq!(world.get(&shop.api, "/prod/a").await.0, 404);
    let (status, body) = world.request("api.example.com", "/a", &[]).await;
    assert_eq!((status, &body["path"], &body["host"]), (200, &json!("/a"), &json!("api.example.com")));
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_a_503_and_counts_as_5xx_of_the_apis_id() {
    let world = World::new().await;
    let shop = world.http_shop(&["$default"], &json!({})).await;
    world.point(&shop, "nobody").await;
    world.stage_http(&shop.api, "$default", None).await;
    assert_eq!(world.get(&shop.api, "/a").await, (503, json!({ "message": "Service Unavailable" })));
    let counted = world.plane.metrics().take();
    let wanted = vec![("ApiId", shop.api.clone()), ("Stage", "$default".to_owned())];
    let of = |metric: &str| counted.iter().find(|one| one.metric == metric && one.dimensions == wanted).unwrap();
    assert_eq!((of("Count").values.clone(), of("5xx").values.clone()), (vec![(1, 1)], vec![(1, 1)]));
    assert!(counted.iter().all(|one| !["4XXError", "5XXError"].contains(&one.metric)));
}
