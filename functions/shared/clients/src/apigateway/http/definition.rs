//! The document that defines an HTTP API, in the form of the ports and in AWS's. The ports have of a private integration what a REST API's
//! has (`integrationTarget`), with each integration in its route and its time written out.

use domain::Tags;
use domain::gateway::export::INTEGRATION;
use serde_json::{Map, Value, json};

/// The longest that an integration of an HTTP API may take where it says nothing, in milliseconds
/// (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html>).
pub(super) const TIMEOUT: u32 = 30_000;

/// Integrations that routes share: parts of `components`
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-extensions-integrations.html>).
const SHARED: &str = "x-amazon-apigateway-integrations";

/// What makes an `OpenAPI` tag a tag of the API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-openapi-extensions-x-amazon-apigateway-tag-value.html>).
const TAG: &str = "x-amazon-apigateway-tag-value";

/// An export in the form of the ports. The API's tags, which are no part of what was deployed, are not in it.
pub(super) fn exported(mut document: Value) -> Value {
    let components = document.get_mut("components").and_then(Value::as_object_mut);
    let shared = components.and_then(|components| components.shift_remove(SHARED)).unwrap_or_default();
    for integration in integrations(&mut document) {
        if let Some(found) = referred(integration, &shared).cloned() {
            *integration = found;
        }
        let uri = integration.get("uri").and_then(Value::as_str).map(invocation);
        let field = if is_private(integration) { "integrationTarget" } else { "uri" };
        let Some(fields) = integration.as_object_mut() else { continue };
        if let Some(uri) = uri {
            fields.shift_remove("uri");
            fields.insert(field.to_owned(), uri.into());
        }
        fields.entry("timeoutInMillis").or_insert_with(|| TIMEOUT.into());
    }
    without_tags(&mut document);
    document
}

/// A document of the ports in AWS's form.
pub(super) fn imported(document: &Value) -> Value {
    let mut document = document.clone();
    for integration in integrations(&mut document).filter(|integration| is_private(integration)) {
        if let Some(fields) = integration.as_object_mut()
            && let Some(target) = fields.shift_remove("integrationTarget")
        {
            fields.insert("uri".to_owned(), target);
        }
    }
    document
}

/// The document of an API that has these tags.
pub(super) fn with_tags(mut document: Value, tags: &Tags) -> Value {
    without_tags(&mut document);
    let own = tags.iter().map(|(key, value)| json!({ "name": key, TAG: value }));
    if let Some(document) = document.as_object_mut()
        && let Some(tags) = document.entry("tags").or_insert_with(|| json!([])).as_array_mut()
    {
        tags.extend(own);
    }
    document
}

/// The URI of an integration, with that of a Lambda function, which may be its ARN alone, written out as REST APIs have it.
pub(super) fn invocation(uri: &str) -> String {
    let parts: Vec<&str> = uri.splitn(7, ':').collect();
    match parts[..] {
        ["arn", partition, "lambda", region, _, "function", _] => {
            format!("arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{uri}/invocations")
        }
        _ => uri.to_owned(),
    }
}

fn integrations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter();
    let methods = paths.flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    methods.flat_map(Map::values_mut).filter_map(|method| method.get_mut(INTEGRATION))
}

fn is_private(integration: &Value) -> bool {
    integration["connectionType"] == "VPC_LINK"
}

/// What an integration stands for that is a reference alone.
fn referred<'a>(integration: &Value, shared: &'a Value) -> Option<&'a Value> {
    let name = integration["$ref"].as_str()?.strip_prefix("#/components/")?.strip_prefix(SHARED)?.strip_prefix('/')?;
    shared.get(name)
}

fn without_tags(document: &mut Value) {
    let Some(document) = document.as_object_mut() else { return };
    if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| tag.get(TAG).is_none());
        if tags.is_empty() {
            document.shift_remove("tags");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: &str =
        "arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/net/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";

    fn of(integration: &Value) -> Value {
        json!({
            "openapi": "3.0.1",
            "info": { "title": "shop", "version": "1" },
            "paths": { "/$default": { "x-amazon-apigateway-any-method": {
                "isDefaultRoute": true,
                INTEGRATION: integration,
            } } },
        })
    }

    // The fields: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html.
    #[test]
    fn a_private_integration_names_its_listener_as_its_target_and_is_written_back_as_it_was() {
        let aws = of(&json!({
            "payloadFormatVersion": "1.0", "type": "http_proxy", "httpMethod": "ANY", "uri": LISTENER,
            "connectionType": "VPC_LINK", "connectionId": "abc123", "timeoutInMillis": 5_000,
            "requestParameters": { "overwrite:path": "$request.path" },
        }));
        let ports = of(&json!({
            "payloadFormatVersion": "1.0", "type": "http_proxy", "httpMethod": "ANY", "integrationTarget": LISTENER,
            "connectionType": "VPC_LINK", "connectionId": "abc123", "timeoutInMillis": 5_000,
            "requestParameters": { "overwrite:path": "$request.path" },
        }));
        assert_eq!(exported(aws.clone()), ports);
        assert_eq!(imported(&ports), aws);
    }

    #[test]
    fn an_integration_over_the_internet_stays_with_its_time_written_out() {
        let aws = json!({ "type": "http_proxy", "httpMethod": "GET", "uri": "https://shop.example.com" });
        let mut ports = aws.clone();
        ports["timeoutInMillis"] = json!(30_000);
        assert_eq!(exported(of(&aws)), of(&ports));
        assert_eq!(imported(&of(&ports)), of(&ports));
    }

    // The example of https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-extensions-integrations.html, by two routes.
    #[test]
    fn an_integration_that_routes_share_stands_in_each_of_them() {
        let reference = json!({ "$ref": "#/components/x-amazon-apigateway-integrations/integration1" });
        let mut aws = of(&reference);
        aws["paths"]["/pets"] = json!({ "get": { INTEGRATION: reference } });
        aws["components"] = json!({
            "schemas": {},
            SHARED: { "integration1": { "type": "http_proxy", "httpMethod": "GET", "uri": LISTENER, "connectionType": "VPC_LINK",
                "connectionId": "abc123" } },
        });
        let own = json!({ "type": "http_proxy", "httpMethod": "GET", "integrationTarget": LISTENER, "connectionType": "VPC_LINK",
            "connectionId": "abc123", "timeoutInMillis": 30_000 });
        let mut ports = of(&own);
        ports["paths"]["/pets"] = json!({ "get": { INTEGRATION: own } });
        ports["components"] = json!({ "schemas": {} });
        assert_eq!(exported(aws), ports);
    }

    #[test]
    fn a_route_without_an_integration_and_a_document_without_routes_stay() {
        for document in [json!({ "openapi": "3.0.1" }), json!({ "paths": { "/a": { "get": { "responses": {} } } } })] {
            assert_eq!(exported(document.clone()), document);
            assert_eq!(imported(&document), document);
        }
    }

    // Two forms of the same function: aws-cli's examples create-integration and update-integration of apigatewayv2.
    #[test]
    fn a_function_is_named_as_rest_apis_name_it() {
        let arn = "arn:aws:lambda:us-west-2:123456789012:function:my-function";
        let written = format!("arn:aws:apigateway:us-west-2:lambda:path/2015-03-31/functions/{arn}/invocations");
        assert_eq!(invocation(arn), written);
        let alias = format!("{arn}:live");
        assert_eq!(invocation(&alias), written.replace(arn, &alias));
        for other in [written.as_str(), "https://www.example.com", LISTENER, "", "${stageVariables.url}"] {
            assert_eq!(invocation(other), other);
        }
        let ports = exported(of(&json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": arn })));
        assert_eq!(ports["paths"]["/$default"]["x-amazon-apigateway-any-method"][INTEGRATION]["uri"], written);
    }

    #[test]
    fn tags_of_the_api_are_no_part_of_what_was_deployed_and_are_given_back() {
        let mut aws = json!({ "openapi": "3.0.1", "tags": [{ "name": "pets" }, { "name": "team", TAG: "shop" }] });
        assert_eq!(exported(aws.clone()), json!({ "openapi": "3.0.1", "tags": [{ "name": "pets" }] }));
        let tags = Tags::from([("bascule:side".to_owned(), "temporary".to_owned())]);
        let own = json!({ "name": "bascule:side", TAG: "temporary" });
        assert_eq!(with_tags(aws.clone(), &tags)["tags"], json!([{ "name": "pets" }, own]));
        aws["tags"] = json!([{ "name": "team", TAG: "shop" }]);
        assert_eq!(exported(aws.clone()), json!({ "openapi": "3.0.1" }));
        assert_eq!(with_tags(aws, &tags)["tags"], json!([own]));
    }
}
