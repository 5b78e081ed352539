//! Reads and writes `x-amazon-apigateway-integration` ("x-amazon-apigateway-integration object", developer guide).
//!
//! The fields are those of the REST API's integration, with types and behaviours in lower case. Integration responses are
//! keyed by their selection pattern; `default` means no pattern.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::{ApiError, Result};
use super::integration_responses::IntegrationResponse;
use super::integrations::Integration;

/// Reads the extension without defaults; [`Integration::complete`] fills them in.
pub(crate) fn read(extension: &Value, place: &str) -> Result<Integration> {
    let invalid = |reason: String| ApiError::bad_request(format!("Invalid OpenAPI document: {place}: {reason}"));
    let mut fields = extension.as_object().cloned().ok_or_else(|| invalid("the integration is no object".into()))?;
    let responses = fields.remove("responses");
    for name in ["type", "passthroughBehavior", "contentHandling", "connectionType", "responseTransferMode"] {
        if let Some(Value::String(text)) = fields.get_mut(name) {
            *text = text.to_ascii_uppercase();
        }
    }
    let mut integration: Integration =
        serde_json::from_value(Value::Object(fields)).map_err(|error| invalid(error.to_string()))?;
    if let Some(Value::Object(responses)) = responses {
        integration.integration_responses =
            Some(read_responses(responses).map_err(|error| invalid(error.to_string()))?);
    }
    Ok(integration)
}

fn read_responses(responses: Map<String, Value>) -> serde_json::Result<BTreeMap<String, IntegrationResponse>> {
    let mut read = BTreeMap::new();
    for (pattern, response) in responses {
        let mut response: IntegrationResponse = serde_json::from_value(response)?;
        response.selection_pattern = (pattern != "default").then_some(pattern);
        read.insert(response.status_code.clone(), response);
    }
    Ok(read)
}

/// Writes the extension without the values that an import fills in by default.
pub(crate) fn write(integration: &Integration, resource_id: &str) -> Value {
    let mut written = Map::new();
    written.insert("type".into(), json!(integration.kind.to_ascii_lowercase()));
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            written.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.as_ref().map(|value| json!(value));
    put("httpMethod", text(&integration.http_method));
    put("uri", text(&integration.uri));
    put("connectionType", text(&integration.connection_type.clone().filter(|kind| kind != "INTERNET")));
    put("connectionId", text(&integration.connection_id));
    put("integrationTarget", text(&integration.integration_target));
    put("credentials", text(&integration.credentials));
    put(
        "passthroughBehavior",
        integration.passthrough_behavior.as_ref().map(|value| json!(value.to_ascii_lowercase())),
    );
    // Exports that AWS made in May 2025 do not have it, today's do.
    let mode = integration.response_transfer_mode.as_ref().filter(|_| integration.kind != "MOCK");
    put("responseTransferMode", mode.map(|mode| json!(mode)));
    put("contentHandling", text(&integration.content_handling));
    put("requestParameters", integration.request_parameters.as_ref().map(|value| json!(value)));
    put("requestTemplates", integration.request_templates.as_ref().map(|value| json!(value)));
    put("timeoutInMillis", integration.timeout_in_millis.filter(|timeout| *timeout != 29_000).map(Value::from));
    put("cacheNamespace", text(&integration.cache_namespace.clone().filter(|name| name != resource_id)));
    let keys = &integration.cache_key_parameters;
    put("cacheKeyParameters", (!keys.is_empty()).then(|| json!(keys)));
    put("tlsConfig", integration.tls_config.as_ref().map(|value| json!(value)));
    put("responses", integration.integration_responses.as_ref().map(write_responses));
    Value::Object(written)
}

fn write_responses(responses: &BTreeMap<String, IntegrationResponse>) -> Value {
    responses
        .values()
        .map(|response| {
            let pattern = response.selection_pattern.clone().unwrap_or_else(|| "default".into());
            let mut body = json!(response);
            if let Some(fields) = body.as_object_mut() {
                fields.remove("selectionPattern");
            }
            (pattern, body)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let extension = json!({
            "type": "http_proxy", "httpMethod": "ANY", "uri": "http://shop.example.com/{proxy}",
            "connectionType": "VPC_LINK", "connectionId": "abc123", "passthroughBehavior": "when_no_match",
            "requestParameters": { "integration.request.path.proxy": "method.request.path.proxy" },
            "timeoutInMillis": 5000, "tlsConfig": { "insecureSkipVerification": true },
            "responses": { "default": { "statusCode": "200" }, "5\\d{2}": { "statusCode": "502" } },
        });
        let integration = read(&extension, "/{proxy+}").unwrap();
        assert_eq!(integration.kind, "HTTP_PROXY");
        assert!(integration.is_private());
        assert_eq!(write(&integration, "r"), extension);
    }

    #[test]
    fn an_extension_that_is_no_object_is_refused_with_its_place() {
        let error = read(&json!("no"), "/carts GET").unwrap_err();
        assert_eq!(error, ApiError::bad_request("Invalid OpenAPI document: /carts GET: the integration is no object"));
    }
}
