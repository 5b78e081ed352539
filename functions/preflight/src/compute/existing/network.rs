//! Whether green reaches what blue reaches: by the rules that name security groups of either.

use super::{Differences, Green};
use domain::{
    PhaseError,
    plan::compute::{Compute, Peer, Rule, SecurityGroup},
    ports::{LaunchTemplates, Network, network::UserDataOf},
};
use std::collections::BTreeSet;

/// The groups of green's control plane and of its nodes: those of the launch templates, and those that nodes of whatever kind have.
pub(super) async fn groups<P: LaunchTemplates + Network>(
    ports: &P,
    green: &Green,
) -> Result<BTreeSet<String>, PhaseError> {
    let cluster = &green.cluster;
    let mut groups: BTreeSet<String> = cluster.security_group_ids.iter().cloned().collect();
    groups.insert(cluster.cluster_security_group_id.clone());
    for key in green.node_groups.iter().filter_map(|group| group.launch_template.as_ref()) {
        let (id, version) = key.split_once('@').unwrap_or((key, "$Default"));
        if let Some(template) = ports.launch_template(id, version, &UserDataOf::default()).await? {
            groups.extend(template.data.groups());
        }
    }
    for interface in ports.network_interfaces(&cluster.vpc_id).await? {
        if interface.instance_id.as_ref().is_some_and(|id| green.nodes.iter().any(|node| node.id == *id)) {
            groups.extend(interface.groups);
        }
    }
    groups.retain(|group| !group.is_empty());
    Ok(groups)
}

/// What lets blue's groups in, such as a database's group, must let green's in; what blue's groups let in must be let in by green's.
pub(super) fn compare(blue: &Compute, green: &Green, all: &[SecurityGroup], differences: &mut Differences) {
    let blues = blue.blue_groups();
    for reference in &blue.references {
        let rules = all.iter().filter(|group| group.id == reference.group_id).flat_map(|group| &group.rules);
        match covered(&reference.rule, rules, |peer| green.groups.contains(peer)) {
            Covered::ByGroup => {}
            Covered::ByAddresses => differences.tell(format!(
                "the security group {} names blue's group ({}) and none of green's: there green depends on its rules for addresses",
                reference.group_id, reference.rule
            )),
            Covered::No => differences.breaks(format!(
                "the security group {} has the rule {} for blue's group and none like it for one of green's ({}): what is behind it does not \
                 reach green, or is not reached by it. Add it to the code that built green",
                reference.group_id,
                reference.rule,
                names(&green.groups)
            )),
        }
    }
    let own = all.iter().filter(|group| green.groups.contains(&group.id));
    let own: Vec<&Rule> = own.flat_map(|group| &group.rules).collect();
    let of_blue = blue.security_groups.iter().flat_map(|group| &group.rules).chain(&blue.cluster_group_rules);
    // Rules among blue's own groups say nothing of green's, which may have one group for all.
    for rule in of_blue.filter(|rule| !rule.peer_group().is_some_and(|peer| blues.contains(&peer))) {
        let same = |peer: &str| rule.peer_group() == Some(peer);
        match covered(rule, own.iter().copied(), same) {
            Covered::ByGroup | Covered::ByAddresses => {}
            Covered::No => differences.breaks(format!(
                "blue's groups allow {rule}, and none of green's ({}) does: add the rule to the code that built green",
                names(&green.groups)
            )),
        }
    }
}

fn names(groups: &BTreeSet<String>) -> String {
    groups.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[derive(Debug, PartialEq, Eq)]
enum Covered {
    ByGroup,
    /// Rules for addresses allow it, as far as the addresses go.
    ByAddresses,
    No,
}

/// Whether one of `rules` allows what `wanted` does, for a peer group for which `is_peer` holds.
fn covered<'a>(wanted: &Rule, rules: impl Iterator<Item = &'a Rule>, is_peer: impl Fn(&str) -> bool) -> Covered {
    let mut covered = Covered::No;
    for rule in rules.filter(|rule| allows_ports(rule, wanted)) {
        match (&rule.peer, &wanted.peer) {
            (Peer::Group(peer), Peer::Group(_)) if is_peer(peer) => return Covered::ByGroup,
            (peer, wanted) if peer == wanted && !matches!(peer, Peer::Group(_)) => return Covered::ByGroup,
            (Peer::Ipv4(_) | Peer::Ipv6(_) | Peer::PrefixList(_), _) => covered = Covered::ByAddresses,
            _ => {}
        }
    }
    covered
}

/// Whether a rule is for the protocol and all ports of another
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>).
fn allows_ports(rule: &Rule, wanted: &Rule) -> bool {
    let is_all = rule.protocol == "-1";
    let within = |from: Option<i32>, to: Option<i32>| {
        let all = matches!((rule.from_port, rule.to_port), (None | Some(-1), _));
        all || (rule.from_port <= from && to <= rule.to_port)
    };
    rule.direction == wanted.direction
        && (is_all || (rule.protocol == wanted.protocol && within(wanted.from_port, wanted.to_port)))
}
