//! Rules of security groups as `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule` have them: one for one peer,
//! imported by the id that EC2 gives it
//! (<https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/vpc_security_group_ingress_rule>).

use super::{Attributes, rule::port, text};
use crate::{
    Migration,
    adoption::Counterparts,
    plan::compute::{Direction, Peer, Rule},
    ports::network::IdentifiedRule,
};

fn direction(kind: &str) -> Option<Direction> {
    match kind {
        "aws_vpc_security_group_ingress_rule" => Some(Direction::Ingress),
        "aws_vpc_security_group_egress_rule" => Some(Direction::Egress),
        _ => None,
    }
}

/// The group that a resource of this type has its rule in; nothing where it is no rule.
pub(in crate::adoption) fn group<'a>(kind: &str, attributes: &'a Attributes) -> Option<&'a str> {
    direction(kind).map(|_| text(attributes, "security_group_id")).filter(|group| !group.is_empty())
}

/// The rule that a resource of this type describes.
fn rule(kind: &str, attributes: &Attributes) -> Option<Rule> {
    let peers = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];
    let [ipv4, ipv6, list, group] = peers.map(|name| Some(text(attributes, name)).filter(|peer| !peer.is_empty()));
    let group = group.map(|group| match group.split_once('/') {
        Some((account, group)) => Peer::GroupOf(account.to_owned(), group.to_owned()),
        None => Peer::Group(group.to_owned()),
    });
    let peer = ipv4.map(|cidr| Peer::Ipv4(cidr.to_owned()));
    let peer = peer.or_else(|| ipv6.map(|cidr| Peer::Ipv6(cidr.to_owned())));
    let peer = peer.or_else(|| list.map(|list| Peer::PrefixList(list.to_owned()))).or(group)?;
    let protocol = text(attributes, "ip_protocol").to_owned();
    let all = protocol == "icmpv6" || protocol == "58";
    // Where the provider lets them be left out, EC2 has -1: all types and codes.
    let port = |name| port(attributes, name).or(all.then_some(-1));
    let (from_port, to_port) = (port("from_port"), port("to_port"));
    Some(Rule { direction: direction(kind)?, protocol, from_port, to_port, peer, description: None })
}

/// What EC2 knows of green's copy of a rule of blue; nothing where Bascule has not copied it, or somebody took it away.
pub(super) fn of_green<'a>(
    kind: &str,
    blue: &Attributes,
    green: &Attributes,
    migration: &Migration,
    counterparts: &'a Counterparts,
) -> Option<&'a IdentifiedRule> {
    let former = rule(kind, blue)?;
    let copied = migration.plan.compute.copied_rules();
    copied.iter().find(|copied| copied.is(text(blue, "security_group_id"), &former))?;
    counterparts.rule(text(green, "security_group_id"), &rule(kind, green)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    // The arguments of the resource's document, each kind of peer once.
    #[test]
    fn a_rule_is_read_as_the_provider_keeps_it() {
        for (kind, attributes, expected) in [
            (
                "aws_vpc_security_group_ingress_rule",
                json!({ "ip_protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_ipv4": "10.0.0.0/8", "cidr_ipv6": null }),
                Some("ingress/tcp/80-80/10.0.0.0/8"),
            ),
            (
                "aws_vpc_security_group_egress_rule",
                json!({ "ip_protocol": "-1", "from_port": null, "to_port": null, "cidr_ipv6": "::/0" }),
                Some("egress/-1/all/::/0"),
            ),
            (
                "aws_vpc_security_group_ingress_rule",
                json!({ "ip_protocol": "udp", "from_port": 53, "to_port": 54, "referenced_security_group_id": "sg-1" }),
                Some("ingress/udp/53-54/sg-1"),
            ),
            (
                "aws_vpc_security_group_ingress_rule",
                json!({ "ip_protocol": "icmpv6", "referenced_security_group_id": "123456789012/sg-1" }),
                Some("ingress/icmpv6/-1--1/123456789012:sg-1"),
            ),
            (
                "aws_vpc_security_group_egress_rule",
                json!({ "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "prefix_list_id": "pl-1" }),
                Some("egress/tcp/443-443/pl-1"),
            ),
            ("aws_vpc_security_group_ingress_rule", json!({ "ip_protocol": "tcp" }), None),
            ("aws_security_group_rule", json!({ "ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8" }), None),
        ] {
            let Value::Object(attributes) = attributes else { panic!("an object") };
            assert_eq!(rule(kind, &attributes).map(|rule| rule.to_string()).as_deref(), expected, "{kind}");
        }
    }
}
