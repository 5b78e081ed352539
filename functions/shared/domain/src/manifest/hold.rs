//! Workloads that must run in one cluster only: how one is suspended, and how it is put back.

use super::{ObjectId, workload};
use crate::object::{
    actors::Actor,
    autoscalers::{self, Pause},
    patches::Patches,
};
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

/// How the object is suspended: a Deployment by asking for no replicas, a Job or CronJob by `suspend`
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/job/#suspending-a-job>), a DaemonSet by a node label
/// that no node has, a Service of type LoadBalancer by doing without its load balancer, an autoscaler or a custom resource by the field
/// that its controller knows. `None` for what cannot be suspended, such as a Pod by itself.
#[must_use]
pub fn suspension(id: &ObjectId, object: &Value) -> Option<Patches> {
    if let Some(actor) = Actor::of(id) {
        return actor.suspension(object);
    }
    if autoscalers::target(id, object).is_some() {
        return match autoscalers::pause(id, object) {
            Pause::By(patches) => Some(patches),
            Pause::NotNeeded | Pause::Unknown => None,
        };
    }
    let is_service = id.kind == "Service" && id.group().is_empty();
    if !workload::is_workload(id) && !is_service {
        return None;
    }
    let spec = &object["spec"];
    let set = |fields: &[(&[&str], Value)]| Some(Patches::setting(object, fields));
    match id.kind.as_str() {
        // Or else the claims, and the data with them, would go with the Pods
        // (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention).
        "StatefulSet" if spec["persistentVolumeClaimRetentionPolicy"]["whenScaled"] == "Delete" => set(&[
            (&["spec", "replicas"], json!(0)),
            (&["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"], json!("Retain")),
        ]),
        "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
            set(&[(&["spec", "replicas"], json!(0))])
        }
        "CronJob" | "Job" => set(&[(&["spec", "suspend"], json!(true))]),
        "DaemonSet" => set(&[(&["spec", "template", "spec", "nodeSelector", HELD_NODE_LABEL], json!("true"))]),
        "Service" if spec["type"] == "LoadBalancer" => {
            let there = LOAD_BALANCER_FIELDS.iter().filter(|field| spec.get(**field).is_some());
            let taken: Vec<[&str; 2]> = there.map(|field| ["spec", field]).collect();
            let mut fields: Vec<(&[&str], Value)> = vec![(&["spec", "type"], json!("NodePort"))];
            fields.extend(taken.iter().map(|path| (path.as_slice(), Value::Null)));
            set(&fields)
        }
        _ => None,
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
    use crate::object::patches::keeps;

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
            (
                "StatefulSet",
                json!({ "spec": { "replicas": 3, "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Delete" } } }),
            ),
            ("CronJob", json!({ "spec": { "schedule": "0 0 * * *" } })),
            ("CronJob", json!({ "spec": { "suspend": false } })),
            ("Job", json!({ "spec": { "suspend": false, "template": {} } })),
            ("DaemonSet", json!({ "spec": { "template": { "spec": { "nodeSelector": { "disk": "ssd" } } } } })),
            ("DaemonSet", json!({ "spec": { "template": { "spec": { "containers": [] } } } })),
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
            assert!(!keeps(&object, &patches.suspend), "{kind}");
            merge(&mut object, &patches.suspend);
            assert!(keeps(&object, &patches.suspend), "{kind}");
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
