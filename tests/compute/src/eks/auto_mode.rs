//! The nodes of EKS Auto Mode, which EKS makes as Pods need them, and deletes with the cluster.
//!
//! Here a cluster with the built-in node pool `general-purpose` gets one such node when it becomes ACTIVE, as if Pods waited for it; those of the
//! pool `system` are for Pods that tolerate `CriticalAddonsOnly`
//! (<https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html>), which nothing asks for. Instances have the tags of
//! <https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html#tag-prop>, and the tag of all nodes; nodes have labels of
//! <https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html>. The network of these nodes needs no add-on. NodePools and NodeClasses
//! are not simulated, nor are volumes.

use std::{net::Ipv4Addr, sync::Arc};

use kubernetes::NodeSpec;
use serde_json::Value;

use super::stored::texts;
use crate::{
    account::Account,
    ec2::{self, Launch},
    elasticloadbalancing::target,
    node,
    query_protocol::Fault,
};

/// The built-in node pool whose nodes take any Pod, and the node class of the built-in pools.
const POOL: &str = "general-purpose";
const CLASS: &str = "default";

/// Whether the cluster is in EKS Auto Mode with that node pool.
fn has_pool(cluster: &Value) -> bool {
    let compute = &cluster["computeConfig"];
    compute["enabled"] == true && texts(&compute["nodePools"]).iter().any(|pool| pool == POOL)
}

/// Makes the node of a cluster that has become ACTIVE, where EKS would.
pub(crate) fn begin(account: &Arc<Account>, name: &str) {
    let (task, name) = (Arc::clone(account), name.to_owned());
    account.spawn(async move {
        if let Err(fault) = launch(&task, &name).await {
            tracing::warn!(cluster = name, code = fault.code, message = fault.message, "EKS could not make a node");
        }
    });
}

async fn launch(account: &Account, name: &str) -> Result<(), Fault> {
    let Some((address, subnet, group)) = place(account, name) else { return Ok(()) };
    let subnet = ec2::subnets(&account.neighbours, &[subnet]).await?.swap_remove(0);
    let tags = [
        ("eks:eks-cluster-name".to_owned(), name.to_owned()),
        ("eks:kubernetes-node-pool-name".to_owned(), POOL.to_owned()),
        ("eks:kubernetes-node-class-name".to_owned(), CLASS.to_owned()),
        (format!("kubernetes.io/cluster/{name}"), "owned".to_owned()),
    ];
    let request = Launch {
        image: "ami-bottlerocket-eks-auto".to_owned(),
        instance_type: "c6a.large".to_owned(),
        subnet: subnet.id.clone(),
        address,
        security_groups: vec![group],
        tags: tags.into(),
    };
    let id = ec2::run_instance(&account.neighbours, &request).await?;
    let is_there = {
        let mut state = account.state();
        state.addresses.insert(id.clone(), address);
        let cluster = state.clusters.get_mut(name).filter(|cluster| cluster.stored.status() == "ACTIVE");
        cluster.map(|cluster| cluster.auto_nodes.push(id.clone())).is_some()
    };
    if !is_there {
        return terminate(account, &id).await;
    }
    tokio::time::sleep(account.delays().node_boot).await;
    let api = account.state().clusters.get(name).and_then(|cluster| cluster.kubernetes.clone());
    let labels = [
        ("karpenter.sh/nodepool", POOL),
        ("eks.amazonaws.com/nodeclass", CLASS),
        ("eks.amazonaws.com/compute-type", "auto"),
        ("node.kubernetes.io/instance-type", &request.instance_type),
        ("topology.kubernetes.io/zone", &subnet.zone),
        ("topology.kubernetes.io/region", &account.options.region),
    ];
    let spec = NodeSpec {
        name: id.clone(),
        instance_id: id.clone(),
        address,
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        taints: Vec::new(),
    };
    match api {
        Some(api) => api.add_node(spec).await.map_err(|error| Fault::new("NodeNotReady", error.to_string())),
        None => Ok(()),
    }
}

/// An address in the cluster's range, one of its subnets, and its security group; nothing where EKS makes no node.
fn place(account: &Account, name: &str) -> Option<(Ipv4Addr, String, String)> {
    let mut state = account.state();
    let taken: Vec<Ipv4Addr> = state.addresses.values().copied().collect();
    let cluster = state.clusters.get_mut(name).filter(|cluster| has_pool(&cluster.stored.resource))?;
    let network = &cluster.stored.resource["resourcesVpcConfig"];
    let subnet = texts(&network["subnetIds"]).into_iter().next()?;
    let group = network["clusterSecurityGroupId"].as_str()?.to_owned();
    Some((node::next_address(cluster, &taken)?, subnet, group))
}

/// Terminates the nodes of a cluster that is being deleted.
pub(crate) async fn end(account: &Account, name: &str) {
    let nodes = account.state().clusters.get_mut(name).map(|cluster| std::mem::take(&mut cluster.auto_nodes));
    for id in nodes.into_iter().flatten() {
        if let Err(fault) = terminate(account, &id).await {
            tracing::warn!(instance = id, code = fault.code, "the instance could not be terminated");
        }
    }
}

async fn terminate(account: &Account, id: &str) -> Result<(), Fault> {
    ec2::terminate_instance(&account.neighbours, id).await?;
    let mut state = account.state();
    state.addresses.remove(id);
    // AWS deregisters targets of terminated instances.
    target::forget_instance(&mut state, id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_clusters_in_eks_auto_mode_with_the_pool_for_any_pod_get_a_node() {
        for (compute, expected) in [
            (json!({ "enabled": true, "nodePools": ["general-purpose", "system"] }), true),
            (json!({ "enabled": true, "nodePools": ["system"] }), false),
            (json!({ "enabled": false, "nodePools": ["general-purpose"] }), false),
            (Value::Null, false),
        ] {
            assert_eq!(has_pool(&json!({ "computeConfig": compute })), expected, "{compute}");
        }
    }
}
