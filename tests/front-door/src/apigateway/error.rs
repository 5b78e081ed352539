//! The errors of API Gateway's control plane, as its API reference lists them for every operation.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// A refusal, with AWS's wording where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

/// The result of an operation.
pub(crate) type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400: the request is invalid, or the state of the account does not allow it.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// 404: a resource named in the request does not exist.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundException", message)
    }

    /// 409: a resource of that name exists already.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "ConflictException", message)
    }

    /// 409: another change of the same API is under way.
    pub(crate) fn concurrent_modification() -> Self {
        Self::conflict("Unable to complete operation due to concurrent modification. Please try again later.")
    }

    /// 429: the quota for this kind of resource is reached.
    pub(crate) fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", message)
    }

    /// 429: the same in V2, which has no error of its own for it.
    pub(crate) fn limit_exceeded_v2(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", message)
    }

    /// 429: too many requests; `retry_after` is the time until the next one is admitted.
    pub(crate) fn too_many_requests(retry_after: Duration) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Too Many Requests");
        error.retry_after = Some(retry_after);
        error
    }

    /// 403: no operation of this service has such a path.
    pub(crate) fn unknown_operation() -> Self {
        Self::new(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    /// The HTTP response in REST JSON: the code in a header, the message in the body.
    pub(crate) fn response(&self) -> http::Response<Bytes> {
        let body = serde_json::json!({ "message": self.message }).to_string();
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        if let Some(retry_after) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
        }
        response
    }
}
