//! What a live object says of itself: in which trouble it is, and what it runs.

use super::{deployed, workload};
use crate::digest::sha256_hex;
use serde_json::Value;

/// Set by `kubectl rollout restart`: no release.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

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

/// What the Pods of a live object are made from, as 16 hexadecimal digits: the same as long as nobody released anything, whatever reloaders
/// and injectors write into it.
#[must_use]
pub fn template_digest(kind: &str, object: &Value) -> String {
    let mut template = deployed::template(kind, object);
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
