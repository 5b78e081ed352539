//! Lambda functions that API Gateway invokes for an API by the functions' resource policies: those of Lambda integrations and of
//! Lambda authorizers that name no role
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>).

use crate::plan::edge::integration::with_variables;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Lambda function, and what of an API invokes it by its resource policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvokedFunction {
    /// Its ARN, with the version or alias where API Gateway invokes one.
    pub arn: String,
    /// The methods that integrate it, such as `GET /cart`.
    pub methods: Vec<String>,
    /// The names of the authorizers that it is.
    pub authorizers: Vec<String>,
}

impl InvokedFunction {
    /// A field of the ARN: `arn:partition:lambda:region:account:function:name[:qualifier]`
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html>).
    fn part(&self, index: usize) -> &str {
        self.arn.split(':').nth(index).unwrap_or_default()
    }

    /// The partition that it is in.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The Region and the account that it is in.
    #[must_use]
    pub fn place(&self) -> (&str, &str) {
        (self.part(3), self.part(4))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.part(6)
    }

    /// The version or alias that is invoked; none where the unpublished version is.
    #[must_use]
    pub fn qualifier(&self) -> Option<&str> {
        Some(self.part(7)).filter(|qualifier| !qualifier.is_empty())
    }

    /// What of the API invokes it, for people.
    #[must_use]
    pub fn users(&self) -> String {
        let authorizers = self.authorizers.iter().map(|name| format!("the authorizer {name}"));
        self.methods.iter().cloned().chain(authorizers).collect::<Vec<_>>().join(", ")
    }
}

/// The ARN of the function that the URI of an integration or authorizer invokes on a stage with these variables; nothing where it
/// invokes none, and where the stage lacks a variable. The URI is
/// `arn:aws:apigateway:region:lambda:path/2015-03-31/functions/function-arn/invocations`
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html#apigw-PutIntegration-request-uri>), with another date
/// and end where the answer is streamed or not awaited.
#[must_use]
pub fn of_uri(uri: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let (_, path) = uri.split_once(":lambda:path/")?;
    let (_, rest) = path.split_once("/functions/")?;
    let (arn, _) = rest.rsplit_once('/')?;
    with_variables(arn, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The ARNs and URIs of
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-as-lambda-proxy-create-api.html,
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/aws-api-gateway-stage-variables-reference.html and
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html.
    #[test]
    fn the_function_of_a_uri_is_found_with_its_alias_and_through_stage_variables() {
        let variables = [("function", "GetHits"), ("alias", "live")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let uri = |function: &str, end: &str| {
            format!("arn:aws:apigateway:us-west-2:lambda:path/{end}", end = end.replace("{}", function))
        };
        let plain = "2015-03-31/functions/{}/invocations";
        let arn = "arn:aws:lambda:us-west-2:123456789012:function:";
        for (uri, expected) in [
            (uri(&format!("{arn}GetHits"), plain), Some(format!("{arn}GetHits"))),
            (uri(&format!("{arn}GetHits:live"), plain), Some(format!("{arn}GetHits:live"))),
            (
                uri(&format!("{arn}${{stageVariables.function}}:${{stageVariables.alias}}"), plain),
                Some(format!("{arn}GetHits:live")),
            ),
            (uri(&format!("{arn}${{stageVariables.missing}}"), plain), None),
            (
                uri(&format!("{arn}GetHits"), "2021-11-15/functions/{}/response-streaming-invocations"),
                Some(format!("{arn}GetHits")),
            ),
            ("arn:aws:apigateway:us-west-2:sqs:path/123456789012/queue".to_owned(), None),
            ("http://shop.example.com/functions/a/invocations".to_owned(), None),
        ] {
            assert_eq!(of_uri(&uri, &variables), expected, "{uri}");
        }
    }

    #[test]
    fn an_arn_is_read_by_its_parts() {
        let of = |arn: &str| InvokedFunction { arn: arn.to_owned(), ..InvokedFunction::default() };
        let plain = of("arn:aws-cn:lambda:cn-north-1:123456789012:function:hits");
        assert_eq!((plain.partition(), plain.place()), ("aws-cn", ("cn-north-1", "123456789012")));
        assert_eq!((plain.name(), plain.qualifier()), ("hits", None));
        assert_eq!(of("arn:aws:lambda:cn-north-1:123456789012:function:hits:live").qualifier(), Some("live"));
    }
}
