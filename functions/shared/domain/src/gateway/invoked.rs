//! The Lambda functions that a stage invokes by their resource policies, which name the API and often the stage: another API, or
//! another stage, may not invoke them until a policy says so.

use super::export;
use crate::plan::edge::InvokedFunction;
use crate::plan::edge::function::of_uri;
use serde_json::Value;
use std::collections::BTreeMap;

/// The extension that describes an authorizer
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>).
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";

/// The functions that a stage with this export and these variables invokes by their resource policies. What has a role
/// (`credentials`, `authorizerCredentials`), or passes on the caller's own identity, needs no policy of the function.
#[must_use]
pub fn functions(export: &Value, variables: &BTreeMap<String, String>) -> Vec<InvokedFunction> {
    let mut found: BTreeMap<String, InvokedFunction> = BTreeMap::new();
    for (path, method, integration) in export::integrations(export) {
        if let Some(arn) = function(integration, "uri", "credentials", variables) {
            let name = format!("{} {path}", export::verb(method));
            found.entry(arn).or_default().methods.push(name);
        }
    }
    let schemes = export["components"]["securitySchemes"].as_object().into_iter().flatten();
    for (name, scheme) in schemes {
        if let Some(arn) = function(&scheme[AUTHORIZER], "authorizerUri", "authorizerCredentials", variables) {
            found.entry(arn).or_default().authorizers.push(name.clone());
        }
    }
    found.into_iter().map(|(arn, users)| InvokedFunction { arn, ..users }).collect()
}

fn function(place: &Value, uri: &str, role: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let has_role = place[role].as_str().is_some_and(|role| !role.is_empty());
    if has_role { None } else { of_uri(place[uri].as_str()?, variables) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn uri(name: &str) -> String {
        let arn = format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}");
        format!("arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{arn}/invocations")
    }

    // Authorizers as in the examples of
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html.
    #[test]
    fn functions_without_a_role_are_found_with_everything_that_invokes_them() {
        let proxy = |name: &str| json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": uri(name) });
        let with_role =
            json!({ "type": "aws", "uri": uri("batch"), "credentials": "arn:aws:iam::123456789012:role/api" });
        let linked = json!({ "type": "http_proxy", "uri": "http://shop/cart", "connectionId": "blue1" });
        let export = json!({
            "paths": {
                "/hits": {
                    "get": { export::INTEGRATION: proxy("hits") },
                    "x-amazon-apigateway-any-method": { export::INTEGRATION: proxy("${stageVariables.any}") },
                },
                "/batch": { "post": { export::INTEGRATION: with_role } },
                "/cart": { "get": { export::INTEGRATION: linked } },
                "/up": { "get": { export::INTEGRATION: { "type": "mock" } } },
            },
            "components": { "securitySchemes": {
                "api_key": { "type": "apiKey", "name": "x-api-key", "in": "header" },
                "token": { "x-amazon-apigateway-authtype": "custom", AUTHORIZER: {
                    "type": "token", "authorizerUri": uri("hits"), "authorizerResultTtlInSeconds": 60,
                } },
                "with-role": { "x-amazon-apigateway-authtype": "custom", AUTHORIZER: {
                    "type": "token", "authorizerUri": uri("guard"),
                    "authorizerCredentials": "arn:aws:iam::123456789012:role/lambda-role",
                } },
                "pool": { "x-amazon-apigateway-authtype": "cognito_user_pools", AUTHORIZER: {
                    "type": "cognito_user_pools",
                    "providerARNs": ["arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_AbCdEf"],
                } },
                "signed": { "x-amazon-apigateway-authtype": "awsSigv4" },
            } },
        });
        let found = functions(&export, &[("any".to_owned(), "anything".to_owned())].into());
        let told: Vec<_> = found.iter().map(|function| (function.name(), function.users())).collect();
        let expected = [("anything", "ANY /hits".to_owned()), ("hits", "GET /hits, the authorizer token".to_owned())];
        assert_eq!(told, expected);
    }
}
