//! The Service that blue's load balancer belongs to, in the bundles: what keeps its controller from making green's, or from deleting it.

use super::manifest_path;
use domain::{
    Limit, Problem,
    manifest::{Classes, Object, class},
    plan::edge::Service,
};

/// Annotations of the AWS Load Balancer Controller
/// (<https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/>).
const NAME: &str = "service.beta.kubernetes.io/aws-load-balancer-name";
const ATTRIBUTES: &str = "service.beta.kubernetes.io/aws-load-balancer-attributes";
/// "If `deletion_protection.enabled=true` is in the annotation, the controller will not be able to delete the NLB during reconciliation", of
/// the same page.
const PROTECTED: &str = "deletion_protection.enabled=true";

/// Everything that stands in the way of `service`, whose load balancer on blue is called `balancer`.
pub(super) fn problems(service: &Service, balancer: &str, classes: &Classes, all: &[(usize, Object)]) -> Vec<Problem> {
    let id = service.id();
    let is = |object: &Object| object.id.identity() == id.identity() && class::is_load_balancer(object);
    let Some((index, object)) = all.iter().find(|(_, object)| is(object)) else {
        let message = format!(
            "blue's load balancer {balancer} belongs to {service}, which is in no bundle as a Service of type LoadBalancer: green's would never be made. Bring it with the \
             bundles"
        );
        return vec![Limit::ServiceLoadBalancer.refusal("$.workloads.manifests", message)];
    };
    let mut messages = Vec::new();
    if [&classes.hold, &classes.both, &classes.cannot_hold].iter().any(|held| held.contains(&object.id)) {
        messages.push(format!(
            "{service} is to be held, and people qualify green through its load balancer, which is needed before the switch. Do not hold it"
        ));
    }
    let annotation = |name: &str| object.value["metadata"]["annotations"][name].as_str().unwrap_or_default();
    if annotation(NAME) == balancer {
        messages.push(format!(
            "{service} has the annotation {NAME} with the name of blue's load balancer, which green's cannot have too: say in workloads.replace what {balancer} becomes \
             on green, or take the annotation out"
        ));
    }
    if annotation(ATTRIBUTES).split(',').any(|attribute| attribute.trim() == PROTECTED) {
        messages.push(format!(
            "{service} has {PROTECTED} in the annotation {ATTRIBUTES}: its controller could delete neither green's load balancer on the way back nor blue's at the cleanup. \
             Take it out, on blue too"
        ));
    }
    let path = manifest_path(*index);
    let told = |message| Limit::ServiceLoadBalancer.refusal(&path, format!("{message} (document {})", object.document));
    messages.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn service() -> Service {
        Service { namespace: "shop".to_owned(), name: "traefik".to_owned() }
    }

    fn told(kind: &str, annotations: &Value, classes: &Classes) -> String {
        let value = json!({
            "apiVersion": "v1", "kind": "Service", "spec": { "type": kind },
            "metadata": { "name": "traefik", "namespace": "shop", "annotations": annotations },
        });
        let all = [(2, Object::new(7, 1, value).unwrap())];
        Problem::list(&problems(&service(), "k8s-shop-traefik", classes, &all))
    }

    #[test]
    fn the_service_of_the_edge_comes_with_the_bundles_is_not_held_and_its_annotations_name_nothing_of_blue() {
        let held = Classes { hold: vec![service().id()], ..Classes::default() };
        let internal = json!({ "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal" });
        let protected =
            json!({ ATTRIBUTES: "load_balancing.cross_zone.enabled=true, deletion_protection.enabled=true" });
        for (kind, annotations, classes, part) in [
            ("LoadBalancer", &internal, &Classes::default(), ""),
            ("NodePort", &internal, &Classes::default(), "in no bundle as a Service of type LoadBalancer"),
            ("LoadBalancer", &internal, &held, "Do not hold it"),
            ("LoadBalancer", &json!({ NAME: "k8s-shop-traefik" }), &Classes::default(), "workloads.replace"),
            ("LoadBalancer", &json!({ NAME: "k8s-shop-other" }), &Classes::default(), ""),
            ("LoadBalancer", &protected, &Classes::default(), "on blue too (document 7) (limit service-load-balancer)"),
        ] {
            let told = told(kind, annotations, classes);
            assert_eq!(told.is_empty(), part.is_empty(), "{kind} {annotations}: {told}");
            assert!(told.contains(part), "{kind} {annotations}: {told}");
        }
    }
}
