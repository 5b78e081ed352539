//! Error answers in the protocol that the caller speaks, so that an SDK reads the injected fault as the service's own.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::request_id;

/// The protocol that a caller speaks, as far as error answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// AWS Query: an `ErrorResponse` in XML.
    Query,
    /// EC2's variant of AWS Query: `Response` with `Errors` in XML.
    Ec2,
    /// S3's REST XML.
    S3,
    /// Smithy RPC v2, whose bodies are CBOR.
    Cbor,
    /// REST JSON and AWS JSON.
    Json,
}

impl Protocol {
    /// The protocol of a request to a service.
    pub(crate) fn of(service: &str, headers: &HeaderMap) -> Self {
        if headers.get("smithy-protocol").is_some_and(|protocol| protocol == "rpc-v2-cbor") {
            return Self::Cbor;
        }
        match service {
            "ec2" => Self::Ec2,
            "s3" => Self::S3,
            "elasticloadbalancing" | "autoscaling" | "iam" | "sts" | "sns" | "cloudformation" => Self::Query,
            _ => Self::Json,
        }
    }
}

/// What injected faults say.
const INJECTED: &str = "injected by the front door";

/// An error answer that a fault rule asks for.
pub(crate) fn injected(protocol: Protocol, status: u16, code: &str) -> http::Response<Bytes> {
    error(protocol, status, code, INJECTED)
}

/// An error answer with a code and a message.
pub(crate) fn error(protocol: Protocol, status: u16, code: &str, message: &str) -> http::Response<Bytes> {
    let id = request_id::random();
    let text = message.replace('&', "&amp;").replace('<', "&lt;");
    let (content_type, body) = match protocol {
        Protocol::Ec2 => (
            "text/xml",
            format!("<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors><RequestID>{id}</RequestID></Response>").into(),
        ),
        Protocol::S3 => ("application/xml", format!("<Error><Code>{code}</Code><Message>{text}</Message></Error>").into()),
        Protocol::Query => {
            let side = if status < 500 { "Sender" } else { "Receiver" };
            (
                "text/xml",
                format!("<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{text}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>").into(),
            )
        }
        Protocol::Cbor => {
            let mut body = Vec::new();
            // Writing to a Vec cannot fail.
            let _ = ciborium::into_writer(&BTreeMap::from([("__type", code), ("message", message)]), &mut body);
            ("application/cbor", body.into())
        }
        Protocol::Json => {
            ("application/json", serde_json::json!({ "__type": code, "message": message }).to_string().into())
        }
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-amzn-requestid", id);
    }
    if protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Ok(code) = HeaderValue::from_str(code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}

/// The answer of a service that throttles.
pub(crate) fn throttled(service: &str, protocol: Protocol) -> http::Response<Bytes> {
    match service {
        "apigateway" => {
            let mut response = injected(protocol, 429, "TooManyRequestsException");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        "ec2" => injected(protocol, 503, "RequestLimitExceeded"),
        "s3" => injected(protocol, 503, "SlowDown"),
        "elasticloadbalancing" | "autoscaling" => injected(protocol, 400, "Throttling"),
        _ => injected(protocol, 400, "ThrottlingException"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::error_code;

    #[test]
    fn the_injected_code_is_read_back_in_every_protocol() {
        for protocol in [Protocol::Ec2, Protocol::S3, Protocol::Query, Protocol::Cbor, Protocol::Json] {
            let response = injected(protocol, 500, "InternalFailure");
            assert_eq!(error_code(&response).as_deref(), Some("InternalFailure"), "{protocol:?}");
        }
    }

    #[test]
    fn the_protocol_is_the_services_unless_the_request_speaks_cbor() {
        let mut headers = HeaderMap::new();
        assert_eq!(Protocol::of("elasticloadbalancing", &headers), Protocol::Query);
        assert_eq!(Protocol::of("eks", &headers), Protocol::Json);
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        assert_eq!(Protocol::of("monitoring", &headers), Protocol::Cbor);
    }

    #[test]
    fn api_gateway_throttles_with_its_own_exception_and_says_when_to_come_back() {
        let response = throttled("apigateway", Protocol::Json);
        assert_eq!(response.status(), 429);
        assert_eq!(error_code(&response).as_deref(), Some("TooManyRequestsException"));
        assert!(response.headers().contains_key(RETRY_AFTER));
    }
}
