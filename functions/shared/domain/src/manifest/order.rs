//! The order of an apply: what others refer to comes first.

use super::{Object, ObjectId};
use crate::object::is_built_in;

/// The steps of an apply, in their order. Everything of a step may be applied at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Everything else is in them.
    Namespaces,
    /// To be established before any resource of theirs.
    CustomResourceDefinitions,
    /// Who may do what, and the limits that Pods are held to when they are created.
    AccessControl,
    /// What Pods read.
    Configuration,
    /// What Pods mount.
    Storage,
    /// Before the Pods, which get their addresses as environment variables.
    Services,
    /// Pods and what makes them.
    Workloads,
    /// What brings traffic.
    Ingress,
    /// After the Pods that answer them: a webhook that does not answer blocks every apply.
    Webhooks,
    /// Last, since their webhooks may have to answer.
    CustomResources,
}

/// In which step an object is applied.
#[must_use]
pub fn step(id: &ObjectId) -> Step {
    if !is_built_in(&id.api_version) {
        return Step::CustomResources;
    }
    match id.kind.as_str() {
        "Namespace" => Step::Namespaces,
        "CustomResourceDefinition" => Step::CustomResourceDefinitions,
        "ServiceAccount"
        | "Role"
        | "ClusterRole"
        | "RoleBinding"
        | "ClusterRoleBinding"
        | "NetworkPolicy"
        | "PriorityClass"
        | "RuntimeClass"
        | "ResourceQuota"
        | "LimitRange"
        | "PodSecurityPolicy"
        | "FlowSchema"
        | "PriorityLevelConfiguration" => Step::AccessControl,
        "StorageClass" | "PersistentVolume" | "PersistentVolumeClaim" | "CSIDriver" | "VolumeAttributesClass" => {
            Step::Storage
        }
        "Service" | "Endpoints" | "EndpointSlice" => Step::Services,
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Pod"
        | "Job"
        | "CronJob"
        | "HorizontalPodAutoscaler" => Step::Workloads,
        "Ingress" | "IngressClass" => Step::Ingress,
        "MutatingWebhookConfiguration"
        | "ValidatingWebhookConfiguration"
        | "ValidatingAdmissionPolicy"
        | "ValidatingAdmissionPolicyBinding"
        | "MutatingAdmissionPolicy"
        | "MutatingAdmissionPolicyBinding"
        | "APIService" => Step::Webhooks,
        // ConfigMap, Secret, PodDisruptionBudget and what Kubernetes may add: read by others, reading nothing.
        _ => Step::Configuration,
    }
}

/// Puts the objects of one bundle in the order of their steps, those of one step in the order in which they were written.
pub fn sort(objects: &mut [Object]) {
    objects.sort_by_key(|object| step(&object.id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str) -> Object {
        Object::new(1, 1, json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" } })).unwrap()
    }

    #[test]
    fn a_shuffled_bundle_comes_out_in_the_order_of_its_dependencies() {
        let mut objects = [
            object("monitoring.coreos.com/v1", "Prometheus"),
            object("traefik.io/v1alpha1", "IngressRoute"),
            object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
            object("networking.k8s.io/v1", "Ingress"),
            object("apps/v1", "Deployment"),
            object("v1", "Service"),
            object("storage.k8s.io/v1", "StorageClass"),
            object("v1", "ConfigMap"),
            object("rbac.authorization.k8s.io/v1", "Role"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            object("v1", "Namespace"),
        ];
        sort(&mut objects);
        let kinds: Vec<_> = objects.iter().map(|object| object.id.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "Namespace",
                "CustomResourceDefinition",
                "Role",
                "ConfigMap",
                "StorageClass",
                "Service",
                "Deployment",
                "Ingress",
                "ValidatingWebhookConfiguration",
                "Prometheus",
                "IngressRoute"
            ]
        );
    }

    #[test]
    fn a_custom_resource_is_last_even_with_the_name_of_a_kind_of_kubernetes() {
        for (api_version, kind) in [
            ("serving.knative.dev/v1", "Service"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute"),
            ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass"),
        ] {
            assert_eq!(step(&object(api_version, kind).id), Step::CustomResources, "{kind}");
        }
    }
}
