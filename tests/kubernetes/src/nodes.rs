//! Node objects like those of EKS (<https://kubernetes.io/docs/reference/node/node-status/>).

use serde_json::{Value, json};

use crate::{cluster::NodeSpec, object, store::Resource, writes::Objects};

/// The Node object of a new node, with its status.
pub(crate) fn object(node: &NodeSpec, version: &str) -> (Value, Value) {
    let mut labels = json!({
        "kubernetes.io/hostname": node.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64",
    });
    for (key, value) in &node.labels {
        labels[key] = json!(value);
    }
    let taints: Vec<Value> = node
        .taints
        .iter()
        .map(|taint| json!({"key": taint.key, "value": taint.value, "effect": taint.effect}))
        .collect();
    let mut spec = json!({"providerID": format!("aws:///eu-central-1a/{}", node.instance_id)});
    if !taints.is_empty() {
        spec["taints"] = json!(taints);
    }
    let object =
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name, "labels": labels}, "spec": spec});
    let capacity = json!({"cpu": "4", "memory": "16Gi", "ephemeral-storage": "80Gi", "pods": "110"});
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": "", "lastHeartbeatTime": object::now(),
            "lastTransitionTime": object::now(),
        })
    };
    let status = json!({
        "capacity": capacity, "allocatable": capacity,
        "addresses": [
            {"type": "InternalIP", "address": node.address.to_string()},
            {"type": "Hostname", "address": node.name},
            {"type": "InternalDNS", "address": node.name},
        ],
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID"),
            condition("Ready", "True", "KubeletReady"),
        ],
        "nodeInfo": {
            "kubeletVersion": format!("v{version}.0-eks-sandbox"), "kubeProxyVersion": "", "osImage": "Amazon Linux 2023",
            "operatingSystem": "linux", "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1", "kernelVersion": "6.12.40-63.114.amzn2023.x86_64",
            "machineID": "", "systemUUID": "", "bootID": "",
        },
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
    });
    (object, status)
}

/// Makes the Node of a new node in the cluster of this process; false if there is one of its name.
pub(crate) fn make(objects: &Objects, node: &NodeSpec, version: &str) -> bool {
    let (object, status) = object(node, version);
    let resource = Resource::core("nodes");
    let made = objects.make(&resource, "", object).is_some();
    if made {
        objects.modify(&resource, "", &node.name, |node| node["status"] = status);
    }
    made
}
