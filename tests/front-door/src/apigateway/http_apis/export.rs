//! `ExportApi`: the deployment that a stage serves, or the configuration as it stands, as an `OpenAPI` 3.0 document
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-export.html>).
//!
//! The form is that of exports in public repositories: answers and path parameters are generated, an integration's time-out stands there
//! only where it is not 30 s, each route has its integration written out although it may share it, and an API without a version of its own
//! has the time. JSON alone is offered; AWS has YAML too.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::apis::Api;
use super::import;
use super::integrations::{Integration, LONGEST_TIMEOUT};
use super::routes::{self, Route};
use super::state::{Configuration, Snapshot};
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

pub(super) fn export(state: &State, request: &Request) -> Result<Answer> {
    let api = state.http.api(request.label(0))?;
    if request.label(1) != "OAS30" {
        return Err(ApiError::bad_request("Invalid specification: only OAS30 is supported"));
    }
    if request.query("outputType").as_deref() != Some("JSON") {
        return Err(ApiError::bad_request("Invalid outputType: only JSON is offered"));
    }
    let with_extensions = request.query("includeExtensions").is_none_or(|include| include == "true");
    let document = match request.query("stageName") {
        Some(name) => {
            let stage = api.stage(&name)?;
            let id = stage.deployment_id.as_deref();
            let none = || ApiError::bad_request("The stage has no deployment to export");
            let deployment = api.deployment(id.ok_or_else(none)?)?;
            write(&deployment.snapshot, &deployment.created_date, &stage.stage_name, with_extensions)
        }
        None => write(&api.snapshot(), &super::now(), "", with_extensions),
    };
    let body = serde_json::to_vec_pretty(&document).map_err(|error| ApiError::bad_request(error.to_string()))?;
    Ok(Answer::document("application/json", "export.json", body.into()))
}

fn write(snapshot: &Snapshot, time: &str, stage: &str, with_extensions: bool) -> Value {
    let Snapshot { about, configuration } = snapshot;
    // `2026-12-01T02:00:00Z` becomes `2026-12-01 02:00:00UTC`.
    let time = time.replace('T', " ").replace('Z', "UTC");
    let mut info = json!({ "title": about.name, "version": about.version.as_deref().unwrap_or(&time) });
    if let Some(description) = &about.description {
        info["description"] = json!(description);
    }
    let base_path = if stage == routes::DEFAULT { "" } else { stage };
    let mut server = json!({
        "url": format!("{}/{{basePath}}", about.api_endpoint),
        "variables": { "basePath": { "default": base_path } },
    });
    if with_extensions && about.disable_execute_api_endpoint {
        server["x-amazon-apigateway-endpoint-configuration"] = json!({ "disableExecuteApiEndpoint": true });
    }
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in configuration.routes_by_key() {
        let (method, path) = route.method_and_path().unwrap_or(("ANY", "/$default"));
        let item = paths.entry(path.to_owned()).or_default();
        item.insert(verb(method), operation(route, configuration, with_extensions));
        let parameters = parameters(path);
        if !parameters.is_empty() {
            item.insert("parameters".to_owned(), parameters.into());
        }
    }
    let mut document = json!({ "openapi": "3.0.1", "info": info, "servers": [server], "paths": paths });
    let schemes = schemes(configuration, with_extensions);
    if !schemes.is_empty() {
        document["components"] = json!({ "securitySchemes": schemes });
    }
    if with_extensions {
        write_api_extensions(&mut document, about);
    }
    document
}

fn write_api_extensions(document: &mut Value, about: &Api) {
    if !about.tags.is_empty() {
        let tags =
            about.tags.iter().map(|(name, value)| json!({ "name": name, "x-amazon-apigateway-tag-value": value }));
        document["tags"] = tags.collect();
    }
    if let Some(cors) = &about.cors_configuration {
        document["x-amazon-apigateway-cors"] = json!(cors);
    }
    document["x-amazon-apigateway-importexport-version"] = "1.0".into();
}

fn verb(method: &str) -> String {
    if method == "ANY" { "x-amazon-apigateway-any-method".to_owned() } else { method.to_ascii_lowercase() }
}

fn parameters(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let written = |name: &str| {
        let description = format!("Generated path parameter for {name}");
        json!({ "name": name, "in": "path", "description": description, "required": true, "schema": { "type": "string" } })
    };
    names.map(written).collect()
}

fn operation(route: &Route, configuration: &Configuration, with_extensions: bool) -> Value {
    let description = format!("Default response for {}", route.route_key);
    let mut written = json!({ "responses": { "default": { "description": description } } });
    if let Some(name) = &route.operation_name {
        written["operationId"] = json!(name);
    }
    let authorizer = route.authorizer_id.as_ref().and_then(|id| configuration.authorizers.get(id));
    if let Some(authorizer) = authorizer {
        written["security"] = json!([{ authorizer.name.clone(): route.authorization_scopes }]);
    } else if route.authorization_type == "AWS_IAM" {
        written["security"] = json!([{ "sigv4": [] }]);
    }
    if !with_extensions {
        return written;
    }
    if route.route_key == routes::DEFAULT {
        written["isDefaultRoute"] = json!(true);
    }
    if let Some(integration) = configuration.integration_of(route) {
        written["x-amazon-apigateway-integration"] = extension(integration);
    }
    written
}

fn extension(integration: &Integration) -> Value {
    let mut written = json!({
        "payloadFormatVersion": integration.payload_format_version,
        "type": integration.integration_type.to_ascii_lowercase(),
        "connectionType": integration.connection_type,
    });
    let optional = [
        ("httpMethod", &integration.integration_method),
        ("uri", &integration.integration_uri),
        ("connectionId", &integration.connection_id),
        ("credentials", &integration.credentials_arn),
        ("subtype", &integration.integration_subtype),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            written[name] = json!(value);
        }
    }
    if !integration.request_parameters.is_empty() {
        written["requestParameters"] = json!(integration.request_parameters);
    }
    if !integration.response_parameters.is_empty() {
        written["responseParameters"] = json!(integration.response_parameters);
    }
    if integration.timeout_in_millis != LONGEST_TIMEOUT {
        written["timeoutInMillis"] = json!(integration.timeout_in_millis);
    }
    if let Some(tls) = &integration.tls_config {
        written["tlsConfig"] = json!(tls);
    }
    written
}

fn schemes(configuration: &Configuration, with_extensions: bool) -> Map<String, Value> {
    let mut schemes = Map::new();
    if configuration.routes.values().any(|route| route.authorization_type == "AWS_IAM") {
        let scheme = json!({ "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" });
        schemes.insert("sigv4".to_owned(), scheme);
    }
    for authorizer in configuration.authorizers.values() {
        let mut scheme = match authorizer.authorizer_type.as_str() {
            "JWT" => json!({ "type": "oauth2", "flows": {} }),
            _ => json!({ "type": "apiKey", "name": "Authorization", "in": "header" }),
        };
        if with_extensions {
            scheme["x-amazon-apigateway-authorizer"] = import::written(authorizer);
        }
        schemes.insert(authorizer.name.clone(), scheme);
    }
    schemes
}
