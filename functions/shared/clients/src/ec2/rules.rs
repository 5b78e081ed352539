//! Rules of security groups: EC2 groups them by protocol and ports, the plan has one for each source or destination.

use super::{filter, read_tags};
use crate::{Account, error::phase_error};
use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, UserIdGroupPair};
use domain::{
    PhaseError,
    plan::compute::{Direction, Peer, Rule},
    ports::{SecurityGroupRules, network::IdentifiedRule},
};

/// Values of one filter (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>).
const MOST_FILTER_VALUES: usize = 200;

impl SecurityGroupRules for Account {
    async fn identified_rules(&self, group_ids: &[String]) -> Result<Vec<IdentifiedRule>, PhaseError> {
        let mut found = Vec::new();
        for ids in group_ids.chunks(MOST_FILTER_VALUES) {
            let rules = self
                .ec2()
                .describe_security_group_rules()
                .filters(filter("group-id", ids))
                .into_paginator()
                .items()
                .send()
                .collect::<Result<Vec<_>, _>>()
                .await
                .map_err(|error| phase_error("reading the rules of the security groups", &error))?;
            found.extend(rules.iter().map(identified));
        }
        Ok(found)
    }
}

/// One rule for each source or destination of `permission`, in a group that belongs to the account `owner`.
pub(super) fn read(direction: Direction, owner: &str, permission: &IpPermission) -> Vec<Rule> {
    let protocol = permission.ip_protocol().unwrap_or("-1");
    let rule = |peer: Peer, description: Option<&str>| Rule {
        direction,
        protocol: protocol.to_owned(),
        // All protocols means all ports, whatever is said of them.
        from_port: permission.from_port().filter(|_| protocol != "-1"),
        to_port: permission.to_port().filter(|_| protocol != "-1"),
        peer,
        description: description.map(ToOwned::to_owned),
    };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let ipv4 = permission.ip_ranges().iter().map(|range| rule(Peer::Ipv4(text(range.cidr_ip())), range.description()));
    let ipv6 =
        permission.ipv6_ranges().iter().map(|range| rule(Peer::Ipv6(text(range.cidr_ipv6())), range.description()));
    let lists = permission
        .prefix_list_ids()
        .iter()
        .map(|list| rule(Peer::PrefixList(text(list.prefix_list_id())), list.description()));
    let groups = permission.user_id_group_pairs().iter().map(|pair| {
        let group = text(pair.group_id());
        let peer = match pair.user_id() {
            Some(account) if !account.is_empty() && account != owner => Peer::GroupOf(account.to_owned(), group),
            _ => Peer::Group(group),
        };
        rule(peer, pair.description())
    });
    ipv4.chain(ipv6).chain(lists).chain(groups).collect()
}

/// A rule with its id.
pub(super) fn identified(found: &SecurityGroupRule) -> IdentifiedRule {
    let protocol = found.ip_protocol().unwrap_or("-1");
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let named = found.referenced_group_info().map(|named| (text(named.user_id()), text(named.group_id())));
    let peer = match (named, found.prefix_list_id(), found.cidr_ipv6()) {
        (Some((account, group)), ..) if !account.is_empty() && found.group_owner_id() != Some(&account) => {
            Peer::GroupOf(account, group)
        }
        (Some((_, group)), ..) => Peer::Group(group),
        (None, Some(list), _) => Peer::PrefixList(list.to_owned()),
        (None, None, Some(cidr)) => Peer::Ipv6(cidr.to_owned()),
        (None, None, None) => Peer::Ipv4(text(found.cidr_ipv4())),
    };
    let rule = Rule {
        direction: if found.is_egress().unwrap_or_default() { Direction::Egress } else { Direction::Ingress },
        protocol: protocol.to_owned(),
        from_port: found.from_port().filter(|_| protocol != "-1"),
        to_port: found.to_port().filter(|_| protocol != "-1"),
        peer,
        description: found.description().map(ToOwned::to_owned),
    };
    let (id, group_id) = (text(found.security_group_rule_id()), text(found.group_id()));
    IdentifiedRule { id, group_id, rule, tags: read_tags(found.tags()) }
}

/// The rule as EC2 takes it.
pub(super) fn permission(rule: &Rule) -> IpPermission {
    let permission =
        IpPermission::builder().ip_protocol(&rule.protocol).set_from_port(rule.from_port).set_to_port(rule.to_port);
    let description = rule.description.clone();
    match &rule.peer {
        Peer::Ipv4(cidr) => permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build()),
        Peer::Ipv6(cidr) => {
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
        }
        Peer::PrefixList(id) => {
            permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build())
        }
        Peer::Group(id) => {
            permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(id).set_description(description).build())
        }
        Peer::GroupOf(account, id) => permission.user_id_group_pairs(
            UserIdGroupPair::builder().user_id(account).group_id(id).set_description(description).build(),
        ),
    }
    .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::ReferencedSecurityGroup;

    // The members of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html.
    #[test]
    fn a_rule_has_its_id_and_says_what_the_permission_says() {
        let rule = || {
            let rule = SecurityGroupRule::builder().security_group_rule_id("sgr-0123456789EXAMPLE").group_id("sg-1");
            rule.group_owner_id("111222333444").is_egress(false).ip_protocol("tcp").from_port(22).to_port(22)
        };
        let group = |account: &str| ReferencedSecurityGroup::builder().group_id("sg-2").user_id(account).build();
        for (found, expected) in [
            (rule().cidr_ipv4("203.0.113.0/24"), Peer::Ipv4("203.0.113.0/24".to_owned())),
            (rule().cidr_ipv6("2001:db8::/32"), Peer::Ipv6("2001:db8::/32".to_owned())),
            (rule().prefix_list_id("pl-1"), Peer::PrefixList("pl-1".to_owned())),
            (rule().referenced_group_info(group("111222333444")), Peer::Group("sg-2".to_owned())),
            (
                rule().referenced_group_info(group("999999999999")),
                Peer::GroupOf("999999999999".to_owned(), "sg-2".to_owned()),
            ),
        ] {
            let found = identified(&found.build());
            assert_eq!((found.id.as_str(), found.group_id.as_str()), ("sgr-0123456789EXAMPLE", "sg-1"));
            assert_eq!((found.rule.direction, found.rule.from_port), (Direction::Ingress, Some(22)));
            assert_eq!(found.rule.peer, expected);
        }
        // EC2 answers -1 for the ports of all protocols.
        let all = rule().ip_protocol("-1").from_port(-1).to_port(-1).is_egress(true).cidr_ipv4("0.0.0.0/0").build();
        assert_eq!(identified(&all).rule.to_string(), "egress/-1/all/0.0.0.0/0");
    }

    #[test]
    fn a_permission_is_one_rule_for_each_source_and_each_rule_one_permission_again() {
        let permissions = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(30080)
            .to_port(30090)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/16").description("the VPC").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-1").user_id("123456789012").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").user_id("999999999999").build())
            .build();
        let rules = read(Direction::Ingress, "123456789012", &permissions);
        let peers: Vec<_> = rules.iter().map(|rule| rule.peer.clone()).collect();
        let expected = [
            Peer::Ipv4("10.0.0.0/16".to_owned()),
            Peer::Group("sg-1".to_owned()),
            Peer::GroupOf("999999999999".to_owned(), "sg-2".to_owned()),
        ];
        assert_eq!(peers, expected);
        for rule in rules {
            assert_eq!(read(Direction::Ingress, "123456789012", &permission(&rule)), [rule]);
        }
    }
}
