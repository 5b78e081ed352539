//! Rules of security groups as `aws_security_group_rule` has them: one for several peers
//! (<https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/security_group_rule>).

use super::{Attributes, text};
use crate::{
    Migration,
    plan::compute::{Direction, Peer, Rule},
};
use serde_json::Value;

fn strings<'a>(attributes: &'a Attributes, name: &str) -> impl Iterator<Item = &'a str> {
    attributes.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn is_of_itself(attributes: &Attributes) -> bool {
    attributes.get("self").and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn port(attributes: &Attributes, name: &str) -> Option<i32> {
    attributes.get(name).and_then(Value::as_i64).and_then(|port| port.try_into().ok())
}

/// The import id: "security group, type, protocol, from, to, and sources", with underscores; the group itself is `self`.
pub(super) fn import_id(attributes: &Attributes) -> Option<String> {
    let group = Some(text(attributes, "security_group_id")).filter(|id| !id.is_empty())?;
    let protocol = match text(attributes, "protocol") {
        "-1" => "all",
        protocol => protocol,
    };
    let ports = [port(attributes, "from_port")?, port(attributes, "to_port")?].map(|port| port.to_string());
    let source = Some(text(attributes, "source_security_group_id")).filter(|id| !id.is_empty());
    let peers = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"].into_iter();
    let peers = peers.flat_map(|name| strings(attributes, name)).chain(is_of_itself(attributes).then_some("self"));
    let peers: Vec<&str> = peers.chain(source).collect();
    let rule = [group, text(attributes, "type"), protocol, &ports[0], &ports[1]];
    (!peers.is_empty()).then(|| [&rule[..], &peers].concat().join("_"))
}

/// Whether Bascule has copied it for green, to every one of its peers.
pub(super) fn is_copied(attributes: &Attributes, migration: &Migration) -> bool {
    let group = text(attributes, "security_group_id");
    let direction = if text(attributes, "type") == "egress" { Direction::Egress } else { Direction::Ingress };
    let of = |name: &'static str, peer: fn(String) -> Peer| {
        strings(attributes, name).map(move |one| peer(one.to_owned())).collect::<Vec<_>>()
    };
    let mut peers = of("cidr_blocks", Peer::Ipv4);
    peers.extend(of("ipv6_cidr_blocks", Peer::Ipv6));
    peers.extend(of("prefix_list_ids", Peer::PrefixList));
    peers.extend(is_of_itself(attributes).then(|| Peer::Group(group.to_owned())));
    let source = text(attributes, "source_security_group_id");
    peers.extend((!source.is_empty()).then(|| match source.split_once('/') {
        Some((account, group)) => Peer::GroupOf(account.to_owned(), group.to_owned()),
        None => Peer::Group(source.to_owned()),
    }));
    let copied = migration.plan.compute.copied_rules();
    let is_copied = |peer: Peer| {
        let protocol = text(attributes, "protocol").to_owned();
        let (from_port, to_port) = (port(attributes, "from_port"), port(attributes, "to_port"));
        let key = format!("{group}/{}", Rule { direction, protocol, from_port, to_port, peer, description: None });
        copied.iter().any(|copied| copied.key == key)
    };
    !peers.is_empty() && peers.into_iter().all(is_copied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // The examples of "Import" in the resource's document.
    #[test]
    fn a_rule_is_imported_by_what_it_allows() {
        for (rule, expected) in [
            (
                json!({ "security_group_id": "sg-6", "type": "ingress", "protocol": "tcp", "from_port": 8000, "to_port": 8000,
                    "cidr_blocks": ["10.0.3.0/24"], "self": false }),
                Some("sg-6_ingress_tcp_8000_8000_10.0.3.0/24"),
            ),
            (
                json!({ "security_group_id": "sg-7", "type": "ingress", "protocol": "-1", "from_port": 0, "to_port": 65536,
                    "source_security_group_id": "sg-6", "self": false, "cidr_blocks": null }),
                Some("sg-7_ingress_all_0_65536_sg-6"),
            ),
            (
                json!({ "security_group_id": "sg-7", "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80, "self": true }),
                Some("sg-7_ingress_tcp_80_80_self"),
            ),
            (
                json!({ "security_group_id": "sg-7", "type": "egress", "protocol": "tcp", "from_port": 1, "to_port": 1 }),
                None,
            ),
        ] {
            let Value::Object(rule) = rule else { panic!("an object") };
            assert_eq!(import_id(&rule).as_deref(), expected);
        }
    }
}
