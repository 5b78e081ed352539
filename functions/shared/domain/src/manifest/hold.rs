//! Workloads that must run in one cluster only: how one is suspended, and how it is put back.

use super::{ObjectId, workload};
use crate::object::actors::{self, Actor};
use serde_json::{Map, Value, json};

/// A node label that no node carries: a DaemonSet that asks for it has no Pods.
pub const HELD_NODE_LABEL: &str = "bascule.io/held";

/// Fields that the API server accepts on a Service of type LoadBalancer only
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer>).
const LOAD_BALANCER_FIELDS: [&str; 5] = [
    "allocateLoadBalancerNodePorts",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
];

/// Two merge patches (RFC 7396): one that suspends an object, one that puts it back exactly as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspension {
    /// Suspends.
    pub suspend: Value,
    /// Puts back.
    pub restore: Value,
}

/// How the object is suspended: a Deployment by asking for no replicas, a Job or CronJob by `suspend`
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/job/#suspending-a-job>), a DaemonSet by a node label
/// that no node has, a Service of type LoadBalancer by doing without its load balancer, a custom resource by the field that its
/// controller knows. `None` for what cannot be suspended, such as a Pod by itself.
#[must_use]
pub fn suspension(id: &ObjectId, object: &Value) -> Option<Suspension> {
    if actors::is_scaled_object(id) {
        let (suspend, restore) = actors::pause(object);
        return Some(Suspension { suspend, restore });
    }
    if let Some(actor) = Actor::of(id) {
        return actor.suspension(object).map(|(suspend, restore)| Suspension { suspend, restore });
    }
    let is_service = id.kind == "Service" && id.group().is_empty();
    if !workload::is_workload(id) && !is_service {
        return None;
    }
    let spec = &object["spec"];
    let (suspend, restore) = match id.kind.as_str() {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
            (json!({ "replicas": 0 }), json!({ "replicas": spec["replicas"] }))
        }
        "CronJob" | "Job" => (json!({ "suspend": true }), json!({ "suspend": spec["suspend"] })),
        "DaemonSet" => {
            let selector =
                |value: Value| json!({ "template": { "spec": { "nodeSelector": { HELD_NODE_LABEL: value } } } });
            (selector(json!("true")), selector(Value::Null))
        }
        "Service" if spec["type"] == "LoadBalancer" => {
            let mut suspend = Map::from_iter([("type".to_owned(), json!("NodePort"))]);
            let mut restore = Map::from_iter([("type".to_owned(), json!("LoadBalancer"))]);
            for field in LOAD_BALANCER_FIELDS {
                if let Some(value) = spec.get(field) {
                    suspend.insert(field.to_owned(), Value::Null);
                    restore.insert(field.to_owned(), value.clone());
                }
            }
            (Value::Object(suspend), Value::Object(restore))
        }
        _ => return None,
    };
    Some(Suspension { suspend: json!({ "spec": suspend }), restore: json!({ "spec": restore }) })
}

/// Whether the object is suspended now.
#[must_use]
pub fn is_suspended(kind: &str, object: &Value) -> bool {
    match kind {
        "CronJob" | "Job" => object["spec"]["suspend"] == true,
        "DaemonSet" => {
            workload::pod_spec(kind, object).is_some_and(|spec| spec["nodeSelector"][HELD_NODE_LABEL] == "true")
        }
        "Service" => object["spec"]["type"] != "LoadBalancer",
        _ => workload::replicas(kind, object) == Some(0),
    }
}

/// Applies a merge patch, as <https://www.rfc-editor.org/rfc/rfc7396> says.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.remove(name);
            } else {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str) -> ObjectId {
        let api_version = match kind {
            "Deployment" | "StatefulSet" | "DaemonSet" => "apps/v1",
            "CronJob" | "Job" => "batch/v1",
            _ => "v1",
        };
        ObjectId { api_version: api_version.into(), kind: kind.into(), namespace: None, name: "x".into() }
    }

    #[test]
    fn what_is_suspended_comes_back_exactly_as_it_was() {
        for (kind, original) in [
            ("Deployment", json!({ "spec": { "replicas": 7, "paused": false } })),
            ("StatefulSet", json!({ "spec": { "serviceName": "db" } })),
            ("CronJob", json!({ "spec": { "schedule": "0 0 * * *" } })),
            ("CronJob", json!({ "spec": { "suspend": false } })),
            ("Job", json!({ "spec": { "suspend": false, "template": {} } })),
            ("DaemonSet", json!({ "spec": { "template": { "spec": { "nodeSelector": { "disk": "ssd" } } } } })),
            (
                "Service",
                json!({ "spec": {
                    "type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "ports": [{ "port": 80 }],
                    "externalTrafficPolicy": "Local", "healthCheckNodePort": 30_200, "allocateLoadBalancerNodePorts": false,
                    "loadBalancerSourceRanges": ["203.0.113.0/24"],
                } }),
            ),
        ] {
            let patches = suspension(&of(kind), &original).unwrap();
            let mut object = original.clone();
            assert!(!is_suspended(kind, &object), "{kind}");
            merge(&mut object, &patches.suspend);
            assert!(is_suspended(kind, &object), "{kind}");
            merge(&mut object, &patches.restore);
            assert_eq!(object, original, "{kind}");
        }
    }

    #[test]
    fn a_load_balancer_service_without_its_load_balancer_keeps_no_field_that_needs_one() {
        let service = json!({ "spec": { "type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"] } });
        let mut held = service.clone();
        merge(&mut held, &suspension(&of("Service"), &service).unwrap().suspend);
        assert_eq!(held, json!({ "spec": { "type": "NodePort" } }));
    }

    #[test]
    fn the_kinds_of_others_are_not_taken_for_those_of_kubernetes() {
        let mut other = of("Service");
        other.api_version = "serving.knative.dev/v1".into();
        assert_eq!(suspension(&other, &json!({ "spec": { "type": "LoadBalancer" } })), None);
        other = ObjectId { api_version: "batch.volcano.sh/v1alpha1".into(), ..of("Job") };
        assert_eq!(suspension(&other, &json!({ "spec": {} })), None);
    }

    #[test]
    fn a_pod_by_itself_and_an_inner_service_cannot_be_suspended() {
        assert_eq!(suspension(&of("Pod"), &json!({ "spec": {} })), None);
        assert_eq!(suspension(&of("Service"), &json!({ "spec": { "type": "ClusterIP" } })), None);
    }

    #[test]
    fn the_merge_is_that_of_rfc_7396() {
        // Cases of the RFC's appendix A.
        for (mut target, patch, expected) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            merge(&mut target, &patch);
            assert_eq!(target, expected);
        }
    }
}
