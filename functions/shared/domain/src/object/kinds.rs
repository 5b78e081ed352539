//! What Kubernetes serves by itself, and which of it has a namespace.

/// The API groups that every API server serves by itself
/// (<https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/>). Everything else is a custom resource or comes from an
/// aggregated API.
const BUILT_IN: [&str; 19] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
];

/// Groups of the same sort that are spelled like those of custom resources.
const BUILT_IN_TOO: [&str; 4] = ["resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io"];

/// Kinds of Kubernetes' own that have a namespace and that messages and inputs name.
const NAMESPACED: [&str; 23] = [
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "Endpoints",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Job",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

/// Kinds of Kubernetes' own that have no namespace: the API server drops one that a manifest gives them
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#not-all-objects-are-in-a-namespace>).
const CLUSTER_WIDE: [&str; 30] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// Whether the API server serves this API version by itself.
#[must_use]
pub fn is_built_in(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    BUILT_IN.contains(&group) || BUILT_IN_TOO.contains(&group)
}

pub(super) fn is_namespaced(kind: &str) -> bool {
    NAMESPACED.contains(&kind)
}

pub(super) fn is_cluster_wide(kind: &str) -> bool {
    CLUSTER_WIDE.contains(&kind)
}

/// Whether a group and kind are meant: `of` is a group, or its end where it begins with a dot, and kinds, all of them where there is none.
#[must_use]
pub fn is_of(of: (&str, &[&str]), group: &str, kind: &str) -> bool {
    let (meant, kinds) = of;
    let is_group = if meant.starts_with('.') { group.ends_with(meant) } else { group == meant };
    is_group && (kinds.is_empty() || kinds.contains(&kind))
}
