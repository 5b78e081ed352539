//! Whether green has room for what blue runs.

use super::{Differences, Green};
use domain::{
    plan::compute::{Compute, NodeGroup},
    ports::network::Instance,
};
use std::collections::BTreeSet;

/// Members of a node group that say which it is, or how it is at this moment.
const OF_ITS_OWN: [&str; 8] =
    ["arn", "version", "greenSubnetIds", "scaling", "launchTemplate", "autoScalingGroups", "tags", "issues"];

/// Node groups of one name member by member, the others by name; then what all nodes together have.
pub(super) fn compare(blue: &Compute, green: &Green, blues: &[Instance], differences: &mut Differences) {
    for like in &blue.node_groups {
        match green.node_groups.iter().find(|group| group.name == like.name) {
            Some(group) => differences.members(&format!("node group {}:", like.name), like, group, &OF_ITS_OWN),
            None => differences.tell(format!("blue has the node group {}, and green none of that name", like.name)),
        }
    }
    for group in &green.node_groups {
        let name = &group.name;
        if group.status != "ACTIVE" {
            differences
                .breaks(format!("its node group {name} is {}, expected ACTIVE; wait or repair it", group.status));
        }
        if !blue.node_groups.iter().any(|like| like.name == *name) {
            differences.tell(format!("green has the node group {name}, and blue none of that name"));
        }
    }
    labels(&blue.node_groups, &green.node_groups, differences);
    room(green, blues, differences);
}

/// Pods of blue may be held to nodes by labels.
fn labels(blue: &[NodeGroup], green: &[NodeGroup], differences: &mut Differences) {
    let of = |groups: &[NodeGroup]| -> BTreeSet<String> {
        groups.iter().flat_map(|group| &group.labels).map(|(key, value)| format!("{key}={value}")).collect()
    };
    let on_green = of(green);
    let missing: Vec<String> = of(blue).into_iter().filter(|label| !on_green.contains(label)).collect();
    if !missing.is_empty() {
        differences.tell(format!(
            "no node group of green has the labels {}: Pods that select them stay Pending",
            missing.join(", ")
        ));
    }
}

/// The nodes that run, of whatever kind. Bascule does not grow node groups of the user's, and what scales them may.
fn room(green: &Green, blues: &[Instance], differences: &mut Differences) {
    let sum = |nodes: &[Instance]| nodes.iter().map(|node| node.vcpus).sum::<i32>();
    let (of_blue, of_green) = (sum(blues), sum(&green.nodes));
    if green.nodes.is_empty() {
        differences.breaks(format!(
            "it has no node, and blue has {}: nothing that is applied would run. Give it nodes before the migration",
            blues.len()
        ));
    } else if of_green < of_blue {
        let most: i32 = green.node_groups.iter().map(|group| group.scaling.max).sum();
        let now = i32::try_from(green.nodes.len()).unwrap_or(i32::MAX);
        let could = of_green.saturating_mul(most.max(now)) / now.max(1);
        let found =
            format!("its {now} nodes have {of_green} virtual processors, and blue's {} have {of_blue}", blues.len());
        if could < of_blue && !green.node_groups.is_empty() {
            differences.breaks(format!("{found}; at the largest size of its node groups, {most} nodes, they would have about {could}. Make them larger"));
        } else {
            differences.tell(format!(
                "{found}: it must grow by itself, or by you, as Bascule scales its workloads to blue's replicas"
            ));
        }
    }
}
