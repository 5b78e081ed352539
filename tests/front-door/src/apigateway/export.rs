//! `GetExport`: the deployment that a stage serves, as an OpenAPI 3 document.
//!
//! The deployment is exported, not later edits of the configuration or of the API's properties. `extensions=integrations` (or `apigateway`, for
//! all extensions) adds the integrations. Only `oas30` in JSON is offered; AWS has `swagger` and YAML too. See "Export a REST
//! API from API Gateway".

use serde_json::{Map, Value, json};

use super::error::{ApiError, Result};
use super::methods::Method;
use super::openapi_integration;
use super::request::{Answer, Request};
use super::resources::Resource;
use super::rest_apis::RestApi;
use super::snapshot::Snapshot;
use super::state::{Configuration, State};

/// The extensions to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Extensions {
    integrations: bool,
    all: bool,
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let api = state.api(request.label(0))?;
    let stage = api.stage(request.label(1))?;
    if request.label(2) != "oas30" {
        return Err(ApiError::bad_request("Invalid export type: only oas30 is offered"));
    }
    if request.header("accept").is_some_and(|accept| accept.contains("yaml")) {
        return Err(ApiError::bad_request("Invalid accept header: only application/json is offered"));
    }
    let wanted: Vec<String> = request
        .query_all("extensions")
        .iter()
        .flat_map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let all = wanted.iter().any(|name| name == "apigateway");
    let extensions = Extensions { integrations: all || wanted.iter().any(|name| name == "integrations"), all };
    let deployment = api.deployment(&stage.deployment_id)?;
    let host = format!("{}.execute-api.{}.amazonaws.com", api.rest_api.id, state.context.region);
    let created =
        jiff::Timestamp::from_second(deployment.created_date).map(|time| time.to_string()).unwrap_or_default();
    let document = write(&deployment.snapshot, &created, &host, &stage.stage_name, extensions);
    let body = serde_json::to_vec_pretty(&document).map_err(|error| ApiError::bad_request(error.to_string()))?;
    Ok(Answer::document("application/octet-stream", &format!("oas30_{created}.json"), body.into()))
}

fn write(snapshot: &Snapshot, created: &str, host: &str, stage: &str, extensions: Extensions) -> Value {
    let Snapshot { rest_api: api, configuration, .. } = snapshot;
    let mut info = json!({ "title": api.name, "version": api.version.as_deref().unwrap_or(created) });
    if let Some(description) = &api.description {
        info["description"] = json!(description);
    }
    let mut server = json!({
        "url": format!("https://{host}/{{basePath}}"),
        "variables": { "basePath": { "default": stage } },
    });
    let endpoint = &mut server["x-amazon-apigateway-endpoint-configuration"];
    if extensions.all && api.disable_execute_api_endpoint {
        endpoint["disableExecuteApiEndpoint"] = json!(true);
    }
    if extensions.all && !api.endpoint_configuration.vpc_endpoint_ids.is_empty() {
        endpoint["vpcEndpointIds"] = json!(api.endpoint_configuration.vpc_endpoint_ids);
    }
    if let (true, Some(server)) = (endpoint.is_null(), server.as_object_mut()) {
        server.remove("x-amazon-apigateway-endpoint-configuration");
    }
    let mut resources: Vec<&Resource> =
        configuration.resources.values().filter(|resource| !resource.methods.is_empty()).collect();
    resources.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Map<String, Value> = resources
        .iter()
        .map(|resource| (resource.path.clone(), path_item(resource, configuration, extensions)))
        .collect();
    let mut document = json!({ "openapi": "3.0.1", "info": info, "servers": [server], "paths": paths, "components": components(configuration, extensions) });
    if extensions.all {
        write_api_extensions(&mut document, api, configuration);
    }
    document
}

fn write_api_extensions(document: &mut Value, api: &RestApi, configuration: &Configuration) {
    if api.api_key_source != "HEADER" {
        document["x-amazon-apigateway-api-key-source"] = json!(api.api_key_source);
    }
    if !configuration.binary_media_types.is_empty() {
        document["x-amazon-apigateway-binary-media-types"] = json!(configuration.binary_media_types);
    }
    if let Some(policy) = &api.security_policy {
        document["x-amazon-apigateway-security-policy"] = json!(policy);
    }
    if let Some(size) = api.minimum_compression_size {
        document["x-amazon-apigateway-minimum-compression-size"] = json!(size);
    }
    if let Some(policy) = api.policy.as_ref().and_then(|policy| serde_json::from_str::<Value>(policy).ok()) {
        document["x-amazon-apigateway-policy"] = policy;
    }
    if !configuration.gateway_responses.is_empty() {
        let responses = configuration.gateway_responses.iter().map(|(name, response)| {
            let mut body = json!({});
            if let Some(code) = &response.status_code {
                body["statusCode"] = json!(code);
            }
            body["responseParameters"] = json!(response.response_parameters);
            body["responseTemplates"] = json!(response.response_templates);
            (name.clone(), body)
        });
        document["x-amazon-apigateway-gateway-responses"] = responses.collect();
    }
    if !configuration.request_validators.is_empty() {
        let validators = configuration.request_validators.values().map(|validator| {
            let body = json!({
                "validateRequestBody": validator.validate_request_body,
                "validateRequestParameters": validator.validate_request_parameters,
            });
            (validator.name.clone(), body)
        });
        document["x-amazon-apigateway-request-validators"] = validators.collect();
    }
}

fn path_item(resource: &Resource, configuration: &Configuration, extensions: Extensions) -> Value {
    let operations = resource.methods.iter().map(|(verb, method)| {
        let key = if verb == "ANY" { "x-amazon-apigateway-any-method".into() } else { verb.to_ascii_lowercase() };
        (key, operation(method, resource, configuration, extensions))
    });
    operations.collect()
}

fn operation(method: &Method, resource: &Resource, configuration: &Configuration, extensions: Extensions) -> Value {
    let mut written = json!({});
    if let Some(name) = &method.operation_name {
        written["operationId"] = json!(name);
    }
    let parameters: Vec<Value> =
        method.request_parameters.iter().flatten().filter_map(|(name, required)| parameter(name, *required)).collect();
    if !parameters.is_empty() {
        written["parameters"] = json!(parameters);
    }
    if let Some(models) = &method.request_models {
        written["requestBody"] = json!({ "content": content(models), "required": true });
    }
    if !method.method_responses.is_empty() {
        let responses = method.method_responses.iter().map(|(code, response)| {
            let mut body = json!({ "description": format!("{code} response") });
            if let Some(parameters) = &response.response_parameters {
                let names = parameters.keys().filter_map(|name| name.strip_prefix("method.response.header."));
                body["headers"] =
                    names.map(|name| (name.to_owned(), json!({ "schema": { "type": "string" } }))).collect();
            }
            body["content"] = response.response_models.as_ref().map_or(json!({}), content);
            (code.clone(), body)
        });
        written["responses"] = responses.collect();
    }
    let security = security(method, configuration);
    if !security.is_empty() {
        written["security"] = json!(security);
    }
    if extensions.all
        && let Some(validator) =
            method.request_validator_id.as_ref().and_then(|id| configuration.request_validators.get(id))
    {
        written["x-amazon-apigateway-request-validator"] = json!(validator.name);
    }
    if extensions.integrations
        && let Some(integration) = &method.method_integration
    {
        written["x-amazon-apigateway-integration"] = openapi_integration::write(integration, &resource.id);
    }
    written
}

fn parameter(name: &str, required: bool) -> Option<Value> {
    let (place, name) = name.strip_prefix("method.request.")?.split_once('.')?;
    let place = if place == "querystring" { "query" } else { place };
    let mut written = json!({ "name": name, "in": place });
    if required {
        written["required"] = json!(true);
    }
    written["schema"] = json!({ "type": "string" });
    Some(written)
}

fn content(models: &std::collections::BTreeMap<String, String>) -> Value {
    let schema = |model: &str| json!({ "schema": { "$ref": format!("#/components/schemas/{model}") } });
    models.iter().map(|(content_type, model)| (content_type.clone(), schema(model))).collect()
}

fn security(method: &Method, configuration: &Configuration) -> Vec<Value> {
    let mut security = Vec::new();
    if method.authorization_type == "AWS_IAM" {
        security.push(json!({ "sigv4": [] }));
    }
    if let Some(authorizer) = method.authorizer_id.as_ref().and_then(|id| configuration.authorizers.get(id)) {
        let scopes = method.authorization_scopes.clone().unwrap_or_default();
        security.push(Value::Object(Map::from_iter([(authorizer.name.clone(), json!(scopes))])));
    }
    if method.api_key_required {
        security.push(json!({ "api_key": [] }));
    }
    security
}

fn components(configuration: &Configuration, extensions: Extensions) -> Value {
    let mut components = json!({});
    let schemas: Map<String, Value> = configuration
        .models
        .values()
        .filter_map(|model| Some((model.name.clone(), serde_json::from_str(model.schema.as_ref()?).ok()?)))
        .collect();
    if !schemas.is_empty() {
        components["schemas"] = Value::Object(schemas);
    }
    let mut schemes = Map::new();
    let mut methods = configuration.resources.values().flat_map(|resource| resource.methods.values());
    if methods.clone().any(|method| method.api_key_required) {
        schemes.insert("api_key".into(), json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }));
    }
    if methods.any(|method| method.authorization_type == "AWS_IAM") {
        schemes.insert("sigv4".into(), json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" }));
    }
    for authorizer in configuration.authorizers.values() {
        let mut scheme = json!({ "type": "apiKey", "name": "Authorization", "in": "header" });
        if let Some(kind) = &authorizer.auth_type {
            scheme["x-amazon-apigateway-authtype"] = json!(kind);
        }
        if extensions.all {
            let mut body = json!(authorizer);
            body["type"] = json!(authorizer.kind.to_ascii_lowercase());
            if let Some(fields) = body.as_object_mut() {
                for name in ["id", "name", "authType"] {
                    fields.remove(name);
                }
            }
            scheme["x-amazon-apigateway-authorizer"] = body;
        }
        schemes.insert(authorizer.name.clone(), scheme);
    }
    if !schemes.is_empty() {
        components["securitySchemes"] = Value::Object(schemes);
    }
    components
}
