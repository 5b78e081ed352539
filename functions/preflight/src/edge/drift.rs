//! Undeployed edits, as far as reading alone shows them: methods and integrations of the configuration against the stage's
//! export. prepare-cutover compares everything, with a trial deployment.

use domain::gateway::export;
use domain::ports::gateway::{Backend, Method};
use serde_json::Value;
use std::collections::BTreeMap;

/// Milliseconds that an integration may take where nothing is said, which an export then leaves out
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>).
const TIMEOUT: u64 = 29_000;

/// How many edits are named.
const MOST: usize = 10;

/// What the configuration has otherwise than the stage, a line each.
pub(super) fn edits(methods: &[Method], stage: &Value) -> Vec<String> {
    let mut deployed: BTreeMap<(String, String), &Value> =
        export::integrations(stage).map(|(path, method, found)| ((path.to_owned(), verb(method)), found)).collect();
    let mut edits = Vec::new();
    for method in methods {
        let Some(backend) = &method.integration else {
            edits.push(format!("{} {} has no integration", method.method, method.path));
            continue;
        };
        match deployed.remove(&(method.path.clone(), method.method.clone())) {
            None => edits.push(format!("{} {} is new", method.method, method.path)),
            Some(found) => {
                edits.extend(
                    changes(backend, found).map(|change| format!("{} {} {change}", method.method, method.path)),
                );
            }
        }
    }
    edits.extend(deployed.into_keys().map(|(path, method)| format!("{method} {path} was deleted")));
    let more = edits.len().saturating_sub(MOST);
    edits.truncate(MOST);
    if more > 0 {
        edits.push(format!("and {more} more"));
    }
    edits
}

/// `get` is `GET`, and the extension for all methods is `ANY`.
fn verb(method: &str) -> String {
    if method == "x-amazon-apigateway-any-method" { "ANY".to_owned() } else { method.to_ascii_uppercase() }
}

fn changes(configured: &Backend, deployed: &Value) -> impl Iterator<Item = String> {
    let text = |field: &str| deployed.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (now, then) = (u64::from(configured.timeout_millis), deployed.get("timeoutInMillis").and_then(Value::as_u64));
    let then = then.unwrap_or(TIMEOUT);
    let timeout = (now != 0 && now != then).then(|| format!("has the timeout {now} ms, deployed {then} ms"));
    let then: BTreeMap<&str, &str> = deployed
        .get("requestParameters")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let now = configured.request_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mapping = (then != now).then(|| format!("has the request parameters {now:?}, deployed {then:?}"));
    let fields = [
        ("type", configured.kind.to_ascii_lowercase(), text("type").to_ascii_lowercase()),
        ("uri", configured.uri.clone(), text("uri")),
        ("connection", configured.connection_id.clone(), text("connectionId")),
        ("method", configured.http_method.clone(), text("httpMethod")),
    ]
    .into_iter()
    // An export leaves out what has its default, and the configuration does not.
    .filter(|(_, now, then)| now != then && !(then.is_empty() && now.is_empty()))
    .filter(|(field, _, then)| !(*field == "method" && then.is_empty()))
    .map(|(field, now, then)| format!("has the {field} {now:?}, deployed {then:?}"));
    fields.chain(timeout).chain(mapping)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn method(verb: &str, uri: &str) -> Method {
        Method {
            path: "/cart".to_owned(),
            method: verb.to_owned(),
            integration: Some(Backend {
                kind: "HTTP_PROXY".to_owned(),
                http_method: "GET".to_owned(),
                uri: uri.to_owned(),
                connection_id: "link1".to_owned(),
                connection_type: "VPC_LINK".to_owned(),
                ..Backend::default()
            }),
            ..Method::default()
        }
    }

    fn export() -> Value {
        let integration = json!({
            "x-amazon-apigateway-integration": {
                "type": "http_proxy", "httpMethod": "GET", "uri": "http://shop/cart", "connectionId": "link1", "connectionType": "VPC_LINK",
            },
        });
        json!({ "paths": { "/cart": { "get": integration, "x-amazon-apigateway-any-method": integration } } })
    }

    #[test]
    fn what_is_deployed_as_configured_shows_no_edit() {
        assert_eq!(
            edits(&[method("GET", "http://shop/cart"), method("ANY", "http://shop/cart")], &export()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_timeout_and_a_mapping_of_parameters_are_edits_too() {
        let mut deployed = export();
        let integration = &mut deployed["paths"]["/cart"]["get"]["x-amazon-apigateway-integration"];
        integration["requestParameters"] = json!({ "integration.request.path.id": "method.request.path.id" });
        let mut methods = [method("GET", "http://shop/cart"), method("ANY", "http://shop/cart")];
        let backend = methods[0].integration.as_mut().unwrap();
        backend.timeout_millis = 29_000;
        backend.request_parameters.insert("integration.request.path.id".into(), "method.request.path.id".into());
        assert_eq!(edits(&methods, &deployed), Vec::<String>::new());
        let backend = methods[0].integration.as_mut().unwrap();
        backend.timeout_millis = 10_000;
        backend.request_parameters.clear();
        assert_eq!(
            edits(&methods, &deployed),
            [
                "GET /cart has the timeout 10000 ms, deployed 29000 ms",
                "GET /cart has the request parameters {}, deployed {\"integration.request.path.id\": \"method.request.path.id\"}",
            ]
        );
    }

    #[test]
    fn new_changed_and_deleted_methods_are_named() {
        let found = edits(&[method("GET", "http://shop/basket"), method("POST", "http://shop/cart")], &export());
        assert_eq!(
            found,
            [
                "GET /cart has the uri \"http://shop/basket\", deployed \"http://shop/cart\"",
                "POST /cart is new",
                "ANY /cart was deleted",
            ]
        );
    }
}
