//! Reads an OpenAPI 3 document with API Gateway's extensions into the configuration of an API.
//!
//! See "Working with API Gateway extensions to OpenAPI". Documents have to be JSON; YAML and Swagger 2, which AWS accepts as
//! well, are refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::authorizers::Authorizer;
use super::error::{ApiError, Result};
use super::gateway_responses::GatewayResponse;
use super::id;
use super::models::Model;
use super::request_validators::RequestValidator;
use super::resources::{Resource, add_child};
use super::rest_apis::RestApi;
use super::state::Configuration;
use super::vpc_links::VpcLink;

/// The properties and the configuration in a document.
pub(crate) struct Document {
    pub(crate) rest_api: RestApi,
    pub(crate) configuration: Configuration,
}

pub(super) fn invalid(reason: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("Invalid OpenAPI document: {reason}"))
}

/// Reads a document.
pub(crate) fn read(body: &[u8], links: &BTreeMap<String, VpcLink>) -> Result<Document> {
    let document: Value = serde_json::from_slice(body).map_err(invalid)?;
    if !document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")) {
        return Err(invalid("only OpenAPI 3 is read, in JSON"));
    }
    let mut rest_api = properties(&document)?;
    let mut configuration = Configuration::default();
    let root = Resource::root();
    let root_id = root.id.clone();
    rest_api.root_resource_id.clone_from(&root_id);
    configuration.resources.insert(root_id.clone(), root);
    configuration.binary_media_types.clone_from(&rest_api.binary_media_types);
    read_components(&document, &mut configuration)?;
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let resource = ensure(&mut configuration, &root_id, path)?;
        super::openapi_method::read_all(&document, item, path, &resource, &mut configuration, links)?;
    }
    Ok(Document { rest_api, configuration })
}

/// The resource at a path, made with its ancestors where it does not exist.
pub(crate) fn ensure(configuration: &mut Configuration, root: &str, path: &str) -> Result<String> {
    if !path.starts_with('/') {
        return Err(invalid(format!("the path {path} does not begin with a slash")));
    }
    let mut parent = root.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let is_it = |resource: &&Resource| {
            resource.parent_id.as_deref() == Some(&parent) && resource.path_part.as_deref() == Some(part)
        };
        let existing = configuration.resources.values().find(is_it).map(|resource| resource.id.clone());
        parent = match existing {
            Some(id) => id,
            None => add_child(configuration, &parent, part)?,
        };
    }
    Ok(parent)
}

fn properties(document: &Value) -> Result<RestApi> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut rest_api: RestApi = serde_json::from_value(Value::Object(Map::new())).map_err(invalid)?;
    rest_api.name = text(&document["info"]["title"]).ok_or_else(|| invalid("info.title is missing"))?;
    rest_api.description = text(&document["info"]["description"]);
    rest_api.version = text(&document["info"]["version"]);
    if let Some(source) = text(&document["x-amazon-apigateway-api-key-source"]) {
        rest_api.api_key_source = source.to_ascii_uppercase();
    }
    if let Some(types) = document.get("x-amazon-apigateway-binary-media-types") {
        rest_api.binary_media_types = serde_json::from_value(types.clone()).map_err(invalid)?;
    }
    rest_api.minimum_compression_size = document["x-amazon-apigateway-minimum-compression-size"].as_i64();
    rest_api.policy = document.get("x-amazon-apigateway-policy").map(Value::to_string);
    let endpoints = document["servers"].as_array().into_iter().flatten();
    for endpoint in endpoints.filter_map(|server| server.get("x-amazon-apigateway-endpoint-configuration")) {
        rest_api.disable_execute_api_endpoint |= endpoint["disableExecuteApiEndpoint"].as_bool().unwrap_or(false);
        let ids = endpoint["vpcEndpointIds"].as_array().into_iter().flatten();
        rest_api.endpoint_configuration.vpc_endpoint_ids.extend(ids.filter_map(text));
    }
    Ok(rest_api)
}

fn read_components(document: &Value, configuration: &mut Configuration) -> Result<()> {
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let schema = Some(schema.to_string());
        let model = Model {
            id: id::random(6),
            name: name.clone(),
            description: None,
            schema,
            content_type: "application/json".into(),
        };
        configuration.models.insert(name.clone(), model);
    }
    for (name, scheme) in document["components"]["securitySchemes"].as_object().into_iter().flatten() {
        if let Some(extension) = scheme.get("x-amazon-apigateway-authorizer") {
            let mut authorizer: Authorizer = serde_json::from_value(extension.clone()).map_err(invalid)?;
            authorizer.id = id::random(6);
            authorizer.name.clone_from(name);
            authorizer.kind = authorizer.kind.to_ascii_uppercase();
            authorizer.auth_type = scheme["x-amazon-apigateway-authtype"].as_str().map(str::to_owned);
            configuration.authorizers.insert(authorizer.id.clone(), authorizer);
        }
    }
    for (name, validator) in document["x-amazon-apigateway-request-validators"].as_object().into_iter().flatten() {
        let mut validator: RequestValidator = serde_json::from_value(validator.clone()).map_err(invalid)?;
        validator.id = id::random(6);
        validator.name.clone_from(name);
        configuration.request_validators.insert(validator.id.clone(), validator);
    }
    for (name, response) in document["x-amazon-apigateway-gateway-responses"].as_object().into_iter().flatten() {
        let mut response = response.clone();
        if let Some(number) = response["statusCode"].as_u64() {
            response["statusCode"] = Value::from(number.to_string());
        }
        let mut response: GatewayResponse = serde_json::from_value(response).map_err(invalid)?;
        response.response_type.clone_from(name);
        response.response_parameters.get_or_insert_default();
        response.response_templates.get_or_insert_default();
        configuration.gateway_responses.insert(name.clone(), response);
    }
    Ok(())
}
