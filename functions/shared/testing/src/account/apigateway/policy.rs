//! Resource policies: stored with the API's own ARN, and asked at every request. Conditions but those on
//! `aws:SourceVpce` are taken for never fulfilled.

use domain::plan::edge::Api;
use domain::ports::vpc_endpoints::VpcEndpoint;
use serde_json::Value;

fn arn(id: &str) -> String {
    format!("arn:aws:execute-api:eu-central-1:123456789012:{id}")
}

/// The policy of a document, as it is stored for the API of this id
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html>).
pub(super) fn expanded(document: &Value, id: &str) -> Option<String> {
    let policy = document.get("x-amazon-apigateway-policy")?;
    Some(policy.to_string().replace("\"execute-api:/", &format!("\"{}/", arn(id))))
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map_or_else(|| value.as_str().into_iter().collect(), |all| all.iter().filter_map(Value::as_str).collect())
}

/// Whether a request of a path, as in `shop1/prod/cart`, passes the API's policy: it needs a statement that allows it, and none that
/// denies it (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>). A private API lets nobody in
/// without one (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html>).
pub(in crate::account) fn allows(api: &Api, request: &str, through: Option<&VpcEndpoint>) -> bool {
    api.policy.as_ref().map_or(!api.is_private(), |policy| passes(policy, api, request, through))
}

/// The same with a policy of the VPC endpoint that the request comes through.
pub(in crate::account) fn passes(policy: &str, api: &Api, request: &str, through: Option<&VpcEndpoint>) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return true };
    let (stage, path) = request.trim_start_matches(&api.id).trim_start_matches('/').split_once('/').unwrap_or_default();
    let request = format!("{}/{stage}/GET/{path}", arn(&api.id));
    let statements: Vec<&Value> = policy["Statement"].as_array().into_iter().flatten().collect();
    let says = |effect: &str| {
        statements.iter().any(|statement| {
            let resources = texts(&statement["Resource"]);
            let names = resources.iter().any(|resource| {
                resource.strip_suffix('*').map_or(*resource == request, |start| request.starts_with(start))
            });
            statement["Effect"] == effect && holds(&statement["Condition"], through) && names
        })
    };
    says("Allow") && !says("Deny")
}

/// Whether conditions are fulfilled: those on the VPC endpoint, and no other.
fn holds(conditions: &Value, through: Option<&VpcEndpoint>) -> bool {
    let mut all = conditions.as_object().into_iter().flatten();
    all.all(|(operator, keys)| {
        let values = &keys["aws:SourceVpce"];
        let is_named = through.is_some_and(|endpoint| texts(values).contains(&endpoint.id.as_str()));
        match operator.as_str() {
            "StringEquals" => is_named,
            "StringNotEquals" => !values.is_null() && !is_named,
            _ => false,
        }
    })
}
