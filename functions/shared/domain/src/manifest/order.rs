//! The order of an apply: what others refer to comes first.

use super::{Object, Prepared};
use crate::object::is_built_in;
use serde_json::Value;

/// The steps of an apply, in their order. Everything of a step may be applied at once, and a deletion goes the other way.
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
    /// What is given a volume, node ports or a token as soon as it is made, which an object before it may name or own.
    Given,
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

impl Step {
    /// Steps of the same wave need nothing of each other and are applied together: each wave costs a round trip to the API server and the
    /// time in which its last objects are answered.
    const fn wave(self) -> u8 {
        match self {
            Self::Namespaces | Self::CustomResourceDefinitions | Self::Classes => 0,
            Self::AccessControl | Self::Configuration | Self::Volumes => 1,
            Self::Given => 2,
            Self::Workloads => 3,
            Self::Jobs => 4,
            Self::Ingress => 5,
            Self::Webhooks => 6,
            Self::CustomResources => 7,
        }
    }
}

/// In which step an object is applied.
#[must_use]
pub fn step(object: &Object) -> Step {
    if !is_built_in(&object.id.api_version) {
        return Step::CustomResources;
    }
    match object.id.kind.as_str() {
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
        _ if is_given(object) => Step::Given,
        // ConfigMap, Secret, Service, PodDisruptionBudget and what Kubernetes may add: read by others, reading nothing.
        _ => Step::Configuration,
    }
}

/// What an API server or a controller gives something to as soon as it is made: a claim a volume; a Service the node ports that it does not
/// name, which another one may name (<https://kubernetes.io/blog/2023/05/11/nodeport-dynamic-and-static-allocation/>); a Secret the token of
/// the service account that it names, without which it is deleted at once
/// (<https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets>).
fn is_given(object: &Object) -> bool {
    let Object { id, value, .. } = object;
    match id.kind.as_str() {
        "PersistentVolumeClaim" => true,
        "Secret" => value["type"] == "kubernetes.io/service-account-token",
        "Service" => {
            let has_ports = value["spec"]["type"].as_str().is_some_and(|of| matches!(of, "NodePort" | "LoadBalancer"));
            let ports = value["spec"]["ports"].as_array().into_iter().flatten();
            let mut named = ports.map(|port| &port["nodePort"]).chain([&value["spec"]["healthCheckNodePort"]]);
            has_ports && !named.any(Value::is_number)
        }
        _ => false,
    }
}

/// A prepared object and its place in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// When it is applied.
    pub step: Step,
    /// What is applied.
    pub object: Prepared,
}

impl Placed {
    /// The object, prepared, at its place.
    #[must_use]
    pub fn new(object: Object, is_forced: bool) -> Self {
        Self { step: step(&object), object: Prepared::new(object, is_forced) }
    }

    /// What is alike is applied at once; the lower comes first.
    #[must_use]
    pub const fn wave(&self) -> u8 {
        self.step.wave()
    }
}

/// Puts the objects of one bundle in the order of their steps, and the rest of one step in the order in which they were written.
pub fn sort(objects: &mut [Object]) {
    objects.sort_by_key(step);
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
    fn what_names_something_comes_before_what_is_given_the_like() {
        let service = |name: &str, of: &str, port: serde_json::Value| {
            let value = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": name }, "spec": { "type": of, "ports": [port] } });
            Object::new(1, 1, value).unwrap()
        };
        let secret = |name: &str, of: &str| {
            let value = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "type": of });
            Object::new(1, 1, value).unwrap()
        };
        let mut objects = [
            service("node-port", "NodePort", json!({ "port": 80 })),
            service("load-balancer", "LoadBalancer", json!({ "port": 80 })),
            object("v1", "PersistentVolumeClaim"),
            secret("token", "kubernetes.io/service-account-token"),
            object("v1", "PersistentVolume"),
            service("fixed", "NodePort", json!({ "port": 80, "nodePort": 30100 })),
            service("inner", "ClusterIP", json!({ "port": 80 })),
            secret("opaque", "Opaque"),
            object("v1", "ServiceAccount"),
        ];
        sort(&mut objects);
        let names: Vec<_> = objects
            .iter()
            .map(|object| (object.id.kind.as_str(), object.id.name.as_str(), step(object).wave()))
            .collect();
        assert_eq!(
            names,
            [
                ("ServiceAccount", "x", 1),
                ("Service", "fixed", 1),
                ("Service", "inner", 1),
                ("Secret", "opaque", 1),
                ("PersistentVolume", "x", 1),
                ("Service", "node-port", 2),
                ("Service", "load-balancer", 2),
                ("PersistentVolumeClaim", "x", 2),
                ("Secret", "token", 2),
            ]
        );
    }

    #[test]
    fn a_wave_has_steps_that_follow_each_other() {
        let steps = [
            Step::Namespaces,
            Step::CustomResourceDefinitions,
            Step::Classes,
            Step::AccessControl,
            Step::Configuration,
            Step::Volumes,
            Step::Given,
            Step::Workloads,
            Step::Jobs,
            Step::Ingress,
            Step::Webhooks,
            Step::CustomResources,
        ];
        assert!(steps.is_sorted() && steps.is_sorted_by_key(|step| step.wave()));
    }

    #[test]
    fn a_custom_resource_is_last_even_with_the_name_of_a_kind_of_kubernetes() {
        for (api_version, kind) in [
            ("serving.knative.dev/v1", "Service"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute"),
            ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass"),
        ] {
            assert_eq!(step(&object(api_version, kind)), Step::CustomResources, "{kind}");
        }
    }
}
