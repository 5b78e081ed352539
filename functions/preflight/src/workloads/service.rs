//! The Service that blue's load balancer belongs to, in the bundles: what keeps its controller from making green's, or from deleting it.

use super::manifest_path;
use domain::{
    Limit, Problem,
    manifest::{Classes, Object, class},
    plan::edge::{Service, service::Maker},
};
use serde_json::Value;

/// Annotations of the AWS Load Balancer Controller
/// (<https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/>).
const NAME: &str = "service.beta.kubernetes.io/aws-load-balancer-name";
const ATTRIBUTES: &str = "service.beta.kubernetes.io/aws-load-balancer-attributes";
/// "If `deletion_protection.enabled=true` is in the annotation, the controller will not be able to delete the NLB during reconciliation", of
/// the same page.
const PROTECTED: &str = "deletion_protection.enabled=true";

/// Which controller takes the Service: without this annotation and without a class, Kubernetes' cloud provider, unless a webhook that comes
/// with the AWS Load Balancer Controller, `enableServiceMutatorWebhook` of its chart, is there before the Service.
const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";

/// The class of Services that EKS Auto Mode makes load balancers for, which those get that say none
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html>).
const AUTO_CLASS: &str = "eks.amazonaws.com/nlb";

/// What is known of blue's load balancer where it belongs to a Service.
#[derive(Debug, Clone)]
pub(super) struct OfService {
    /// The Service.
    pub(super) service: Service,
    /// The load balancer's name.
    pub(super) balancer: String,
    /// Who made it.
    pub(super) maker: Maker,
    /// Whether the clusters are in EKS Auto Mode.
    pub(super) auto_mode: bool,
}

impl OfService {
    /// Everything in the bundles that keeps green's load balancer from coming with the Service, or from going with it.
    pub(super) fn problems(&self, classes: &Classes, all: &[(usize, Object)]) -> Vec<Problem> {
        let (service, balancer, id) = (&self.service, &self.balancer, self.service.id());
        let is = |object: &Object| object.id.identity() == id.identity() && class::is_load_balancer(object);
        let Some((index, object)) = all.iter().find(|(_, object)| is(object)) else {
            let message = format!(
                "blue's load balancer {balancer} belongs to {service}, which is in no bundle as a Service of type LoadBalancer: green's would never be made. Bring it \
                 with the bundles"
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
                "{service} has the annotation {NAME} with the name of blue's load balancer, which green's cannot have too: say in workloads.replace what {balancer} \
                 becomes on green, or take the annotation out"
            ));
        }
        if annotation(ATTRIBUTES).split(',').any(|attribute| attribute.trim() == PROTECTED) {
            messages.push(format!(
                "{service} has {PROTECTED} in the annotation {ATTRIBUTES}: its controller could delete neither green's load balancer on the way back nor blue's at the \
                 cleanup. Take it out, on blue too"
            ));
        }
        messages.extend(self.other_maker(&object.value["spec"]["loadBalancerClass"], !annotation(TYPE).is_empty()));
        let path = manifest_path(*index);
        let told =
            |message| Limit::ServiceLoadBalancer.refusal(&path, format!("{message} (document {})", object.document));
        messages.into_iter().map(told).collect()
    }

    /// Why somebody else might make green's load balancer than made blue's: by the class that the Service has in the bundle, and whether it has
    /// the annotation that was there before classes.
    fn other_maker(&self, class: &Value, is_annotated: bool) -> Option<String> {
        let service = &self.service;
        match (self.maker, class.as_str()) {
            (Maker::AutoMode, None | Some(AUTO_CLASS)) => None,
            (Maker::AutoMode, Some(class)) => Some(format!(
                "{service} has the loadBalancerClass {class} in the bundle, and on blue EKS Auto Mode made its load balancer: on green another controller would. Write \
                 loadBalancerClass: {AUTO_CLASS}, which blue's Service has"
            )),
            (_, Some(AUTO_CLASS)) => Some(format!(
                "{service} has the loadBalancerClass {AUTO_CLASS} in the bundle, and on blue not EKS Auto Mode made its load balancer: on green it would. Write the class \
                 that blue's Service has"
            )),
            (_, None) if self.auto_mode => Some(format!(
                "{service} says in the bundle no spec.loadBalancerClass, and EKS Auto Mode takes such Services, while on blue another controller made its load balancer. Write \
                 the class that blue's Service has, such as service.k8s.aws/nlb of the AWS Load Balancer Controller"
            )),
            (Maker::Controller, None) if !is_annotated => Some(format!(
                "{service} says in the bundle neither by spec.loadBalancerClass nor by the annotation {TYPE} who makes its load balancer, and on blue the AWS Load \
                 Balancer Controller did: on green Kubernetes' cloud provider may be first. Write loadBalancerClass: service.k8s.aws/nlb, which blue's Service has"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service() -> Service {
        Service { namespace: "shop".to_owned(), name: "traefik".to_owned() }
    }

    fn of_service() -> OfService {
        OfService {
            service: service(),
            balancer: "k8s-shop-traefik".to_owned(),
            maker: Maker::Controller,
            auto_mode: false,
        }
    }

    fn told(kind: &str, annotations: &Value, classes: &Classes) -> String {
        let value = json!({
            "apiVersion": "v1", "kind": "Service", "spec": { "type": kind, "loadBalancerClass": "service.k8s.aws/nlb" },
            "metadata": { "name": "traefik", "namespace": "shop", "annotations": annotations },
        });
        let all = [(2, Object::new(7, 1, value).unwrap())];
        Problem::list(&of_service().problems(classes, &all))
    }

    #[test]
    fn a_service_whose_load_balancer_another_controller_would_make_on_green_is_refused() {
        let (auto, controller) = (json!(AUTO_CLASS), json!("service.k8s.aws/nlb"));
        let none = Value::Null;
        for (maker, auto_mode, class, is_annotated, refused) in [
            (Maker::Controller, false, &none, false, true),
            (Maker::Controller, false, &none, true, false),
            (Maker::Controller, false, &controller, false, false),
            (Maker::Controller, false, &auto, false, true),
            (Maker::Controller, true, &none, true, true),
            (Maker::Controller, true, &controller, false, false),
            (Maker::Provider, false, &none, false, false),
            (Maker::Provider, true, &none, false, true),
            (Maker::AutoMode, true, &none, false, false),
            (Maker::AutoMode, true, &auto, false, false),
            (Maker::AutoMode, true, &controller, false, true),
        ] {
            let of = OfService { maker, auto_mode, ..of_service() };
            let found = of.other_maker(class, is_annotated);
            assert_eq!(found.is_some(), refused, "{maker:?} {auto_mode} {class} {is_annotated}: {found:?}");
        }
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
