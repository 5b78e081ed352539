//! The OpenAPI documents that API Gateway writes and reads.

use domain::gateway::export;
use domain::plan::edge::Api;
use domain::ports::gateway::{Backend, Method};
use serde_json::{Value, json};

/// An export as AWS writes it, as far as the phases look at it.
pub(super) fn write(api: &Api, stage: &str, methods: &[Method]) -> Value {
    let mut paths = json!({});
    for method in methods {
        let Some(backend) = &method.integration else { continue };
        let name = if method.method == "ANY" {
            "x-amazon-apigateway-any-method".to_owned()
        } else {
            method.method.to_lowercase()
        };
        let mut integration = json!({ "type": backend.kind.to_lowercase() });
        for (field, value) in [
            ("uri", &backend.uri),
            ("httpMethod", &backend.http_method),
            ("connectionId", &backend.connection_id),
            ("connectionType", &backend.connection_type),
        ] {
            if !value.is_empty() {
                integration[field] = json!(value);
            }
        }
        paths[&method.path][&name] = json!({ "responses": {}, export::INTEGRATION: integration });
        if method.api_key_required {
            paths[&method.path][&name]["security"] = json!([{ "api_key": [] }]);
        }
    }
    let server = json!({ "variables": { "basePath": { "default": format!("/{stage}") } } });
    json!({ "openapi": "3.0.1", "info": { "title": api.name, "version": stage }, "servers": [server], "paths": paths })
}

/// The name that an API gets of a document.
pub(super) fn title(document: &Value) -> String {
    document["info"]["title"].as_str().unwrap_or_default().to_owned()
}

/// The configuration that AWS makes of a document.
pub(super) fn import(document: &Value, id: &str) -> Vec<Method> {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let methods = export::integrations(document).map(|(path, name, integration)| Method {
        resource_id: format!("{id}{path}"),
        path: path.to_owned(),
        method: if name.starts_with("x-") { "ANY".to_owned() } else { name.to_uppercase() },
        api_key_required: document["paths"][path][name]["security"].is_array(),
        integration: Some(Backend {
            kind: text(integration, "type").to_uppercase(),
            uri: text(integration, "uri"),
            http_method: text(integration, "httpMethod"),
            connection_type: text(integration, "connectionType"),
            connection_id: text(integration, "connectionId"),
            ..Backend::default()
        }),
        ..Method::default()
    });
    methods.collect()
}
