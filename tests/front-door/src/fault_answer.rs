//! Error answers in the protocol that the caller speaks, so that an SDK reads the injected fault as the service's own.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// An error answer with a code, in the service's protocol (AWS Query, EC2, REST XML, or any of the JSON ones).
pub(crate) fn error(service: &str, status: u16, code: &str) -> http::Response<Bytes> {
    let message = "injected by the front door";
    let (content_type, body) = match service {
        "ec2" => (
            "text/xml",
            format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>injected</RequestID></Response>"
            ),
        ),
        "s3" => ("application/xml", format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")),
        "elasticloadbalancing" | "autoscaling" | "iam" | "sts" | "sns" | "cloudformation" => (
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>Receiver</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>injected</RequestId></ErrorResponse>"
            ),
        ),
        _ => ("application/json", format!(r#"{{"__type":"{code}","message":"{message}"}}"#)),
    };
    let mut response = http::Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(code) = HeaderValue::from_str(code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

/// The answer of a service that throttles.
pub(crate) fn throttled(service: &str) -> http::Response<Bytes> {
    match service {
        "apigateway" => {
            let mut response = error(service, 429, "TooManyRequestsException");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        "ec2" => error(service, 503, "RequestLimitExceeded"),
        "s3" => error(service, 503, "SlowDown"),
        "elasticloadbalancing" | "autoscaling" => error(service, 400, "Throttling"),
        _ => error(service, 400, "ThrottlingException"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::error_code;

    #[test]
    fn the_injected_code_is_read_back_in_every_protocol() {
        for service in ["ec2", "s3", "elasticloadbalancing", "dynamodb", "apigateway"] {
            let response = error(service, 500, "InternalFailure");
            assert_eq!(error_code(&response).as_deref(), Some("InternalFailure"), "{service}");
        }
    }

    #[test]
    fn api_gateway_throttles_with_its_own_exception_and_says_when_to_come_back() {
        let response = throttled("apigateway");
        assert_eq!(response.status(), 429);
        assert_eq!(error_code(&response).as_deref(), Some("TooManyRequestsException"));
        assert!(response.headers().contains_key(RETRY_AFTER));
    }
}
