//! What else sends requests to blue's nodes and Pods than the API that is moved. The switch does not move it, and the cleanup would
//! cut it off.

use crate::{
    PhaseError,
    plan::{
        compute::{Compute, auto_mode},
        edge::{Edge, service},
    },
    ports::{
        Neighbours, Network, TargetGroups,
        network::{Instance, Interface},
    },
};
use std::{collections::BTreeSet, net::Ipv4Addr};

/// How many targets one line names.
const NAMED: usize = 5;

/// Every target group, but those of the edge, that blue's nodes or Pods are in, and every load balancer that something inside blue
/// made; each in words.
///
/// # Errors
/// Only what the calls answer.
pub async fn others<P>(ports: &P, compute: &Compute, edge: &Edge) -> Result<Vec<String>, PhaseError>
where
    P: Neighbours + TargetGroups + Network,
{
    let blue = &compute.blue;
    let blues = Blues::read(ports, compute).await?;
    let mut found = Vec::new();
    for group in ports.target_groups_in(&blue.vpc_id).await? {
        if edge.target_groups.iter().any(|known| known.arn == group.arn) {
            continue;
        }
        let targets = ports.targets(&group.arn).await?;
        let live = targets.iter().filter(|target| target.state != "draining");
        let of_blue: BTreeSet<&str> = live.map(|target| target.id.as_str()).filter(|id| blues.has(id)).collect();
        if !of_blue.is_empty() {
            let named: Vec<&str> = of_blue.iter().copied().take(NAMED).collect();
            found.push(format!("the target group {} ({}) has {}", group.name, group.arn, named.join(", ")));
        }
    }
    let legacy = service::of_provider(&blue.name);
    for balancer in ports.load_balancers_in(&blue.vpc_id).await? {
        if service::is_made_inside(&blue.name, &balancer.tags) && balancer.arn != edge.load_balancer.arn {
            found.push(format!("the load balancer {} belongs to a Service or an Ingress of blue", balancer.name));
        }
    }
    // Classic Load Balancers of the in-tree provider are known by the group that it makes for each.
    for group in ports.security_groups(&blue.vpc_id).await? {
        if group.name.starts_with("k8s-elb-") && group.tags.contains_key(&legacy) {
            let name = group.name.trim_start_matches("k8s-elb-");
            found.push(format!("the Classic Load Balancer {name} belongs to a Service of blue"));
        }
    }
    Ok(found)
}

/// What targets of blue are called: ids of its nodes, and addresses of its Pods, but of those on Fargate.
#[derive(Debug, Clone, Default)]
pub struct Blues {
    nodes: BTreeSet<String>,
    addresses: BTreeSet<String>,
    prefixes: Vec<(u32, u32)>,
}

impl Blues {
    /// Of blue's nodes and network interfaces.
    ///
    /// # Errors
    /// Only what the calls answer.
    pub async fn read<P: Network>(ports: &P, compute: &Compute) -> Result<Self, PhaseError> {
        let blue = &compute.blue;
        let mut nodes = ports.instances_tagged("eks:cluster-name", Some(&blue.name)).await?;
        if blue.auto_mode.is_some() {
            nodes.extend(ports.instances_tagged(auto_mode::CLUSTER_TAG, Some(&blue.name)).await?);
        }
        // Karpenter's, which are of no node group.
        nodes.extend(ports.instances_tagged(&format!("kubernetes.io/cluster/{}", blue.name), None).await?);
        let own: Vec<String> = compute.blue_groups().into_iter().map(str::to_owned).collect();
        let interfaces = ports.network_interfaces(&blue.vpc_id).await?;
        Ok(Self::new(&blue.name, &nodes, interfaces, &own))
    }

    fn new(cluster: &str, nodes: &[Instance], interfaces: Vec<Interface>, own: &[String]) -> Self {
        let nodes: BTreeSet<String> = nodes.iter().map(|node| node.id.clone()).collect();
        let on_node = |interface: &Interface| {
            interface.instance_id.as_ref().is_some_and(|id| nodes.contains(id)) || interface.is_of(cluster, own)
        };
        let addresses = interfaces.into_iter().filter(on_node).flat_map(|one| one.addresses);
        let (prefixes, addresses): (Vec<String>, Vec<String>) = addresses.partition(|address| address.contains('/'));
        Self {
            addresses: addresses.into_iter().collect(),
            prefixes: prefixes.iter().filter_map(|prefix| network(prefix)).collect(),
            nodes,
        }
    }

    /// Whether a target, by its id, is one of blue's.
    #[must_use]
    pub fn has(&self, target: &str) -> bool {
        let within = || {
            let address = target.parse::<Ipv4Addr>().map(u32::from);
            address.is_ok_and(|address| self.prefixes.iter().any(|(network, mask)| address & mask == *network))
        };
        self.nodes.contains(target) || self.addresses.contains(target) || within()
    }
}

/// Network and mask of a prefix such as `10.0.1.16/28`.
fn network(prefix: &str) -> Option<(u32, u32)> {
    let (address, length) = prefix.split_once('/')?;
    let length: u32 = length.parse().ok().filter(|length| (1..=32).contains(length))?;
    let mask = u32::MAX << (32 - length);
    Some((u32::from(address.parse::<Ipv4Addr>().ok()?) & mask, mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_blue_are_its_nodes_and_the_addresses_of_its_pods() {
        let nodes = [Instance { id: "i-blue".to_owned(), ..Instance::default() }];
        let interface = |instance: &str, addresses: &[&str]| Interface {
            instance_id: Some(instance.to_owned()),
            addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
            ..Interface::default()
        };
        let interfaces =
            [interface("i-blue", &["10.0.1.7", "10.0.1.16/28"]), interface("i-other", &["10.0.2.7", "10.0.2.16/28"])];
        let blues = Blues::new("shop", &nodes, interfaces.into(), &[]);
        for (target, expected) in [
            ("i-blue", true),
            ("i-other", false),
            ("10.0.1.7", true),
            ("10.0.1.8", false),
            ("10.0.1.16", true),
            ("10.0.1.31", true),
            ("10.0.1.32", false),
            ("10.0.2.17", false),
        ] {
            assert_eq!(blues.has(target), expected, "{target}");
        }
    }
}
