//! Which rules green's security groups need, decided from the plan alone.

use super::{Compute, Direction, Peer, Rule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A group of blue and the group that stands for it on green's side.
pub type Clones = BTreeMap<String, String>;

/// A rule that green needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The group that the rule belongs into, on green's side.
    pub group_id: String,
    /// The rule, naming green's groups.
    pub rule: Rule,
}

/// What distinguishes a wanted rule over retries: its place among blue's, in blue's ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// For the ledger.
    pub key: String,
    /// Whether the rule is in a group that Bascule did not create, where each is an entry of its own.
    pub foreign: bool,
    /// Whether it needs green's cluster security group, which EKS makes with the control plane.
    pub needs_cluster: bool,
    group_id: String,
    rule: Rule,
}

impl Copied {
    /// Whether it is this rule of this group, both in blue's ids.
    #[must_use]
    pub fn is(&self, group_id: &str, rule: &Rule) -> bool {
        self.group_id == group_id && self.rule.allows_the_same(rule)
    }

    /// With green's ids for blue's; nothing while one of them is not there yet.
    #[must_use]
    pub fn resolve(&self, clones: &Clones, blue_groups: &[&str]) -> Option<Wanted> {
        let translate = |id: &str| match clones.get(id) {
            Some(green) => Some(green.clone()),
            None if blue_groups.contains(&id) => None,
            None => Some(id.to_owned()),
        };
        let peer = match &self.rule.peer {
            Peer::Group(id) => Peer::Group(translate(id)?),
            peer => peer.clone(),
        };
        Some(Wanted { group_id: translate(&self.group_id)?, rule: Rule { peer, ..self.rule.clone() } })
    }
}

impl Compute {
    /// Blue's groups that green has its own of: the cloned ones and the cluster security group.
    #[must_use]
    pub fn blue_groups(&self) -> Vec<&str> {
        self.security_groups
            .iter()
            .map(|group| group.id.as_str())
            .chain([self.blue.cluster_security_group_id.as_str()].into_iter().filter(|id| !id.is_empty()))
            .collect()
    }

    /// Every rule that green's side needs, in blue's ids: those of the cloned groups, those that people added to the
    /// cluster security group, and those of others that name one of them. What controllers of load balancers added for blue's, those of
    /// green add for green's.
    #[must_use]
    pub fn copied_rules(&self) -> Vec<Copied> {
        let cluster = self.blue.cluster_security_group_id.as_str();
        let cloned = self
            .security_groups
            .iter()
            .flat_map(|group| group.rules.iter().map(|rule| (group.id.as_str(), rule, false)));
        let of_cluster = self.cluster_group_rules.iter().map(|rule| (cluster, rule, false));
        let foreign = self.references.iter().map(|reference| (reference.group_id.as_str(), &reference.rule, true));
        cloned
            .chain(of_cluster)
            .chain(foreign)
            .filter(|(_, rule, _)| !is_made_for_a_load_balancer(rule))
            .map(|(group, rule, foreign)| Copied {
                key: format!("{group}/{rule}"),
                foreign,
                needs_cluster: group == cluster || rule.peer_group() == Some(cluster),
                group_id: group.to_owned(),
                rule: rule.clone(),
            })
            .collect()
    }
}

/// Whether EKS itself puts this rule into a cluster security group: everything from and to its own members, and
/// everything out (<https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>).
#[must_use]
pub fn is_made_by_eks(cluster_group: &str, rule: &Rule) -> bool {
    let everything_out = rule.direction == Direction::Egress
        && (rule.peer == Peer::Ipv4("0.0.0.0/0".to_owned()) || rule.peer == Peer::Ipv6("::/0".to_owned()));
    rule.protocol == "-1" && (everything_out || rule.peer_group() == Some(cluster_group))
}

/// Descriptions, or beginnings of them, of the rules by which nodes and Pods let in what comes from the load balancers of Services: of the AWS
/// Load Balancer Controller
/// (<https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/deploy/configurations.md>), and of the cloud provider
/// (`NLBClientRuleDescription` and its like in
/// <https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/aws_loadbalancer.go>).
const FOR_LOAD_BALANCERS: [&str; 2] = ["elbv2.k8s.aws/targetGroupBinding=shared", "kubernetes.io/rule/nlb/"];

/// Whether a controller inside the cluster added this rule for a load balancer of its own. A copy would let blue's load balancers reach
/// green, and where it names their security group, keep the controller on blue from deleting that.
fn is_made_for_a_load_balancer(rule: &Rule) -> bool {
    let description = rule.description.as_deref().unwrap_or_default();
    FOR_LOAD_BALANCERS.iter().any(|made| description.starts_with(made))
}

#[cfg(test)]
mod tests {
    use super::super::{Cluster, Reference, SecurityGroup};
    use super::*;

    fn ingress(port: i32, peer: Peer) -> Rule {
        Rule {
            direction: Direction::Ingress,
            protocol: "tcp".to_owned(),
            from_port: Some(port),
            to_port: Some(port),
            peer,
            description: None,
        }
    }

    fn group(id: &str) -> Peer {
        Peer::Group(id.to_owned())
    }

    fn compute() -> Compute {
        Compute {
            blue: Cluster { cluster_security_group_id: "sg-cluster".to_owned(), ..Cluster::default() },
            security_groups: vec![
                SecurityGroup {
                    id: "sg-a".to_owned(),
                    rules: vec![ingress(1, group("sg-b")), ingress(2, group("sg-nlb"))],
                    ..SecurityGroup::default()
                },
                SecurityGroup {
                    id: "sg-b".to_owned(),
                    rules: vec![ingress(3, group("sg-a")), ingress(4, group("sg-cluster"))],
                    ..SecurityGroup::default()
                },
            ],
            cluster_group_rules: vec![ingress(5, group("sg-nlb"))],
            references: vec![Reference { group_id: "sg-nlb".to_owned(), rule: ingress(6, group("sg-a")) }],
            ..Compute::default()
        }
    }

    #[test]
    fn references_among_clones_are_remapped_and_those_to_others_kept() {
        let compute = compute();
        let clones: Clones = [("sg-a", "sg-1"), ("sg-b", "sg-2"), ("sg-cluster", "sg-3")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into();
        let found: Vec<_> = compute
            .copied_rules()
            .iter()
            .map(|rule| {
                let wanted = rule.resolve(&clones, &compute.blue_groups()).unwrap();
                (
                    wanted.group_id,
                    wanted.rule.from_port.unwrap(),
                    wanted.rule.peer_group().unwrap().to_owned(),
                    rule.foreign,
                )
            })
            .collect();
        let expected = [
            ("sg-1", 1, "sg-2", false),
            ("sg-1", 2, "sg-nlb", false),
            ("sg-2", 3, "sg-1", false),
            ("sg-2", 4, "sg-3", false),
            ("sg-3", 5, "sg-nlb", false),
            ("sg-nlb", 6, "sg-1", true),
        ]
        .map(|(g, p, peer, foreign)| (g.to_owned(), p, peer.to_owned(), foreign));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_rule_waits_for_the_cluster_security_group_that_it_names() {
        let compute = compute();
        let clones: Clones = [("sg-a", "sg-1"), ("sg-b", "sg-2")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        for rule in compute.copied_rules() {
            assert_eq!(rule.resolve(&clones, &compute.blue_groups()).is_none(), rule.needs_cluster, "{}", rule.key);
        }
    }

    #[test]
    fn what_controllers_added_for_blues_load_balancers_is_not_copied() {
        let copied = |description: &str| {
            let rule = Rule { description: Some(description.to_owned()), ..ingress(30_080, group("sg-of-nlb")) };
            let nodes =
                SecurityGroup { id: "sg-nodes".to_owned(), rules: vec![rule.clone()], ..SecurityGroup::default() };
            let compute =
                Compute { security_groups: vec![nodes], cluster_group_rules: vec![rule], ..Compute::default() };
            compute.copied_rules().len()
        };
        assert_eq!(copied("elbv2.k8s.aws/targetGroupBinding=shared"), 0);
        assert_eq!(copied("kubernetes.io/rule/nlb/client=a0b1"), 0);
        assert_eq!(copied("the load balancer of the shop"), 2);
    }

    #[test]
    fn rules_that_eks_makes_are_told_from_those_that_people_add() {
        let all = |direction, peer| Rule {
            direction,
            protocol: "-1".to_owned(),
            from_port: None,
            to_port: None,
            peer,
            description: None,
        };
        assert!(is_made_by_eks("sg-c", &all(Direction::Ingress, group("sg-c"))));
        assert!(is_made_by_eks("sg-c", &all(Direction::Egress, Peer::Ipv4("0.0.0.0/0".to_owned()))));
        assert!(!is_made_by_eks("sg-c", &all(Direction::Ingress, group("sg-d"))));
        assert!(!is_made_by_eks("sg-c", &ingress(443, group("sg-c"))));
    }
}
