//! `EndpointSlices` and Endpoints: addresses and conditions of the Pods of each Service
//! (<https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/>).

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::pods;
use crate::{object, selector::Selector, store::Resource, writes::Objects};

const SERVICE: &str = "kubernetes.io/service-name";
const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

pub(crate) fn slices() -> Resource {
    Resource::new("discovery.k8s.io", "endpointslices")
}

pub(super) fn reconcile(objects: &Objects) {
    let mut wanted: BTreeMap<(String, String), Value> = BTreeMap::new();
    for service in objects.store.all(&Resource::core("services")) {
        let Some(selector) = object::map(&service, "/spec/selector").filter(|selector| !selector.is_empty()) else {
            continue;
        };
        if object::is_terminating(&service) || service["spec"]["type"] == "ExternalName" {
            continue;
        }
        let selector = Selector::from_map(selector);
        let (pods, _) = objects.store.list(&pods::resource(), Some(object::namespace(&service)));
        let behind: Vec<Arc<Value>> =
            pods.into_iter().filter(|pod| selector.selects(pod) && has_address(pod)).collect();
        for slice in slices_of(&service, &behind) {
            wanted.insert((object::namespace(&slice).to_owned(), object::name(&slice).to_owned()), slice);
        }
        endpoints(objects, &service, &behind);
    }
    for slice in objects.store.all(&slices()) {
        if object::label(&slice, MANAGED) != Some(CONTROLLER) {
            continue;
        }
        let key = (object::namespace(&slice).to_owned(), object::name(&slice).to_owned());
        match wanted.remove(&key) {
            Some(new) if new["endpoints"] == slice["endpoints"] && new["ports"] == slice["ports"] => {}
            Some(new) => {
                objects.modify(&slices(), &key.0, &key.1, |slice| {
                    slice["endpoints"] = new["endpoints"].clone();
                    slice["ports"] = new["ports"].clone();
                });
            }
            None => objects.discard(&slices(), &slice),
        }
    }
    for ((namespace, _), slice) in wanted {
        objects.make(&slices(), &namespace, slice);
    }
}

fn has_address(pod: &Value) -> bool {
    object::text(pod, "/status/podIP").is_some() && !pods::has_ended(pod)
}

/// One slice for each set of port numbers: a named port may have different numbers in different Pods.
fn slices_of(service: &Value, behind: &[Arc<Value>]) -> Vec<Value> {
    let mut groups: BTreeMap<String, (Value, Vec<Value>)> = BTreeMap::new();
    for pod in behind {
        let ports = ports_of(service, pod);
        let endpoint = endpoint(service, pod);
        groups.entry(ports.to_string()).or_insert_with(|| (ports, Vec::new())).1.push(endpoint);
    }
    if groups.is_empty() {
        groups.insert(String::new(), (json!([]), Vec::new()));
    }
    // The suffix comes from the Service's UID, so that a later Service of the same name has other slices.
    let suffix: String = object::uid(service).chars().filter(char::is_ascii_alphanumeric).take(5).collect();
    let groups = groups.into_values().enumerate();
    groups
        .map(|(number, (ports, endpoints))| {
            let number = if number == 0 { String::new() } else { format!("-{number}") };
            let mut labels = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
            labels.insert(SERVICE.to_owned(), json!(object::name(service)));
            labels.insert(MANAGED.to_owned(), json!(CONTROLLER));
            json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {
                    "name": format!("{}-{suffix}{number}", object::name(service)), "namespace": object::namespace(service),
                    "labels": labels, "ownerReferences": [object::owner_reference(service)],
                },
                "endpoints": endpoints, "ports": ports,
            })
        })
        .collect()
}

fn ports_of(service: &Value, pod: &Value) -> Value {
    let ports = object::list(service, "/spec/ports").iter();
    let ports = ports.filter_map(|port| {
        let number = moved(pod, resolve(&port["targetPort"], port, pod)?);
        let mut resolved = json!({
            "name": port["name"].as_str().unwrap_or_default(), "port": number, "protocol": port["protocol"],
        });
        if let Some(protocol) = port.get("appProtocol") {
            resolved["appProtocol"] = protocol.clone();
        }
        Some(resolved)
    });
    ports.collect()
}

/// The annotation with the port numbers on this machine that differ from the Pod's ports.
pub(crate) fn moved_annotation(port: u16) -> String {
    format!("sandbox.kubernetes/port-{port}")
}

/// The port number on this machine of a Pod's port.
fn moved(pod: &Value, port: i64) -> i64 {
    let annotation = u16::try_from(port).ok().map(moved_annotation);
    let moved = annotation.and_then(|key| object::annotation(pod, &key)?.parse().ok());
    moved.unwrap_or(port)
}

/// The number of a target port: the number itself, or that of the container port with this name.
fn resolve(target: &Value, port: &Value, pod: &Value) -> Option<i64> {
    let Some(name) = target.as_str() else { return target.as_i64().or_else(|| port["port"].as_i64()) };
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let containers = object::list(pod, "/spec/containers").iter();
    let mut ports = containers.flat_map(|container| object::list(container, "/ports"));
    ports.find(|port| port["name"] == name)?["containerPort"].as_i64()
}

fn endpoint(service: &Value, pod: &Value) -> Value {
    let serving = pods::is_ready(pod);
    let terminating = object::is_terminating(pod);
    let always = service["spec"]["publishNotReadyAddresses"] == true;
    let mut endpoint = json!({
        "addresses": [object::text(pod, "/status/podIP")],
        "conditions": {"ready": always || (serving && !terminating), "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "name": object::name(pod), "namespace": object::namespace(pod), "uid": object::uid(pod)},
        "nodeName": pod["spec"]["nodeName"],
    });
    if let Some(hostname) = object::text(pod, "/spec/hostname") {
        endpoint["hostname"] = json!(hostname);
    }
    endpoint
}

fn endpoints(objects: &Objects, service: &Value, behind: &[Arc<Value>]) {
    let resource = Resource::core("endpoints");
    let address = |pod: &Arc<Value>| {
        json!({
            "ip": object::text(pod, "/status/podIP"), "nodeName": pod["spec"]["nodeName"],
            "targetRef": {"kind": "Pod", "name": object::name(pod), "namespace": object::namespace(pod), "uid": object::uid(pod)},
        })
    };
    let (ready, not_ready): (Vec<_>, Vec<_>) =
        behind.iter().filter(|pod| !object::is_terminating(pod)).partition(|pod| pods::is_ready(pod));
    let mut subset = json!({"ports": behind.first().map(|pod| ports_of(service, pod))});
    for (key, pods) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
        if !pods.is_empty() {
            subset[key] = pods.into_iter().map(address).collect();
        }
    }
    let subsets = if subset.as_object().is_some_and(|subset| subset.len() > 1) { json!([subset]) } else { json!([]) };
    let (namespace, name) = (object::namespace(service), object::name(service));
    match objects.store.get(&resource, namespace, name) {
        Some(present) if present["subsets"] == subsets => {}
        Some(_) => {
            objects.modify(&resource, namespace, name, |present| present["subsets"] = subsets);
        }
        None => {
            let metadata = json!({
                "name": name, "labels": service["metadata"]["labels"],
                "ownerReferences": [object::owner_reference(service)],
            });
            let made = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets});
            objects.make(&resource, namespace, made);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(address: &str, annotations: &Value) -> Arc<Value> {
        Arc::new(json!({
            "metadata": {"name": "a", "namespace": "n", "uid": "u", "annotations": annotations},
            "spec": {"nodeName": "n1", "containers": [{"ports": [{"name": "http", "containerPort": 80}]}]},
            "status": {"podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
        }))
    }

    fn service() -> Value {
        json!({"metadata": {"name": "web", "namespace": "n", "uid": "12345678"},
            "spec": {"ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]}})
    }

    #[test]
    fn a_slice_names_the_ports_of_its_pods_by_number_and_who_is_ready() {
        let slices = slices_of(&service(), &[pod("127.64.16.1", &json!({}))]);
        assert_eq!(slices.len(), 1);
        assert_eq!(slices[0]["ports"], json!([{"name": "http", "port": 80, "protocol": "TCP"}]));
        let conditions = json!({"ready": true, "serving": true, "terminating": false});
        assert_eq!(slices[0]["endpoints"][0]["conditions"], conditions);
    }

    #[test]
    fn a_pod_whose_port_is_elsewhere_has_a_slice_of_its_own() {
        let elsewhere = pod("127.64.16.2", &json!({moved_annotation(80): "20080"}));
        let slices = slices_of(&service(), &[pod("127.64.16.1", &json!({})), elsewhere]);
        let ports: Vec<_> = slices.iter().map(|slice| slice["ports"][0]["port"].clone()).collect();
        assert_eq!(ports, [json!(20080), json!(80)]);
    }
}
