//! How what is blue's leaves the code. `removed` blocks name whole resources and whole modules, never instances, and nothing that the code
//! still has (<https://developer.hashicorp.com/terraform/language/block/removed>).

use super::names::Names;
use crate::terraform::{Address, State, address::Call};
use std::collections::BTreeMap;

/// What leaves, by what has to be deleted from the code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Resources of the root module and calls of modules that have nothing but what is blue's.
    pub whole: Vec<String>,
    /// Resources of the root module of which some instances are blue's: these instances.
    pub instances: BTreeMap<String, Vec<Address>>,
    /// Calls of modules that have other things too: what stays, with an address for it outside of the module.
    pub staying: BTreeMap<String, Vec<(Address, Address)>>,
}

impl Leaving {
    /// Of these addresses, which are blue's.
    pub(super) fn of(state: &State<'_>, blue: &[&Address], names: &Names) -> Self {
        let mut units: BTreeMap<String, (Vec<Address>, Vec<Address>)> = BTreeMap::new();
        for (address, _) in state.managed() {
            let (leaving, staying) = units.entry(unit(&address)).or_default();
            if blue.contains(&&address) { leaving.push(address) } else { staying.push(address) }
        }
        let mut found = Self::default();
        for (unit, (leaving, staying)) in units.into_iter().filter(|(_, (leaving, _))| !leaving.is_empty()) {
            if staying.is_empty() {
                found.whole.push(unit);
            } else if leaving.iter().all(|address| address.module.is_empty()) {
                found.instances.insert(unit, leaving);
            } else {
                let moved = staying.into_iter().map(|address| {
                    let to = names.in_the_root(&address);
                    (address, to)
                });
                found.staying.insert(unit, moved.collect());
            }
        }
        found
    }
}

/// What of the root module's code has this address.
fn unit(address: &Address) -> String {
    match (address.module.first(), &address.resource) {
        (Some(Call { name, .. }), _) => format!("module.{name}"),
        (None, resource) => resource.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn state(addresses: &[&str]) -> String {
        let resources: Vec<Value> = addresses
            .iter()
            .map(|text| {
                let address: Address = text.parse().unwrap();
                let local = address.resource.unwrap();
                let key = match address.key {
                    crate::terraform::address::Key::Text(text) => json!(text),
                    _ => Value::Null,
                };
                json!({
                    "module": crate::terraform::address::path(&address.module), "mode": "managed", "type": local.kind, "name": local.name,
                    "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                    "instances": [{ "index_key": key, "attributes": {} }],
                })
            })
            .collect();
        json!({ "version": 4, "serial": 1, "lineage": "a", "resources": resources }).to_string()
    }

    #[test]
    fn a_module_leaves_as_a_whole_where_it_has_nothing_else_and_otherwise_what_stays_is_named() {
        let text = state(&[
            "aws_lb.shop",
            "aws_eks_node_group.nodes[\"a\"]",
            "aws_eks_node_group.nodes[\"b\"]",
            "module.eks.aws_eks_cluster.this",
            "module.eks.aws_iam_role.this",
            "module.nodes[\"a\"].aws_launch_template.this",
            "module.nodes[\"b\"].aws_launch_template.this",
            "module.network.aws_vpc.this",
        ]);
        let state = State::read(text.as_bytes()).unwrap();
        let blue = [
            "aws_lb.shop",
            "aws_eks_node_group.nodes[\"a\"]",
            "module.eks.aws_eks_cluster.this",
            "module.nodes[\"a\"].aws_launch_template.this",
            "module.nodes[\"b\"].aws_launch_template.this",
        ]
        .map(|text| text.parse::<Address>().unwrap());
        let found = Leaving::of(&state, &blue.iter().collect::<Vec<_>>(), &Names::of(&state));
        assert_eq!(found.whole, ["aws_lb.shop", "module.nodes"]);
        assert_eq!(found.instances, BTreeMap::from([("aws_eks_node_group.nodes".to_owned(), vec![blue[1].clone()])]));
        let role = ("module.eks.aws_iam_role.this", "aws_iam_role.eks_this");
        let role = (role.0.parse().unwrap(), role.1.parse().unwrap());
        assert_eq!(found.staying, BTreeMap::from([("module.eks".to_owned(), vec![role])]));
    }
}
