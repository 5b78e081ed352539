//! How often a fault may be seen in a row before green counts as unhealthy, and how long custom resources are waited for.

use domain::PhaseError;
use serde_json::{Value, json};

/// After so many looks in a row: five minutes at Step Functions' 15 seconds. Containers crash while what they need is still
/// starting, and images arrive late; neither lasts.
const LOOKS: u64 = 20;

/// The progress to save, and the error of this check: `NotReady`, or `Unhealthy` from the last allowed check on.
pub(crate) fn judge(progress: &Value, trouble: &str) -> (Value, PhaseError) {
    let looks = progress["troubledLooks"].as_u64().unwrap_or(0) + 1;
    let error = if looks >= LOOKS {
        PhaseError::unhealthy(format!("green does not come up, in {looks} looks: {trouble}"))
    } else {
        PhaseError::not_ready(format!("look {looks} of {LOOKS}: {trouble}"))
    };
    (json!({ "troubledLooks": looks, "lateLooks": late(progress) }), error)
}

/// Whether custom resources, all that is not ready, were waited for long enough. Some become ready only once production's names lead to
/// green, such as a certificate whose issuer asks the host itself, and nothing tells them from others: people see them in the evidence.
pub(crate) fn is_over(progress: &Value) -> bool {
    late(progress) >= LOOKS
}

/// The progress to save, and the error of a check that found nothing but custom resources that are not ready.
pub(crate) fn wait(progress: &Value, unready: &str) -> (Value, PhaseError) {
    let looks = late(progress) + 1;
    let error = PhaseError::not_ready(format!("look {looks} of {LOOKS}, then people decide: waiting for {unready}"));
    (json!({ "lateLooks": looks }), error)
}

fn late(progress: &Value) -> u64 {
    progress["lateLooks"].as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Condition;

    #[test]
    fn trouble_counts_only_when_it_lasts() {
        let mut progress = Value::Null;
        for look in 1..=LOOKS {
            let (next, error) = judge(&progress, "Pod/shop/web-1: CrashLoopBackOff");
            let expected = if look < LOOKS { Condition::NotReady } else { Condition::Unhealthy };
            assert_eq!(error.condition, expected, "look {look}");
            assert!(error.message.contains("CrashLoopBackOff"));
            progress = next;
        }
    }

    #[test]
    fn custom_resources_are_waited_for_so_long_whatever_else_is_in_trouble_meanwhile() {
        let mut progress = Value::Null;
        for _ in 0..LOOKS {
            assert!(!is_over(&progress));
            let (next, error) = wait(&judge(&progress, "x").0, "Certificate/shop (Issuing)");
            assert_eq!(error.condition, Condition::NotReady);
            progress = next;
        }
        assert!(is_over(&progress) && is_over(&judge(&progress, "x").0));
    }
}
