//! What Bascule does not move, or what would reach outside the cluster before anybody approved.

use super::{Object, class, duplicates, workload};
use serde_json::Value;

/// Makes an IAM role's credentials reach Pods by the cluster's OIDC provider, which a role's trust policy must name
/// (<https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>).
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// external-dns writes records for these names
/// (<https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/>).
const DNS_ANNOTATIONS: [&str; 2] =
    ["external-dns.alpha.kubernetes.io/hostname", "external-dns.alpha.kubernetes.io/internal-hostname"];

/// Every reason to refuse this object; `held` says whether it is suspended until the switch.
#[must_use]
pub fn reasons(object: &Object, held: bool) -> Vec<String> {
    let id = &object.id;
    let annotations = &object.value["metadata"]["annotations"];
    let mut reasons = Vec::new();
    if id.group().is_empty() && matches!(id.kind.as_str(), "PersistentVolumeClaim" | "PersistentVolume") {
        reasons.push(format!(
            "{id} keeps data in blue: Bascule does not move volumes. Move the data, or take it out of the bundle"
        ));
    }
    if id.kind == "StatefulSet"
        && object.value["spec"]["volumeClaimTemplates"].as_array().is_some_and(|claims| !claims.is_empty())
    {
        reasons.push(format!("{id} has volumeClaimTemplates: Bascule does not move volumes. Keep its data outside of the cluster, or take it out of the bundle"));
    }
    if class::is_load_balancer(object) && !held {
        reasons.push(format!(
            "{id} is of type LoadBalancer: AWS would make a load balancer that Bascule does not know. Make it ClusterIP, or hold it (workloads.hold or the label {}): \
             green then gets its load balancer after the switch, and its clients must be moved by you",
            class::HOLD_LABEL
        ));
    }
    if id.kind == "ServiceAccount" && annotations[ROLE_ANNOTATION].is_string() {
        reasons.push(format!(
            "{id} has the annotation {ROLE_ANNOTATION}: roles for service accounts are not moved yet, since their trust policies name blue's OIDC provider. \
             Use EKS Pod Identity for it, which is moved"
        ));
    }
    if let Some(what) = outside(object) {
        reasons.push(format!("{id} {what}. Take it out of the bundle, and apply it yourself after the migration"));
    }
    let twice = duplicates::of(object);
    if !twice.is_empty() {
        reasons.push(format!("{id}: {}; green's API would refuse it. Keep one of each", twice.join(", ")));
    }
    for annotation in DNS_ANNOTATIONS {
        if let Some(host) = annotations[annotation].as_str() {
            reasons.push(format!(
                "{id} has the annotation {annotation} for {host}: external-dns on green would take the name before anybody approved. Remove the annotation"
            ));
        }
    }
    if !held && runs_external_dns(object) {
        reasons.push(format!(
            "{id} runs external-dns, which on green would point blue's names at green before anybody approved. Hold it (workloads.hold or the label {})",
            class::HOLD_LABEL
        ));
    }
    reasons
}

/// What the object would do in the AWS account, outside of the cluster and of the ledger.
fn outside(object: &Object) -> Option<&'static str> {
    let class = object.value["spec"]["ingressClassName"].as_str();
    let older = object.value["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str();
    match (object.id.group(), object.id.kind.as_str()) {
        ("networking.k8s.io", "Ingress") if class.or(older) == Some("alb") => {
            Some("makes an Application Load Balancer (class alb), which Bascule does not know")
        }
        ("elbv2.k8s.aws", "TargetGroupBinding") => Some(
            "would register green's Pods in a target group of blue, which would send them requests before anybody approved",
        ),
        ("karpenter.sh" | "karpenter.k8s.aws", _) => {
            Some("makes nodes outside of managed node groups, which Bascule does not move yet")
        }
        (group, _) if group.ends_with(".services.k8s.aws") => {
            Some("manages an AWS resource from inside the cluster: both clusters would manage the same one")
        }
        _ => None,
    }
}

fn runs_external_dns(object: &Object) -> bool {
    workload::is_workload(&object.id)
        && workload::images(&object.id.kind, &object.value).iter().any(|image| image_name(image) == "external-dns")
}

/// The last part of an image's repository: `registry.k8s.io/external-dns/external-dns:v0.19.0` is `external-dns`.
fn image_name(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split(['@', ':']).next().unwrap_or(name)
}

/// The namespace that the object needs and that must exist before it: `None` where Kubernetes makes it by itself
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces>).
#[must_use]
pub fn needed_namespace(object: &Object) -> Option<&str> {
    object
        .id
        .namespace
        .as_deref()
        .filter(|name| !matches!(*name, "default" | "kube-system" | "kube-public" | "kube-node-lease"))
}

/// The group and kind that a CustomResourceDefinition brings.
#[must_use]
pub fn defined_kind(definition: &Value) -> Option<(&str, &str)> {
    let spec = &definition["spec"];
    Some((spec["group"].as_str()?, spec["names"]["kind"].as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reasons_of(value: Value, held: bool) -> Vec<String> {
        reasons(&Object::new(1, 1, value).unwrap(), held)
    }

    #[test]
    fn what_bascule_does_not_move_is_refused_with_what_to_do() {
        for (value, expected) in [
            (
                json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "x" } }),
                "does not move volumes",
            ),
            (
                json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "x" }, "spec": { "volumeClaimTemplates": [{}] } }),
                "volumeClaimTemplates",
            ),
            (
                json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "x" }, "spec": { "type": "LoadBalancer" } }),
                "type LoadBalancer",
            ),
            (
                json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "x", "annotations": { "eks.amazonaws.com/role-arn": "arn" } } }),
                "Pod Identity",
            ),
            (
                json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "x", "annotations": { "external-dns.alpha.kubernetes.io/hostname": "a" } } }),
                "take the name",
            ),
            (
                json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "x" }, "spec": { "ingressClassName": "alb" } }),
                "Application Load Balancer",
            ),
            (
                json!({ "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": { "name": "x" } }),
                "before anybody approved",
            ),
            (
                json!({ "apiVersion": "s3.services.k8s.aws/v1alpha1", "kind": "Bucket", "metadata": { "name": "x" } }),
                "the same one",
            ),
            (
                json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "registry.k8s.io/external-dns/external-dns:v0.19.0" }] } } } }),
                "runs external-dns",
            ),
        ] {
            let found = reasons_of(value, false);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
    }

    #[test]
    fn what_is_held_may_have_a_load_balancer_or_write_names_after_the_switch() {
        for value in [
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "x" }, "spec": { "type": "LoadBalancer" } }),
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "external-dns@sha256:0" }] } } } }),
        ] {
            assert!(reasons_of(value, true).is_empty());
        }
    }

    #[test]
    fn an_ordinary_workload_is_not_refused() {
        let value = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "x" }] } } } });
        assert!(reasons_of(value, false).is_empty());
    }
}
