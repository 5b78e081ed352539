//! The function URL (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>): what a browser sends and gets.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    MigrationId,
    ports::approvals::{Decision, Question},
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What the link and the form say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Which migration.
    pub migration: MigrationId,
    /// Which question.
    pub question: Question,
    /// The digest that the link is bound to.
    pub digest: String,
    /// Until when the link works, in seconds since 1970.
    pub expires: i64,
    /// The link's signature.
    pub signature: String,
    /// What the form says; absent for a GET, which never decides.
    pub form: Option<Form>,
}

/// What the form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Which button.
    pub decision: Decision,
    /// Who.
    pub by: String,
    /// Why.
    pub comment: String,
}

impl Visit {
    /// Reads a request. Nothing where it is not a link of ours or neither GET nor POST of the form.
    #[must_use]
    pub fn read(request: &LambdaFunctionUrlRequest) -> Option<Self> {
        let raw = request.raw_query_string.as_deref().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let form = match request.request_context.http.method.as_deref()? {
            "GET" | "HEAD" => None,
            "POST" => Some(form(request)?),
            _ => return None,
        };
        Some(Self {
            migration: MigrationId::new(query.get("migration")?),
            question: Question::parse(query.get("question")?)?,
            digest: query.get("digest")?.clone(),
            expires: query.get("expires")?.parse().ok()?,
            signature: query.get("signature")?.clone(),
            form,
        })
    }

    /// What the signature must be of: as `request-approval` signed it.
    #[must_use]
    pub fn signed_text(&self) -> String {
        format!("bascule approval\n{}\n{}\n{}\n{}", self.migration, self.question.name(), self.digest, self.expires)
    }
}

fn form(request: &LambdaFunctionUrlRequest) -> Option<Form> {
    let body = request.body.as_deref().unwrap_or_default();
    let body = if request.is_base64_encoded { STANDARD.decode(body).ok()? } else { body.as_bytes().to_vec() };
    let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let decision = match fields.get("decision")?.as_str() {
        "approved" => Decision::Approved,
        "rejected" => Decision::Rejected,
        _ => return None,
    };
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

    const QUERY: &str = "migration=arn%3Aa&question=qualification&digest=d&expires=1800000000&signature=s";

    fn request(method: &str, body: Option<&str>) -> LambdaFunctionUrlRequest {
        let event = json!({
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": QUERY,
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
}
