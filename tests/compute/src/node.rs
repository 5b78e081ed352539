//! Nodes: launch and termination of an Auto Scaling group's instances with their Kubernetes nodes and targets.
//!
//! On AWS an instance launches, its kubelet joins the cluster by the node role's access entry, and Auto Scaling registers
//! it in the attached target groups. On termination EKS cordons the node and evicts its Pods first.
//! <https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html>

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use kubernetes::{NodeSpec, Taint};
use serde_json::Value;

use crate::{
    account::{Account, State},
    autoscaling::group::{Group, Instance, Lifecycle, Settings},
    ec2::{self, Launch, Subnet},
    eks::{addon, cluster::Cluster},
    elasticloadbalancing::target,
    loopback,
};

/// Highest number of a node in a cluster's range of addresses.
const MOST_NODES: u8 = 250;

/// The labels that EKS sets on the nodes of a node group, and those of the node group.
pub(crate) fn labels(nodegroup: &Value, settings: &Settings) -> BTreeMap<String, String> {
    let text = |member: &str| nodegroup.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut labels = BTreeMap::from([
        ("eks.amazonaws.com/nodegroup".to_owned(), text("nodegroupName")),
        ("eks.amazonaws.com/capacityType".to_owned(), text("capacityType")),
        ("eks.amazonaws.com/nodegroup-image".to_owned(), settings.image.clone()),
        ("node.kubernetes.io/instance-type".to_owned(), settings.instance_type.clone()),
    ]);
    if let Some(template) = &settings.template {
        labels.insert("eks.amazonaws.com/sourceLaunchTemplateId".to_owned(), template.id.clone());
        labels.insert("eks.amazonaws.com/sourceLaunchTemplateVersion".to_owned(), template.version.clone());
    }
    let own = nodegroup.get("labels").and_then(Value::as_object).into_iter().flatten();
    labels.extend(own.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())));
    labels
}

/// Kubernetes taints of a node group's taints: EKS writes `NO_SCHEDULE`, Kubernetes `NoSchedule`.
pub(crate) fn taints(of_nodegroup: &Value) -> Vec<Taint> {
    of_nodegroup
        .as_array()
        .into_iter()
        .flatten()
        .map(|taint| Taint {
            key: taint["key"].as_str().unwrap_or_default().to_owned(),
            value: taint["value"].as_str().unwrap_or_default().to_owned(),
            effect: match taint["effect"].as_str() {
                Some("NO_EXECUTE") => "NoExecute",
                Some("PREFER_NO_SCHEDULE") => "PreferNoSchedule",
                _ => "NoSchedule",
            }
            .to_owned(),
        })
        .collect()
}

/// The private DNS name of an instance with that address, which is its node's name.
fn node_name(address: Ipv4Addr, region: &str) -> String {
    format!("ip-{}.{region}.compute.internal", address.to_string().replace('.', "-"))
}

/// Launches or terminates instances to match the desired number.
pub(crate) fn reconcile(account: &Arc<Account>, name: &str) {
    let (surplus, launches) = {
        let mut state = account.state();
        let Some(group) = state.groups.get(name) else { return };
        let live = group.instances.values().filter(|instance| instance.lifecycle != Lifecycle::Terminating);
        let live: Vec<String> = live.map(|instance| instance.id.clone()).collect();
        let (present, desired) = (live.len() + group.launching.len(), group.desired());
        let launches: Vec<_> = (present..desired).map_while(|_| prepare(&mut state, name)).collect();
        (live.into_iter().take(present.saturating_sub(desired)), launches)
    };
    for id in surplus {
        retire(account, name, id);
    }
    for (address, subnet) in launches {
        let (task, name) = (Arc::clone(account), name.to_owned());
        account.spawn(async move { launch(&task, &name, address, subnet).await });
    }
}

/// The next address of a cluster that is not taken.
pub(crate) fn next_address(cluster: &mut Cluster, taken: &[Ipv4Addr]) -> Option<Ipv4Addr> {
    let range = cluster.addresses.as_ref()?.number;
    (1..=MOST_NODES).find_map(|_| {
        cluster.last_node = cluster.last_node % MOST_NODES + 1;
        let address = loopback::node(range, cluster.last_node);
        (!taken.contains(&address)).then_some(address)
    })
}

/// Reserves the next address of the cluster for a launch.
fn prepare(state: &mut State, name: &str) -> Option<(Ipv4Addr, Subnet)> {
    let group = state.groups.get_mut(name)?;
    let cluster = state.clusters.get_mut(&group.cluster)?;
    let taken: Vec<Ipv4Addr> = state.addresses.values().copied().chain(group.launching.iter().copied()).collect();
    let address = next_address(cluster, &taken)?;
    let subnet = group.subnets.get(group.launched % group.subnets.len().max(1))?.clone();
    group.launched += 1;
    group.launching.insert(address);
    Some((address, subnet))
}

async fn launch(account: &Arc<Account>, name: &str, address: Ipv4Addr, subnet: Subnet) {
    let Some((settings, tags)) =
        account.state().groups.get(name).map(|group| (group.settings.clone(), instance_tags(group)))
    else {
        return;
    };
    let request = Launch {
        image: settings.image.clone(),
        instance_type: settings.instance_type.clone(),
        subnet: subnet.id.clone(),
        address,
        security_groups: settings.security_groups.clone(),
        tags,
    };
    let launched = ec2::run_instance(&account.neighbours, &request).await;
    let id = {
        let mut state = account.state();
        let Some(group) = state.groups.get_mut(name) else { return };
        group.launching.remove(&address);
        match launched {
            Err(fault) => {
                let message = format!("Could not launch On-Demand Instances. {} - {}", fault.code, fault.message);
                group.failure = Some(("AsgInstanceLaunchFailures", message));
                return;
            }
            Ok(id) => {
                let instance = Instance {
                    id: id.clone(),
                    zone: subnet.zone.clone(),
                    machine: settings.instance_type.clone(),
                    node: node_name(address, &account.options.region),
                    address,
                    lifecycle: Lifecycle::Pending,
                };
                group.instances.insert(id.clone(), instance);
                state.addresses.insert(id.clone(), address);
                id
            }
        }
    };
    tokio::time::sleep(account.delays().node_boot).await;
    if strays(account, name, &settings) {
        return;
    }
    if has_network(account, name).await {
        join(account, name, &id, &settings, &subnet.zone).await;
    }
}

/// Whether a node of a custom AMI does not find the cluster, which its group then reports. EKS adds nothing to its user data, in which
/// nodeadm and Bottlerocket look for the cluster's coordinates
/// (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-custom-ami>): here they must be in it, whatever
/// else is.
fn strays(account: &Account, name: &str, settings: &Settings) -> bool {
    let Some(template) = settings.template.as_ref().filter(|template| template.image.is_some()) else { return false };
    let mut state = account.state();
    let cluster = state.groups.get(name).and_then(|group| state.clusters.get(&group.cluster));
    let Some(cluster) = cluster.map(|cluster| &cluster.stored.resource) else { return false };
    let mut expected = vec![&cluster["name"], &cluster["endpoint"], &cluster["certificateAuthority"]["data"]];
    if template.user_data.contains("node.eks.aws/v1alpha1") {
        expected.push(&cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"]);
    }
    let finds = |value: &Value| value.as_str().is_some_and(|value| template.user_data.contains(value));
    if expected.into_iter().all(finds) {
        return false;
    }
    if let Some(group) = state.groups.get_mut(name) {
        group.failure = Some(("NodeCreationFailure", "Instances failed to join the kubernetes cluster".to_owned()));
    }
    true
}

/// Waits for the add-ons without which the nodes of a group do not become ready. EKS waits for a quarter of an hour and more,
/// this for a few times the boot.
async fn has_network(account: &Account, name: &str) -> bool {
    let mut left = 50;
    loop {
        let lacking = {
            let state = account.state();
            let cluster = state.groups.get(name).and_then(|group| state.clusters.get(&group.cluster));
            match cluster {
                Some(cluster) => addon::lacking_network(cluster),
                None => return false,
            }
        };
        let Some(lacking) = lacking else { return true };
        if left == 0 {
            if let Some(group) = account.state().groups.get_mut(name) {
                let message = format!("Unhealthy nodes in the kubernetes cluster: {lacking}");
                group.failure = Some(("NodeCreationFailure", message));
            }
            return false;
        }
        left -= 1;
        tokio::time::sleep(account.delays().node_boot / 10).await;
    }
}

fn instance_tags(group: &Group) -> BTreeMap<String, String> {
    let mut tags: BTreeMap<String, String> = group
        .tags
        .iter()
        .filter(|(_, (_, propagate))| *propagate)
        .map(|(key, (value, _))| (key.clone(), value.clone()))
        .collect();
    tags.insert("aws:autoscaling:groupName".to_owned(), group.name.clone());
    tags
}

/// Registers an instance as a node and as a target.
async fn join(account: &Arc<Account>, name: &str, id: &str, settings: &Settings, zone: &str) {
    let Some((api, node, address)) = ({
        let state = account.state();
        state.groups.get(name).and_then(|group| {
            let instance = group.instances.get(id).filter(|instance| instance.lifecycle == Lifecycle::Pending)?;
            let api = state.clusters.get(&group.cluster)?.kubernetes.clone()?;
            Some((api, instance.node.clone(), instance.address))
        })
    }) else {
        return;
    };
    let mut labels = settings.labels.clone();
    labels.insert("topology.kubernetes.io/zone".to_owned(), zone.to_owned());
    labels.insert("topology.kubernetes.io/region".to_owned(), account.options.region.clone());
    let spec =
        NodeSpec { name: node.clone(), instance_id: id.to_owned(), address, labels, taints: settings.taints.clone() };
    if let Err(error) = api.add_node(spec).await {
        if let Some(group) = account.state().groups.get_mut(name) {
            let message = format!("Instances failed to join the kubernetes cluster: {error}");
            group.failure = Some(("NodeCreationFailure", message));
        }
        return;
    }
    let mut state = account.state();
    let Some(group) = state.groups.get_mut(name) else { return };
    let attached: Vec<String> = group.attachments.keys().cloned().collect();
    match group.instances.get_mut(id) {
        Some(instance) if instance.lifecycle == Lifecycle::Pending => instance.lifecycle = Lifecycle::InService,
        _ => return,
    }
    for arn in attached {
        target::register_instance(account, &mut state, &arn, id);
    }
}

/// Takes an instance out of its target groups, drains its node and terminates it.
fn retire(account: &Arc<Account>, name: &str, id: String) {
    let (node, api) = {
        let mut state = account.state();
        let Some(group) = state.groups.get_mut(name) else { return };
        let Some(instance) =
            group.instances.get_mut(&id).filter(|instance| instance.lifecycle != Lifecycle::Terminating)
        else {
            return;
        };
        instance.lifecycle = Lifecycle::Terminating;
        let node = instance.node.clone();
        let attached: Vec<String> = group.attachments.keys().cloned().collect();
        let cluster = group.cluster.clone();
        for arn in attached {
            target::deregister_instance(account, &mut state, &arn, &id);
        }
        (node, state.clusters.get(&cluster).and_then(|cluster| cluster.kubernetes.clone()))
    };
    let name = name.to_owned();
    account.later(account.delays().node_drain, move |account| async move {
        if let Some(api) = api {
            api.remove_node(&node).await;
        }
        if let Err(fault) = ec2::terminate_instance(&account.neighbours, &id).await {
            tracing::warn!(instance = id, code = fault.code, "the instance could not be terminated");
        }
        let mut state = account.state();
        state.addresses.remove(&id);
        // AWS deregisters targets of terminated instances.
        target::forget_instance(&mut state, &id);
        if let Some(group) = state.groups.get_mut(&name) {
            group.instances.remove(&id);
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_is_named_by_its_private_dns_name() {
        assert_eq!(
            node_name(Ipv4Addr::new(127, 64, 0, 3), "eu-central-1"),
            "ip-127-64-0-3.eu-central-1.compute.internal"
        );
    }

    #[test]
    fn taints_are_written_as_kubernetes_does() {
        let taints = taints(&json!([{ "key": "dedicated", "value": "gpu", "effect": "NO_EXECUTE" }]));
        assert_eq!(taints, [Taint { key: "dedicated".into(), value: "gpu".into(), effect: "NoExecute".into() }]);
    }
}
