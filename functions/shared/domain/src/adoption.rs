//! How one state takes up what Bascule created for green, while it still describes blue: resources that are imported beside blue's, and
//! values of the project's own resources that Bascule changed. Blue's stay where they are until the cleanup asks for their deletion, so
//! that at no time Terraform would create or delete anything of either side by itself.

mod counterparts;
mod files;
mod hcl;
mod kinds;

pub use counterparts::Counterparts;
pub use files::{FOLDER, File, NAMES, files};
pub use kinds::is_taken_up;

use crate::{
    Migration,
    terraform::{
        Address, State,
        address::{Key, Mode},
    },
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What becomes of a state that takes up green.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Adoption {
    /// What is taken up.
    pub taken: Vec<Taken>,
    /// Values of the project's own resources that Bascule changed in place.
    pub set: Vec<Setting>,
    /// What names something of blue and is neither: its address, and the attributes that do.
    pub left: Vec<(Address, Vec<String>)>,
}

/// One of green's resources, with the one of blue that it is a counterpart of.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Blue's address.
    pub from: Address,
    /// The address that green's gets.
    pub to: Address,
    /// By which the provider imports it; none where it cannot, and adds what is there already.
    pub import_id: Option<String>,
    /// Its configuration in the provider's terms: the arguments of blue's with green's values.
    pub configuration: Map<String, Value>,
    /// The arguments in which it differs from blue's, by their paths.
    pub changes: Vec<(String, Value)>,
}

/// An argument of a resource that stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The resource.
    pub address: Address,
    /// The argument, such as `connection_id`.
    pub argument: String,
    /// What the state has.
    pub found: Value,
    /// What is true since the switch.
    pub set: Value,
}

/// The arguments that the switch changes in place, by type: `UpdateIntegration` and `UpdateStage` of API Gateway
/// (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/api_gateway_integration>,
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/api_gateway_stage>).
const CHANGED_IN_PLACE: [(&str, &[&str]); 2] = [
    ("aws_api_gateway_integration", &["connection_id", "integration_target"]),
    ("aws_api_gateway_stage", &["deployment_id", "variables"]),
];

impl Taken {
    /// Whether its block can be written out: it is in the root module and the only one of its name.
    #[must_use]
    pub const fn is_written_out(&self) -> bool {
        self.to.module.is_empty() && matches!(self.to.key, Key::None)
    }
}

impl Adoption {
    /// Whether the state has nothing to take up, and names nothing of blue.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.set.is_empty() && self.left.is_empty()
    }

    /// What the state takes up of what `counterparts` knows.
    #[must_use]
    pub fn of(state: &State<'_>, migration: &Migration, counterparts: &Counterparts) -> Self {
        let mut adoption = Self::default();
        let used = names(state);
        for (from, instance) in state.managed() {
            let Some(kind) = from.resource.as_ref().map(|resource| resource.kind.as_str()) else { continue };
            let blue = instance.every_attribute();
            if let Some((import_id, green)) = kinds::counterpart(kind, &blue, migration, counterparts) {
                let (configuration, former) = (kinds::configuration(kind, &green), kinds::configuration(kind, &blue));
                let changes = kinds::changes(&former, &configuration);
                let to = renamed(&from, &used);
                adoption.taken.push(Taken { from, to, import_id, configuration, changes });
                continue;
            }
            let in_place =
                CHANGED_IN_PLACE.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, names)| names);
            let mut left = BTreeSet::new();
            for (argument, found) in &blue {
                let set = counterparts.of_value(found);
                if set == *found {
                    continue;
                }
                if in_place.contains(&argument.as_str()) {
                    let (address, argument, found) = (from.clone(), argument.clone(), found.clone());
                    adoption.set.push(Setting { address, argument, found, set });
                } else if in_place.is_empty() {
                    left.insert(argument.clone());
                }
            }
            if !left.is_empty() {
                adoption.left.push((from, left.into_iter().collect()));
            }
        }
        adoption
    }
}

/// The names of the root module's module calls and resources, which no other may get.
fn names(state: &State<'_>) -> BTreeSet<String> {
    let top = state.resources.iter().map(|resource| match resource.module.first() {
        Some(call) => format!("module.{}", call.name),
        None => resource.local.to_string(),
    });
    top.collect()
}

/// Green's address: blue's with another name at its top. The one that follows in the next migration gets the former one's again.
fn renamed(from: &Address, used: &BTreeSet<String>) -> Address {
    let mut to = from.clone();
    let (prefix, name) = match (to.module.first_mut(), &mut to.resource) {
        (Some(call), _) => ("module".to_owned(), &mut call.name),
        (None, Some(resource)) => {
            let data = if resource.mode == Mode::Data { "data." } else { "" };
            (format!("{data}{}", resource.kind), &mut resource.name)
        }
        (None, None) => return to,
    };
    let base = match (name.strip_suffix("_green"), name.strip_suffix("_blue")) {
        (Some(base), _) => format!("{base}_blue"),
        (None, base) => format!("{}_green", base.unwrap_or(name)),
    };
    let is_free = |name: &String| !used.contains(&format!("{prefix}.{name}"));
    let numbered = (2..=used.len() + 2).map(|number| format!("{base}_{number}"));
    *name = std::iter::once(base.clone()).chain(numbered).find(is_free).unwrap_or(base);
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greens_address_has_another_name_at_its_top_that_nothing_has() {
        let used = ["aws_lb.taken_green", "module.eks"].map(str::to_owned).into();
        for (from, to) in [
            ("aws_eks_cluster.shop", "aws_eks_cluster.shop_green"),
            ("aws_eks_cluster.shop_green", "aws_eks_cluster.shop_blue"),
            ("aws_eks_cluster.shop_blue", "aws_eks_cluster.shop_green"),
            ("aws_eks_node_group.workers[\"a\"]", "aws_eks_node_group.workers_green[\"a\"]"),
            ("module.eks.aws_eks_cluster.this[0]", "module.eks_green.aws_eks_cluster.this[0]"),
            ("aws_lb.taken", "aws_lb.taken_green_2"),
        ] {
            let from: Address = from.parse().unwrap();
            assert_eq!(renamed(&from, &used).to_string(), to);
        }
    }
}
