//! Resource policies of REST APIs. API Gateway stores them with the API's own ARN, whatever was written, and an export has that
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html>).

use serde_json::Value;

/// Lets the statements of a policy that name the API with this id name whichever API they are imported into: in the short form,
/// which API Gateway expands on import
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html>).
pub fn own(statements: &mut Value, api: &str) {
    let one = std::slice::from_mut(statements);
    let statements = match one {
        [Value::Array(several)] => several.as_mut_slice(),
        one => one,
    };
    for statement in statements {
        for field in ["Resource", "NotResource"] {
            match statement.get_mut(field) {
                Some(Value::String(resource)) => shorten(resource, api),
                Some(Value::Array(resources)) => {
                    for resource in resources {
                        if let Value::String(resource) = resource {
                            shorten(resource, api);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// `arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/prod/*` becomes `execute-api:/prod/*`.
fn shorten(resource: &mut String, api: &str) {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let ["arn", _, "execute-api", _, _, named] = parts[..] else { return };
    let Some(rest) = named.strip_prefix(api) else { return };
    if rest.is_empty() || rest.starts_with('/') {
        *resource = format!("execute-api:{}", if rest.is_empty() { "/" } else { rest });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_that_names_the_api_names_whichever_it_is_imported_into() {
        for (written, expected) in [
            ("arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/*", "execute-api:/*"),
            ("arn:aws:execute-api:*:*:a1b2c3d4e5/prod/GET/pets", "execute-api:/prod/GET/pets"),
            ("arn:aws-cn:execute-api:cn-north-1:111122223333:a1b2c3d4e5", "execute-api:/"),
            (
                "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5x/*",
                "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5x/*",
            ),
            ("arn:aws:execute-api:eu-central-1:111122223333:*/*", "arn:aws:execute-api:eu-central-1:111122223333:*/*"),
            ("execute-api:/*", "execute-api:/*"),
            ("*", "*"),
        ] {
            let mut statements =
                json!([{ "Resource": written }, { "NotResource": [written, "*"] }, { "Effect": "Deny" }]);
            own(&mut statements, "a1b2c3d4e5");
            let expected = json!([{ "Resource": expected }, { "NotResource": [expected, "*"] }, { "Effect": "Deny" }]);
            assert_eq!(statements, expected, "{written}");
        }
    }

    #[test]
    fn a_policy_of_one_statement_may_be_written_without_a_list() {
        let mut statement = json!({ "Effect": "Allow", "Resource": "arn:aws:execute-api:eu-central-1:1:a/*" });
        own(&mut statement, "a");
        assert_eq!(statement, json!({ "Effect": "Allow", "Resource": "execute-api:/*" }));
    }

    #[test]
    fn conditions_and_principals_stay_as_they_are() {
        let same =
            json!([{ "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:execute-api:eu-central-1:1:a/*" } } }]);
        let mut statements = same.clone();
        own(&mut statements, "a");
        assert_eq!(statements, same);
    }
}
