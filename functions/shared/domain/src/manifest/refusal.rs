//! What Bascule does not move, or what would reach outside the cluster before anybody approved.

use super::{
    Object, class, duplicates,
    outside::{Controllers, made_for},
    workload,
};
use crate::Limit;
use crate::object::is_initial_namespace;
use serde_json::Value;

/// The ends of annotations for whose values external-dns writes records, behind a prefix that its versions and its `--annotation-prefix`
/// choose (<https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/>).
const DNS_ANNOTATIONS: [&str; 2] = ["/hostname", "/internal-hostname"];

const EXTERNAL_DNS: &str = "external-dns";

/// Arguments of external-dns, each of which it takes from the environment too
/// (<https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/>).
const DNS_ARGUMENTS: [&str; 4] = ["--txt-owner-id", "--txt-prefix", "--aws-zone-type", "--managed-record-types"];
const DNS_ENVIRONMENT: &str = "EXTERNAL_DNS_";

/// Every reason to refuse this object; `held` says whether it is suspended until the switch, `run` whether it may run in both clusters at
/// once, `controllers` who serves the classes.
#[must_use]
pub fn reasons(object: &Object, held: bool, run: bool, controllers: &Controllers) -> Vec<String> {
    let id = &object.id;
    let annotations = &object.value["metadata"]["annotations"];
    let mut reasons = Vec::new();
    if class::is_load_balancer(object) && !held {
        reasons.push(Limit::LoadBalancerServices.told(&format!(
            "{id} is of type LoadBalancer: AWS would make a load balancer that Bascule does not know. Make it ClusterIP, or hold it (workloads.hold or the label {}): \
             green then gets its load balancer after the switch, and its clients must be moved by you",
            class::HOLD_LABEL
        )));
    }
    if let Some(made) = made_for(object, controllers).filter(|made| !(made.may_run && run)) {
        let or_run = if made.may_run { ", or say in workloads.run that both clusters may" } else { "" };
        reasons.push(Limit::MadeInAws.told(&format!(
            "{id} {}. Take it out of the bundle, and apply it yourself after the migration{or_run}",
            made.what
        )));
    }
    let twice = duplicates::of(object);
    if !twice.is_empty() {
        reasons.push(format!("{id}: {}; green's API would refuse it. Keep one of each", twice.join(", ")));
    }
    for (annotation, host) in annotations.as_object().into_iter().flatten() {
        if annotation.contains(EXTERNAL_DNS) && DNS_ANNOTATIONS.iter().any(|end| annotation.ends_with(end)) {
            let host = host.as_str().unwrap_or_default();
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

/// By its image, or by arguments and variables that no other program has: images are copied under other names.
fn runs_external_dns(object: &Object) -> bool {
    workload::is_workload(&object.id)
        && (workload::images(&object.id.kind, &object.value)
            .iter()
            .any(|image| image_name(image).contains(EXTERNAL_DNS))
            || workload::arguments(object).any(|argument| DNS_ARGUMENTS.iter().any(|of| argument.starts_with(of)))
            || workload::variables(object).any(|name| name.starts_with(DNS_ENVIRONMENT)))
}

/// The last part of an image's repository: `registry.k8s.io/external-dns/external-dns:v0.19.0` is `external-dns`.
fn image_name(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split(['@', ':']).next().unwrap_or(name)
}

/// The namespace that the object needs and that must exist before it: `None` where Kubernetes makes it by itself.
#[must_use]
pub fn needed_namespace(object: &Object) -> Option<&str> {
    object.id.namespace.as_deref().filter(|name| !is_initial_namespace(name))
}

/// The group and kind that a CustomResourceDefinition brings.
#[must_use]
pub fn defined_kind(definition: &Value) -> Option<(&str, &str)> {
    let spec = &definition["spec"];
    Some((spec["group"].as_str()?, spec["names"]["kind"].as_str()?))
}

/// The versions that a CustomResourceDefinition serves
/// (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/>).
#[must_use]
pub fn served_versions(definition: &Value) -> Vec<&str> {
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    versions.filter(|version| version["served"] == true).filter_map(|version| version["name"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reasons_of(value: Value, held: bool) -> Vec<String> {
        reasons(&Object::new(1, 1, value).unwrap(), held, false, &Controllers::default())
    }

    #[test]
    fn what_bascule_does_not_move_is_refused_with_what_to_do() {
        for (value, expected) in [
            (
                json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "x" }, "spec": { "type": "LoadBalancer" } }),
                "type LoadBalancer",
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
                json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "x", "annotations": { "external-dns.kubernetes.io/internal-hostname": "a" } } }),
                "take the name",
            ),
            (
                json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "mirror/dns:1", "env": [{ "name": "EXTERNAL_DNS_PROVIDER", "value": "aws" }] }] } } } }),
                "runs external-dns",
            ),
            (
                json!({ "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": { "name": "x" }, "spec": { "acme": { "solvers": [{ "dns01": {} }] } } }),
                "or say in workloads.run",
            ),
            (
                json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "registry.k8s.io/external-dns/external-dns:v0.19.0" }] } } } }),
                "runs external-dns",
            ),
            (
                json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "mirror/dns:1", "args": ["--source=ingress", "--txt-owner-id=me"] }] } } } }),
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
    fn what_leaves_nothing_behind_may_run_in_both_clusters_where_the_input_says_so() {
        let issuer = json!({ "apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": { "name": "x" }, "spec": { "acme": { "solvers": [{ "dns01": {} }] } } });
        let cluster =
            json!({ "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "metadata": { "name": "x" }, "spec": {} });
        let of = |value: Value| reasons(&Object::new(1, 1, value).unwrap(), false, true, &Controllers::default()).len();
        assert_eq!((of(issuer), of(cluster)), (0, 1));
    }

    #[test]
    fn an_ordinary_workload_is_not_refused() {
        let value = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "x" }, "spec": { "template": { "spec": { "containers": [{ "image": "x" }] } } } });
        assert!(reasons_of(value, false).is_empty());
    }
}
