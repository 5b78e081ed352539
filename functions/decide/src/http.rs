//! The function URL (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>): what a browser sends and gets.

mod answer;
mod watcher;

pub use answer::{REFRESH, again, download, elsewhere, page};
pub use domain::approval::query;
pub use watcher::{Pass, Watcher, Word};

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::approval::{Decision, Link};
use std::collections::HashMap;

/// The largest body of a form that is read, in bytes: a name and a comment of the longest kind, percent-encoded.
const LARGEST_FORM: usize = 16 * 1024;

/// A request to the approval page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The link that was followed.
    pub link: Link,
    /// Its signature, not yet verified.
    pub signature: String,
    /// The form; absent for a GET, which never decides.
    pub form: Option<Form>,
    /// The file that is asked for instead of the page.
    pub file: Option<String>,
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
    /// The code that was typed.
    pub code: String,
}

/// Why a request is none to the approval page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stray {
    /// Its query is no link, its method is neither GET, HEAD nor POST, or the form has no decision.
    NoLink,
    /// The form was sent by a page of somebody else.
    OtherSite,
    /// The form is larger than one of the page can be.
    TooLarge,
}

impl Visit {
    /// Reads a request.
    ///
    /// # Errors
    /// Why it is none to the approval page.
    pub fn read(request: &LambdaFunctionUrlRequest) -> Result<Self, Stray> {
        let raw = request.raw_query_string.as_deref().unwrap_or_default();
        let query: HashMap<String, String> = form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let form = match request.request_context.http.method.as_deref() {
            Some("GET" | "HEAD") => None,
            Some("POST") => Some(form(request)?),
            _ => return Err(Stray::NoLink),
        };
        let (link, signature) = Link::read(|name| query.get(name).map(String::as_str)).ok_or(Stray::NoLink)?;
        Ok(Self { link, signature, form, file: query.get("file").cloned(), caller: signer(request) })
    }
}

fn form(request: &LambdaFunctionUrlRequest) -> Result<Form, Stray> {
    let mut fields = fields(request)?;
    let decision = fields.get("decision").and_then(|decision| decision.parse().ok()).ok_or(Stray::NoLink)?;
    let mut field = |name: &str| fields.remove(name).unwrap_or_default();
    Ok(Form { decision, by: field("by"), comment: field("comment"), code: field("code") })
}

/// The fields of a form that a page of ours sent.
fn fields(request: &LambdaFunctionUrlRequest) -> Result<HashMap<String, String>, Stray> {
    if is_of_other_site(request) {
        return Err(Stray::OtherSite);
    }
    let body = request.body.as_deref().unwrap_or_default();
    // Four characters of base64 are three bytes.
    if body.len() > if request.is_base64_encoded { LARGEST_FORM / 3 * 4 } else { LARGEST_FORM } {
        return Err(Stray::TooLarge);
    }
    let body = if request.is_base64_encoded {
        STANDARD.decode(body).map_err(|_| Stray::NoLink)?
    } else {
        body.as_bytes().to_vec()
    };
    Ok(form_urlencoded::parse(&body).into_owned().collect())
}

/// Who signed the request, as Lambda says (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>).
fn signer(request: &LambdaFunctionUrlRequest) -> Option<String> {
    request.request_context.authorizer.as_ref()?.iam.as_ref()?.user_arn.clone()
}

/// Whether a page of another site sent this form: browsers say so in `Sec-Fetch-Site`
/// (<https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>), and older ones by an `Origin` with another host
/// (<https://fetch.spec.whatwg.org/#origin-header>). What has neither is no browser.
fn is_of_other_site(request: &LambdaFunctionUrlRequest) -> bool {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => !["same-origin", "none"].contains(&site),
        (None, Some(origin)) => {
            let host = request.request_context.domain_name.as_deref();
            origin.strip_prefix("https://").is_none_or(|origin| Some(origin) != host)
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests;
