//! From the SDK's errors to conditions.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::PhaseError;

/// Codes that mean "later": <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>.
const LATER: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "SlowDown",
    "PriorRequestNotComplete",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// Codes that mean that a permission is missing.
const DENIED: [&str; 7] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedException",
    "NotAuthorized",
    "AuthorizationError",
    "AuthorizationErrorException",
];

/// The condition of an SDK error that its caller has no special use for: no answer, a throttle or a 5xx is
/// `Unavailable`, a missing permission `Denied`, every other refusal `Refused`. `context` says what was being done.
pub fn phase_error<E: ProvideErrorMetadata>(context: &str, error: &SdkError<E, Response>) -> PhaseError {
    let Some(service) = error.as_service_error() else {
        let kind = match error {
            SdkError::ConstructionFailure(_) => {
                return PhaseError::refused(format!("{context}: the request could not be built"));
            }
            SdkError::TimeoutError(_) => "no answer in time",
            SdkError::DispatchFailure(_) => "the request could not be sent",
            _ => "the answer could not be read",
        };
        return PhaseError::unavailable(format!("{context}: {kind}"));
    };
    let code = service.code().unwrap_or("Unknown");
    let message = format!("{context}: {code}: {}", service.message().unwrap_or("no message"));
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    classify(code, status, message)
}

fn classify(code: &str, status: u16, message: String) -> PhaseError {
    if DENIED.contains(&code) {
        PhaseError::denied(message)
    } else if LATER.contains(&code) || status == 429 || status >= 500 {
        PhaseError::unavailable(message)
    } else {
        PhaseError::refused(message)
    }
}

/// The code of a service error, empty where the service did not answer: for callers that know what some codes mean.
pub fn code<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::classify;
    use domain::Condition;

    #[test]
    fn throttles_and_server_errors_are_tried_again_and_denials_are_not() {
        for (code, status, condition) in [
            ("ThrottlingException", 400, Condition::Unavailable),
            ("TooManyRequestsException", 429, Condition::Unavailable),
            ("ServerException", 500, Condition::Unavailable),
            ("AccessDeniedException", 403, Condition::Denied),
            ("UnauthorizedOperation", 403, Condition::Denied),
            ("ResourceInUseException", 409, Condition::Refused),
        ] {
            assert_eq!(classify(code, status, String::new()).condition, condition, "{code}");
        }
    }
}
