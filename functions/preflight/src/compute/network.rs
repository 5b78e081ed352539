//! Subnets, and which security groups are blue's alone.

use super::{BLUE, nodes::changes, quotas, room};
use domain::{
    Input, PhaseError, Problem,
    plan::compute::{Compute, Reference, Rule, SecurityGroup, Subnet, auto_mode::CLUSTER_TAG, rules::is_made_by_eks},
    ports::{
        Network, Quotas,
        network::{Instance, InstanceType, Interface},
    },
    resources::node_pool,
};
use std::collections::BTreeSet;

/// Reads subnets and security groups. Gives the groups that blue shares with others, which green uses as they are.
pub(super) async fn read<P: Network + Quotas>(
    ports: &P,
    input: &Input,
    types: &[InstanceType],
    compute: &mut Compute,
    problems: &mut Vec<Problem>,
) -> Result<Vec<(String, String)>, PhaseError> {
    let path = if input.green.subnet_ids.is_empty() { BLUE } else { "$.green.subnetIds" };
    let vpc = compute.blue.vpc_id.clone();
    let groups = ports.security_groups(&vpc).await?;
    let interfaces = ports.network_interfaces(&vpc).await?;
    let nodes = ports.instances_tagged("eks:cluster-name", Some(&compute.blue.name)).await?;
    // Those that Karpenter and EKS Auto Mode made are blue's too.
    let mut all_nodes = ports.instances_tagged(&format!("kubernetes.io/cluster/{}", compute.blue.name), None).await?;
    all_nodes.retain(|node| node_pool::pool_of(node).is_some() && !compute.blue.is_auto_node(&node.tags));
    if compute.blue.auto_mode.is_some() {
        all_nodes.extend(ports.instances_tagged(CLUSTER_TAG, Some(&compute.blue.name)).await?);
    }
    let mut counted = changes::nodes(input, types, &compute.node_groups, &nodes);
    counted.extend(all_nodes.iter().cloned());
    all_nodes.extend(nodes.iter().cloned());
    let demand = room::demand(compute, &nodes, &interfaces);
    let wanted: Vec<_> = demand.keys().cloned().collect();
    let subnets = ports.subnets(&wanted).await?;
    let wrong = wrong_subnets(compute, &subnets).into_iter().chain(room::problems(&demand, &subnets));
    problems.extend(wrong.map(|message| Problem::new(path, message)));
    problems.extend(wrong_subnets_of_nodes(input, compute, &subnets));
    // What EKS Auto Mode made for its load balancers it makes for green's itself.
    let blue = compute.blue.clone();
    let for_balancers: Vec<&SecurityGroup> = groups.iter().filter(|group| blue.is_auto_group(group)).collect();
    let is_for_balancers =
        |rule: &Rule| for_balancers.iter().any(|group| rule.peer_group().is_some_and(|peer| *peer == *group.id));
    let used = used_groups(compute);
    for id in used.iter().filter(|id| !groups.iter().any(|group| group.id == **id)) {
        problems.push(Problem::new(BLUE, format!("the security group {id} does not exist in {vpc}")));
    }
    let mut shared = Vec::new();
    for group in groups.iter().filter(|group| used.contains(&group.id)) {
        if let Some(by) = user(group, &compute.blue.name, &interfaces, &all_nodes) {
            shared.push((group.id.clone(), by));
        } else {
            let rules = group.rules.iter().filter(|rule| !is_for_balancers(rule)).cloned().collect();
            compute.security_groups.push(SecurityGroup { rules, ..group.clone() });
        }
    }
    let cluster_group = compute.blue.cluster_security_group_id.clone();
    let own = groups.iter().find(|group| group.id == cluster_group);
    compute.cluster_group_rules = own
        .map(|group| {
            let by_people = |rule: &&Rule| !is_made_by_eks(&cluster_group, rule) && !is_for_balancers(rule);
            group.rules.iter().filter(by_people).cloned().collect()
        })
        .unwrap_or_default();
    compute.cluster_group_tags = own.map(|group| group.tags.clone()).unwrap_or_default();
    compute.references = references(compute, groups.iter().filter(|group| !blue.is_auto_group(group)));
    problems.extend(quotas::problems(ports, compute, &counted, &groups).await?);
    let blue_groups: Vec<String> = compute.blue_groups().into_iter().map(str::to_owned).collect();
    for (group, peer) in ports.named_by_peers(&vpc, &blue_groups).await? {
        problems.push(Problem::new(
            BLUE,
            format!(
                "a security group of {peer}, which is peered with blue's VPC, names the group {group}: Bascule cannot add green's there. Let it name \
                 addresses instead, or add the rule yourself once green's group exists"
            ),
        ));
    }
    Ok(shared)
}

/// The groups that blue's control plane and nodes are in, without the one that EKS made.
fn used_groups(compute: &Compute) -> BTreeSet<String> {
    let nodes = compute.launch_templates.iter().flat_map(|template| template.data.groups());
    let groups = compute.blue.security_group_ids.iter().cloned().chain(nodes);
    groups.filter(|id| *id != compute.blue.cluster_security_group_id).collect()
}

/// Who else uses the group. A default group belongs to its VPC.
fn user(group: &SecurityGroup, blue: &str, interfaces: &[Interface], nodes: &[Instance]) -> Option<String> {
    if group.name == "default" {
        return Some("the VPC, whose default group it is".to_owned());
    }
    let other = interfaces
        .iter()
        .find(|interface| interface.groups.contains(&group.id) && !is_blues(interface, blue, nodes))?;
    Some(match &other.instance_id {
        Some(instance) => instance.clone(),
        None => format!("the network interface {} ({})", other.id, other.description),
    })
}

/// Network interfaces of the control plane are described as `Amazon EKS <cluster>`, those of Pods and of nodes hang on nodes or
/// carry the tag of the VPC CNI
/// (<https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html>).
fn is_blues(interface: &Interface, blue: &str, nodes: &[Instance]) -> bool {
    interface.description == format!("Amazon EKS {blue}")
        || interface.is_of(blue, &[])
        || interface.instance_id.as_ref().is_some_and(|id| nodes.iter().any(|node| node.id == *id))
}

fn references<'a>(compute: &Compute, groups: impl Iterator<Item = &'a SecurityGroup>) -> Vec<Reference> {
    let blue = compute.blue_groups();
    groups
        .filter(|group| !blue.contains(&group.id.as_str()))
        .flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
        .filter(|(_, rule)| rule.peer_group().is_some_and(|peer| blue.contains(&peer)))
        .map(|(group, rule)| Reference { group_id: group.id.clone(), rule: rule.clone() })
        .collect()
}

fn wrong_subnets(compute: &Compute, found: &[Subnet]) -> Vec<String> {
    let mut problems = Vec::new();
    let control_plane = &compute.green.subnet_ids;
    let known = |id: &String| found.iter().find(|subnet| subnet.id == *id);
    let mut zones = BTreeSet::new();
    for id in control_plane {
        let Some(subnet) = known(id) else {
            problems.push(format!("the subnet {id} does not exist"));
            continue;
        };
        zones.insert(&subnet.availability_zone);
        if subnet.vpc_id != compute.blue.vpc_id {
            problems
                .push(format!("the subnet {id} is in {}, expected blue's VPC {}", subnet.vpc_id, compute.blue.vpc_id));
        }
    }
    if zones.len() < 2 && problems.is_empty() {
        problems.push(format!("the subnets are in {} Availability Zone, expected at least two", zones.len()));
    }
    problems
}

/// Subnets of node groups, beside those of the control plane, that are not in blue's VPC.
fn wrong_subnets_of_nodes(input: &Input, compute: &Compute, found: &[Subnet]) -> Vec<Problem> {
    let vpc = &compute.blue.vpc_id;
    let is_wrong = |id: &&String| {
        let known = found.iter().find(|subnet| subnet.id == **id);
        !compute.green.subnet_ids.contains(*id) && known.is_none_or(|subnet| subnet.vpc_id != *vpc)
    };
    let mut problems = Vec::new();
    for group in &compute.node_groups {
        let change = input.green.change_of(&group.name).filter(|(_, change)| !change.subnet_ids.is_empty());
        let path =
            change.map_or_else(|| BLUE.to_owned(), |(index, _)| format!("$.green.nodeGroups[{index}].subnetIds"));
        let problem = |id| {
            Problem::new(path, format!("the subnet {id} of the node group {} is not in blue's VPC {vpc}", group.name))
        };
        problems.extend(group.green_subnet_ids.iter().find(is_wrong).map(problem));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Cluster, Green};

    fn subnet(id: &str, vpc: &str, zone: &str, free: i32) -> Subnet {
        Subnet {
            id: id.to_owned(),
            vpc_id: vpc.to_owned(),
            availability_zone: zone.to_owned(),
            free_addresses: free,
            ..Subnet::default()
        }
    }

    fn compute(subnets: &[&str]) -> Compute {
        Compute {
            blue: Cluster { vpc_id: "vpc-1".to_owned(), ..Cluster::default() },
            green: Green { subnet_ids: subnets.iter().map(|&id| id.to_owned()).collect(), ..Green::default() },
            ..Compute::default()
        }
    }

    #[test]
    fn subnets_must_be_in_blues_vpc_in_two_zones() {
        let found = [
            subnet("a", "vpc-1", "z1", 100),
            subnet("b", "vpc-1", "z2", 6),
            subnet("c", "vpc-1", "z1", 5),
            subnet("d", "vpc-2", "z2", 100),
        ];
        for (ids, expected) in [
            (&["a", "b"][..], vec![]),
            (&["a"], vec!["the subnets are in 1 Availability Zone, expected at least two"]),
            (
                &["a", "d", "e"],
                vec!["the subnet d is in vpc-2, expected blue's VPC vpc-1", "the subnet e does not exist"],
            ),
        ] {
            assert_eq!(wrong_subnets(&compute(ids), &found), expected, "{ids:?}");
        }
    }

    #[test]
    fn a_group_that_something_else_uses_is_shared() {
        let group = SecurityGroup { id: "sg-1".to_owned(), name: "nodes".to_owned(), ..SecurityGroup::default() };
        let nodes = [Instance { id: "i-blue".to_owned(), ..Instance::default() }];
        let interface = |instance: Option<&str>, description: &str| Interface {
            id: "eni-1".to_owned(),
            description: description.to_owned(),
            instance_id: instance.map(str::to_owned),
            groups: vec!["sg-1".to_owned()],
            ..Interface::default()
        };
        for (interface, expected) in [
            (interface(Some("i-blue"), ""), None),
            (interface(None, "Amazon EKS shop-blue"), None),
            (
                Interface {
                    tags: [
                        ("eks:eni:owner", "eks-vpc-resource-controller"),
                        ("kubernetes.io/cluster/shop-blue", "owned"),
                    ]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
                    ..interface(None, "aws-k8s-branch-eni")
                },
                None,
            ),
            (interface(Some("i-db"), ""), Some("i-db")),
            (interface(None, "ELB net/x/1"), Some("the network interface eni-1 (ELB net/x/1)")),
        ] {
            assert_eq!(user(&group, "shop-blue", &[interface], &nodes).as_deref(), expected);
        }
    }
}
