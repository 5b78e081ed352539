//! The order of an apply: what others refer to comes first.

use super::{Object, ObjectId, Prepared};
use crate::object::is_built_in;

/// The steps of an apply, in their order. Everything of a step may be applied at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Everything else is in them.
    Namespaces,
    /// To be established before any resource of theirs.
    CustomResourceDefinitions,
    /// Storage, Ingress, priority and runtime classes, which others name.
    Classes,
    /// Who may do what, and the limits that Pods are held to when they are created.
    AccessControl,
    /// What Pods read, and Services, whose addresses they get as environment variables: neither needs the other.
    Configuration,
    /// Before the claims for which they are kept, since a provisioner may make others for those.
    Volumes,
    /// What Pods mount.
    Storage,
    /// Pods and what makes them.
    Workloads,
    /// Apart from the others: a Job that has ended and gone would run a second time if it were applied again, so how far an apply is
    /// is kept as soon as they are there.
    Jobs,
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
        "ServiceAccount" | "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" | "NetworkPolicy"
        | "ResourceQuota" | "LimitRange" | "PodSecurityPolicy" | "FlowSchema" => Step::AccessControl,
        "StorageClass"
        | "VolumeAttributesClass"
        | "CSIDriver"
        | "IngressClass"
        | "PriorityClass"
        | "RuntimeClass"
        | "DeviceClass"
        | "PriorityLevelConfiguration" => Step::Classes,
        "PersistentVolume" => Step::Volumes,
        "PersistentVolumeClaim" => Step::Storage,
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Pod"
        | "CronJob"
        | "HorizontalPodAutoscaler" => Step::Workloads,
        "Job" => Step::Jobs,
        "Ingress" => Step::Ingress,
        "MutatingWebhookConfiguration"
        | "ValidatingWebhookConfiguration"
        | "ValidatingAdmissionPolicy"
        | "ValidatingAdmissionPolicyBinding"
        | "MutatingAdmissionPolicy"
        | "MutatingAdmissionPolicyBinding"
        | "APIService" => Step::Webhooks,
        // ConfigMap, Secret, Service, PodDisruptionBudget and what Kubernetes may add: read by others, reading nothing.
        _ => Step::Configuration,
    }
}

/// Whether the object is a Service that names one of its node ports: the API server must not have given the port to another Service
/// that names none (<https://kubernetes.io/blog/2023/05/11/nodeport-dynamic-and-static-allocation/>).
#[must_use]
pub fn has_fixed_port(object: &Object) -> bool {
    let ports = object.value["spec"]["ports"].as_array();
    object.id.kind == "Service"
        && is_built_in(&object.id.api_version)
        && ports.into_iter().flatten().any(|port| port["nodePort"].is_number())
}

/// A prepared object and its place in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// When it is applied.
    pub step: Step,
    /// Whether it is a Service that names one of its node ports.
    pub has_fixed_port: bool,
    /// What is applied.
    pub object: Prepared,
}

impl Placed {
    /// The object, prepared, at its place.
    #[must_use]
    pub fn new(object: Object, is_forced: bool) -> Self {
        let has_fixed_port = has_fixed_port(&object);
        Self { step: step(&object.id), has_fixed_port, object: Prepared::new(object, is_forced) }
    }

    /// What is alike may be applied at once; the lower comes first.
    #[must_use]
    pub const fn place(&self) -> (Step, bool) {
        (self.step, !self.has_fixed_port)
    }
}

/// Puts the objects of one bundle in the order of their steps, Services with fixed node ports before the others, and the rest of one
/// step in the order in which they were written.
pub fn sort(objects: &mut [Object]) {
    objects.sort_by_key(|object| (step(&object.id), !has_fixed_port(object)));
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
            object("networking.k8s.io/v1", "IngressClass"),
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
                "IngressClass",
                "StorageClass",
                "Role",
                "Service",
                "ConfigMap",
                "Deployment",
                "Ingress",
                "ValidatingWebhookConfiguration",
                "Prometheus",
                "IngressRoute"
            ]
        );
    }

    #[test]
    fn services_with_fixed_node_ports_come_before_those_that_get_one() {
        let service = |name: &str, port: serde_json::Value| {
            let value = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name }, "spec": { "type": "NodePort", "ports": [port] } });
            Object::new(1, 1, value).unwrap()
        };
        let mut objects = [
            service("any", json!({ "port": 80 })),
            service("fixed", json!({ "port": 80, "nodePort": 30100 })),
            object("v1", "ConfigMap"),
        ];
        sort(&mut objects);
        assert_eq!(objects.map(|object| object.id.name), ["fixed", "any", "x"]);
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
