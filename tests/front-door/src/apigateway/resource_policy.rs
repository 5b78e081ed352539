//! Resource policies of REST APIs: stored with the API's own ARN, deployed with the configuration, and asked at every request.
//!
//! "API Gateway converts the abbreviated syntax to the full ARN when you save the policy"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html>); a change takes effect
//! with the next deployment; a request needs a statement that allows it and none that denies it
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>).
//!
//! Every caller is anonymous and comes from 127.0.0.1, or through a VPC endpoint: of conditions only those on `aws:SourceIp`, or on
//! `aws:SourceVpce`, find a value.

use iam::{Access, Decision, Policy, evaluate};
use serde_json::Value;

use super::state::Context;

/// The address of every caller.
const CALLER: &str = "127.0.0.1";

/// Where an API is: what its ARNs begin with.
#[derive(Debug, Clone)]
pub(crate) struct Place(String);

impl Place {
    pub(crate) fn of(context: &Context, api: &str) -> Self {
        Self::in_account(&context.region, &context.account_id, api)
    }

    pub(crate) fn in_account(region: &str, account_id: &str, api: &str) -> Self {
        Self(format!("arn:aws:execute-api:{region}:{account_id}:{api}"))
    }

    /// The ARN of an authorizer: `arn:…:api/authorizers/id`.
    pub(crate) fn authorizer(&self, id: &str) -> String {
        format!("{}/authorizers/{id}", self.0)
    }

    /// The ARN of a request: `arn:…:api/stage/GET/path`.
    pub(crate) fn request(&self, stage: &str, verb: &str, path: &str) -> String {
        format!("{}/{stage}/{verb}/{}", self.0, path.trim_start_matches('/'))
    }
}

/// Expands the short form of the API's own resources in a policy, where there is one that can be read.
pub(crate) fn expand(policy: &mut Option<String>, place: &Place) {
    let Some(mut parsed) = policy.as_ref().and_then(|policy| serde_json::from_str::<Value>(policy).ok()) else {
        return;
    };
    let statements = parsed.get_mut("Statement").map(listed).unwrap_or_default();
    for statement in statements {
        for field in ["Resource", "NotResource"] {
            let named = statement.get_mut(field).map(listed).unwrap_or_default();
            for resource in named {
                if let Some(rest) = resource.as_str().and_then(|text| text.strip_prefix("execute-api:/")) {
                    *resource = format!("{}/{rest}", place.0).into();
                }
            }
        }
    }
    *policy = Some(parsed.to_string());
}

/// The same, to be changed.
fn listed(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(several) => several.iter_mut().collect(),
        one => vec![one],
    }
}

/// Whether a policy lets a request with this ARN through, which may have come by a VPC endpoint.
pub(crate) fn allows(policy: &str, request: &str, vpc_endpoint: Option<&str>) -> bool {
    let parsed = serde_json::from_str(policy).map_err(|error| error.to_string());
    let policy = parsed.and_then(|document| Policy::read(&document));
    match policy {
        Ok(policy) => {
            let access = Access::new("execute-api:Invoke", request);
            let access = match vpc_endpoint {
                Some(id) => access.with("aws:SourceVpce", id),
                None => access.with("aws:SourceIp", CALLER),
            };
            evaluate(&[policy], &access) == Decision::Allowed
        }
        Err(reason) => {
            tracing::warn!(reason, "a resource policy that cannot be evaluated lets nobody in");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const REQUEST: &str = "arn:aws:execute-api:eu-central-1:000000000000:abc/prod/GET/cart";

    fn policy(effect: &str, resource: &str, condition: &Value) -> Value {
        json!({ "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource, "Condition": condition })
    }

    #[test]
    fn a_request_needs_a_statement_that_allows_it_and_none_that_denies_it() {
        let arn = |rest: &str| format!("arn:aws:execute-api:eu-central-1:000000000000:{rest}");
        let all = policy("Allow", &arn("abc/*"), &json!({}));
        let (here, elsewhere) =
            (json!({ "aws:SourceIp": ["127.0.0.0/8"] }), json!({ "aws:SourceIp": "203.0.113.0/24" }));
        for (statements, expected) in [
            (json!([all]), true),
            (json!(all), true),
            (json!([]), false),
            (json!([policy("Allow", &arn("other/*"), &json!({}))]), false),
            (json!([policy("Allow", &arn("abc/prod/GET/*"), &json!({}))]), true),
            (json!([policy("Allow", &arn("abc/test/*"), &json!({}))]), false),
            (json!([all, policy("Deny", &arn("abc/prod*"), &json!({}))]), false),
            (json!([all, policy("Deny", &arn("abc/*"), &json!({ "NotIpAddress": elsewhere }))]), false),
            (json!([all, policy("Deny", &arn("abc/*"), &json!({ "NotIpAddress": here }))]), true),
            (json!([policy("Allow", &arn("abc/*"), &json!({ "IpAddress": here }))]), true),
            (json!([policy("Allow", &arn("abc/*"), &json!({ "IpAddress": elsewhere }))]), false),
        ] {
            let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
            assert_eq!(allows(&policy, REQUEST, None), expected, "{policy}");
        }
    }

    // "Example: Allow private API traffic based on source VPC or VPC endpoint"
    // (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html).
    #[test]
    fn a_policy_may_ask_by_which_vpc_endpoint_a_request_comes() {
        let all = policy("Allow", &format!("{REQUEST}*"), &json!({}));
        let others = policy("Deny", "*", &json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-1" } }));
        let policy = json!({ "Version": "2012-10-17", "Statement": [all, others] }).to_string();
        for (through, expected) in [(Some("vpce-1"), true), (Some("vpce-2"), false), (None, false)] {
            assert_eq!(allows(&policy, REQUEST, through), expected, "{through:?}");
        }
    }
}
