//! Whether a live object is ready: what `kubectl rollout status` and kstatus say
//! (<https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus>,
//! <https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go>). Where the two differ, ready is what both
//! call so.

use super::{ObjectId, workload};
use serde_json::Value;

/// How far a live object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// As its spec asks.
    Ready,
    /// On its way, and how far.
    Waiting(String),
    /// It says itself that it will not come.
    Failed(String),
}

use Readiness::{Failed, Ready};

fn waiting(text: impl Into<String>) -> Readiness {
    Readiness::Waiting(text.into())
}

/// Whether a live object is ready. Its own kind's rules come after what every controller may say: that the object is being deleted, that
/// its latest generation was not seen yet, that it is `Reconciling` or `Stalled`; and a kind without rules is ready unless its condition
/// `Ready` says otherwise.
#[must_use]
pub fn readiness(id: &ObjectId, object: &Value) -> Readiness {
    let status = &object["status"];
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return waiting("being deleted");
    }
    let generation = object["metadata"]["generation"].as_i64();
    // Controllers of Kubernetes always say so; others may not.
    let seen = status["observedGeneration"].as_i64().or((id.group() == "apps").then_some(0));
    if let (Some(generation), Some(seen)) = (generation, seen)
        && generation != seen
    {
        return waiting(format!("its controller has seen generation {seen} of {generation}"));
    }
    if let Some(reconciling) = holds(status, "Reconciling") {
        return waiting(told(reconciling));
    }
    if let Some(stalled) = holds(status, "Stalled") {
        return Failed(told(stalled));
    }
    match (id.group(), id.kind.as_str()) {
        ("apps" | "extensions", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("apps" | "extensions", "ReplicaSet") | ("", "ReplicationController") => replica_set(&id.kind, object),
        ("batch", "Job") => job(object),
        ("", "Pod") => pod(status),
        ("", "PersistentVolumeClaim") => match status["phase"].as_str() {
            Some("Bound") => Ready,
            phase => waiting(format!("{}, not Bound", phase.unwrap_or("without a phase"))),
        },
        // With an address in the cluster it works there; the load balancer may come later or never.
        ("", "Service")
            if object["spec"]["type"] == "LoadBalancer" && text(&object["spec"], "clusterIP").is_empty() =>
        {
            waiting("has no cluster IP")
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(status),
        // An API that does not answer keeps namespaces from being deleted and discovery from being whole
        // (https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/).
        ("apiregistration.k8s.io", "APIService") => by_condition(status, "Available"),
        // They have their own rules in kstatus: always ready.
        ("" | "batch" | "policy", "Secret" | "ConfigMap" | "CronJob" | "PodDisruptionBudget") => Ready,
        _ => by_condition(status, "Ready"),
    }
}

/// Whether objects of this kind can be anything but ready: those that need no look.
#[must_use]
pub fn can_wait(id: &ObjectId) -> bool {
    let group = id.group();
    if !crate::object::is_built_in(&id.api_version) {
        return true;
    }
    match id.kind.as_str() {
        // A claim may wait for its first Pod, whose workload is held
        // (https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode); a Pod that waits for its claim is not ready itself.
        "Service" => group.is_empty(),
        "CustomResourceDefinition" | "APIService" => true,
        _ => workload::is_workload(id) && id.kind != "CronJob",
    }
}

fn deployment(object: &Value) -> Readiness {
    let status = &object["status"];
    if let Some(progressing) = condition(status, "Progressing")
        && progressing["reason"] == "ProgressDeadlineExceeded"
    {
        return Failed(told(progressing));
    }
    let wanted = workload::replicas("Deployment", object).unwrap_or(1);
    let (all, updated) = (count(status, "replicas"), count(status, "updatedReplicas"));
    let available = count(status, "availableReplicas");
    // Available Pods may be those of before, as long as there are more than the updated ones.
    let before = all - updated;
    if updated < wanted {
        reached("updated", updated, wanted, status)
    } else if before > 0 {
        waiting(format!("{before} Pods of before are still there"))
    } else if all > wanted {
        waiting(format!("{} Pods more than wanted are still there", all - wanted))
    } else if available < wanted {
        reached("available", available, wanted, status)
    } else {
        by_condition(status, "Available")
    }
}

fn stateful_set(object: &Value) -> Readiness {
    let (spec, status) = (&object["spec"], &object["status"]);
    let wanted = workload::replicas("StatefulSet", object).unwrap_or(1);
    let (all, ready, updated) =
        (count(status, "replicas"), count(status, "readyReplicas"), count(status, "updatedReplicas"));
    // Its Pods are renewed by whoever deletes them (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#on-delete).
    let on_delete = spec["updateStrategy"]["type"] == "OnDelete";
    let partition = spec["updateStrategy"]["rollingUpdate"]["partition"].as_i64().unwrap_or(0);
    let renewed = (wanted - partition).max(0);
    if ready < wanted {
        reached("ready", ready, wanted, status)
    } else if all > wanted {
        waiting(format!("{} Pods more than wanted are still there", all - wanted))
    } else if on_delete {
        Ready
    } else if partition > 0 {
        if updated < renewed { reached("updated", updated, renewed, status) } else { Ready }
    } else if status["currentRevision"] != status["updateRevision"] {
        reached("updated", updated, wanted, status)
    } else {
        Ready
    }
}

fn daemon_set(object: &Value) -> Readiness {
    let (spec, status) = (&object["spec"], &object["status"]);
    let Some(wanted) = status["desiredNumberScheduled"].as_i64() else {
        return waiting("its controller has not counted its nodes yet");
    };
    let parts = [
        ("scheduled", "currentNumberScheduled"),
        ("updated", "updatedNumberScheduled"),
        ("available", "numberAvailable"),
    ];
    let on_delete = spec["updateStrategy"]["type"] == "OnDelete";
    let counted = parts.into_iter().filter(|(what, _)| !(on_delete && *what == "updated"));
    let mut short = counted.map(|(what, name)| (what, count(status, name))).filter(|(_, found)| *found < wanted);
    short.next().map_or(Ready, |(what, found)| reached(what, found, wanted, status))
}

fn replica_set(kind: &str, object: &Value) -> Readiness {
    let status = &object["status"];
    let wanted = workload::replicas(kind, object).unwrap_or(1);
    let (all, ready) = (count(status, "replicas"), count(status, "readyReplicas"));
    if ready < wanted {
        reached("ready", ready, wanted, status)
    } else if all > wanted {
        waiting(format!("{} Pods more than wanted are still there", all - wanted))
    } else {
        Ready
    }
}

/// kstatus calls a Job ready once it has started; what a migration needs of it is done when it has ended.
fn job(object: &Value) -> Readiness {
    let status = &object["status"];
    if object["spec"]["suspend"] == true || holds(status, "Complete").is_some() || holds(status, "Suspended").is_some()
    {
        return Ready;
    }
    match holds(status, "Failed") {
        Some(failed) => Failed(told(failed)),
        None if status["startTime"].is_null() => waiting("not started"),
        None => waiting("running"),
    }
}

fn pod(status: &Value) -> Readiness {
    match status["phase"].as_str() {
        Some("Succeeded") => Ready,
        Some("Running") if holds(status, "Ready").is_some() => Ready,
        Some("Failed") => Failed(text(status, "message").to_owned()),
        phase => {
            let unscheduled = condition(status, "PodScheduled").filter(|scheduled| scheduled["status"] == "False");
            waiting(unscheduled.map_or_else(|| phase.unwrap_or("Pending").to_owned(), told))
        }
    }
}

fn definition(status: &Value) -> Readiness {
    let is_false = |name: &str| condition(status, name).filter(|condition| condition["status"] == "False");
    if let Some(names) = is_false("NamesAccepted") {
        Failed(told(names))
    } else if holds(status, "Established").is_some() {
        Ready
    } else if let Some(refused) = is_false("Established").filter(|established| established["reason"] != "Installing") {
        Failed(told(refused))
    } else {
        waiting("not established")
    }
}

fn by_condition(status: &Value, name: &str) -> Readiness {
    match condition(status, name) {
        Some(condition) if condition["status"] != "True" => waiting(told(condition)),
        _ => Ready,
    }
}

/// Which part is how far, with the condition that says why Pods cannot even be made
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment>).
fn reached(what: &str, found: i64, wanted: i64, status: &Value) -> Readiness {
    let why = holds(status, "ReplicaFailure").map(|failure| format!("; {}", told(failure))).unwrap_or_default();
    waiting(format!("{found} of {wanted} {what}{why}"))
}

fn count(status: &Value, name: &str) -> i64 {
    status[name].as_i64().unwrap_or(0)
}

fn condition<'a>(status: &'a Value, name: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == name)
}

fn holds<'a>(status: &'a Value, name: &str) -> Option<&'a Value> {
    condition(status, name).filter(|condition| condition["status"] == "True")
}

/// A condition's reason and message.
fn told(condition: &Value) -> String {
    let parts = [text(condition, "reason"), text(condition, "message")];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if said.is_empty() {
        format!("{} is {}", text(condition, "type"), text(condition, "status"))
    } else {
        said.join(": ")
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
