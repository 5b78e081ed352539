//! The OpenAPI documents that API Gateway writes and reads.

use domain::gateway::export;
use domain::plan::edge::Api;
use domain::ports::gateway::Method;
use serde_json::{Value, json};

/// An export as AWS writes it, as far as the phases look at it.
pub(super) fn write(api: &Api, stage: &str, methods: &[Method]) -> Value {
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
        paths[&method.path][&name] = json!({ "responses": {}, export::INTEGRATION: integration });
        if method.api_key_required {
            paths[&method.path][&name]["security"] = json!([{ "api_key": [] }]);
        }
    }
    let mut policy = json!({});
    if let Some(found) = api.policy.as_ref().and_then(|policy| serde_json::from_str::<Value>(policy).ok()) {
        policy = json!({ "x-amazon-apigateway-policy": found });
    }
    let server = json!({ "variables": { "basePath": { "default": format!("/{stage}") } } });
    let mut document = json!({
        "openapi": "3.0.1", "info": { "title": api.name, "version": stage }, "servers": [server], "paths": paths,
    });
    if let (Some(document), Some(policy)) = (document.as_object_mut(), policy.as_object()) {
        document.extend(policy.clone());
    }
    document
}

/// The name that an API gets of a document.
pub(super) fn title(document: &Value) -> String {
    document["info"]["title"].as_str().unwrap_or_default().to_owned()
}

/// The configuration that AWS makes of a document.
pub(super) fn import(document: &Value, id: &str) -> Vec<Method> {
    let methods = export::integrations(document).map(|(path, name, integration)| Method {
        resource_id: format!("{id}{path}"),
        path: path.to_owned(),
        method: if name.starts_with("x-") { "ANY".to_owned() } else { name.to_uppercase() },
        api_key_required: document["paths"][path][name]["security"].is_array(),
        integration: Some(export::integration(integration)),
        ..Method::default()
    });
    methods.collect()
}
