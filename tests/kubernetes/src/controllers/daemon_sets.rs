//! `DaemonSets`: one Pod on every eligible node
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/>).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{pods, scheduler};
use crate::{object, store::Resource, writes::Objects};

const REVISION: &str = "controller-revision-hash";

fn resource() -> Resource {
    Resource::new("apps", "daemonsets")
}

pub(super) fn reconcile(objects: &Objects) {
    let nodes = objects.store.all(&Resource::core("nodes"));
    for set in objects.store.all(&resource()) {
        if !object::is_terminating(&set) {
            one(objects, &set, &nodes);
        }
    }
}

fn one(objects: &Objects, set: &Value, nodes: &[Arc<Value>]) {
    let hash = pods::hash(&set["spec"]["template"]);
    let template = template(set, &hash);
    let fitting: Vec<&Arc<Value>> = nodes.iter().filter(|node| scheduler::fits(&template, node)).collect();
    let owned = pods::owned_by(objects, set);
    let on = |node: &Value| {
        owned.iter().filter(|pod| object::text(pod, "/spec/nodeName") == Some(object::name(node))).collect::<Vec<_>>()
    };
    let mut unavailable = 0;
    for node in &fitting {
        let here = on(node);
        if here.is_empty() {
            let mut pod = template.clone();
            pod["spec"]["nodeName"] = json!(object::name(node));
            objects.make(&pods::resource(), object::namespace(set), pod);
        }
        if !here.iter().any(|pod| pods::is_ready(pod) && pods::is_active(pod)) {
            unavailable += 1;
        }
    }
    for pod in owned.iter().filter(|pod| !object::is_terminating(pod)) {
        let placed = fitting.iter().any(|node| object::text(pod, "/spec/nodeName") == Some(object::name(node)));
        if !placed || pods::has_ended(pod) {
            objects.discard(&pods::resource(), pod);
        }
    }
    let most = pods::share(
        &set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"],
        i64::try_from(fitting.len()).unwrap_or(1),
        true,
    );
    let outdated =
        owned.iter().filter(|pod| pods::is_active(pod) && object::label(pod, REVISION) != Some(hash.as_str()));
    if set["spec"]["updateStrategy"]["type"] != "OnDelete" {
        for pod in outdated.take(usize::try_from((most.max(1) - unavailable).max(0)).unwrap_or_default()) {
            objects.discard(&pods::resource(), pod);
        }
    }
    let owned = pods::owned_by(objects, set);
    let ready = pods::count(&owned, |pod| pods::is_ready(pod) && pods::is_active(pod));
    let status = json!({
        "observedGeneration": set["metadata"]["generation"], "desiredNumberScheduled": fitting.len(),
        "currentNumberScheduled": pods::count(&owned, |pod| pods::is_active(pod)), "numberMisscheduled": 0,
        "numberReady": ready, "numberAvailable": ready,
        "updatedNumberScheduled": pods::count(&owned, |pod| pods::is_active(pod) && object::label(pod, REVISION) == Some(hash.as_str())),
        "numberUnavailable": (i64::try_from(fitting.len()).unwrap_or(0) - ready).max(0),
    });
    pods::set_status(objects, &resource(), set, status);
}

/// The Pod of a node, with the tolerations of all daemon Pods.
fn template(set: &Value, hash: &str) -> Value {
    let mut pod = pods::from_template(set, &set["spec"]["template"]);
    object::entry(object::metadata(&mut pod), "labels")[REVISION] = json!(hash);
    let spec = object::entry(&mut pod, "spec");
    object::default(spec, "tolerations", json!([]));
    if let Some(tolerations) = spec["tolerations"].as_array_mut() {
        for (key, effect) in [
            ("node.kubernetes.io/not-ready", "NoExecute"),
            ("node.kubernetes.io/unreachable", "NoExecute"),
            ("node.kubernetes.io/unschedulable", "NoSchedule"),
        ] {
            tolerations.push(json!({"key": key, "operator": "Exists", "effect": effect}));
        }
    }
    pod
}
