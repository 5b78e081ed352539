//! Import and export.

use aws_sdk_apigateway::types::{IntegrationType, PutMode};
use serde_json::{Value, json};

use crate::world::{World, message, replace};

fn document(link: &str) -> Value {
    json!({
        "openapi": "3.0.1",
        "info": { "title": "shop", "version": "7", "description": "the shop" },
        "x-amazon-apigateway-api-key-source": "HEADER",
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "paths": {
            "/carts/{id}": {
                "get": {
                    "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                    "responses": { "200": { "description": "200 response", "content": {} } },
                    "security": [{ "api_key": [] }],
                    "x-amazon-apigateway-integration": {
                        "type": "http_proxy", "httpMethod": "GET", "uri": "http://shop.example.com/carts/{id}",
                        "connectionType": "VPC_LINK", "connectionId": link, "passthroughBehavior": "when_no_match",
                        "requestParameters": { "integration.request.path.id": "method.request.path.id" },
                        "responseTransferMode": "BUFFERED", "timeoutInMillis": 5000
                    }
                }
            },
            "/health": {
                "x-amazon-apigateway-any-method": {
                    "x-amazon-apigateway-integration": {
                        "type": "mock", "passthroughBehavior": "when_no_match",
                        "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                        "responses": { "default": { "statusCode": "200", "responseTemplates": { "application/json": "{\"name\":\"$context.stage\"}" } } }
                    }
                }
            }
        },
        "components": { "securitySchemes": { "api_key": { "type": "apiKey", "name": "x-api-key", "in": "header" } } }
    })
}

async fn export(world: &World, api: &str, stage: &str) -> Value {
    let export = world.aws.get_export().rest_api_id(api).stage_name(stage).export_type("oas30");
    let export = export.parameters("extensions", "apigateway").accepts("application/json").send().await.unwrap();
    serde_json::from_slice(export.body().unwrap().as_ref()).unwrap()
}

#[tokio::test]
async fn an_import_makes_resources_methods_integrations_and_key_requirements() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&document(&link)).await;
    let seen = world.aws.get_rest_api().rest_api_id(&api).send().await.unwrap();
    assert_eq!((seen.name(), seen.version(), seen.description()), (Some("shop"), Some("7"), Some("the shop")));
    assert_eq!(seen.endpoint_configuration().unwrap().types()[0].as_str(), "REGIONAL");
    assert_eq!(seen.binary_media_types(), ["image/png"]);
    let resources = world.aws.get_resources().rest_api_id(&api).embed("methods").send().await.unwrap();
    let mut paths: Vec<_> = resources.items().iter().map(|resource| resource.path().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/", "/carts", "/carts/{id}", "/health"]);
    let cart = resources.items().iter().find(|resource| resource.path() == Some("/carts/{id}")).unwrap();
    let method = &cart.resource_methods().unwrap()["GET"];
    assert_eq!(method.api_key_required(), Some(true));
    assert!(method.request_parameters().unwrap()["method.request.path.id"]);
    let integration = method.method_integration().unwrap();
    assert_eq!(integration.r#type(), Some(&IntegrationType::HttpProxy));
    assert_eq!((integration.connection_id(), integration.timeout_in_millis()), (Some(link.as_str()), 5000));
}

#[tokio::test]
async fn an_export_of_an_import_is_the_same_api_again() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&document(&link)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    let first = export(&world, &api, "prod").await;
    assert_eq!(first["paths"]["/carts/{id}"], document(&link)["paths"]["/carts/{id}"]);
    let (again, _) = world.import(&first).await;
    let deployment = world.deploy(&again).await;
    world.stage(&again, "prod", &deployment).await;
    let second = export(&world, &again, "prod").await;
    assert_eq!(first["paths"], second["paths"]);
    assert_eq!(first["components"], second["components"]);
    assert_eq!(first["info"], second["info"]);
}

#[tokio::test]
async fn an_export_shows_the_deployment_and_not_what_was_edited_since() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&document(&link)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    let before = export(&world, &api, "prod").await;
    let green = world.link("green").await;
    let resources = world.aws.get_resources().rest_api_id(&api).send().await.unwrap();
    let cart = resources.items().iter().find(|resource| resource.path() == Some("/carts/{id}")).unwrap();
    let update = world.aws.update_integration().rest_api_id(&api).resource_id(cart.id().unwrap()).http_method("GET");
    update.patch_operations(replace("/connectionId", &green)).send().await.unwrap();
    assert_eq!(export(&world, &api, "prod").await, before);
    let trial = world.deploy(&api).await;
    world.stage(&api, "trial", &trial).await;
    let after = export(&world, &api, "trial").await;
    assert_ne!(after["paths"], before["paths"]);
}

#[tokio::test]
async fn without_extensions_an_export_has_no_integrations() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&document(&link)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    let export = world.aws.get_export().rest_api_id(&api).stage_name("prod").export_type("oas30").send().await.unwrap();
    let bare: Value = serde_json::from_slice(export.body().unwrap().as_ref()).unwrap();
    assert!(bare["paths"]["/carts/{id}"]["get"].get("x-amazon-apigateway-integration").is_none());
}

#[tokio::test]
async fn a_document_that_is_none_or_names_an_unknown_link_makes_nothing() {
    let world = World::new().await;
    for body in ["no json".to_owned(), json!({ "swagger": "2.0" }).to_string(), document("nothing").to_string()] {
        let refused = world.aws.import_rest_api().body(body.into_bytes().into()).send().await.unwrap_err();
        assert!(message(refused).starts_with("BadRequestException"));
    }
    assert!(world.aws.get_rest_apis().send().await.unwrap().items().is_empty());
}

#[tokio::test]
async fn an_overwrite_replaces_the_definition_and_keeps_the_ids_of_paths_that_stay() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let (api, _) = world.import(&document(&link)).await;
    let ids = async || {
        let resources = world.aws.get_resources().rest_api_id(&api).send().await.unwrap();
        let ids = resources
            .items()
            .iter()
            .map(|resource| (resource.path().unwrap().to_owned(), resource.id().unwrap().to_owned()));
        ids.collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = ids().await;
    let mut smaller = document(&link);
    smaller["paths"].as_object_mut().unwrap().remove("/carts/{id}");
    let put = world.aws.put_rest_api().rest_api_id(&api).mode(PutMode::Overwrite);
    put.body(smaller.to_string().into_bytes().into()).send().await.unwrap();
    let after = ids().await;
    assert_eq!(after.keys().collect::<Vec<_>>(), ["/", "/health"]);
    assert_eq!(after["/health"], before["/health"]);
}

#[tokio::test]
async fn an_overwrite_resets_what_the_document_does_not_say_and_a_merge_keeps_it() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let mut bare = document(&link);
    for name in ["x-amazon-apigateway-binary-media-types", "x-amazon-apigateway-api-key-source"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    bare["info"] = json!({ "title": "other", "version": "8" });
    for (mode, description, compression, media_types) in [
        (PutMode::Overwrite, None, None, vec![]),
        (PutMode::Merge, Some("the shop"), Some(1024), vec!["image/png".to_owned()]),
    ] {
        let (api, _) = world.import(&document(&link)).await;
        let update = world.aws.update_rest_api().rest_api_id(&api);
        update.patch_operations(replace("/minimumCompressionSize", "1024")).send().await.unwrap();
        let put = world.aws.put_rest_api().rest_api_id(&api).mode(mode).body(bare.to_string().into_bytes().into());
        let after = put.send().await.unwrap();
        assert_eq!((after.name(), after.version()), (Some("other"), Some("8")));
        assert_eq!((after.description(), after.minimum_compression_size()), (description, compression));
        assert_eq!(after.binary_media_types(), media_types);
    }
}

#[tokio::test]
async fn an_overwrite_changes_neither_endpoint_nor_what_stages_serve() {
    let world = World::new().await;
    let (blue, green) = (world.link("blue").await, world.link("green").await);
    let (api, _) = world.import(&document(&green)).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    let before = export(&world, &api, "prod").await;
    let put = world.aws.put_rest_api().rest_api_id(&api).mode(PutMode::Overwrite);
    let after = put.body(document(&blue).to_string().into_bytes().into()).send().await.unwrap();
    assert_eq!(after.endpoint_configuration().unwrap().types()[0].as_str(), "REGIONAL");
    assert_eq!(export(&world, &api, "prod").await, before);
    let deployment = world.deploy(&api).await;
    let update = world.aws.update_stage().rest_api_id(&api).stage_name("prod");
    update.patch_operations(replace("/deploymentId", &deployment)).send().await.unwrap();
    let path = "/carts/{id}";
    assert_eq!(export(&world, &api, "prod").await["paths"][path], document(&blue)["paths"][path]);
}

#[tokio::test]
async fn an_imported_api_serves_its_mock_and_its_path_parameters() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let mut open = document(&link);
    open["paths"]["/carts/{id}"]["get"].as_object_mut().unwrap().remove("security");
    let (api, _) = world.import(&open).await;
    let deployment = world.deploy(&api).await;
    world.stage(&api, "prod", &deployment).await;
    assert_eq!(world.get(&api, "/prod/health").await, (200, json!({ "name": "prod" })));
    let (status, cart) = world.get(&api, "/prod/carts/a%20b?x=1").await;
    assert_eq!((status, cart["path"].as_str()), (200, Some("/carts/a%20b?x=1")));
}
