//! The function URL (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>): what a browser sends and gets.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::approval::{Decision, Link};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A request to the approval page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The link that was followed.
    pub link: Link,
    /// Its signature, not yet verified.
    pub signature: String,
    /// The form; absent for a GET, which never decides.
    pub form: Option<Form>,
    /// The ARN of the IAM identity that signed the request, where the function URL takes signed requests only.
    pub caller: Option<String>,
}

/// The form of the approval page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The button that was pressed.
    pub decision: Decision,
    /// The name that was given.
    pub by: String,
    /// The comment that was given.
    pub comment: String,
}

impl Visit {
    /// Reads a request; nothing where its query is no link, its method is neither GET, HEAD nor POST, or the form has no decision.
    /// Who signed it is what Lambda says
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>), and no header.
    #[must_use]
    pub fn read(request: &LambdaFunctionUrlRequest) -> Option<Self> {
        let raw = request.raw_query_string.as_deref().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let form = match request.request_context.http.method.as_deref()? {
            "GET" | "HEAD" => None,
            "POST" => Some(form(request)?),
            _ => return None,
        };
        let (link, signature) = Link::read(|name| query.get(name).map(String::as_str))?;
        let signed = request.request_context.authorizer.as_ref().and_then(|authorizer| authorizer.iam.as_ref());
        let caller = signed.and_then(|iam| iam.user_arn.clone());
        Some(Self { link, signature, form, caller })
    }
}

fn form(request: &LambdaFunctionUrlRequest) -> Option<Form> {
    let body = request.body.as_deref().unwrap_or_default();
    let body = if request.is_base64_encoded { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };
    let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let decision = fields.get("decision")?.parse().ok()?;
    let field = |name: &str| fields.get(name).map(|value| value.chars().take(1_000).collect()).unwrap_or_default();
    Some(Form { decision, by: field("by"), comment: field("comment") })
}

/// An answer that no cache keeps, no frame shows, and whose link no other site learns.
#[must_use]
pub fn answer(status: u16, html: &str) -> Value {
    json!({
        "statusCode": status,
        "headers": {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        },
        "body": html,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> String {
        let (digest, signature) = ("0a".repeat(32), "s".repeat(43));
        format!("migration=arn%3Aa&question=qualification&digest={digest}&expires=1800000000&signature={signature}")
    }

    fn request(method: &str, body: Option<&str>) -> LambdaFunctionUrlRequest {
        let event = json!({
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": query(),
            "headers": {},
            "requestContext": { "http": { "method": method }, "timeEpoch": 0 },
            "body": body,
            "isBase64Encoded": body.is_some(),
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_get_never_carries_a_decision() {
        for method in ["GET", "HEAD"] {
            let body = STANDARD.encode("decision=approved&by=scanner");
            assert_eq!(Visit::read(&request(method, Some(&body))).unwrap().form, None);
        }
    }

    #[test]
    fn a_post_carries_the_form_as_a_browser_sends_it() {
        let body = STANDARD.encode("by=Ana+Lima&comment=looks+good%21&decision=approved");
        let form = Visit::read(&request("POST", Some(&body))).unwrap().form.unwrap();
        assert_eq!((form.by.as_str(), form.comment.as_str()), ("Ana Lima", "looks good!"));
    }

    #[test]
    fn anything_else_is_no_visit() {
        assert_eq!(Visit::read(&request("POST", Some(&STANDARD.encode("by=Ana")))), None);
        assert_eq!(Visit::read(&request("DELETE", None)), None);
    }

    /// The event of <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.
    #[test]
    fn who_signed_a_request_is_what_lambda_says() {
        let iam = json!({
            "accessKey": "AKIA...", "accountId": "111122223333", "callerId": "AIDA...", "cognitoIdentity": null,
            "principalOrgId": null, "userArn": "arn:aws:iam::111122223333:user/example-user", "userId": "AIDA...",
        });
        let mut event = json!({
            "version": "2.0", "rawPath": "/", "rawQueryString": query(), "headers": { "x-caller": "arn:aws:iam::1:root" },
            "requestContext": { "http": { "method": "GET" }, "timeEpoch": 0, "authentication": null, "authorizer": { "iam": iam } },
            "isBase64Encoded": false,
        });
        let read = |event: &Value| Visit::read(&serde_json::from_value(event.clone()).unwrap()).unwrap().caller;
        assert_eq!(read(&event).as_deref(), Some("arn:aws:iam::111122223333:user/example-user"));
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        assert_eq!(read(&event), None);
    }
}
