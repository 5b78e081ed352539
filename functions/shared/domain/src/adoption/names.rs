//! The names of blocks in the root module.

use crate::terraform::{
    Address, State,
    address::{Key, Local, Mode},
};
use std::collections::BTreeSet;

/// The names of the root module's resources, which no other may get.
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Those of a state.
    pub(super) fn of(state: &State<'_>) -> Self {
        let root = state.resources.iter().filter(|resource| resource.module.is_empty());
        Self(root.map(|resource| resource.local.to_string()).collect())
    }

    /// Green's address: blue's in the root module under another name, which from now on is taken. The one that follows in the next migration
    /// gets the former one's again.
    pub(super) fn for_green(&mut self, from: &Address) -> Address {
        let name = flat(from);
        let base = match (name.strip_suffix("_green"), name.strip_suffix("_blue")) {
            (Some(base), _) => format!("{base}_blue"),
            (None, base) => format!("{}_green", base.unwrap_or(&name)),
        };
        let to = self.free(from, &base);
        self.0.extend(to.resource.as_ref().map(ToString::to_string));
        to
    }

    /// The address in the root module of what leaves a module and stays what it is.
    pub(super) fn in_the_root(&self, from: &Address) -> Address {
        self.free(from, &flat(from))
    }

    /// Of so many candidates one is free.
    fn free(&self, from: &Address, base: &str) -> Address {
        let kind = from.resource.as_ref().map(|resource| resource.kind.as_str()).unwrap_or_default();
        let mut names = (1..=self.0.len() + 1)
            .map(|number| if number == 1 { base.to_owned() } else { format!("{base}_{number}") })
            .map(|name| Local { mode: Mode::Managed, kind: kind.to_owned(), name });
        let resource = names.find(|local| !self.0.contains(&local.to_string()));
        Address { module: Vec::new(), resource, key: Key::None }
    }
}

/// The names and keys of an address as one name. A first instance of `count` is most often the only one.
fn flat(address: &Address) -> String {
    let resource = address.resource.as_ref().map(|resource| (resource.name.as_str(), &address.key));
    let parts = address.module.iter().map(|call| (call.name.as_str(), &call.key)).chain(resource);
    let texts = parts.map(|(name, key)| match key {
        Key::None | Key::Number(0) => name.to_owned(),
        Key::Number(number) => format!("{name}_{number}"),
        Key::Text(text) => format!("{name}_{}", text.replace(|c: char| !(c.is_alphanumeric() || c == '-'), "_")),
    });
    texts.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greens_address_is_in_the_root_module_under_a_name_that_nothing_has() {
        let mut names = Names(["aws_lb.taken_green", "aws_subnet.all_green"].map(str::to_owned).into());
        for (from, to) in [
            ("aws_eks_cluster.shop", "aws_eks_cluster.shop_green"),
            ("aws_eks_cluster.second_green", "aws_eks_cluster.second_blue"),
            ("aws_eks_cluster.third_blue", "aws_eks_cluster.third_green"),
            ("aws_eks_node_group.workers[\"a\"]", "aws_eks_node_group.workers_a_green"),
            ("aws_eks_node_group.workers[\"a.b/c\"]", "aws_eks_node_group.workers_a_b_c_green"),
            // Of two that would have the same name the second has a number.
            ("aws_eks_node_group.workers[\"a.b.c\"]", "aws_eks_node_group.workers_a_b_c_green_2"),
            ("module.eks.aws_eks_cluster.this[0]", "aws_eks_cluster.eks_this_green"),
            ("module.eks.aws_eks_cluster.this[1]", "aws_eks_cluster.eks_this_1_green"),
            (
                "module.shop[\"a\"].module.nodes[\"b\"].aws_eks_node_group.this[0]",
                "aws_eks_node_group.shop_a_nodes_b_this_green",
            ),
            ("aws_lb.taken", "aws_lb.taken_green_2"),
        ] {
            let from: Address = from.parse().unwrap();
            let to_address = names.for_green(&from);
            assert_eq!(to_address.to_string(), to);
            assert_eq!(to.parse::<Address>(), Ok(to_address));
        }
    }
}
