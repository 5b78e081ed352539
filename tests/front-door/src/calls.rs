//! The record of every call that came through the front door.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// One request to AWS and the status of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The service's signing name (`apigateway`, `ec2`), empty for a request that was not signed.
    pub service: String,
    /// The operation (`UpdateStage`), or method and path where there is none.
    pub operation: String,
    /// Who called, by access key id (no secret); `None` for a request that was not signed.
    pub access_key_id: Option<String>,
    /// The path of the request, without its query.
    pub path: String,
    /// When the whole request had arrived.
    pub start: Timestamp,
    /// Time from `start` to the answer.
    pub duration: Duration,
    /// The HTTP status of the answer, `None` where the connection was dropped instead.
    pub status: Option<u16>,
    /// The error code of the answer (`TooManyRequestsException`), if it failed and names one.
    pub error: Option<String>,
    /// Whether a fault rule matched this call.
    pub faulted: bool,
}

#[derive(Debug, Default)]
pub(crate) struct CallLog {
    calls: Mutex<Vec<Call>>,
}

impl CallLog {
    pub(crate) fn push(&self, call: Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    pub(crate) fn snapshot(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The error code of an answer: from `x-amzn-errortype`, a JSON body's `__type` or `code`, or an XML body's `<Code>`.
pub(crate) fn error_code(response: &http::Response<bytes::Bytes>) -> Option<String> {
    if response.status().is_success() || response.status().is_redirection() {
        return None;
    }
    let from_header =
        response.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let code = from_header.or_else(|| from_json(response.body())).or_else(|| from_xml(response.body()))?;
    let code = code.split(':').next().unwrap_or_default();
    Some(code.rsplit('#').next().unwrap_or_default().to_owned())
}

fn from_json(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let code = body.get("__type").or_else(|| body.get("code"))?;
    Some(code.as_str()?.to_owned())
}

fn from_xml(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, after) = text.split_once("<Code>")?;
    Some(after.split_once("</Code>")?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn refused(body: &'static str) -> http::Response<Bytes> {
        let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = http::StatusCode::BAD_REQUEST;
        response
    }

    #[test]
    fn an_error_code_is_found_in_every_protocol() {
        let json = refused(r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#);
        assert_eq!(error_code(&json).as_deref(), Some("ConditionalCheckFailedException"));
        let xml = refused("<ErrorResponse><Error><Code>LoadBalancerNotFound</Code></Error></ErrorResponse>");
        assert_eq!(error_code(&xml).as_deref(), Some("LoadBalancerNotFound"));
        let mut rest = refused("{}");
        rest.headers_mut().insert("x-amzn-errortype", http::HeaderValue::from_static("NotFoundException:http://x/"));
        assert_eq!(error_code(&rest).as_deref(), Some("NotFoundException"));
    }

    #[test]
    fn an_answer_that_succeeds_has_no_error_code() {
        assert_eq!(error_code(&http::Response::new(Bytes::from_static(b"{\"code\":\"x\"}"))), None);
    }
}
