//! From what an API server answers to conditions.

use domain::PhaseError;
use kube::Error;
use std::time::Duration;

/// The condition of an error that `context` (what was asked, and of which object) ran into.
pub(super) fn condition(context: &str, error: &Error) -> PhaseError {
    let Error::Api(status) = error else {
        return match error {
            Error::SerdeError(_) | Error::FromUtf8(_) => {
                PhaseError::unavailable(format!("{context}: the answer of the API server could not be read"))
            }
            _ => PhaseError::unavailable(format!("{context}: no answer from the API server ({})", cause(error))),
        };
    };
    let message = format!("{context}: {}", status.message);
    match status.code {
        401 | 403 => PhaseError::denied(format!(
            "{message}; the access entry of Bascule's role may be missing or may not have reached the API server yet"
        )),
        409 => PhaseError::conflict(message),
        // Discovered, and not served by every API server of the cluster yet.
        404 if ["could not find the requested resource", "page not found"]
            .iter()
            .any(|text| status.message.contains(text)) =>
        {
            PhaseError::not_ready(message)
        }
        // The API server passes on that a webhook has no Pods yet as an error of its own
        // (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy).
        500 if status.message.contains("failed calling webhook") => PhaseError::not_ready(message),
        429 | 500.. => PhaseError::unavailable(message),
        _ => PhaseError::refused(message),
    }
}

/// How long the server asks to wait, where it throttles
/// (<https://kubernetes.io/docs/concepts/cluster-administration/flow-control/>).
pub(super) fn throttled(error: &Error) -> Option<Duration> {
    match error {
        Error::Api(status) if status.code == 429 => {
            let seconds = status.details.as_ref().map_or(1, |details| details.retry_after_seconds);
            Some(Duration::from_secs(seconds.into()))
        }
        _ => None,
    }
}

/// The innermost cause: what the network or TLS said.
pub(super) fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Condition;
    use kube::core::Status;

    #[test]
    fn every_answer_has_its_condition() {
        for (code, message, expected) in [
            (401, "Unauthorized", Condition::Denied),
            (403, "forbidden", Condition::Denied),
            (404, "not found", Condition::Refused),
            (404, "the server could not find the requested resource", Condition::NotReady),
            (409, "Apply failed with 1 conflict", Condition::Conflict),
            (422, "spec.replicas: Invalid value", Condition::Refused),
            (429, "too many requests", Condition::Unavailable),
            (500, "etcdserver: leader changed", Condition::Unavailable),
            (500, "Internal error occurred: failed calling webhook \"x\"", Condition::NotReady),
            (503, "unavailable", Condition::Unavailable),
        ] {
            let status = Status { code, message: message.into(), ..Status::failure(message, "") };
            let error = condition("applying Deployment/shop/web", &Error::Api(Box::new(status)));
            assert_eq!(error.condition, expected, "{code} {message}");
            assert!(error.message.starts_with("applying Deployment/shop/web: "));
        }
    }
}
