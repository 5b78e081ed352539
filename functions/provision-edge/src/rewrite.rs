//! The public API's export as the temporary API imports it: green's link for blue's, temporary hosts for public ones, and
//! nothing else.

use domain::gateway::export;
use domain::input::Host;
use serde_json::Value;

/// The document to import. Integrations through other links, or through none, stay as they are.
#[must_use]
pub fn temporary(mut export: Value, blue: &str, green: &str, hosts: &[Host]) -> Value {
    for integration in export::through(&mut export, blue) {
        export::connect(integration, green);
        if let Some(uri) = integration.get("uri").and_then(Value::as_str) {
            integration["uri"] = rehost(uri, hosts).into();
        }
    }
    export
}

/// The URI with the temporary host where it had that public one; the port stays.
#[must_use]
pub fn rehost(uri: &str, hosts: &[Host]) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (name, port) = authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    let Some(host) = hosts.iter().find(|host| host.primary.eq_ignore_ascii_case(name)) else {
        return uri.to_owned();
    };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{}{port}{path}", host.temporary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::gateway::export::INTEGRATION;
    use serde_json::json;

    fn hosts() -> Vec<Host> {
        vec![Host { primary: "shop.example.com".to_owned(), temporary: "shop-green.example.com".to_owned() }]
    }

    #[test]
    fn only_the_host_of_a_uri_changes() {
        for (uri, expected) in [
            ("http://shop.example.com/cart/{id}?a=b", "http://shop-green.example.com/cart/{id}?a=b"),
            ("https://SHOP.example.com:8443/x", "https://shop-green.example.com:8443/x"),
            ("http://shop.example.com", "http://shop-green.example.com"),
            ("http://api.shop.example.com/", "http://api.shop.example.com/"),
            ("http://other/shop.example.com", "http://other/shop.example.com"),
            ("arn:aws:apigateway:x", "arn:aws:apigateway:x"),
        ] {
            assert_eq!(rehost(uri, &hosts()), expected);
        }
    }

    #[test]
    fn only_integrations_through_blues_link_change() {
        let method = |link: &str, host: &str| {
            json!({
                "responses": {},
                INTEGRATION: { "type": "http_proxy", "connectionId": link, "uri": format!("http://{host}/") },
            })
        };
        let export = json!({
            "info": { "title": "shop", "version": "1" },
            "paths": {
                "/a": { "get": method("blue1", "shop.example.com"), "post": method("other", "shop.example.com") },
                "/b": { "options": { INTEGRATION: { "type": "mock" } }, "x-amazon-apigateway-any-method": method("blue1", "x") },
            },
            "components": { "schemas": { "blue1": {} } },
        });
        let expected = json!({
            "info": { "title": "shop", "version": "1" },
            "paths": {
                "/a": { "get": method("green1", "shop-green.example.com"), "post": method("other", "shop.example.com") },
                "/b": { "options": { INTEGRATION: { "type": "mock" } }, "x-amazon-apigateway-any-method": method("green1", "x") },
            },
            "components": { "schemas": { "blue1": {} } },
        });
        assert_eq!(temporary(export, "blue1", "green1", &hosts()), expected);
    }
}
