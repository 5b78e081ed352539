//! Resources, methods, integrations and the smaller kinds around them.

use aws_sdk_apigateway::types::{ConnectionType, GatewayResponseType, Op, PatchOperation, PutMode};
use serde_json::{Map, Value, json};

use crate::world::{World, api, message, replace, secured, shop};

fn operation(op: Op, path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).value(value).build()
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_with_the_words_of_aws() {
    let world = World::new().await;
    let (api, root) = world.import(&api(&json!({}))).await;
    let aws = &world.aws;
    assert_eq!(
        message(aws.get_rest_api().rest_api_id("nothing").send().await.unwrap_err()),
        "NotFoundException: Invalid API identifier specified 000000000000:nothing"
    );
    assert_eq!(
        message(aws.get_resource().rest_api_id(&api).resource_id("nothing").send().await.unwrap_err()),
        "NotFoundException: Invalid Resource identifier specified"
    );
    assert_eq!(
        message(aws.get_method().rest_api_id(&api).resource_id(&root).http_method("GET").send().await.unwrap_err()),
        "NotFoundException: Invalid Method identifier specified"
    );
    assert_eq!(
        message(aws.get_stage().rest_api_id(&api).stage_name("prod").send().await.unwrap_err()),
        "NotFoundException: Invalid stage identifier specified"
    );
}

#[tokio::test]
async fn resources_are_paged_by_twenty_five_and_at_most_five_hundred() {
    let world = World::new().await;
    let paths: Map<String, Value> = (0..30).map(|number| (format!("/r{number}"), json!({}))).collect();
    let (api, _) = world.import(&api(&paths.into())).await;
    let first = world.aws.get_resources().rest_api_id(&api).send().await.unwrap();
    assert_eq!(first.items().len(), 25);
    let next = world.aws.get_resources().rest_api_id(&api).position(first.position().unwrap()).send().await.unwrap();
    assert_eq!((next.items().len(), next.position()), (6, None));
    assert_eq!(world.aws.get_resources().rest_api_id(&api).limit(500).send().await.unwrap().items().len(), 31);
    assert!(world.aws.get_resources().rest_api_id(&api).limit(501).send().await.is_err());
}

#[tokio::test]
async fn methods_are_embedded_only_when_asked_for() {
    let world = World::new().await;
    let link = world.link("blue").await;
    let scheme = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
    let (api, _) = world.import(&secured(&link, "api_key", &scheme)).await;
    let bare = world.aws.get_resources().rest_api_id(&api).send().await.unwrap();
    assert_eq!(bare.items()[0].resource_methods().unwrap()["GET"].http_method(), None);
    let whole = world.aws.get_resources().rest_api_id(&api).embed("methods").send().await.unwrap();
    let method = &whole.items()[0].resource_methods().unwrap()["GET"];
    assert_eq!((method.api_key_required(), method.authorization_type()), (Some(true), Some("NONE")));
    let integration = method.method_integration().unwrap();
    assert_eq!(integration.connection_id(), Some(link.as_str()));
    assert_eq!(integration.connection_type(), Some(&ConnectionType::VpcLink));
    assert_eq!((integration.timeout_in_millis(), integration.passthrough_behavior()), (29_000, Some("WHEN_NO_MATCH")));
}

#[tokio::test]
async fn two_resources_of_one_parent_cannot_both_be_variable() {
    let world = World::new().await;
    let refused = world.refused_import(&api(&json!({ "/carts/{id}": {}, "/carts/{name}": {} }))).await;
    assert!(refused.contains("already has a variable path part -- only one is allowed"), "{refused}");
}

#[tokio::test]
async fn an_integration_is_patched_by_its_paths_and_unknown_paths_are_refused() {
    let world = World::new().await;
    let (blue, green) = (world.link("blue").await, world.link("green").await);
    let (api, root) = world.import(&shop(&blue)).await;
    let update = || world.aws.update_integration().rest_api_id(&api).resource_id(&root).http_method("GET");
    let changed = update()
        .patch_operations(replace("/connectionId", &green))
        .patch_operations(replace("/timeoutInMillis", "5000"))
        .patch_operations(replace("/tlsConfig/insecureSkipVerification", "true"))
        .patch_operations(operation(Op::Add, "/requestParameters/integration.request.header.x-side", "'green'"))
        .send()
        .await
        .unwrap();
    assert_eq!((changed.connection_id(), changed.timeout_in_millis()), (Some(green.as_str()), 5000));
    assert!(changed.tls_config().unwrap().insecure_skip_verification());
    assert_eq!(changed.request_parameters().unwrap()["integration.request.header.x-side"], "'green'");
    let refused = update().patch_operations(replace("/nothing", "x")).send().await.unwrap_err();
    assert_eq!(message(refused), "BadRequestException: Invalid patch path /nothing");
    let long = update().patch_operations(replace("/timeoutInMillis", "29001")).send().await.unwrap_err();
    assert_eq!(message(long), "BadRequestException: Timeout should be between 50 ms and 29000 ms");
}

#[tokio::test]
async fn a_mapping_may_only_take_what_the_method_declares() {
    let world = World::new().await;
    let mut document =
        api(&json!({ "/{proxy+}": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": {
        "type": "http_proxy", "httpMethod": "ANY", "uri": "http://shop.example.com/{proxy}",
        "requestParameters": { "integration.request.path.proxy": "method.request.path.proxy" },
    } } } }));
    let refused = world.refused_import(&document).await;
    assert!(refused.contains("Invalid mapping expression"), "{refused}");
    document["paths"]["/{proxy+}"]["parameters"] = json!([{ "name": "proxy", "in": "path", "required": true }]);
    world.import(&document).await;
}

#[tokio::test]
async fn every_type_of_gateway_response_is_listed_and_those_unchanged_are_default() {
    let world = World::new().await;
    let mut document = api(&json!({}));
    document["x-amazon-apigateway-gateway-responses"] = json!({ "INVALID_API_KEY": { "statusCode": 401 } });
    let (api, _) = world.import(&document).await;
    let all = world.aws.get_gateway_responses().rest_api_id(&api).send().await.unwrap();
    let changed: Vec<_> = all.items().iter().filter(|response| !response.default_response()).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (changed[0].response_type(), changed[0].status_code()),
        (Some(&GatewayResponseType::InvalidApiKey), Some("401"))
    );
    assert_eq!(all.items().len(), 21);
}

#[tokio::test]
async fn authorizers_models_and_validators_of_a_document_are_listed_and_read() {
    let world = World::new().await;
    let mut document = api(&json!({}));
    document["components"] = json!({
        "schemas": { "Cart": { "type": "object" } },
        "securitySchemes": { "users": {
            "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": { "type": "token", "authorizerUri": "arn:aws:apigateway:r:lambda:path/f" },
        } },
    });
    document["x-amazon-apigateway-request-validators"] =
        json!({ "all": { "validateRequestBody": true, "validateRequestParameters": false } });
    let (api, _) = world.import(&document).await;
    let aws = &world.aws;
    let authorizers = aws.get_authorizers().rest_api_id(&api).send().await.unwrap();
    let id = authorizers.items()[0].id().unwrap();
    let authorizer = aws.get_authorizer().rest_api_id(&api).authorizer_id(id).send().await.unwrap();
    assert_eq!((authorizer.name(), authorizer.r#type().map(|kind| kind.as_str())), (Some("users"), Some("TOKEN")));
    let models = aws.get_models().rest_api_id(&api).send().await.unwrap();
    assert_eq!(models.items()[0].name(), Some("Cart"));
    let model = aws.get_model().rest_api_id(&api).model_name("Cart").send().await.unwrap();
    assert_eq!(model.schema(), Some(r#"{"type":"object"}"#));
    let validators = aws.get_request_validators().rest_api_id(&api).send().await.unwrap();
    let id = validators.items()[0].id().unwrap();
    let validator = aws.get_request_validator().rest_api_id(&api).request_validator_id(id).send().await.unwrap();
    assert_eq!((validator.name(), validator.validate_request_body()), (Some("all"), true));
}

#[tokio::test]
async fn an_api_is_patched_and_tagged_and_unknown_paths_are_refused() {
    let world = World::new().await;
    let (api, _) = world.import(&api(&json!({}))).await;
    let update = || world.aws.update_rest_api().rest_api_id(&api);
    let changed = update()
        .patch_operations(replace("/name", "store"))
        .patch_operations(operation(Op::Add, "/binaryMediaTypes/image~1png", ""))
        .send()
        .await
        .unwrap();
    assert_eq!((changed.name(), changed.binary_media_types()), (Some("store"), ["image/png".to_owned()].as_slice()));
    let refused = update().patch_operations(replace("/binaryMediaTypes", "x")).send().await.unwrap_err();
    assert_eq!(message(refused), "BadRequestException: Invalid patch path /binaryMediaTypes");
    let arn = format!("arn:aws:apigateway:eu-central-1::/restapis/{api}");
    world.aws.tag_resource().resource_arn(arn).tags("bascule:side", "temporary").send().await.unwrap();
    let tags = world.aws.get_rest_api().rest_api_id(&api).send().await.unwrap().tags.unwrap();
    assert_eq!(tags["bascule:side"], "temporary");
}

#[tokio::test]
async fn an_api_that_a_custom_domain_names_cannot_be_deleted() {
    let world = World::new().await;
    let sides = world.two_sides().await;
    let domain = world
        .aws
        .create_domain_name()
        .domain_name("shop.example.com")
        .regional_certificate_arn("arn:aws:acm:r:a:certificate/c");
    let regional = aws_sdk_apigateway::types::EndpointConfiguration::builder().types("REGIONAL".into()).build();
    domain.endpoint_configuration(regional).send().await.unwrap();
    let mapping = world.aws.create_base_path_mapping().domain_name("shop.example.com").rest_api_id(&sides.api);
    let mapping = mapping.stage("prod").send().await.unwrap();
    assert_eq!(mapping.base_path(), Some("(none)"));
    let refused = world.aws.delete_rest_api().rest_api_id(&sides.api).send().await.unwrap_err();
    assert_eq!(
        message(refused),
        "BadRequestException: Please remove all base path mappings related to the API in your account."
    );
    let (other, _) = world.import(&api(&json!({}))).await;
    world.aws.delete_rest_api().rest_api_id(&other).send().await.unwrap();
    let left = world.aws.get_rest_apis().send().await.unwrap();
    assert_eq!(left.items().iter().map(|api| api.id().unwrap()).collect::<Vec<_>>(), [sides.api]);
}

#[tokio::test]
async fn what_this_gateway_does_not_offer_is_refused_and_not_pretended() {
    let world = World::new().await;
    let (api, root) = world.import(&api(&json!({}))).await;
    let resource = world.aws.create_resource().rest_api_id(&api).parent_id(&root).path_part("carts").send().await;
    assert!(message(resource.unwrap_err()).starts_with("MissingAuthenticationTokenException"));
    let sdk = world.aws.get_sdk().rest_api_id(&api).stage_name("prod").sdk_type("ruby").send().await.unwrap_err();
    assert!(message(sdk).starts_with("MissingAuthenticationTokenException"));
    let import = world.aws.put_rest_api().rest_api_id(&api).mode(PutMode::Merge).body(b"swagger: 2.0".to_vec().into());
    assert!(message(import.send().await.unwrap_err()).starts_with("BadRequestException: Invalid OpenAPI document"));
}
