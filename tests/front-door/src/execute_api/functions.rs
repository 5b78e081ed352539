//! Lambda functions behind an API: proxy integrations and authorizers.
//!
//! A function runs where its resource policy lets API Gateway invoke it for the ARN of the request, or of the authorizer
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-permissions>); a role
//! (`credentials`, `authorizerCredentials`) is taken to be allowed, since no call here is made under one. The events and answers
//! are those of <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html> and
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>, as far as they are used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::gateway_response::GatewayResponseType as Kind;
use super::mapping::Context;
use crate::apigateway::{Authorizer, Integration};

/// What the data plane asks of AWS Lambda.
#[derive(Debug, Clone)]
pub enum FunctionCall {
    /// The resource policy of the function with this ARN.
    Policy(String),
    /// An invocation of the function with this ARN, with this event.
    Invoke(String, Value),
}

/// AWS Lambda, as the data plane reaches it; `None` is no policy, or an invocation that failed.
pub type Functions = Arc<dyn Fn(FunctionCall) -> BoxFuture<'static, Option<Value>> + Send + Sync>;

/// How long an answer of an authorizer is kept where nothing else is said, in seconds
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html>).
const TTL: u32 = 300;

/// A caller, as an authorizer sees it: the API, the authorizer, and what identifies the caller.
type Identity = (String, String, String);

/// AWS Lambda, and what authorizers answered.
pub(crate) struct Lambda {
    functions: Option<Functions>,
    answers: Mutex<HashMap<Identity, (Instant, Value)>>,
}

impl Lambda {
    pub(crate) fn new(functions: Option<Functions>) -> Self {
        Self { functions, answers: Mutex::default() }
    }

    /// Runs the function of a URI, for a request or an authorizer with this ARN.
    async fn invoke(&self, uri: &str, role: Option<&str>, source: &str, event: Value) -> Option<Value> {
        let arn = function(uri)?;
        let functions = self.functions.as_ref()?;
        if role.is_none_or(str::is_empty) {
            let policy = functions(FunctionCall::Policy(arn.to_owned())).await?;
            if !may_invoke(&policy, source) {
                tracing::debug!(arn, source, "the function's policy does not let API Gateway invoke it");
                return None;
            }
        }
        functions(FunctionCall::Invoke(arn.to_owned(), event)).await
    }

    /// A proxy integration: the function makes the whole answer.
    pub(crate) async fn integrate(
        &self,
        integration: &Integration,
        context: &Context<'_>,
        source: &str,
        body: &Bytes,
    ) -> Result<http::Response<Bytes>, Kind> {
        let uri = context.stage_variables(integration.uri.as_deref().unwrap_or_default());
        let event = event(context, body);
        // "Invalid permissions on Lambda function" in the logs, "Internal server error" for the caller.
        let answer = self.invoke(&uri, integration.credentials.as_deref(), source, event).await;
        response(&answer.ok_or(Kind::ApiConfigurationError)?).ok_or(Kind::IntegrationFailure)
    }

    /// Asks a Lambda authorizer whether a request with this ARN is let in.
    pub(crate) async fn authorize(
        &self,
        authorizer: &Authorizer,
        context: &Context<'_>,
        authorizer_arn: &str,
        request_arn: &str,
    ) -> Result<(), Kind> {
        let identity = identity(authorizer, context).ok_or(Kind::Unauthorized)?;
        let key = (context.release.api.clone(), authorizer.id.clone(), identity.clone());
        let now = Instant::now();
        let known = {
            let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.get(&key).filter(|(until, _)| now < *until).map(|(_, answer)| answer.clone())
        };
        let answer = if let Some(answer) = known {
            answer
        } else {
            let uri = context.stage_variables(authorizer.authorizer_uri.as_deref().unwrap_or_default());
            let event = if authorizer.kind.as_str() == "TOKEN" {
                json!({ "type": "TOKEN", "authorizationToken": identity, "methodArn": request_arn })
            } else {
                let mut event = event(context, &Bytes::new());
                (event["type"], event["methodArn"]) = ("REQUEST".into(), request_arn.into());
                event
            };
            let role = authorizer.authorizer_credentials.as_deref();
            let answer = self.invoke(&uri, role, authorizer_arn, event).await;
            let answer = answer.ok_or(Kind::AuthorizerConfigurationError)?;
            let ttl = authorizer.authorizer_result_ttl_in_seconds.unwrap_or(TTL);
            let until = now + Duration::from_secs(ttl.into());
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.insert(key, (until, answer.clone()));
            answer
        };
        if answer["principalId"].as_str().is_none() || !answer["policyDocument"].is_object() {
            return Err(Kind::AuthorizerConfigurationError);
        }
        if allows(&answer["policyDocument"], request_arn) { Ok(()) } else { Err(Kind::AccessDenied) }
    }
}

/// The ARN of the function in the URI of an integration or authorizer.
fn function(uri: &str) -> Option<&str> {
    let (_, path) = uri.split_once(":lambda:path/")?;
    let (_, rest) = path.split_once("/functions/")?;
    rest.rsplit_once('/').map(|(arn, _)| arn)
}

/// What identifies the caller: the values of the identity sources, each of which must be there.
fn identity(authorizer: &Authorizer, context: &Context<'_>) -> Option<String> {
    let default = if authorizer.kind == "TOKEN" { "method.request.header.Authorization" } else { "" };
    let sources = authorizer.identity_source.as_deref().unwrap_or(default);
    let sources = sources.split(',').map(str::trim).filter(|source| !source.is_empty());
    let values: Option<Vec<String>> = sources.map(|source| context.value(source)).collect();
    Some(values?.join(","))
}

/// Values that may be one or several.
fn listed(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().into_iter().flatten();
    several.chain(value.is_string().then_some(value)).filter_map(Value::as_str)
}

/// Whether a policy of a function lets API Gateway invoke it for the source with this ARN.
fn may_invoke(policy: &Value, source: &str) -> bool {
    let mut statements = policy["Statement"].as_array().into_iter().flatten();
    statements.any(|statement| {
        let actions = listed(&statement["Action"]).any(|action| fits(action, "lambda:InvokeFunction"));
        let principal = listed(&statement["Principal"]["Service"]).any(|service| service == "apigateway.amazonaws.com");
        let sources = statement["Condition"].as_object().into_iter().flatten().flat_map(|(_, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn")).flat_map(|(_, arns)| listed(arns))
        });
        let sources: Vec<&str> = sources.collect();
        let named = sources.is_empty() || sources.iter().any(|pattern| fits(pattern, source));
        statement["Effect"] == "Allow" && actions && principal && named
    })
}

/// Whether an authorizer's policy lets a request with this ARN in.
fn allows(policy: &Value, request: &str) -> bool {
    let statements = || policy["Statement"].as_array().into_iter().flatten();
    let names = |statement: &&Value, effect: &str| {
        statement["Effect"] == effect
            && listed(&statement["Action"]).any(|action| fits(action, "execute-api:Invoke"))
            && listed(&statement["Resource"]).any(|pattern| fits(pattern, request))
    };
    let any = |effect: &str| statements().any(|statement| names(&statement, effect));
    any("Allow") && !any("Deny")
}

/// Whether a text fits a pattern, in which an asterisk is any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| rest.is_empty() || text.char_indices().any(|(at, _)| fits(rest, &text[at..]))),
    }
}

/// The event of a request.
fn event(context: &Context<'_>, body: &Bytes) -> Value {
    let headers = context.parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let headers: Map<String, Value> = headers.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let parameters =
        context.path_parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    let query = context.parts.uri.query().unwrap_or_default();
    let query: Map<String, Value> =
        form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into())).collect();
    let body = if body.is_empty() { Value::Null } else { String::from_utf8_lossy(body).into_owned().into() };
    json!({
        "resource": context.resource_path,
        "path": context.path,
        "httpMethod": context.parts.method.as_str(),
        "headers": headers,
        "queryStringParameters": query,
        "pathParameters": parameters.collect::<Map<String, Value>>(),
        "stageVariables": context.release.variables,
        "requestContext": {
            "apiId": context.release.api,
            "stage": context.release.stage,
            "requestId": context.request_id,
            "resourcePath": context.resource_path,
            "httpMethod": context.parts.method.as_str(),
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// The response that a function's answer describes; `None` where it describes none ("Malformed Lambda proxy response").
fn response(answer: &Value) -> Option<http::Response<Bytes>> {
    let status = match &answer["statusCode"] {
        Value::Number(status) => u16::try_from(status.as_u64()?).ok()?,
        Value::String(status) => status.parse().ok()?,
        _ => return None,
    };
    let mut response = http::Response::new(Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        if let (Ok(name), Some(Ok(value))) = (HeaderName::try_from(name), value.as_str().map(HeaderValue::from_str)) {
            response.headers_mut().insert(name, value);
        }
    }
    Some(response)
}
