//! From what an API server answers to conditions.

use domain::PhaseError;
use jiff::{SignedDuration, Timestamp};
use kube::Error;
use std::time::Duration;

/// For how long after its creation an API server may not know yet who Bascule's role is: it starts, and the access entry is spreading
/// (gravitational/teleport#38205).
const SETTLING: SignedDuration = SignedDuration::from_hours(1);

/// Whether a cluster that was created then is still settling.
pub(super) fn is_settling(created_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created_at) < SETTLING
}

/// The condition of an error that `context` (what was asked, and of which object) ran into; `settling` says whether the API server
/// is new.
pub(super) fn condition(context: &str, error: &Error, settling: bool) -> PhaseError {
    let Error::Api(status) = error else {
        return match error {
            Error::SerdeError(_) | Error::FromUtf8(_) => {
                PhaseError::unavailable(format!("{context}: the answer of the API server could not be read"))
            }
            _ => PhaseError::unavailable(format!("{context}: no answer from the API server ({})", cause(error))),
        };
    };
    let message = format!("{context}: {}", status.message);
    let says = |text: &str| status.message.contains(text);
    let entry = "the access entry of Bascule's role may be missing or may not have reached the API server yet";
    match status.code {
        401 if settling => PhaseError::not_ready(format!("{message}; {entry}")),
        // API servers that EKS is replacing answer so for a moment (aws/containers-roadmap#1810).
        401 => PhaseError::unavailable(format!("{message}; {entry}")),
        // A quota that was created a moment ago has not been counted yet (fabric8-services/fabric8-tenant#546).
        403 if says("status unknown for quota") => PhaseError::not_ready(message),
        // What the authorizer says; what an admission plugin or webhook says is a refusal
        // (https://kubernetes.io/docs/reference/access-authn-authz/authorization/).
        403 if says("User \"") && says("cannot ") => {
            let message = format!("{message}; {entry}");
            if settling { PhaseError::not_ready(message) } else { PhaseError::denied(message) }
        }
        // https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
        409 if says("Apply failed with") => PhaseError::conflict(format!(
            "{message}. Leave these fields to who manages them, or name the object in workloads.forceConflicts"
        )),
        // Discovered, and not served by every API server of the cluster yet.
        404 if says("could not find the requested resource") || says("page not found") => {
            PhaseError::not_ready(message)
        }
        // The API server passes on that a webhook has no Pods yet as an error of its own
        // (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy), and of a
        // conversion webhook likewise.
        500 if says("failed calling webhook") || says("conversion webhook for") => PhaseError::not_ready(message),
        // The manifest has a field that the kind does not have, or a key twice (kubernetes/kubernetes#139253, #113482).
        500 if says("typed patch object") => PhaseError::refused(message),
        // A 409 that is left: changed, created or deleted by somebody else at the same moment.
        409 | 429 | 500.. => PhaseError::unavailable(message),
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
        let rbac = r#"deployments.apps "web" is forbidden: User "arn:aws:sts::1:assumed-role/bascule/x" cannot patch resource "deployments""#;
        for (code, message, expected, of_a_new_cluster) in [
            (401, "Unauthorized", Condition::Unavailable, Condition::NotReady),
            (403, rbac, Condition::Denied, Condition::NotReady),
            (403, "admission webhook \"x\" denied the request", Condition::Refused, Condition::Refused),
            (403, "pods \"web\" is forbidden: exceeded quota: q", Condition::Refused, Condition::Refused),
            (403, "is forbidden: status unknown for quota: q", Condition::NotReady, Condition::NotReady),
            (404, "not found", Condition::Refused, Condition::Refused),
            (404, "the server could not find the requested resource", Condition::NotReady, Condition::NotReady),
            (
                409,
                "Apply failed with 1 conflict: conflict with \"eks\": .data.x",
                Condition::Conflict,
                Condition::Conflict,
            ),
            (409, "the object has been modified", Condition::Unavailable, Condition::Unavailable),
            (422, "spec.replicas: Invalid value", Condition::Refused, Condition::Refused),
            (429, "too many requests", Condition::Unavailable, Condition::Unavailable),
            (500, "etcdserver: leader changed", Condition::Unavailable, Condition::Unavailable),
            (500, "Internal error occurred: failed calling webhook \"x\"", Condition::NotReady, Condition::NotReady),
            (500, "conversion webhook for example.com/v1, Kind=W failed", Condition::NotReady, Condition::NotReady),
            (
                500,
                "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.x: field not declared in schema",
                Condition::Refused,
                Condition::Refused,
            ),
            (503, "unavailable", Condition::Unavailable, Condition::Unavailable),
        ] {
            for (settling, expected) in [(false, expected), (true, of_a_new_cluster)] {
                let status = Status { code, message: message.into(), ..Status::failure(message, "") };
                let error = condition("applying Deployment/shop/web", &Error::Api(Box::new(status)), settling);
                assert_eq!(error.condition, expected, "{code} {message}, settling: {settling}");
                assert!(error.message.starts_with("applying Deployment/shop/web: "));
            }
        }
    }

    #[test]
    fn an_api_server_is_new_for_an_hour() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(is_settling(at(0), at(3_599)));
        assert!(!is_settling(at(0), at(3_600)));
    }
}
