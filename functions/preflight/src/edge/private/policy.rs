//! Whether policies let requests to a private API pass: its VPC endpoint's, and its own; pure. Nobody signs these requests: to both
//! policies they are anonymous
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-endpoint-policies.html>).

use domain::pattern::is_like;
use domain::ports::vpc_endpoints::VpcEndpoint;
use serde_json::{Value, json};

/// An API that no policy can name: ids have letters and digits.
const TEMPORARY: &str = "__________";

/// A path that no policy names.
const ANY: &str = "GET/__________";

/// Why an endpoint's policy keeps requests to the temporary API away, whose id nobody knows yet, though it lets those to this one pass.
pub(super) fn of_endpoint(policy: &str, api: &str) -> Option<String> {
    let document = read(policy);
    let to = |statement: &Value, id: &str| names(statement, |resource| is_like(&id_of(resource), id));
    let about = |effect: &str, id: &str| -> Vec<&Value> {
        statements(&document).filter(|statement| statement["Effect"] == effect && to(statement, id)).collect()
    };
    let is_open = |statement: &&Value| {
        let principal = &statement["Principal"];
        statement.get("Condition").is_none() && (principal == "*" || texts(&principal["AWS"]).contains(&"*"))
    };
    let (of_this, of_that) = (about("Allow", api), about("Allow", TEMPORARY));
    let is_allowed =
        of_that.iter().any(is_open) || (!of_that.is_empty() && of_this.iter().all(|found| of_that.contains(found)));
    let is_denied = about("Deny", TEMPORARY).iter().any(|found| !about("Deny", api).contains(found));
    if is_denied {
        return Some(
            "a statement of its policy denies the temporary API and not this one: take the API out of NotResource"
                .to_owned(),
        );
    }
    (!is_allowed).then(|| {
        let resource = of_this.iter().flat_map(|statement| texts(&statement["Resource"])).find_map(|resource| {
            resource.split_once(api).map(|(before, _)| format!("{before}*"))
        });
        let missing = json!({
            "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
            "Resource": resource.unwrap_or_else(|| "*".to_owned()),
        });
        format!("its policy lets no request to the temporary API pass, whose id is new: add {missing} for the time of the migration")
    })
}

/// Why the API's resource policy certainly keeps requests to its stage away that come through this endpoint: by where they come from. What
/// else its conditions ask for is not known here.
pub(super) fn of_api(policy: &str, api: &str, stage: &str, endpoint: &VpcEndpoint) -> Option<String> {
    let document = read(policy);
    let whole = format!("{api}/{stage}/{ANY}");
    let about = |effect: &str| -> Vec<Option<bool>> {
        let found = statements(&document).filter(|statement| statement["Effect"] == effect);
        found
            .filter(|statement| effect == "Allow" || names(statement, |resource| is_like(&rest_of(resource), &whole)))
            .map(|statement| holds(&statement["Condition"], endpoint))
            .collect()
    };
    let message = |what: &str| {
        format!(
            "the API's resource policy {what} requests that come through it: let them in by aws:SourceVpce, and deploy"
        )
    };
    if about("Deny").contains(&Some(true)) {
        return Some(message("denies"));
    }
    about("Allow").iter().all(|holds| *holds == Some(false)).then(|| message("does not allow"))
}

/// Whether conditions hold for requests through this endpoint; `None` where that depends on more than the endpoint.
fn holds(conditions: &Value, endpoint: &VpcEndpoint) -> Option<bool> {
    let mut all = Some(true);
    for (operator, keys) in conditions.as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            match one(operator, key, &texts(values), endpoint) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => all = None,
            }
        }
    }
    all
}

fn one(operator: &str, key: &str, values: &[&str], endpoint: &VpcEndpoint) -> Option<bool> {
    let found = match key.to_ascii_lowercase().as_str() {
        "aws:sourcevpce" => &endpoint.id,
        "aws:sourcevpc" => &endpoint.vpc_id,
        _ => return None,
    };
    let named = values.contains(&found.as_str());
    let like = values.iter().any(|pattern| is_like(pattern, found));
    match operator.trim_end_matches("IfExists") {
        "StringEquals" => Some(named),
        "StringNotEquals" => Some(!named),
        "StringLike" => Some(like),
        "StringNotLike" => Some(!like),
        _ => None,
    }
}

/// What cannot be read says nothing of anybody.
fn read(policy: &str) -> Value {
    serde_json::from_str(policy).unwrap_or_default()
}

/// The statements about invoking APIs.
fn statements(document: &Value) -> impl Iterator<Item = &Value> {
    let all = match &document["Statement"] {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    let is_invoke = |pattern: &&str| is_like(&pattern.to_ascii_lowercase(), "execute-api:invoke");
    all.iter().filter(move |statement| match statement.get("NotAction") {
        Some(others) => !texts(others).iter().any(is_invoke),
        None => texts(&statement["Action"]).iter().any(is_invoke),
    })
}

/// Whether a statement is about a resource that is told by the patterns that name it.
fn names(statement: &Value, is_named: impl Fn(&str) -> bool) -> bool {
    match statement.get("NotResource") {
        Some(others) => !texts(others).into_iter().any(is_named),
        None => texts(&statement["Resource"]).into_iter().any(is_named),
    }
}

/// What a pattern of ARNs says of API, stage and path: both APIs are of one account and Region.
fn rest_of(resource: &str) -> String {
    resource.splitn(6, ':').nth(5).unwrap_or("*").to_owned()
}

/// What a pattern of ARNs says of the API's id.
fn id_of(resource: &str) -> String {
    rest_of(resource).split('/').next().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "arn:aws:execute-api:us-east-1:123412341234:a1b2c3d4e5/*";

    fn policy(statements: &Value) -> String {
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    }

    fn statement(effect: &str, resource: &Value, more: &Value) -> Value {
        let mut statement =
            json!({ "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource });
        for (name, value) in more.as_object().into_iter().flatten() {
            statement[name] = value.clone();
        }
        statement
    }

    // The forms are those of https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-endpoint-policies.html, which
    // name one or two APIs by their ids, and of a new endpoint's policy, which is open to everybody.
    #[test]
    fn an_endpoints_policy_must_let_requests_to_an_api_pass_whose_id_is_new() {
        let (none, own) = (json!({}), json!(OWN));
        let of_organization = json!({ "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-1" } } });
        let all = statement("Allow", &json!("*"), &json!({ "Action": "*" }));
        let account = json!("arn:aws:execute-api:us-east-1:123412341234:*");
        let not_own = json!({ "Resource": null, "NotResource": OWN });
        for (statements, passes) in [
            (json!([all]), true),
            (json!(all), true),
            (json!([statement("Allow", &own, &none)]), false),
            (json!([statement("Allow", &json!([OWN, "arn:aws:execute-api:us-east-1:1:other/*"]), &none)]), false),
            (json!([statement("Allow", &account, &none)]), true),
            (json!([statement("Allow", &own, &none), statement("Allow", &account, &none)]), true),
            // What lets both pass alike is for callers to have.
            (json!([statement("Allow", &account, &of_organization)]), true),
            (json!([statement("Allow", &own, &none), statement("Allow", &account, &of_organization)]), false),
            (json!([all, statement("Deny", &own, &none)]), true),
            (json!([all, statement("Deny", &json!("*"), &of_organization)]), true),
            (json!([all, statement("Deny", &json!(null), &not_own)]), false),
            (json!([statement("Allow", &json!("*"), &json!({ "Action": "s3:*" }))]), false),
            (json!([]), false),
        ] {
            assert_eq!(of_endpoint(&policy(&statements), "a1b2c3d4e5").is_none(), passes, "{statements}");
        }
        let told = of_endpoint(&policy(&json!([statement("Allow", &own, &none)])), "a1b2c3d4e5").unwrap();
        assert!(told.contains(r#""Resource":"arn:aws:execute-api:us-east-1:123412341234:*""#), "{told}");
    }

    // The two examples of https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html:
    // an Allow for everybody with a Deny for other endpoints, and an Allow for one VPC.
    #[test]
    fn an_apis_own_policy_must_not_keep_the_endpoint_out() {
        let endpoint = VpcEndpoint { id: "vpce-1".to_owned(), vpc_id: "vpc-1".to_owned(), ..VpcEndpoint::default() };
        let all = statement("Allow", &json!(OWN), &json!({}));
        let when = |operator: &str, key: &str, values: &Value| json!({ "Condition": { operator: { key: values } } });
        let unless = |values: &Value| {
            let others = when("StringNotEquals", "aws:SourceVpce", values);
            json!([all, statement("Deny", &json!(OWN), &others)])
        };
        let only = |operator: &str, key: &str, value: &str| {
            json!([statement("Allow", &json!(OWN), &when(operator, key, &json!(value)))])
        };
        let admin = json!("arn:aws:execute-api:us-east-1:123412341234:a1b2c3d4e5/*/*/admin");
        for (statements, passes) in [
            (json!([all]), true),
            (unless(&json!("vpce-1")), true),
            (unless(&json!(["vpce-2", "vpce-1"])), true),
            (unless(&json!("vpce-2")), false),
            (only("StringEquals", "aws:sourceVpc", "vpc-1"), true),
            (only("StringEquals", "aws:sourceVpc", "vpc-2"), false),
            (only("StringLike", "aws:SourceVpce", "vpce-*"), true),
            (only("StringEqualsIfExists", "aws:SourceVpce", "vpce-2"), false),
            // An address is not known here.
            (only("IpAddress", "aws:VpcSourceIp", "10.0.0.0/16"), true),
            (json!([all, statement("Deny", &admin, &json!({}))]), true),
            (json!([all, statement("Deny", &json!("*"), &json!({}))]), false),
            (json!([]), false),
        ] {
            let told = of_api(&policy(&statements), "a1b2c3d4e5", "prod", &endpoint);
            assert_eq!(told.is_none(), passes, "{statements}");
        }
    }
}
