//! What Pods an object makes, and from which images.

use super::{Object, ObjectId};
use serde_json::Value;

/// Kinds that make Pods, or are one.
const KINDS: [&str; 8] =
    ["CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "StatefulSet"];

/// Whether the object makes Pods by itself, as far as Kubernetes knows (custom resources may do so through their operators).
#[must_use]
pub fn is_workload(id: &ObjectId) -> bool {
    matches!(id.group(), "" | "apps" | "batch" | "extensions") && KINDS.contains(&id.kind.as_str())
}

/// Where the Pods' description is.
const fn template_path(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"Pod" => "",
        b"CronJob" => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    }
}

/// The Pods' metadata and spec.
#[must_use]
pub fn template(kind: &str, object: &Value) -> Value {
    let mut template = object.pointer(template_path(kind)).cloned().unwrap_or_default();
    if kind == "Pod" {
        template = serde_json::json!({ "metadata": template["metadata"]["labels"], "spec": template["spec"] });
    }
    template
}

/// The Pods' spec.
#[must_use]
pub fn pod_spec<'a>(kind: &str, object: &'a Value) -> Option<&'a Value> {
    object.pointer(template_path(kind))?.get("spec")
}

/// The Pods' labels.
#[must_use]
pub fn pod_labels<'a>(kind: &str, object: &'a Value) -> Option<&'a serde_json::Map<String, Value>> {
    object.pointer(template_path(kind))?.pointer("/metadata/labels")?.as_object()
}

/// The images of all containers, init containers too, sorted and each once.
#[must_use]
pub fn images(kind: &str, object: &Value) -> Vec<String> {
    let Some(spec) = pod_spec(kind, object) else {
        return Vec::new();
    };
    let containers = ["initContainers", "containers"].into_iter().filter_map(|name| spec[name].as_array());
    let mut images: Vec<String> =
        containers.flatten().filter_map(|container| container["image"].as_str()).map(str::to_owned).collect();
    images.sort();
    images.dedup();
    images
}

/// The commands and arguments of all containers.
pub fn arguments(object: &Object) -> impl Iterator<Item = &str> {
    let words = containers(object).flat_map(|container| [&container["command"], &container["args"]]);
    words.filter_map(Value::as_array).flatten().filter_map(Value::as_str)
}

/// The names of all containers' environment variables.
pub fn variables(object: &Object) -> impl Iterator<Item = &str> {
    let variables = containers(object).filter_map(|container| container["env"].as_array()).flatten();
    variables.filter_map(|variable| variable["name"].as_str())
}

/// The value that a container gives an environment variable of this name in the manifest itself.
#[must_use]
pub fn value_of<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    let mut variables = containers(object).filter_map(|container| container["env"].as_array()).flatten();
    variables.find(|variable| variable["name"] == name)?["value"].as_str()
}

/// All containers, init containers first.
pub(super) fn containers(object: &Object) -> impl Iterator<Item = &Value> {
    let spec = pod_spec(&object.id.kind, &object.value);
    let lists = ["initContainers", "containers"].into_iter().filter_map(move |name| spec?.get(name)?.as_array());
    lists.flatten()
}

/// How many Pods it asks for; `None` where its kind does not count.
#[must_use]
pub fn replicas(kind: &str, object: &Value) -> Option<i64> {
    matches!(kind, "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController")
        .then(|| object["spec"]["replicas"].as_i64().unwrap_or(1))
}

/// How many of its Pods are ready, as its status says; `None` where it does not
/// (<https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#deploymentstatus-v1-apps>, and the same of the others).
#[must_use]
pub fn ready(kind: &str, object: &Value) -> Option<i64> {
    let field = if kind == "DaemonSet" { "numberReady" } else { "readyReplicas" };
    object["status"][field].as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn images_are_found_wherever_the_kind_keeps_its_pods() {
        let pod =
            json!({ "initContainers": [{ "image": "b:1" }], "containers": [{ "image": "a:1" }, { "image": "b:1" }] });
        for (kind, object) in [
            ("Deployment", json!({ "spec": { "template": { "spec": pod } } })),
            ("CronJob", json!({ "spec": { "jobTemplate": { "spec": { "template": { "spec": pod } } } } })),
            ("Pod", json!({ "spec": pod })),
        ] {
            assert_eq!(images(kind, &object), ["a:1", "b:1"], "{kind}");
        }
        assert!(images("Deployment", &json!({})).is_empty());
    }

    #[test]
    fn pods_that_are_ready_are_counted_where_the_kind_counts_them() {
        for (kind, status, expected) in [
            ("Deployment", json!({ "readyReplicas": 3 }), Some(3)),
            ("Deployment", json!({}), None),
            ("DaemonSet", json!({ "numberReady": 2 }), Some(2)),
            ("CronJob", json!({ "active": [] }), None),
        ] {
            assert_eq!(ready(kind, &json!({ "status": status })), expected, "{kind}");
        }
    }

    #[test]
    fn one_replica_is_what_kubernetes_assumes() {
        assert_eq!(replicas("Deployment", &json!({ "spec": {} })), Some(1));
        assert_eq!(replicas("StatefulSet", &json!({ "spec": { "replicas": 3 } })), Some(3));
        assert_eq!(replicas("DaemonSet", &json!({ "spec": {} })), None);
    }
}
