//! A stand-in for what EKS runs for Pods on Fargate: the webhook that chooses the profile of a new Pod and the scheduler that gives it a node
//! of its own (<https://docs.aws.amazon.com/eks/latest/userguide/fargate.html>,
//! <https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html>). A Pod goes with its profile
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteFargateProfile.html>), and its node with the Pod. Here the Pod is changed a
//! moment after it is created, and its node has no address of its own.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::PoisonError};

use serde_json::{Value, json};

use super::pods;
use crate::{
    cluster::{NodeSpec, Taint},
    nodes, object,
    store::Resource,
    writes::Objects,
};

/// Which Pods of a cluster run on Fargate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FargateProfile {
    /// The profile's name.
    pub name: String,
    /// Its selectors: a namespace, and labels that the Pods have; `*` and `?` are wildcards.
    pub selectors: Vec<(String, BTreeMap<String, String>)>,
}

/// The profiles of a cluster, with its Kubernetes version.
#[derive(Debug, Default)]
pub(crate) struct Fargate {
    pub(crate) version: String,
    pub(crate) profiles: Vec<FargateProfile>,
}

const SCHEDULER: &str = "fargate-scheduler";
const PROFILE: &str = "eks.amazonaws.com/fargate-profile";
const COMPUTE: &str = "eks.amazonaws.com/compute-type";

/// Whether another scheduler than Kubernetes' own is to give a Pod its node.
pub(super) fn is_left_to_others(pod: &Value) -> bool {
    object::text(pod, "/spec/schedulerName").is_some_and(|name| name == SCHEDULER)
}

pub(super) fn reconcile(objects: &Objects) {
    let all = objects.store.all(&pods::resource());
    {
        let fargate = objects.fargate.lock().unwrap_or_else(PoisonError::into_inner);
        for pod in all.iter().filter(|pod| pods::is_active(pod)) {
            let chosen = object::text(pod, "/metadata/labels/eks.amazonaws.com~1fargate-profile");
            match chosen {
                Some(name) if fargate.profiles.iter().any(|profile| profile.name == name) => {}
                Some(_) => objects.discard(&pods::resource(), pod),
                None if object::text(pod, "/spec/nodeName").is_some_and(|node| !node.is_empty()) => {}
                None => {
                    if let Some(profile) = fargate.profiles.iter().find(|profile| takes(profile, pod)) {
                        place(objects, pod, profile, &fargate.version);
                    }
                }
            }
        }
    }
    let resource = Resource::core("nodes");
    for node in objects.store.all(&resource).iter().filter(|node| node["metadata"]["labels"][COMPUTE] == "fargate") {
        let is_used = all.iter().any(|pod| object::text(pod, "/spec/nodeName") == Some(object::name(node)));
        let was_used = object::text(node, "/metadata/annotations/used").is_some();
        if is_used && !was_used {
            objects.modify(&resource, "", object::name(node), |node| {
                object::entry(object::metadata(node), "annotations")["used"] = json!("true");
            });
        } else if !is_used && was_used {
            objects.discard(&resource, node);
        }
    }
}

fn place(objects: &Objects, pod: &Value, profile: &FargateProfile, version: &str) {
    let node = format!("fargate-{}", object::name(pod));
    let spec = NodeSpec {
        name: node.clone(),
        instance_id: String::new(),
        address: Ipv4Addr::LOCALHOST,
        labels: [(COMPUTE.to_owned(), "fargate".to_owned())].into(),
        taints: vec![Taint { key: COMPUTE.to_owned(), value: "fargate".to_owned(), effect: "NoSchedule".to_owned() }],
    };
    nodes::make(objects, &spec, version);
    objects.modify(&pods::resource(), object::namespace(pod), object::name(pod), |pod| {
        object::entry(object::metadata(pod), "labels")[PROFILE] = json!(profile.name);
        pod["spec"]["schedulerName"] = json!(SCHEDULER);
        pod["spec"]["nodeName"] = json!(node);
        let status = object::entry(pod, "status");
        object::default(status, "phase", json!("Pending"));
        object::set_condition(status, "PodScheduled", true, "", "");
    });
}

fn takes(profile: &FargateProfile, pod: &Value) -> bool {
    let labels = object::map(pod, "/metadata/labels");
    profile.selectors.iter().any(|(namespace, wanted)| {
        let mut all = wanted.iter();
        is_like(namespace, object::namespace(pod))
            && all.all(|(key, value)| {
                let found = labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
                found.is_some_and(|found| is_like(value, found))
            })
    })
}

/// Whether a text has the form of a pattern in which `*` is any text and `?` any character.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| is_like(rest, &text[at..]))
        }
        Some(first) => text.chars().next().is_some_and(|found| {
            (first == '?' || first == found) && is_like(&pattern[first.len_utf8()..], &text[found.len_utf8()..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_takes_the_pods_of_its_namespaces_with_its_labels() {
        let profile = FargateProfile {
            name: "batch".to_owned(),
            selectors: vec![("batch-*".to_owned(), [("compute".to_owned(), "far?ate".to_owned())].into())],
        };
        let pod = |namespace: &str, compute: &str| json!({ "metadata": { "namespace": namespace, "labels": { "compute": compute } } });
        assert!(takes(&profile, &pod("batch-1", "fargate")));
        assert!(!takes(&profile, &pod("batch", "fargate")));
        assert!(!takes(&profile, &pod("batch-1", "ec2")));
        assert!(!takes(&profile, &json!({ "metadata": { "namespace": "batch-1" } })));
    }
}
