//! How often a fault may be seen in a row before green counts as unhealthy.

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
    (json!({ "troubledLooks": looks }), error)
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
}
