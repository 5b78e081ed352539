//! Whether the subnets have room for green beside blue.
//!
//! The VPC CNI takes many more addresses than there are nodes: it keeps a spare network interface, or spare addresses or prefixes, on
//! each (<https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md>). Green runs the same nodes in the same
//! configuration, so it will take what blue holds; with less, blue's own new Pods would find no address.

use domain::{
    plan::compute::{Compute, NodeGroup, Subnet},
    ports::network::{Instance, Interface},
};
use std::collections::{BTreeMap, BTreeSet};

/// Free addresses that EKS wants in each subnet of a control plane
/// (<https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>).
const CONTROL_PLANE: i32 = 6;

/// How many addresses green needs in each subnet. A group's nodes are spread evenly over its subnets; interfaces in other subnets, those
/// of custom networking, will be in the same ones again.
pub(super) fn demand(compute: &Compute, nodes: &[Instance], interfaces: &[Interface]) -> BTreeMap<String, i32> {
    let mut demand: BTreeMap<String, i32> = BTreeMap::new();
    for id in &compute.green.subnet_ids {
        *demand.entry(id.clone()).or_default() += CONTROL_PLANE;
    }
    for group in &compute.node_groups {
        let subnets: BTreeSet<&String> = group.green_subnet_ids.iter().collect();
        let (own, elsewhere) = held(group, nodes, interfaces);
        for (subnet, count) in elsewhere {
            *demand.entry(subnet).or_default() += count;
        }
        let count = i32::try_from(subnets.len()).unwrap_or(i32::MAX).max(1);
        // More nodes than blue has hold more in the same way.
        let present = i32::try_from(nodes.iter().filter(|node| is_of(group, node)).count()).unwrap_or(i32::MAX).max(1);
        let more = (group.scaling.desired - present).max(0);
        let own = own.saturating_add(more.saturating_mul(own / present)).max(group.scaling.desired);
        let each = own / count + i32::from(own % count != 0);
        for subnet in subnets {
            *demand.entry(subnet.clone()).or_default() += each;
        }
    }
    demand
}

fn is_of(group: &NodeGroup, node: &Instance) -> bool {
    node.tags.get("eks:nodegroup-name") == Some(&group.name)
}

/// The addresses that a group's nodes hold in their own subnets, and in others by subnet.
fn held(group: &NodeGroup, nodes: &[Instance], interfaces: &[Interface]) -> (i32, BTreeMap<String, i32>) {
    let of_group = |id: &String| nodes.iter().any(|node| node.id == *id && is_of(group, node));
    let mut own = 0;
    let mut elsewhere: BTreeMap<String, i32> = BTreeMap::new();
    for interface in interfaces.iter().filter(|interface| interface.instance_id.as_ref().is_some_and(of_group)) {
        if group.subnet_ids.contains(&interface.subnet_id) {
            own += interface.held;
        } else if !interface.subnet_id.is_empty() {
            *elsewhere.entry(interface.subnet_id.clone()).or_default() += interface.held;
        }
    }
    (own, elsewhere)
}

/// Subnets with less room than green needs.
pub(super) fn problems(demand: &BTreeMap<String, i32>, found: &[Subnet]) -> Vec<String> {
    found
        .iter()
        .filter_map(|subnet| demand.get(&subnet.id).map(|needed| (subnet, *needed)))
        .filter(|(subnet, needed)| subnet.free_addresses < *needed)
        .map(|(subnet, needed)| {
            format!(
                "the subnet {} has {} free addresses, expected at least {needed}: as many as blue's nodes hold, those that the VPC CNI keeps \
                 spare among them, and {CONTROL_PLANE} for a control plane. Choose larger subnets, or make the CNI keep fewer \
                 (WARM_IP_TARGET and MINIMUM_IP_TARGET)",
                subnet.id, subnet.free_addresses
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Green, Scaling};

    fn node(id: &str, group: &str) -> Instance {
        let tags = [("eks:nodegroup-name".to_owned(), group.to_owned())].into();
        Instance { id: id.to_owned(), tags, ..Instance::default() }
    }

    fn interface(node: &str, subnet: &str, held: i32) -> Interface {
        Interface { instance_id: Some(node.to_owned()), subnet_id: subnet.to_owned(), held, ..Interface::default() }
    }

    fn compute() -> Compute {
        let strings = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
        let group = |name: &str, desired| NodeGroup {
            name: name.to_owned(),
            subnet_ids: strings(&["a", "b"]),
            green_subnet_ids: strings(&["a", "b"]),
            scaling: Scaling { desired, ..Scaling::default() },
            ..NodeGroup::default()
        };
        Compute {
            green: Green { subnet_ids: strings(&["a", "c"]), ..Green::default() },
            node_groups: vec![group("web", 2), group("idle", 3)],
            ..Compute::default()
        }
    }

    /// An m5.8xlarge takes 60 addresses in the CNI's default configuration
    /// (<https://awslabs.github.io/ai-on-eks/docs/bestpractices/networking>).
    #[test]
    fn green_needs_what_blues_nodes_hold_and_not_an_address_a_node() {
        let nodes = [node("i-1", "web"), node("i-2", "web")];
        let interfaces = [
            interface("i-1", "a", 60),
            interface("i-2", "b", 61),
            interface("i-2", "pods", 40),
            interface("i-x", "a", 9),
        ];
        let demand = demand(&compute(), &nodes, &interfaces);
        let expected = [("a", 6 + 61 + 2), ("b", 61 + 2), ("c", 6), ("pods", 40)];
        assert_eq!(demand, expected.map(|(id, count)| (id.to_owned(), count)).into());
        let subnet = |id: &str, free| Subnet { id: id.to_owned(), free_addresses: free, ..Subnet::default() };
        let told = |subnets: &[Subnet]| problems(&demand, subnets).len();
        assert_eq!(told(&[subnet("a", 69), subnet("b", 63), subnet("c", 6), subnet("pods", 40)]), 0);
        assert_eq!(told(&[subnet("a", 68), subnet("b", 62), subnet("c", 5), subnet("pods", 39), subnet("x", 0)]), 4);
    }
}
