//! Pod disruption budgets: the number of Pods that may be evicted now
//! (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets>).

use serde_json::json;

use super::pods;
use crate::{object, selector::Selector, store::Resource, writes::Objects};

pub(super) fn reconcile(objects: &Objects) {
    let resource = Resource::new("policy", "poddisruptionbudgets");
    for budget in objects.store.all(&resource) {
        let selector = Selector::from_object(&budget["spec"]["selector"]);
        let (all, _) = objects.store.list(&pods::resource(), Some(object::namespace(&budget)));
        let selected: Vec<_> = all.iter().filter(|pod| selector.selects(pod) && pods::is_active(pod)).collect();
        let expected = i64::try_from(selected.len()).unwrap_or(i64::MAX);
        let healthy = pods::count(&selected, |pod| pods::is_ready(pod));
        let desired = match (budget["spec"].get("minAvailable"), budget["spec"].get("maxUnavailable")) {
            (Some(least), _) => pods::share(least, expected, true),
            (None, Some(most)) => expected - pods::share(most, expected, true),
            (None, None) => 0,
        };
        let allowed = (healthy - desired).max(0);
        let mut status = json!({
            "observedGeneration": budget["metadata"]["generation"], "expectedPods": expected, "currentHealthy": healthy,
            "desiredHealthy": desired, "disruptionsAllowed": allowed,
        });
        if let Some(conditions) = budget.pointer("/status/conditions") {
            status["conditions"] = conditions.clone();
        }
        let reason = if allowed > 0 { "SufficientPods" } else { "InsufficientPods" };
        object::set_condition(&mut status, "DisruptionAllowed", allowed > 0, reason, "");
        pods::set_status(objects, &resource, &budget, status);
    }
}
