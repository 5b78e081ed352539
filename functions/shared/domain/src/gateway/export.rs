//! Exports of stages: how their methods reach their backends, and whether two of them are the same. Two deployments of one
//! configuration are, but for the fields that name the stage.

use super::counterparts::Counterparts;
use crate::plan::edge::api::ENDPOINT_EXTENSION;
use crate::plan::edge::{Connection, Integration};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The extension that holds a method's integration
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>).
pub const INTEGRATION: &str = "x-amazon-apigateway-integration";

/// Milliseconds that an integration may take where an export says nothing
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>).
const TIMEOUT: u32 = 29_000;

/// Fields that name the API, the stage or the time and not the configuration.
const NAMES: [&str; 3] = ["servers", "host", "basePath"];

/// Settings of an integration that say the same as their absence. API Gateway writes some of them only into exports of
/// deployments that were made since the setting exists.
fn integration_defaults() -> [(&'static str, Value); 4] {
    [
        ("responseTransferMode", "BUFFERED".into()),
        ("timeoutInMillis", TIMEOUT.into()),
        ("passthroughBehavior", "when_no_match".into()),
        ("connectionType", "INTERNET".into()),
    ]
}

/// Settings of an API that say the same as their absence.
fn api_defaults() -> [(&'static str, Value); 4] {
    [
        ("x-amazon-apigateway-security-policy", "TLS_1_0".into()),
        ("x-amazon-apigateway-security-policy", "TLS_1_2".into()),
        ("x-amazon-apigateway-endpoint-access-mode", "BASIC".into()),
        ("x-amazon-apigateway-api-key-source", "HEADER".into()),
    ]
}

/// The export without what goes without saying. Of `servers` only whether the default endpoint is disabled is left.
fn normal(mut export: Value) -> Value {
    let servers = export["servers"].as_array().into_iter().flatten();
    let is_disabled =
        servers.chain([&export]).any(|place| place[ENDPOINT_EXTENSION]["disableExecuteApiEndpoint"] == true);
    for integration in every(&mut export) {
        without(integration, &integration_defaults());
    }
    without(&mut export, &api_defaults());
    if let Some(export) = export.as_object_mut() {
        let endpoint = export.entry(ENDPOINT_EXTENSION).or_insert_with(|| Value::Object(serde_json::Map::new()));
        endpoint["disableExecuteApiEndpoint"] = is_disabled.into();
    }
    export
}

fn without(settings: &mut Value, defaults: &[(&str, Value)]) {
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|name, value| !defaults.iter().any(|(known, default)| known == name && default == value));
    }
}

/// Every integration of an export with its path and method, as written there (`get`, `x-amazon-apigateway-any-method`).
pub fn integrations(export: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = export.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.filter_map(move |(name, method)| Some((path.as_str(), name.as_str(), method.get(INTEGRATION)?)))
    })
}

/// The verb of a method as an export writes it: `get` is `GET`, and the extension for all methods is `ANY`.
#[must_use]
pub fn verb(method: &str) -> String {
    if method == "x-amazon-apigateway-any-method" { "ANY".to_owned() } else { method.to_ascii_uppercase() }
}

/// How an integration of an export reaches its backend.
#[must_use]
pub fn connection(integration: &Value) -> Connection {
    let text = |field: &str| integration.get(field).and_then(Value::as_str).unwrap_or_default();
    Connection::of(text("connectionType"), text("connectionId"), text("integrationTarget"))
}

/// An integration of an export, with the defaults of what exports leave out.
#[must_use]
pub fn integration(integration: &Value) -> Integration {
    let text = |field: &str| integration.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let timeout = integration.get("timeoutInMillis").and_then(Value::as_u64).and_then(|millis| millis.try_into().ok());
    let parameters = integration.get("requestParameters").and_then(Value::as_object).into_iter().flatten();
    Integration {
        kind: text("type").to_ascii_uppercase(),
        http_method: text("httpMethod"),
        uri: text("uri"),
        connection: connection(integration),
        timeout_millis: timeout.unwrap_or(TIMEOUT),
        insecure_skip_verification: integration["tlsConfig"]["insecureSkipVerification"] == true,
        request_parameters: parameters
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// The integrations of an export that have a counterpart, each with it, to be changed.
pub fn with_counterparts<'a>(
    export: &'a mut Value,
    counterparts: &'a Counterparts,
) -> impl Iterator<Item = (&'a mut Value, &'a Connection)> {
    every(export).filter_map(|integration| {
        let counterpart = counterparts.of(&connection(integration))?;
        Some((integration, counterpart))
    })
}

fn every(export: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = export.get_mut("paths").and_then(Value::as_object_mut).into_iter();
    let methods = paths.flat_map(|paths| paths.values_mut()).filter_map(Value::as_object_mut);
    methods.flat_map(|methods| methods.values_mut()).filter_map(|method| method.get_mut(INTEGRATION))
}

/// Lets an integration of an export, which goes through a VPC link, go through another one.
pub fn connect(integration: &mut Value, connection: &Connection) {
    for (field, value) in connection.fields() {
        integration[field] = value.into();
    }
}

/// How the methods of an export reach their backends.
pub fn connections(export: &Value) -> impl Iterator<Item = Connection> {
    integrations(export).map(|(_, _, integration)| connection(integration))
}

/// The same export with every integration that has a counterpart going through it, and how many those were.
#[must_use]
pub fn repointed(mut export: Value, counterparts: &Counterparts) -> (Value, usize) {
    let mut count = 0;
    for (integration, counterpart) in with_counterparts(&mut export, counterparts) {
        connect(integration, counterpart);
        count += 1;
    }
    (export, count)
}

/// The differences between two exports, a line each and at most `most` of them. Fields that name the stage are not compared, and a
/// setting that is written out is the same as its absence where it is the default.
#[must_use]
pub fn differences(before: &Value, after: &Value, most: usize) -> Vec<String> {
    let mut found = Vec::new();
    compare("", &normal(before.clone()), &normal(after.clone()), &mut found);
    let more = found.len().saturating_sub(most);
    found.truncate(most);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let named = path.is_empty() && NAMES.contains(&key.as_str());
                if named || (path == "/info" && key == "version") {
                    continue;
                }
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                compare(&format!("{path}/{key}"), a, b, found);
            }
        }
        // Lists of an export are sets: parameters, tags, required fields.
        (Value::Array(a), Value::Array(b)) if sorted(a) == sorted(b) => {}
        (a, b) if a == b => {}
        (Value::Null, _) => found.push(format!("{path} is new")),
        (_, Value::Null) => found.push(format!("{path} is gone")),
        (a, b) => found.push(format!("{path} was {}, is {}", short(a), short(b))),
    }
}

fn sorted(items: &[Value]) -> Vec<String> {
    let mut items: Vec<String> = items.iter().map(Value::to_string).collect();
    items.sort();
    items
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn export(stage: &str, link: &str) -> Value {
        json!({
            "openapi": "3.0.1",
            "info": { "title": "shop", "version": stage },
            "servers": [{ "variables": { "basePath": { "default": stage } } }],
            "paths": {
                "/cart": {
                    "get": {
                        "parameters": [{ "name": "a" }, { "name": "b" }],
                        INTEGRATION: { "connectionId": link, "uri": "http://shop/cart" },
                    },
                    "options": { INTEGRATION: { "type": "mock" } },
                },
            },
        })
    }

    #[test]
    fn exports_of_two_stages_say_the_same() {
        assert_eq!(differences(&export("prod", "blue1"), &export("bascule-G", "blue1"), 20), Vec::<String>::new());
    }

    #[test]
    fn the_order_of_parameters_says_nothing() {
        let mut other = export("prod", "blue1");
        other["paths"]["/cart"]["get"]["parameters"] = json!([{ "name": "b" }, { "name": "a" }]);
        assert_eq!(differences(&export("prod", "blue1"), &other, 20), Vec::<String>::new());
    }

    // Exports that AWS made in May 2025 have neither (localstack's tests/aws/services/apigateway/test_apigateway_extended.py::
    // TestApigatewayApis::test_export_oas30_openapi); today's have both.
    #[test]
    fn a_setting_that_is_written_out_says_the_same_as_its_default() {
        let before = export("prod", "blue1");
        let mut after = before.clone();
        after["x-amazon-apigateway-security-policy"] = json!("TLS_1_0");
        after["x-amazon-apigateway-endpoint-configuration"] = json!({ "disableExecuteApiEndpoint": false });
        let integration = &mut after["paths"]["/cart"]["get"][INTEGRATION];
        integration["responseTransferMode"] = json!("BUFFERED");
        integration["timeoutInMillis"] = json!(29_000);
        assert_eq!(differences(&before, &after, 20), Vec::<String>::new());
        after["paths"]["/cart"]["get"][INTEGRATION]["responseTransferMode"] = json!("STREAM");
        after["paths"]["/cart"]["get"][INTEGRATION]["timeoutInMillis"] = json!(5_000);
        assert_eq!(
            differences(&before, &after, 20),
            [
                format!("/paths//cart/get/{INTEGRATION}/responseTransferMode is new"),
                format!("/paths//cart/get/{INTEGRATION}/timeoutInMillis is new"),
            ]
        );
    }

    #[test]
    fn a_default_endpoint_that_is_disabled_is_an_edit_wherever_it_is_written() {
        let before = export("prod", "blue1");
        let disabled = json!({ "disableExecuteApiEndpoint": true });
        let mut of_the_server = before.clone();
        of_the_server["servers"][0]["x-amazon-apigateway-endpoint-configuration"] = disabled.clone();
        let mut of_the_document = before.clone();
        of_the_document["x-amazon-apigateway-endpoint-configuration"] = disabled;
        let expected = "/x-amazon-apigateway-endpoint-configuration/disableExecuteApiEndpoint was false, is true";
        for after in [of_the_server, of_the_document] {
            assert_eq!(differences(&before, &after, 20), [expected]);
        }
    }

    #[test]
    fn edits_are_quoted() {
        let mut other = export("prod", "blue1");
        other["paths"]["/cart"]["get"][INTEGRATION]["uri"] = json!("http://shop/basket");
        other["paths"]["/new"] = json!({});
        other["paths"]["/cart"].as_object_mut().unwrap().remove("options");
        let expected = [
            format!("/paths//cart/get/{INTEGRATION}/uri was \"http://shop/cart\", is \"http://shop/basket\""),
            "/paths//cart/options is gone".to_owned(),
            "/paths//new is new".to_owned(),
        ];
        assert_eq!(differences(&export("prod", "blue1"), &other, 20), expected);
        assert_eq!(differences(&export("prod", "blue1"), &other, 1)[1], "and 2 more");
    }

    fn counterparts() -> Counterparts {
        let link = |id: &str| Connection::VpcLink(id.to_owned());
        let v2 = |target: &str| Connection::of("VPC_LINK", "v2", target);
        Counterparts::new([(link("green1"), link("blue1")), (v2("arn:green"), v2("arn:blue"))])
    }

    #[test]
    fn a_repointed_export_differs_in_links_only() {
        let (green, count) = repointed(export("prod", "green1"), &counterparts());
        assert_eq!(count, 1);
        let blue = &green["paths"]["/cart"]["get"][INTEGRATION];
        assert_eq!(*blue, json!({ "connectionId": "blue1", "uri": "http://shop/cart" }));
        assert_eq!(differences(&export("prod", "blue1"), &green, 20), Vec::<String>::new());
        assert_eq!(repointed(export("prod", "other"), &counterparts()).1, 0);
    }

    #[test]
    fn through_a_link_of_the_second_version_the_load_balancer_is_another() {
        let through = |target: &str| {
            let mut export = export("prod", "v2");
            let integration = &mut export["paths"]["/cart"]["get"][INTEGRATION];
            (integration["connectionType"], integration["integrationTarget"]) = ("VPC_LINK".into(), target.into());
            export
        };
        assert_eq!(repointed(through("arn:green"), &counterparts()), (through("arn:blue"), 1));
    }

    #[test]
    fn an_integration_is_read_with_the_defaults_that_exports_leave_out() {
        let whole = json!({
            "type": "http_proxy", "httpMethod": "ANY", "uri": "http://shop/cart", "connectionType": "VPC_LINK",
            "connectionId": "blue1", "timeoutInMillis": 5_000, "tlsConfig": { "insecureSkipVerification": true },
            "requestParameters": { "integration.request.path.id": "method.request.path.id" },
        });
        let expected = Integration {
            kind: "HTTP_PROXY".to_owned(),
            http_method: "ANY".to_owned(),
            uri: "http://shop/cart".to_owned(),
            connection: Connection::VpcLink("blue1".to_owned()),
            timeout_millis: 5_000,
            insecure_skip_verification: true,
            request_parameters: [("integration.request.path.id".to_owned(), "method.request.path.id".to_owned())]
                .into(),
        };
        assert_eq!(integration(&whole), expected);
        let mock = Integration { kind: "MOCK".to_owned(), timeout_millis: 29_000, ..Integration::default() };
        assert_eq!(integration(&json!({ "type": "mock" })), mock);
    }

    #[test]
    fn links_in_variables_and_of_the_second_version_are_not_repointed() {
        for (link, target) in [("${stageVariables.green1}", ""), ("green1", "arn:balancer")] {
            let mut export = export("prod", link);
            if !target.is_empty() {
                export["paths"]["/cart"]["get"][INTEGRATION]["integrationTarget"] = target.into();
            }
            assert_eq!(repointed(export.clone(), &counterparts()), (export, 0));
        }
    }

    #[test]
    fn every_integration_is_found_with_its_method() {
        let export = export("prod", "blue1");
        let found: Vec<_> = integrations(&export).map(|(path, method, _)| (path, method)).collect();
        assert_eq!(found, [("/cart", "get"), ("/cart", "options")]);
    }
}
