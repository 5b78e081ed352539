//! The Lambda functions of the variant `lambda-authorizer`: who may in, and how often the shop was visited.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::aws::{ACCOUNT, Aws, REGION};
use crate::error::{Context, Result};
use crate::lambdas;
use crate::world::front::Front;
use crate::world::gateway::STAGE;
use crate::world::{eventually, roles};

/// What the customers identify themselves by.
pub const TOKEN: &str = "Bearer shop";
/// The path of the method that is a function.
pub const HITS: &str = "/hits";

/// Functions of the shop: who may in, and how often the shop was visited.
const GUARD: &str = "shop-guard";
const HITS_FUNCTION: &str = "shop-hits";

/// The authorizer: lets in whoever has the token, as
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html> shows.
const GUARD_CODE: &str = r#"def handler(event, context):
    effect = "Allow" if event.get("authorizationToken") == "Bearer shop" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"].split("/")[0] + "/*"}
    return {"principalId": "customer", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"#;
const HITS_CODE: &str = r#"def handler(event, context):
    return {"statusCode": 200, "body": "{\"hits\": 1}", "headers": {"content-type": "application/json"}}
"#;

impl Front {
    /// Makes the functions of this variant.
    ///
    /// # Errors
    /// The first refusal of IAM or Lambda.
    pub async fn functions(self, aws: &Aws) -> Result<()> {
        if self != Self::LambdaAuthorizer {
            return Ok(());
        }
        let role = roles::function(aws).await?;
        for (name, code) in [(GUARD, GUARD_CODE), (HITS_FUNCTION, HITS_CODE)] {
            let zip = lambdas::archive_of("index.py", code.as_bytes())?;
            let body = json!({
                "FunctionName": name, "Runtime": "python3.12", "Handler": "index.handler", "Role": role,
                "Code": { "ZipFile": base64(&zip) },
            });
            aws.rest("lambda", Method::POST, "/2015-03-31/functions", Some(&body)).await?;
            eventually(name, async || {
                let path = format!("/2015-03-31/functions/{name}/configuration");
                let found = aws.rest("lambda", Method::GET, &path, None).await?;
                Ok((found["State"] == "Active").then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Lets the API, and nothing else, invoke them: the production stage the one, the API's authorizers the other.
    ///
    /// # Errors
    /// The first refusal of Lambda.
    pub async fn permissions(self, aws: &Aws, api: &str) -> Result<()> {
        if self != Self::LambdaAuthorizer {
            return Ok(());
        }
        let source = |what: &str| format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/{what}");
        for (name, source) in [(GUARD, source("authorizers/*")), (HITS_FUNCTION, source(&format!("{STAGE}/GET{HITS}")))]
        {
            let statement = json!({
                "StatementId": "shop", "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com", "SourceArn": source,
            });
            let path = format!("/2015-03-31/functions/{name}/policy");
            aws.rest("lambda", Method::POST, &path, Some(&statement)).await?;
        }
        Ok(())
    }

    /// The functions whose policies migrations change.
    #[must_use]
    pub fn function_names() -> [&'static str; 2] {
        [GUARD, HITS_FUNCTION]
    }
}

/// Orders and accounts are for customers who identify themselves.
pub(super) fn guarded(document: &mut Value) {
    let uri = |name: &str| {
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
        format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations")
    };
    document["components"]["securitySchemes"]["customers"] = json!({
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "token", "authorizerUri": uri(GUARD), "authorizerResultTtlInSeconds": 300,
            "identitySource": "method.request.header.Authorization",
        },
    });
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        if path.starts_with("/orders") || path.starts_with("/account") {
            for (_, method) in item.as_object_mut().into_iter().flatten() {
                method["security"] = json!([{ "customers": [] }, { "api_key": [] }]);
            }
        }
    }
    document["paths"][HITS] = json!({ "get": {
        "security": [{ "api_key": [] }],
        "responses": { "200": { "description": "The function's answer" } },
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy", "httpMethod": "POST", "uri": uri(HITS_FUNCTION), "passthroughBehavior": "when_no_match",
            "timeoutInMillis": 29000,
        },
    } });
}

fn base64(bytes: &Bytes) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The policy of one of the shop's functions, as its statements' ids.
///
/// # Errors
/// When Lambda answers something that is no policy.
pub(crate) async fn statements(aws: &Aws, name: &str) -> Result<Vec<String>> {
    // A function that this variant does not have, and one without a policy, answer 404.
    let Ok(answer) = aws.rest("lambda", Method::GET, &format!("/2015-03-31/functions/{name}/policy"), None).await
    else {
        return Ok(Vec::new());
    };
    let policy: Value = serde_json::from_str(answer["Policy"].as_str().context("a policy")?).context("a policy")?;
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    Ok(statements.iter().filter_map(|statement| statement["Sid"].as_str().map(str::to_owned)).collect())
}
