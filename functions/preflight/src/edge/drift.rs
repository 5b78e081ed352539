//! Undeployed edits: compares methods and integrations of the configuration with the stage's export. prepare-cutover compares
//! everything, with a trial deployment.

use domain::gateway::export;
use domain::plan::edge::Integration;
use domain::ports::gateway::Method;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many edits are named.
const MOST: usize = 10;

/// The differences between the configuration and what the stage serves, a line each.
pub(super) fn edits(methods: &[Method], stage: &Value) -> Vec<String> {
    let mut deployed: BTreeMap<(String, String), Integration> = export::integrations(stage)
        .map(|(path, method, found)| ((path.to_owned(), export::verb(method)), export::integration(found)))
        .collect();
    let mut edits = Vec::new();
    for method in methods {
        let Some(integration) = &method.integration else {
            edits.push(format!("{} {} has no integration", method.method, method.path));
            continue;
        };
        match deployed.remove(&(method.path.clone(), method.method.clone())) {
            None => edits.push(format!("{} {} is new", method.method, method.path)),
            Some(found) => {
                edits.extend(
                    changes(integration, &found).map(|change| format!("{} {} {change}", method.method, method.path)),
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

fn changes(now: &Integration, then: &Integration) -> impl Iterator<Item = String> {
    let fields = [
        ("type", now.kind.clone(), then.kind.clone()),
        ("uri", now.uri.clone(), then.uri.clone()),
        ("connection", now.connection.to_string(), then.connection.to_string()),
        ("method", now.http_method.clone(), then.http_method.clone()),
    ]
    .into_iter()
    .filter(|(_, now, then)| now != then)
    // An export leaves out the method where it says nothing.
    .filter(|(field, _, then)| !(*field == "method" && then.is_empty()))
    .map(|(field, now, then)| format!("has the {field} {now:?}, deployed {then:?}"));
    let (millis, deployed) = (now.timeout_millis, then.timeout_millis);
    let timeout =
        (millis != 0 && millis != deployed).then(|| format!("has the timeout {millis} ms, deployed {deployed} ms"));
    let (now, then) = (&now.request_parameters, &then.request_parameters);
    let mapping = (now != then).then(|| format!("has the request parameters {now:?}, deployed {then:?}"));
    fields.chain(timeout).chain(mapping)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::Connection;
    use serde_json::json;

    fn method(verb: &str, uri: &str) -> Method {
        Method {
            path: "/cart".to_owned(),
            method: verb.to_owned(),
            integration: Some(Integration {
                kind: "HTTP_PROXY".to_owned(),
                http_method: "GET".to_owned(),
                uri: uri.to_owned(),
                connection: Connection::VpcLink("link1".to_owned()),
                ..Integration::default()
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
        let integration = methods[0].integration.as_mut().unwrap();
        integration.timeout_millis = 29_000;
        integration.request_parameters.insert("integration.request.path.id".into(), "method.request.path.id".into());
        assert_eq!(edits(&methods, &deployed), Vec::<String>::new());
        let integration = methods[0].integration.as_mut().unwrap();
        integration.timeout_millis = 10_000;
        integration.request_parameters.clear();
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
