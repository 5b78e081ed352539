//! `ReplicaSets`: create and delete Pods of one template
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/>).

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods;
use crate::{object, store::Resource, writes::Objects};

pub(super) fn resource() -> Resource {
    Resource::new("apps", "replicasets")
}

pub(super) fn reconcile(objects: &Objects) {
    for set in objects.store.all(&resource()) {
        if !object::is_terminating(&set) {
            one(objects, &set);
        }
    }
}

fn one(objects: &Objects, set: &Value) {
    let mut owned: Vec<Arc<Value>> =
        pods::owned_by(objects, set).into_iter().filter(|pod| pods::is_active(pod)).collect();
    let wanted = object::number(set, "/spec/replicas").unwrap_or(1);
    let present = i64::try_from(owned.len()).unwrap_or(i64::MAX);
    for _ in present..wanted {
        let pod = pods::from_template(set, &set["spec"]["template"]);
        let Some(made) = objects.make(&pods::resource(), object::namespace(set), pod) else { break };
        owned.push(made);
    }
    if present > wanted {
        // Pods that are not ready are deleted first, then the youngest.
        owned.sort_by_key(|pod| (pods::is_ready(pod), object::text(pod, "/spec/nodeName").is_some()));
        let surplus = usize::try_from(present - wanted).unwrap_or_default();
        for pod in owned.drain(..surplus) {
            objects.discard(&pods::resource(), &pod);
        }
    }
    let ready = pods::count(&owned, |pod| pods::is_ready(pod));
    let mut status = json!({
        "replicas": owned.len(), "fullyLabeledReplicas": owned.len(),
        "observedGeneration": set["metadata"]["generation"],
    });
    if ready > 0 {
        status["readyReplicas"] = json!(ready);
        status["availableReplicas"] = json!(ready);
    }
    pods::set_status(objects, &resource(), set, status);
}
