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

/// What a refusal says, in lower case, that ends by itself, under whatever code. API Gateway answers two changes of one API at the
/// same time with a `ConflictException` or a `BadRequestException`: "Unable to complete operation due to concurrent modification.
/// Please try again later." (<https://github.com/hashicorp/terraform-provider-aws/issues/16439>,
/// <https://github.com/carlnordenfelt/aws-api-gateway-for-cloudformation/issues/27>). Other services have siblings of it.
const PASSING: [&str; 3] = ["concurrent modification", "try again later", "please retry"];

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
    } else if LATER.contains(&code) || status == 429 || status >= 500 || is_passing(&message) {
        PhaseError::unavailable(message)
    } else {
        PhaseError::refused(message)
    }
}

fn is_passing(message: &str) -> bool {
    let message = message.to_lowercase();
    PASSING.iter().any(|text| message.contains(text))
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

    // The texts: terraform-provider-aws#16439, carlnordenfelt/aws-api-gateway-for-cloudformation#27, and ResourceContention of
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AttachLoadBalancerTargetGroups.html.
    #[test]
    fn a_refusal_that_passes_by_itself_is_tried_again_and_a_missing_permission_is_not() {
        let concurrent = "Unable to complete operation due to concurrent modification. Please try again later.";
        let pending = "You already have a pending update to an Auto Scaling resource (for example, an Auto Scaling group, \
                       instance, or load balancer).";
        for (code, status, text, condition) in [
            ("ConflictException", 409, concurrent, Condition::Unavailable),
            ("BadRequestException", 400, concurrent, Condition::Unavailable),
            ("ResourceContention", 500, pending, Condition::Unavailable),
            ("ConflictException", 409, "Stage already exists", Condition::Refused),
            ("AccessDeniedException", 403, "not authorized; try again later", Condition::Denied),
        ] {
            assert_eq!(classify(code, status, text.to_owned()).condition, condition, "{code}: {text}");
        }
    }
}
