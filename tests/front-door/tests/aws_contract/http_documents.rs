//! Import and export of HTTP APIs. The form of exports is that of documents that `ExportApi` wrote and public repositories hold.

use serde_json::{Value, json};

use crate::http_apis::listener;
use crate::world::World;

/// A document as AWS exports it, of an API behind a VPC link with an authorizer, CORS, a greedy path and `$default`.
fn exported(link: &str) -> Value {
    let integration = |extra: Value| {
        let mut integration = json!({
            "requestParameters": { "overwrite:path": "$request.path" },
            "payloadFormatVersion": "1.0", "connectionId": link, "type": "http_proxy", "httpMethod": "ANY",
            "uri": listener("blue"), "connectionType": "VPC_LINK",
        });
        integration.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        integration
    };
    let answers = |key: &str| json!({ "default": { "description": format!("Default response for {key}") } });
    let parameter = |name: &str| {
        json!([{ "name": name, "in": "path", "description": format!("Generated path parameter for {name}"),
                 "required": true, "schema": { "type": "string" } }])
    };
    json!({
        "openapi": "3.0.1",
        "info": { "title": "shop", "description": "The shop", "version": "2026-03-04 12:56:53UTC" },
        "servers": [{ "url": "https://ID.execute-api.eu-central-1.amazonaws.com/{basePath}",
                      "variables": { "basePath": { "default": "" } } }],
        "tags": [{ "name": "team", "x-amazon-apigateway-tag-value": "shop" }],
        "paths": {
            "/orders/{id}": {
                "get": { "operationId": "order", "responses": answers("GET /orders/{id}"),
                         "security": [{ "customers": ["orders/read"] }],
                         "x-amazon-apigateway-integration": integration(json!({ "timeoutInMillis": 12000 })) },
                "parameters": parameter("id"),
            },
            "/static/{proxy+}": {
                "x-amazon-apigateway-any-method": { "responses": answers("ANY /static/{proxy+}"),
                                                    "x-amazon-apigateway-integration": integration(json!({})) },
                "parameters": parameter("proxy+"),
            },
            "/$default": {
                "x-amazon-apigateway-any-method": { "isDefaultRoute": true, "responses": answers("$default"),
                                                    "x-amazon-apigateway-integration": integration(json!({})) },
            },
        },
        "components": { "securitySchemes": { "customers": {
            "type": "oauth2", "flows": {},
            "x-amazon-apigateway-authorizer": {
                "identitySource": "$request.header.Authorization",
                "jwtConfiguration": { "audience": ["shop"], "issuer": "https://id.example.com" },
                "type": "jwt",
            },
        } } },
        "x-amazon-apigateway-cors": { "allowMethods": ["GET"], "allowOrigins": ["https://shop.example.com"], "maxAge": 300,
                                      "allowHeaders": ["content-type"], "allowCredentials": false },
        "x-amazon-apigateway-importexport-version": "1.0",
    })
}

async fn import(world: &World, document: &Value) -> String {
    let api = world.done("PUT", "/apis", &json!({ "body": document.to_string() })).await;
    api["apiId"].as_str().unwrap().to_owned()
}

async fn export(world: &World, api: &str, stage: Option<&str>) -> Value {
    let stage = stage.map(|stage| format!("&stageName={stage}")).unwrap_or_default();
    let path = format!("/apis/{api}/exports/OAS30?outputType=JSON&includeExtensions=true{stage}");
    world.done("GET", &path, &Value::Null).await
}

#[tokio::test]
async fn an_exported_document_makes_an_api_that_is_exported_as_the_same() {
    let world = World::new().await;
    let mut document = exported(&world.link_v2().await);
    let api = import(&world, &document).await;
    let url = format!("https://{api}.execute-api.eu-central-1.amazonaws.com/{{basePath}}");
    document["servers"][0]["url"] = url.into();
    assert_eq!(export(&world, &api, None).await, document);
    let routes = world.done("GET", &format!("/apis/{api}/routes"), &Value::Null).await;
    let of =
        |key: &str| routes["items"].as_array().unwrap().iter().find(|route| route["routeKey"] == key).unwrap().clone();
    assert_eq!(of("GET /orders/{id}")["authorizationType"], "JWT");
    assert_eq!(of("GET /orders/{id}")["authorizationScopes"], json!(["orders/read"]));
    assert_eq!(of("$default")["authorizationType"], "NONE");
    let about = world.done("GET", &format!("/apis/{api}"), &Value::Null).await;
    assert_eq!((&about["tags"], &about["corsConfiguration"]["maxAge"]), (&json!({ "team": "shop" }), &json!(300)));
}

#[tokio::test]
async fn a_stages_export_is_what_it_serves_and_names_it() {
    let world = World::new().await;
    let shop = world.http_shop(&["GET /a"], &json!({})).await;
    world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    world.point(&shop, "green").await;
    let uri = |document: &Value| document["paths"]["/a"]["get"]["x-amazon-apigateway-integration"]["uri"].clone();
    let served = export(&world, &shop.api, Some("prod")).await;
    assert_eq!(uri(&served), listener("blue").as_str());
    assert_eq!(served["servers"][0]["variables"]["basePath"]["default"], "prod");
    assert_eq!(uri(&export(&world, &shop.api, None).await), listener("green").as_str());
    // The time-out is written where it is not the default alone.
    assert_eq!(served["paths"]["/a"]["get"]["x-amazon-apigateway-integration"].get("timeoutInMillis"), None);
}

#[tokio::test]
async fn an_integration_that_routes_refer_to_is_one() {
    let world = World::new().await;
    let mut document = exported(&world.link_v2().await);
    let shared =
        document["paths"]["/$default"]["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"].clone();
    document["components"]["x-amazon-apigateway-integrations"] = json!({ "traefik": shared });
    let reference = json!({ "$ref": "#/components/x-amazon-apigateway-integrations/traefik" });
    for (path, verb) in [("/$default", "x-amazon-apigateway-any-method"), ("/orders/{id}", "get")] {
        document["paths"][path][verb]["x-amazon-apigateway-integration"] = reference.clone();
    }
    let api = import(&world, &document).await;
    let integrations = world.done("GET", &format!("/apis/{api}/integrations"), &Value::Null).await;
    assert_eq!(integrations["items"].as_array().unwrap().len(), 2, "one of two routes, one of the third");
}

#[tokio::test]
async fn a_reimport_replaces_the_configuration_and_leaves_stages_as_they_are() {
    let world = World::new().await;
    let shop = world.http_shop(&["GET /a"], &json!({})).await;
    world.stage_http(&shop.api, "prod", Some(&world.deploy_http(&shop.api).await)).await;
    let document = exported(&shop.link);
    let body = json!({ "body": document.to_string() });
    let (status, about) = world.v2("PUT", &format!("/apis/{}", shop.api), &body).await;
    assert_eq!((status, &about["apiId"], &about["description"]), (201, &json!(shop.api), &json!("The shop")));
    assert_eq!(world.get(&shop.api, "/prod/a").await.0, 200, "the stage serves what was deployed");
    assert_eq!(export(&world, &shop.api, None).await["paths"], document["paths"]);
}

fn default_integration(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/$default"]["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
}

#[tokio::test]
async fn a_document_that_names_what_is_not_there_is_refused() {
    let world = World::new().await;
    let refused = async |change: fn(&mut Value)| {
        let mut document = exported(&world.link_v2().await);
        change(&mut document);
        world.v2("PUT", "/apis", &json!({ "body": document.to_string() })).await.0
    };
    assert_eq!(refused(|document| default_integration(document)["connectionId"] = "nolink".into()).await, 400);
    assert_eq!(refused(|document| default_integration(document)["uri"] = crate::world::nlb("blue").into()).await, 400);
    assert_eq!(refused(|document| default_integration(document)["type"] = "mock".into()).await, 400);
    assert_eq!(refused(|document| document["openapi"] = "2.0".into()).await, 400);
    assert_eq!(refused(|_| {}).await, 201);
}
