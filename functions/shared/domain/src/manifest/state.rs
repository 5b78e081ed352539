//! What a live object says of itself: whether it is ready, and what it runs.

use super::workload;
use crate::digest::sha256_hex;
use serde_json::Value;

/// Set by `kubectl rollout restart`: no release.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

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

/// Whether a live object is ready, by the rules of `kubectl rollout status`
/// (<https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_status/>), and by its conditions where it has
/// no rollout. Objects that have no notion of it are ready.
#[must_use]
pub fn readiness(kind: &str, object: &Value) -> Readiness {
    let status = &object["status"];
    let count = |name: &str| status[name].as_i64().unwrap_or(0);
    let seen = count("observedGeneration") >= object["metadata"]["generation"].as_i64().unwrap_or(0);
    let wanted = workload::replicas(kind, object).unwrap_or(0);
    match kind {
        "Deployment" => match condition(status, "Progressing") {
            Some(progressing) if progressing["reason"] == "ProgressDeadlineExceeded" => {
                Readiness::Failed(text(progressing, "message"))
            }
            // Available Pods may be those of before, as long as there are more than the updated ones
            // (https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go).
            _ if count("replicas") > count("updatedReplicas") => {
                let before = count("replicas") - count("updatedReplicas");
                Readiness::Waiting(format!("{before} Pods of before are still there"))
            }
            _ => reached(seen, count("updatedReplicas").min(count("availableReplicas")), wanted),
        },
        "StatefulSet" => {
            let updated = status["currentRevision"] == status["updateRevision"] || count("updatedReplicas") >= wanted;
            reached(seen && updated, count("readyReplicas"), wanted)
        }
        "ReplicaSet" | "ReplicationController" => reached(seen, count("readyReplicas"), wanted),
        "DaemonSet" => {
            let available = count("updatedNumberScheduled").min(count("numberAvailable"));
            reached(seen, available, count("desiredNumberScheduled"))
        }
        "Job" => job(object),
        "Pod" => pod(status),
        "CustomResourceDefinition" => match condition(status, "Established") {
            Some(established) if established["status"] == "True" => Readiness::Ready,
            _ => match condition(status, "NamesAccepted") {
                Some(names) if names["status"] == "False" => Readiness::Failed(text(names, "message")),
                _ => Readiness::Waiting("not established".to_owned()),
            },
        },
        _ => Readiness::Ready,
    }
}

fn reached(seen: bool, available: i64, wanted: i64) -> Readiness {
    if seen && available >= wanted { Readiness::Ready } else { Readiness::Waiting(format!("{available} of {wanted}")) }
}

fn job(object: &Value) -> Readiness {
    let is = |name| condition(&object["status"], name).filter(|condition| condition["status"] == "True");
    if object["spec"]["suspend"] == true || is("Complete").is_some() {
        return Readiness::Ready;
    }
    is("Failed")
        .map_or_else(|| Readiness::Waiting("running".to_owned()), |failed| Readiness::Failed(text(failed, "message")))
}

fn pod(status: &Value) -> Readiness {
    let ready = condition(status, "Ready").is_some_and(|ready| ready["status"] == "True");
    match status["phase"].as_str() {
        Some("Succeeded") => Readiness::Ready,
        Some("Running") if ready => Readiness::Ready,
        Some("Failed") => Readiness::Failed(text(status, "message")),
        phase => Readiness::Waiting(phase.unwrap_or("Pending").to_owned()),
    }
}

fn condition<'a>(status: &'a Value, name: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == name)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// Why a Pod will not become ready by waiting alone: its container crashes again and again, or its image cannot be had
/// (<https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff>).
#[must_use]
pub fn trouble(pod: &Value) -> Option<String> {
    let statuses = ["initContainerStatuses", "containerStatuses"].into_iter();
    let containers = statuses.filter_map(|name| pod["status"][name].as_array()).flatten();
    containers.into_iter().find_map(|container| {
        let waiting = &container["state"]["waiting"];
        let reason = waiting["reason"].as_str().filter(|reason| {
            matches!(
                *reason,
                "CrashLoopBackOff"
                    | "ImagePullBackOff"
                    | "ErrImagePull"
                    | "InvalidImageName"
                    | "CreateContainerConfigError"
                    | "CreateContainerError"
                    | "RunContainerError"
            )
        })?;
        let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Some(format!(
            "Pod/{}/{}: {reason} of container {} ({})",
            name(&pod["metadata"]["namespace"]),
            name(&pod["metadata"]["name"]),
            name(&container["name"]),
            name(&container["image"]),
        ))
    })
}

/// What the Pods of a live object are made from, as 16 hexadecimal digits: the same as long as nobody released anything.
#[must_use]
pub fn template_digest(kind: &str, object: &Value) -> String {
    let mut template = workload::template(kind, object);
    if let Some(annotations) = template.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(RESTARTED);
        if annotations.is_empty()
            && let Some(metadata) = template["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
    }
    sha256_hex(canonical(&template).to_string().as_bytes())[..16].to_owned()
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut names: Vec<&String> = object.keys().collect();
            names.sort();
            Value::Object(names.into_iter().map(|name| (name.clone(), canonical(&object[name]))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// Where blue's and green's Pods differ, along everything that the manifest says of them: what an API server or a
/// webhook of one Kubernetes version adds by itself is no difference. Answers paths such as `spec.containers[server].image`.
#[must_use]
pub fn differences(kind: &str, manifest: &Value, blue: &Value, green: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let [manifest, blue, green] = [manifest, blue, green].map(|object| workload::template(kind, object));
    compare("", &manifest, &blue, &green, &mut found);
    found
}

fn compare(path: &str, manifest: &Value, blue: &Value, green: &Value, found: &mut Vec<String>) {
    if blue == green {
        return;
    }
    match manifest {
        Value::Object(fields) if blue.is_object() && green.is_object() => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                compare(&format!("{path}{dot}{name}"), value, &blue[name], &green[name], found);
            }
        }
        Value::Array(items) if items.iter().all(|item| item["name"].is_string()) && !items.is_empty() => {
            for item in items {
                let name = &item["name"];
                let named = |side: &Value| {
                    side.as_array().and_then(|items| items.iter().find(|item| item["name"] == *name)).cloned()
                };
                let path = format!("{path}[{}]", name.as_str().unwrap_or_default());
                compare(&path, item, &named(blue).unwrap_or_default(), &named(green).unwrap_or_default(), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests;
