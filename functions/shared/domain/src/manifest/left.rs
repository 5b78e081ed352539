//! What lives on blue and not on green, and was not made by the cluster or by a controller: what somebody applied by hand, or forgot.

use super::ObjectId;
use crate::{PhaseError, object::is_initial_namespace, ports::KubernetesApi};
use serde_json::Value;
use std::collections::BTreeSet;

/// Kinds that nobody writes: Kubernetes and its nodes do
/// (<https://kubernetes.io/docs/reference/kubernetes-api/>, <https://docs.aws.amazon.com/eks/latest/userguide/sg-pods-example-deployment.html>).
const BY_THE_CLUSTER: [&str; 18] = [
    "CNINode",
    "CSINode",
    "CSIStorageCapacity",
    "CertificateSigningRequest",
    "ClusterTrustBundle",
    "ComponentStatus",
    "ControllerRevision",
    "EndpointSlice",
    "Endpoints",
    "Event",
    "IPAddress",
    "Lease",
    "LeaseCandidate",
    "Node",
    "ResourceSlice",
    "ServiceCIDR",
    "StorageVersion",
    "VolumeAttachment",
];

/// The field managers of control planes, of EKS's among them, which manages what its add-ons install
/// (<https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html>).
const CLUSTERS_OWN: [&str; 7] = [
    "api-priority-and-fairness-config-producer-v1",
    "clusterrole-aggregation-controller",
    "eks",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
];

/// Labels and annotations that only controllers and tools give to what they make for something else.
const MADE_FOR: [&str; 9] = [
    // https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets
    "kubernetes.io/service-account.name",
    // https://kubernetes.io/docs/reference/labels-annotations-taints/
    "pv.kubernetes.io/provisioned-by",
    "kubernetes.io/bootstrapping",
    "kube-aggregator.kubernetes.io/automanaged",
    "apf.kubernetes.io/autoupdate-spec",
    "batch.kubernetes.io/job-name",
    // What EKS installs into every cluster that asks for its default add-ons.
    "eks.amazonaws.com/component",
    // https://cert-manager.io/docs/reference/annotations/
    "cert-manager.io/certificate-name",
    // The TargetGroupBindings of a Service:
    // https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/deploy/tracking/provider.go
    "service.k8s.aws/stack-name",
];

/// What every cluster has by itself, under these names or beginnings of names; `system:` is Kubernetes' own, `eks:` EKS's, and who may use
/// green is said by access entries
/// (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings>).
const INITIAL: [(&str, &str); 13] = [
    ("ClusterRole", "eks:"),
    ("ClusterRole", "system:"),
    ("ClusterRoleBinding", "eks:"),
    ("ClusterRoleBinding", "system:"),
    ("Role", "eks:"),
    ("Role", "system:"),
    ("RoleBinding", "eks:"),
    ("RoleBinding", "system:"),
    ("ConfigMap", "aws-auth"),
    ("ServiceAccount", "default"),
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "extension-apiserver-authentication"),
    ("PriorityClass", "system-"),
];

/// Every object of blue that green does not have, of every kind that blue serves and keeps, without what the cluster makes by itself and
/// what controllers make for other objects.
///
/// # Errors
/// Whatever the API servers answer.
pub async fn only_on_blue<A: KubernetesApi>(blue: &A, green: &A) -> Result<BTreeSet<ObjectId>, PhaseError> {
    let mut only = BTreeSet::new();
    for (api_version, kind) in blue.kinds().await? {
        if BY_THE_CLUSTER.contains(&kind.as_str()) {
            continue;
        }
        let on_blue: Vec<Value> = blue.metadata(&api_version, &kind).await?;
        let mut by_people: BTreeSet<ObjectId> = on_blue
            .iter()
            .filter(|metadata| is_by_people(&kind, metadata))
            .map(|metadata| identified(&api_version, &kind, metadata))
            .collect();
        if !by_people.is_empty() {
            for metadata in green.metadata(&api_version, &kind).await? {
                by_people.remove(&identified(&api_version, &kind, &metadata));
            }
        }
        for id in by_people {
            if !is_of_template(blue, &id).await? {
                only.insert(id);
            }
        }
    }
    Ok(only)
}

/// Whether a StatefulSet asks for this claim by a template. Nothing owns it, and people may have changed it since, such as for more room: it is
/// known by its name, `<template>-<set>-<number>` (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage>).
async fn is_of_template<A: KubernetesApi>(blue: &A, id: &ObjectId) -> Result<bool, PhaseError> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let (of, number) = id.name.rsplit_once('-').unwrap_or_default();
    if id.kind != "PersistentVolumeClaim" || !is_number(number) {
        return Ok(false);
    }
    for (place, dash) in of.match_indices('-') {
        let set = ObjectId {
            api_version: "apps/v1".to_owned(),
            kind: "StatefulSet".to_owned(),
            namespace: id.namespace.clone(),
            name: of[place + dash.len()..].to_owned(),
        };
        let found = blue.get(&set).await?.unwrap_or_default();
        let templates = found["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
        if templates.into_iter().any(|template| template["metadata"]["name"] == of[..place]) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn identified(api_version: &str, kind: &str, metadata: &Value) -> ObjectId {
    ObjectId {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: metadata["namespace"].as_str().map(str::to_owned),
        name: metadata["name"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Whether people or their tools made an object with this metadata.
fn is_by_people(kind: &str, metadata: &Value) -> bool {
    let name = metadata["name"].as_str().unwrap_or_default();
    let is_initial = kind == "Namespace" && is_initial_namespace(name)
        || INITIAL.iter().any(|(of, initial)| {
            *of == kind && (*initial == name || (initial.ends_with(['-', ':']) && name.starts_with(initial)))
        });
    let is_api = kind == "Service" && name == "kubernetes" && metadata["namespace"] == "default";
    let has = |field: &str, key: &str| metadata[field].get(key).is_some();
    let is_made_for = MADE_FOR.iter().any(|key| has("labels", key) || has("annotations", key));
    let managers = metadata["managedFields"].as_array().map_or(&[][..], Vec::as_slice);
    let is_clusters = !managers.is_empty()
        && managers
            .iter()
            .all(|entry| entry["manager"].as_str().is_some_and(|manager| CLUSTERS_OWN.contains(&manager)));
    let is_owned = metadata["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
    // Helm keeps the state of its releases in Secrets (https://helm.sh/docs/topics/kubernetes_apis/).
    let is_of_helm = matches!(kind, "Secret" | "ConfigMap") && metadata["labels"]["owner"] == "helm";
    !is_initial
        && !is_api
        && !is_made_for
        && !is_clusters
        && !is_owned
        && !is_of_helm
        && metadata["deletionTimestamp"].is_null()
}

/// Whether the input says that this object stays behind: by its name (`Kind/namespace/name`, or `Kind/name`), its namespace
/// (`Namespace/name`), or its kind (`Kind`).
#[must_use]
pub fn is_left(id: &ObjectId, leave: &[String]) -> bool {
    let namespace = id.namespace.as_ref().map(|namespace| format!("Namespace/{namespace}"));
    leave.iter().any(|left| *left == id.kind || *left == id.to_string() || namespace.as_ref() == Some(left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_cluster_and_its_controllers_make_is_told_by_what_it_is() {
        let managed = |manager: &str| json!({ "name": "x", "managedFields": [{ "manager": manager }] });
        for (kind, metadata) in [
            ("Namespace", json!({ "name": "kube-system" })),
            ("ServiceAccount", json!({ "name": "default", "namespace": "shop" })),
            ("ConfigMap", json!({ "name": "kube-root-ca.crt", "namespace": "shop" })),
            ("Service", json!({ "name": "kubernetes", "namespace": "default" })),
            ("PriorityClass", json!({ "name": "system-node-critical" })),
            ("ClusterRole", json!({ "name": "view", "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" } })),
            ("Secret", json!({ "name": "token", "annotations": { "kubernetes.io/service-account.name": "x" } })),
            ("Secret", json!({ "name": "sh.helm.release.v1.web.v1", "labels": { "owner": "helm" } })),
            ("Secret", json!({ "name": "tls", "annotations": { "cert-manager.io/certificate-name": "tls" } })),
            (
                "PersistentVolume",
                json!({ "name": "pvc-1", "annotations": { "pv.kubernetes.io/provisioned-by": "ebs" } }),
            ),
            (
                "TargetGroupBinding",
                json!({ "name": "k8s-shop-traefik-0a1b2c3d4e", "labels": { "service.k8s.aws/stack-name": "traefik" } }),
            ),
            ("ReplicaSet", json!({ "name": "web-1", "ownerReferences": [{ "kind": "Deployment" }] })),
            ("ClusterRole", json!({ "name": "eks:node-bootstrapper" })),
            ("Deployment", json!({ "name": "coredns", "labels": { "eks.amazonaws.com/component": "coredns" } })),
            ("DaemonSet", managed("eks")),
            ("ServiceAccount", managed("kube-controller-manager")),
            ("ConfigMap", json!({ "name": "gone", "deletionTimestamp": "2026-01-01T00:00:00Z" })),
        ] {
            assert!(!is_by_people(kind, &metadata), "{kind} {metadata}");
        }
        let both = json!({ "name": "x", "managedFields": [{ "manager": "eks" }, { "manager": "kubectl-edit" }] });
        for (kind, metadata) in [
            ("ConfigMap", json!({ "name": "settings", "namespace": "shop" })),
            ("Service", json!({ "name": "kubernetes", "namespace": "shop" })),
            ("Deployment", managed("kubectl-client-side-apply")),
            ("ConfigMap", both),
        ] {
            assert!(is_by_people(kind, &metadata), "{kind} {metadata}");
        }
    }

    #[test]
    fn what_is_left_is_named_itself_or_by_its_namespace_or_its_kind() {
        let id = |kind: &str, namespace: Option<&str>| ObjectId {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: "x".into(),
        };
        for (id, leave, expected) in [
            (id("ConfigMap", Some("shop")), "ConfigMap/shop/x", true),
            (id("ConfigMap", Some("shop")), "Namespace/shop", true),
            (id("Namespace", None), "Namespace/x", true),
            (id("CiliumIdentity", None), "CiliumIdentity", true),
            (id("ConfigMap", Some("shop")), "ConfigMap/shop/y", false),
            (id("ConfigMap", Some("shop")), "Namespace/sho", false),
            (id("ClusterRole", None), "Namespace/x", false),
        ] {
            assert_eq!(is_left(&id, &[leave.to_owned()]), expected, "{id} {leave}");
        }
    }
}
