//! Error answers in the protocol that the caller speaks, so that an SDK reads the injected fault as the service's own.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// The protocol that a caller speaks, as far as error answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// AWS Query: an `ErrorResponse` in XML.
    Query,
    /// EC2's own form of it.
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

/// An error answer with a code.
pub(crate) fn error(protocol: Protocol, status: u16, code: &str) -> http::Response<Bytes> {
    let message = "injected by the front door";
    let (content_type, body) = match protocol {
        Protocol::Ec2 => (
            "text/xml",
            format!("<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>injected</RequestID></Response>").into(),
        ),
        Protocol::S3 => ("application/xml", format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>").into()),
        Protocol::Query => (
            "text/xml",
            format!("<ErrorResponse><Error><Type>Receiver</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>injected</RequestId></ErrorResponse>").into(),
        ),
        Protocol::Cbor => ("application/cbor", cbor(&[("__type", code), ("message", message)])),
        Protocol::Json => ("application/json", format!(r#"{{"__type":"{code}","message":"{message}"}}"#).into()),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Ok(code) = HeaderValue::from_str(code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}

/// A CBOR map of short texts (RFC 8949).
fn cbor(entries: &[(&str, &str)]) -> Bytes {
    let mut encoded = vec![0xbf];
    for text in entries.iter().flat_map(|(key, value)| [key, value]) {
        // Major type 3 with its length in one byte; the texts here are names and short sentences.
        let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
        encoded.extend([0x78, length]);
        encoded.extend(text.bytes().take(length.into()));
    }
    encoded.push(0xff);
    encoded.into()
}

/// The answer of a service that throttles.
pub(crate) fn throttled(service: &str, protocol: Protocol) -> http::Response<Bytes> {
    match service {
        "apigateway" => {
            let mut response = error(protocol, 429, "TooManyRequestsException");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        "ec2" => error(protocol, 503, "RequestLimitExceeded"),
        "s3" => error(protocol, 503, "SlowDown"),
        "elasticloadbalancing" | "autoscaling" => error(protocol, 400, "Throttling"),
        _ => error(protocol, 400, "ThrottlingException"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::error_code;

    #[test]
    fn the_injected_code_is_read_back_in_every_protocol() {
        for protocol in [Protocol::Ec2, Protocol::S3, Protocol::Query, Protocol::Cbor, Protocol::Json] {
            let response = error(protocol, 500, "InternalFailure");
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
    fn a_cbor_answer_is_a_map_of_texts() {
        assert_eq!(cbor(&[("a", "bc")]).as_ref(), [0xbf, 0x78, 1, b'a', 0x78, 2, b'b', b'c', 0xff]);
    }

    #[test]
    fn api_gateway_throttles_with_its_own_exception_and_says_when_to_come_back() {
        let response = throttled("apigateway", Protocol::Json);
        assert_eq!(response.status(), 429);
        assert_eq!(error_code(&response).as_deref(), Some("TooManyRequestsException"));
        assert!(response.headers().contains_key(RETRY_AFTER));
    }
}
