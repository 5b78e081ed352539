//! The scheduler: assigns nodes to Pods
//! (<https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/>). It considers taints, node selectors,
//! required node affinity and cordons, and picks the node with the fewest Pods. It ignores resource requests and affinity
//! between Pods.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use super::{fargate, pods};
use crate::{object, selector::Selector, store::Resource, writes::Objects};

pub(super) fn reconcile(objects: &Objects) {
    let all = objects.store.all(&pods::resource());
    let nodes = objects.store.all(&Resource::core("nodes"));
    let mut load: HashMap<String, usize> = HashMap::new();
    for pod in all.iter().filter(|pod| pods::is_active(pod)) {
        if let Some(node) = object::text(pod, "/spec/nodeName") {
            *load.entry(node.to_owned()).or_default() += 1;
        }
    }
    for pod in &all {
        if object::text(pod, "/spec/nodeName").is_some_and(|node| !node.is_empty()) || !pods::is_active(pod) {
            continue;
        }
        if !object::list(pod, "/spec/schedulingGates").is_empty() || fargate::is_left_to_others(pod) {
            continue;
        }
        let fitting = nodes.iter().filter(|node| fits(pod, node));
        match fitting.min_by_key(|node| load.get(object::name(node)).copied().unwrap_or(0)) {
            Some(node) => {
                bind(objects, pod, object::name(node));
                *load.entry(object::name(node).to_owned()).or_default() += 1;
            }
            None => refuse(objects, pod, nodes.len()),
        }
    }
}

fn bind(objects: &Objects, pod: &Value, node: &str) {
    objects.modify(&pods::resource(), object::namespace(pod), object::name(pod), |pod| {
        pod["spec"]["nodeName"] = json!(node);
        let status = object::entry(pod, "status");
        object::default(status, "phase", json!("Pending"));
        object::set_condition(status, "PodScheduled", true, "", "");
    });
}

fn refuse(objects: &Objects, pod: &Arc<Value>, nodes: usize) {
    let message = format!("0/{nodes} nodes are available.");
    let told = object::list(pod, "/status/conditions").iter().any(|condition| condition["message"] == message.as_str());
    if !told {
        objects.modify(&pods::resource(), object::namespace(pod), object::name(pod), |pod| {
            let status = object::entry(pod, "status");
            object::default(status, "phase", json!("Pending"));
            object::set_condition(status, "PodScheduled", false, "Unschedulable", &message);
        });
    }
}

/// Whether a Pod can be scheduled on a node.
pub(super) fn fits(pod: &Value, node: &Value) -> bool {
    let tolerations = object::list(pod, "/spec/tolerations");
    let tolerated = |taint: &Value| tolerations.iter().any(|toleration| tolerates(toleration, taint));
    let cordon = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    let cordoned = node["spec"]["unschedulable"] == true && !tolerated(&cordon);
    let repelled = object::list(node, "/spec/taints")
        .iter()
        .any(|taint| taint["effect"] != "PreferNoSchedule" && !tolerated(taint));
    let selected = object::map(pod, "/spec/nodeSelector").is_none_or(|map| Selector::from_map(map).selects(node));
    !cordoned && !repelled && selected && !object::is_terminating(node) && affine(pod, node)
}

fn affine(pod: &Value, node: &Value) -> bool {
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = object::list(pod, terms);
    terms.is_empty() || terms.iter().any(|term| Selector::from_object(term).selects(node))
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let same_effect = toleration["effect"].as_str().is_none_or(|effect| effect.is_empty() || taint["effect"] == effect);
    let key = toleration["key"].as_str().unwrap_or_default();
    let exists = toleration["operator"] == "Exists";
    let same_key = (key.is_empty() && exists) || taint["key"] == key;
    let value = |of: &Value| of["value"].as_str().unwrap_or_default().to_owned();
    same_effect && same_key && (exists || value(toleration) == value(taint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tainted_node_takes_only_pods_that_tolerate_the_taint() {
        let node = json!({"metadata": {"labels": {"pool": "edge"}}, "spec": {"taints": [{"key": "edge", "value": "yes", "effect": "NoSchedule"}]}});
        assert!(!fits(&json!({"spec": {}}), &node));
        assert!(fits(
            &json!({"spec": {"tolerations": [{"key": "edge", "value": "yes", "effect": "NoSchedule"}]}}),
            &node
        ));
        assert!(fits(&json!({"spec": {"tolerations": [{"operator": "Exists"}]}}), &node));
        assert!(!fits(&json!({"spec": {"tolerations": [{"key": "edge", "value": "no"}]}}), &node));
    }

    #[test]
    fn node_selectors_and_cordons_are_minded() {
        let node = json!({"metadata": {"labels": {"pool": "edge"}}, "spec": {}});
        assert!(fits(&json!({"spec": {"nodeSelector": {"pool": "edge"}}}), &node));
        assert!(!fits(&json!({"spec": {"nodeSelector": {"pool": "other"}}}), &node));
        let cordoned = json!({"metadata": {}, "spec": {"unschedulable": true}});
        assert!(!fits(&json!({"spec": {}}), &cordoned));
    }
}
