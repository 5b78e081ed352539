//! Subnets, security groups and their rules.

use super::Tags;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subnet {
    /// Id of the subnet.
    pub id: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Its Availability Zone.
    pub availability_zone: String,
    /// IPv4 addresses that are free now.
    pub free_addresses: i32,
    /// Tags of the subnet.
    #[serde(default)]
    pub tags: Tags,
}

/// A security group with its rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    /// Id of the security group.
    pub id: String,
    /// The name, unique in its VPC.
    pub name: String,
    /// The description, which cannot be changed.
    pub description: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Its rules, one for each source or destination.
    pub rules: Vec<Rule>,
    /// Tags of the security group.
    pub tags: Tags,
}

/// One rule of a security group, for one source or destination.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// In or out.
    pub direction: Direction,
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for all.
    pub protocol: String,
    /// First port, or ICMP type.
    pub from_port: Option<i32>,
    /// Last port, or ICMP code.
    pub to_port: Option<i32>,
    /// From or to where.
    pub peer: Peer,
    /// Description of the rule.
    pub description: Option<String>,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// What may come in.
    Ingress,
    /// What may go out.
    Egress,
}

/// From or to where a rule allows traffic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// IPv4 addresses.
    Ipv4(String),
    /// IPv6 addresses.
    Ipv6(String),
    /// A prefix list.
    PrefixList(String),
    /// Members of a security group of this account.
    Group(String),
    /// Members of a security group of another account: account and group.
    GroupOf(String, String),
}

/// A rule in a group of others that names one of blue's groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// The group that the rule is in.
    pub group_id: String,
    /// The rule, as it names blue's group.
    pub rule: Rule,
}

impl Rule {
    /// Whether both allow the same: descriptions do not count, as for EC2
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>).
    #[must_use]
    pub fn allows_the_same(&self, other: &Self) -> bool {
        let same_ports = self.protocol == "-1" || (self.from_port, self.to_port) == (other.from_port, other.to_port);
        self.direction == other.direction && self.protocol == other.protocol && same_ports && self.peer == other.peer
    }

    /// The group of this account that it names.
    #[must_use]
    pub fn peer_group(&self) -> Option<&str> {
        match &self.peer {
            Peer::Group(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        let ports = match (self.from_port, self.to_port) {
            (Some(from), Some(to)) if self.protocol != "-1" => format!("{from}-{to}"),
            _ => "all".to_owned(),
        };
        let peer = match &self.peer {
            Peer::Ipv4(peer) | Peer::Ipv6(peer) | Peer::PrefixList(peer) | Peer::Group(peer) => peer.clone(),
            Peer::GroupOf(account, group) => format!("{account}:{group}"),
        };
        write!(f, "{direction}/{}/{ports}/{peer}", self.protocol)
    }
}
