//! The public API's export as the temporary API imports it: green's links and load balancer for blue's, temporary hosts for public ones, and
//! nothing else.

use domain::gateway::counterparts::Counterparts;
use domain::gateway::{export, mapping};
use domain::input::Host;
use domain::plan::edge::{Protocol, integration::with_variables};
use serde_json::Value;
use std::collections::BTreeMap;

/// The document to import. Integrations through other links, or through none, stay as they are. A stage variable that holds a public host
/// is resolved: the temporary API's stage has production's variables, with which it shows blue later.
#[must_use]
pub fn temporary(
    mut export: Value,
    counterparts: &Counterparts,
    hosts: &[Host],
    variables: &BTreeMap<String, String>,
) -> Value {
    for (integration, green) in export::with_counterparts(&mut export, counterparts) {
        export::connect(integration, green);
        if let Some(uri) = integration.get("uri").and_then(Value::as_str) {
            let resolved = with_variables(uri, variables).unwrap_or_else(|| uri.to_owned());
            let renamed = rehost(&resolved, hosts);
            if renamed != resolved {
                integration["uri"] = renamed.into();
            }
        }
        let mappings = integration.get_mut("requestParameters").and_then(Value::as_object_mut);
        for (name, value) in mappings.into_iter().flatten() {
            if let (Some(protocol), Value::String(value)) = (mapping::of_host(name), value)
                && let Some(renamed) = mapped(protocol, value, hosts, variables)
            {
                *value = renamed;
            }
        }
        // The name that an HTTP API asks a certificate for, which the URI has of a REST API
        // (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html).
        if let Some(Value::String(name)) =
            integration.get_mut("tlsConfig").and_then(|tls| tls.get_mut("serverNameToVerify"))
            && let Some(renamed) = rename(name, hosts)
        {
            *name = renamed;
        }
    }
    export
}

/// The value of a mapping of the Host header with the temporary host, where it is a public one or a stage variable that holds one.
fn mapped(protocol: Protocol, value: &str, hosts: &[Host], variables: &BTreeMap<String, String>) -> Option<String> {
    let renamed = rename(&mapping::fixed(protocol, value, variables)?, hosts)?;
    Some(mapping::written(protocol, &renamed))
}

/// The temporary host in place of this public one; the port stays.
fn rename(host: &str, hosts: &[Host]) -> Option<String> {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let host = hosts.iter().find(|host| host.primary.eq_ignore_ascii_case(name))?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}{port}", host.temporary))
}

/// The URI with the temporary host where it had that public one; the port stays.
#[must_use]
pub fn rehost(uri: &str, hosts: &[Host]) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    rename(authority, hosts).map_or_else(|| uri.to_owned(), |renamed| format!("{scheme}://{renamed}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::gateway::export::INTEGRATION;
    use domain::plan::edge::Connection;
    use serde_json::json;

    fn hosts() -> Vec<Host> {
        vec![Host { primary: "shop.example.com".to_owned(), temporary: "shop-green.example.com".to_owned() }]
    }

    fn link(id: &str) -> Connection {
        Connection::VpcLink(id.to_owned())
    }

    /// Of blue's link alone.
    fn to(green: &str) -> Counterparts {
        Counterparts::new([(link("blue1"), link(green))])
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

    // Of public Terraform configurations of APIs before an internal load balancer.
    #[test]
    fn a_host_header_of_a_parameter_mapping_is_renamed_too() {
        let (rest, http) = ("integration.request.header.Host", "overwrite:header.host");
        for (name, value, expected) in [
            (rest, "'shop.example.com'", "'shop-green.example.com'"),
            (rest, "'SHOP.example.com:8080'", "'shop-green.example.com:8080'"),
            (rest, "'other.example.com'", "'other.example.com'"),
            (rest, "method.request.header.Host", "method.request.header.Host"),
            (rest, "stageVariables.host", "'shop-green.example.com'"),
            (rest, "stageVariables.other", "stageVariables.other"),
            (http, "SHOP.example.com:8080", "shop-green.example.com:8080"),
            (http, "${stageVariables.host}", "shop-green.example.com"),
            (http, "$stageVariables.host", "shop-green.example.com"),
            (http, "$request.header.host", "$request.header.host"),
            (http, "other.example.com", "other.example.com"),
        ] {
            let export = |value: &str| {
                json!({ "paths": { "/cart": { "get": { INTEGRATION: {
                    "type": "http_proxy", "connectionType": "VPC_LINK", "connectionId": "blue1",
                    "uri": "http://internal-nlb-0a1b.elb.eu-central-1.amazonaws.com/cart",
                    "requestParameters": { name: value },
                } } } } })
            };
            let variables = [("host".to_owned(), "shop.example.com".to_owned())].into();
            let written = temporary(export(value), &to("blue1"), &hosts(), &variables);
            assert_eq!(written, export(expected), "{value}");
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
        assert_eq!(temporary(export, &to("green1"), &hosts(), &BTreeMap::new()), expected);
    }

    #[test]
    fn a_link_in_a_stage_variable_is_written_out_and_a_load_balancer_behind_a_second_link_is_replaced() {
        let v2 = |target: &str| Connection::of("VPC_LINK", "v2", target);
        let variable = Connection::of("VPC_LINK", "${stageVariables.link}", "");
        let counterparts = Counterparts::new([(variable, link("green1")), (v2("arn:blue"), v2("arn:green"))]);
        let export = |first: Value, second: Value| json!({ "paths": { "/a": { "get": { INTEGRATION: first } }, "/b": { "get": { INTEGRATION: second } } } });
        let through = |id: &str| json!({ "connectionType": "VPC_LINK", "connectionId": id, "uri": "http://x/" });
        let to = |target: &str| json!({ "connectionType": "VPC_LINK", "connectionId": "v2", "integrationTarget": target, "uri": "http://x/" });
        let written = export(through("${stageVariables.link}"), to("arn:blue"));
        let expected = export(through("green1"), to("arn:green"));
        assert_eq!(temporary(written, &counterparts, &[], &BTreeMap::new()), expected);
    }

    #[test]
    fn green_of_an_http_api_answers_to_the_temporary_host_over_tls_too() {
        let export = |host: &str, target: &str| {
            json!({ "paths": { "/$default": { "x-amazon-apigateway-any-method": { INTEGRATION: {
                "type": "http_proxy", "httpMethod": "ANY", "connectionType": "VPC_LINK", "connectionId": "v2",
                "integrationTarget": target, "payloadFormatVersion": "1.0", "timeoutInMillis": 30_000,
                "requestParameters": { "overwrite:header.host": host, "overwrite:path": "$request.path" },
                "tlsConfig": { "serverNameToVerify": host },
            } } } } })
        };
        let v2 = |target: &str| Connection::of("VPC_LINK", "v2", target);
        let counterparts = Counterparts::new([(v2("arn:blue"), v2("arn:green"))]);
        let written = temporary(export("shop.example.com", "arn:blue"), &counterparts, &hosts(), &BTreeMap::new());
        assert_eq!(written, export("shop-green.example.com", "arn:green"));
    }

    // "http://${stageVariables.<variable_name>}/resource/operation"
    // (https://docs.aws.amazon.com/apigateway/latest/developerguide/stage-variables.html).
    #[test]
    fn a_stage_variable_that_holds_a_public_host_is_resolved() {
        let pairs = [
            ("host", "shop.example.com"),
            ("url", "http://shop.example.com:8080"),
            ("other", "a.example.com"),
            ("v", "2"),
        ];
        let variables: BTreeMap<String, String> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (uri, expected) in [
            ("http://${stageVariables.host}/cart", "http://shop-green.example.com/cart"),
            ("http://${stageVariables.host}:8080/v${stageVariables.v}", "http://shop-green.example.com:8080/v2"),
            ("${stageVariables.url}/cart", "http://shop-green.example.com:8080/cart"),
            ("http://${stageVariables.other}/cart", "http://${stageVariables.other}/cart"),
            ("http://${stageVariables.missing}/cart", "http://${stageVariables.missing}/cart"),
        ] {
            let export = |uri: &str| {
                json!({ "paths": { "/cart": { "get": { INTEGRATION: {
                    "type": "http_proxy", "connectionType": "VPC_LINK", "connectionId": "blue1", "uri": uri,
                } } } } })
            };
            assert_eq!(temporary(export(uri), &to("blue1"), &hosts(), &variables), export(expected), "{uri}");
        }
    }
}
