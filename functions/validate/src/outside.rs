//! What is on blue and not on green: objects that no bundle brings, such as those that somebody applied by hand. They are evidence, for
//! the people who approve.

use domain::{PhaseError, ports::KubernetesApi};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How many names the evidence holds.
const NAMED: usize = 50;

/// The kinds that are looked at: those that people write, of Kubernetes itself. Of custom resources only their definitions.
const KINDS: [(&str, &[&str]); 11] = [
    (
        "v1",
        &[
            "Namespace",
            "ConfigMap",
            "Secret",
            "Service",
            "ServiceAccount",
            "PersistentVolumeClaim",
            "ResourceQuota",
            "LimitRange",
        ],
    ),
    ("apps/v1", &["Deployment", "StatefulSet", "DaemonSet"]),
    ("batch/v1", &["CronJob"]),
    ("networking.k8s.io/v1", &["Ingress", "IngressClass", "NetworkPolicy"]),
    ("autoscaling/v2", &["HorizontalPodAutoscaler"]),
    ("policy/v1", &["PodDisruptionBudget"]),
    ("rbac.authorization.k8s.io/v1", &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]),
    ("storage.k8s.io/v1", &["StorageClass"]),
    ("scheduling.k8s.io/v1", &["PriorityClass"]),
    ("admissionregistration.k8s.io/v1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]),
    ("apiextensions.k8s.io/v1", &["CustomResourceDefinition"]),
];

/// How many objects are on blue only, and the names of the first. What a controller made for another object is not among them.
///
/// # Errors
/// Only what the calls answer.
pub(crate) async fn only_on_blue<A: KubernetesApi>(blue: &A, green: &A) -> Result<Value, PhaseError> {
    let mut only = BTreeSet::new();
    for (api_version, kinds) in KINDS {
        for kind in kinds {
            let on_green = names(kind, &green.metadata(api_version, kind).await?);
            let on_blue = names(kind, &blue.metadata(api_version, kind).await?);
            only.extend(on_blue.difference(&on_green).cloned());
        }
    }
    let named: Vec<&String> = only.iter().take(NAMED).collect();
    Ok(json!({ "count": only.len(), "names": named }))
}

fn names(kind: &str, all: &[Value]) -> BTreeSet<String> {
    let by_people = all.iter().filter(|metadata| {
        let owners = metadata["ownerReferences"].as_array().map_or(0, Vec::len);
        // Helm keeps the state of its releases in Secrets.
        owners == 0 && metadata["labels"]["owner"] != "helm" && metadata["deletionTimestamp"].is_null()
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    by_people
        .map(|metadata| match metadata["namespace"].as_str() {
            Some(namespace) => format!("{kind}/{namespace}/{}", text(&metadata["name"])),
            None => format!("{kind}/{}", text(&metadata["name"])),
        })
        .collect()
}
