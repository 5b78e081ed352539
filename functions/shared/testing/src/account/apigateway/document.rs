//! The OpenAPI documents that API Gateway writes and reads.

use super::super::aws::Authorizer;
use domain::gateway::export;
use domain::plan::edge::Api;
use domain::ports::gateway::Method;
use serde_json::{Value, json};

/// The extension that describes an authorizer
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>).
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";

/// The extension that describes an endpoint
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-endpoint-configuration.html>).
const ENDPOINT: &str = "x-amazon-apigateway-endpoint-configuration";

/// The authorization of methods with a Lambda authorizer.
pub(crate) const CUSTOM: &str = "CUSTOM";

/// An export as AWS writes it, as far as the phases look at it.
pub(super) fn write(api: &Api, stage: &str, methods: &[Method], authorizer: Option<&Authorizer>) -> Value {
    let mut paths = json!({});
    for method in methods {
        let Some(found) = &method.integration else { continue };
        let name = if method.method == "ANY" {
            "x-amazon-apigateway-any-method".to_owned()
        } else {
            method.method.to_lowercase()
        };
        let mut integration = json!(found.connection);
        integration["type"] = json!(found.kind.to_lowercase());
        for (field, value) in [("uri", &found.uri), ("httpMethod", &found.http_method)] {
            if !value.is_empty() {
                integration[field] = json!(value);
            }
        }
        if !api.protocol.is_rest() {
            integration["timeoutInMillis"] = json!(found.timeout_millis);
            if !found.request_parameters.is_empty() {
                integration["requestParameters"] = json!(found.request_parameters);
            }
        }
        paths[&method.path][&name] = json!({ "responses": {}, export::INTEGRATION: integration });
        let key = method.api_key_required.then(|| json!({ "api_key": [] }));
        let guard = authorizer.filter(|_| method.authorization == CUSTOM).map(|guard| json!({ &guard.name: [] }));
        let security: Vec<Value> = guard.into_iter().chain(key).collect();
        if !security.is_empty() {
            paths[&method.path][&name]["security"] = json!(security);
        }
    }
    let mut policy = json!({});
    if let Some(found) = api.policy.as_ref().and_then(|policy| serde_json::from_str::<Value>(policy).ok()) {
        policy = json!({ "x-amazon-apigateway-policy": found });
    }
    let mut server = json!({ "variables": { "basePath": { "default": format!("/{stage}") } } });
    if !api.vpc_endpoint_ids.is_empty() {
        server[ENDPOINT] = json!({ "vpcEndpointIds": api.vpc_endpoint_ids });
    }
    if api.execute_api_disabled {
        server[ENDPOINT]["disableExecuteApiEndpoint"] = json!(true);
    }
    let mut document = json!({
        "openapi": "3.0.1", "info": { "title": api.name, "version": stage }, "servers": [server], "paths": paths,
    });
    if let Some(authorizer) = authorizer {
        document["components"]["securitySchemes"][&authorizer.name] = json!({
            "type": "apiKey", "name": "Unused", "in": "header", "x-amazon-apigateway-authtype": "custom",
            AUTHORIZER: { "type": "request", "authorizerUri": authorizer.uri, "authorizerResultTtlInSeconds": 0 },
        });
    }
    if let (Some(document), Some(policy)) = (document.as_object_mut(), policy.as_object()) {
        document.extend(policy.clone());
    }
    document
}

/// The name that an API gets of a document.
pub(super) fn title(document: &Value) -> String {
    document["info"]["title"].as_str().unwrap_or_default().to_owned()
}

/// The VPC endpoints that a document associates.
pub(super) fn vpc_endpoint_ids(document: &Value) -> Vec<String> {
    let ids = document["servers"][0][ENDPOINT]["vpcEndpointIds"].as_array().into_iter().flatten();
    ids.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a document says of its API that it has no default endpoint.
pub(super) fn is_closed(document: &Value) -> bool {
    let servers = document["servers"].as_array().into_iter().flatten();
    servers.chain([document]).any(|place| place[ENDPOINT]["disableExecuteApiEndpoint"] == true)
}

/// The Lambda authorizer that a document describes.
pub(super) fn authorizer(document: &Value) -> Option<Authorizer> {
    let schemes = document["components"]["securitySchemes"].as_object()?;
    schemes.iter().find_map(|(name, scheme)| {
        let uri = scheme[AUTHORIZER]["authorizerUri"].as_str()?;
        Some(Authorizer { name: name.clone(), uri: uri.to_owned() })
    })
}

/// The schemes that a method of a document asks for.
fn security<'a>(document: &'a Value, path: &str, method: &str) -> impl Iterator<Item = &'a str> {
    let asked = document["paths"][path][method]["security"].as_array().into_iter().flatten();
    asked.filter_map(Value::as_object).flat_map(|scheme| scheme.keys().map(String::as_str))
}

/// The configuration that AWS makes of a document.
pub(super) fn import(document: &Value, id: &str) -> Vec<Method> {
    let methods = export::integrations(document).map(|(path, name, integration)| Method {
        resource_id: format!("{id}{path}"),
        path: path.to_owned(),
        method: if name.starts_with("x-") { "ANY".to_owned() } else { name.to_uppercase() },
        api_key_required: security(document, path, name).any(|scheme| scheme == "api_key"),
        authorization: if security(document, path, name).any(|scheme| scheme != "api_key") { CUSTOM } else { "NONE" }
            .to_owned(),
        integration: Some(export::integration(integration)),
    });
    methods.collect()
}
