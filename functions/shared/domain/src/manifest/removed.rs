//! API versions that a Kubernetes version no longer serves, from the Deprecated API Migration Guide
//! (<https://kubernetes.io/docs/reference/using-api/deprecation-guide/>).

use super::ObjectId;

/// (minor version that stopped serving it, API version, kinds, what serves them instead).
const REMOVED: [(u32, &str, &[&str], &str); 26] = [
    (
        32,
        "flowcontrol.apiserver.k8s.io/v1beta3",
        &["FlowSchema", "PriorityLevelConfiguration"],
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    (
        29,
        "flowcontrol.apiserver.k8s.io/v1beta2",
        &["FlowSchema", "PriorityLevelConfiguration"],
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    (27, "storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "storage.k8s.io/v1"),
    (
        26,
        "flowcontrol.apiserver.k8s.io/v1beta1",
        &["FlowSchema", "PriorityLevelConfiguration"],
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    (26, "autoscaling/v2beta2", &["HorizontalPodAutoscaler"], "autoscaling/v2"),
    (25, "batch/v1beta1", &["CronJob"], "batch/v1"),
    (25, "discovery.k8s.io/v1beta1", &["EndpointSlice"], "discovery.k8s.io/v1"),
    (25, "events.k8s.io/v1beta1", &["Event"], "events.k8s.io/v1"),
    (25, "autoscaling/v2beta1", &["HorizontalPodAutoscaler"], "autoscaling/v2"),
    (25, "policy/v1beta1", &["PodDisruptionBudget"], "policy/v1"),
    (25, "policy/v1beta1", &["PodSecurityPolicy"], "Pod Security Admission"),
    (25, "node.k8s.io/v1beta1", &["RuntimeClass"], "node.k8s.io/v1"),
    (
        22,
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "admissionregistration.k8s.io/v1",
    ),
    (22, "apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], "apiextensions.k8s.io/v1"),
    (22, "apiregistration.k8s.io/v1beta1", &["APIService"], "apiregistration.k8s.io/v1"),
    (22, "certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "certificates.k8s.io/v1"),
    (22, "coordination.k8s.io/v1beta1", &["Lease"], "coordination.k8s.io/v1"),
    (22, "extensions/v1beta1", &["Ingress"], "networking.k8s.io/v1"),
    (22, "networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "networking.k8s.io/v1"),
    (
        22,
        "rbac.authorization.k8s.io/v1beta1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        "rbac.authorization.k8s.io/v1",
    ),
    (22, "scheduling.k8s.io/v1beta1", &["PriorityClass"], "scheduling.k8s.io/v1"),
    (22, "storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], "storage.k8s.io/v1"),
    (16, "extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], "apps/v1"),
    (16, "extensions/v1beta1", &["NetworkPolicy"], "networking.k8s.io/v1"),
    (16, "apps/v1beta1", &["Deployment", "StatefulSet", "ReplicaSet"], "apps/v1"),
    (16, "apps/v1beta2", &["DaemonSet", "Deployment", "StatefulSet", "ReplicaSet"], "apps/v1"),
];

/// What serves the object instead, where Kubernetes `version` (such as `1.34`) no longer serves its API version.
#[must_use]
pub fn replacement(id: &ObjectId, version: &str) -> Option<&'static str> {
    let minor: u32 = version.strip_prefix("1.")?.parse().ok()?;
    REMOVED
        .iter()
        .find(|(since, api_version, kinds, _)| {
            minor >= *since && *api_version == id.api_version && kinds.contains(&id.kind.as_str())
        })
        .map(|(.., instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stop_serving_what_the_guide_says() {
        for (api_version, kind, version, instead) in [
            ("policy/v1beta1", "PodDisruptionBudget", "1.24", None),
            ("policy/v1beta1", "PodDisruptionBudget", "1.25", Some("policy/v1")),
            ("batch/v1beta1", "CronJob", "1.34", Some("batch/v1")),
            ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.31", None),
            ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.32", Some("flowcontrol.apiserver.k8s.io/v1")),
            ("apps/v1", "Deployment", "1.34", None),
            ("monitoring.coreos.com/v1beta1", "Thing", "1.34", None),
        ] {
            let id = ObjectId { api_version: api_version.into(), kind: kind.into(), namespace: None, name: "x".into() };
            assert_eq!(replacement(&id, version), instead, "{api_version} {kind} {version}");
        }
    }
}
