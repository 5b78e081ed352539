//! How one state takes up what Bascule created for green, while it still describes blue: resources that are imported beside blue's, and
//! values of the project's own resources that Bascule changed. Blue's stay where they are until the cleanup asks for their deletion, so
//! that at no time Terraform would create or delete anything of either side by itself.

mod counterparts;
mod files;
mod hcl;
mod kinds;
mod leaving;
mod names;
mod references;

pub use counterparts::Counterparts;
pub use files::{FOLDER, File, NAMES, files};
pub use kinds::is_taken_up;
pub use leaving::Leaving;

use crate::{
    Migration,
    resources::authentication_mode::{BOTH, CONFIG_MAP},
    terraform::{Address, State, state::Configuration},
};
use names::Names;
use serde_json::{Map, Value, json};
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
    /// How what is blue's alone leaves the code once the cleanup asks for it.
    pub leaving: Leaving,
}

/// One of green's resources, with the one of blue that it is a counterpart of.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Blue's address.
    pub from: Address,
    /// The address that green's gets: a block of its own in the root module, since a module makes other things too, and what has
    /// `for_each` has the values of its code.
    pub to: Address,
    /// The alias of the provider that manages blue's, such as `frankfurt`.
    pub alias: Option<String>,
    /// By which the provider imports it; none where it cannot, and adds what is there already.
    pub import_id: Option<String>,
    /// Its configuration in the provider's terms: the arguments of blue's with green's values.
    pub configuration: Map<String, Value>,
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

/// The arguments that a migration changes in place, by type: `UpdateIntegration` and `UpdateStage` of API Gateway, `UpdateAssumeRolePolicy` of IAM
/// (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/api_gateway_integration>,
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/api_gateway_stage>,
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/apigatewayv2_integration>,
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/apigatewayv2_stage>,
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role>).
const CHANGED_IN_PLACE: [(&str, &[&str]); 5] = [
    ("aws_api_gateway_integration", &["connection_id", "integration_target"]),
    ("aws_api_gateway_stage", &["deployment_id", "variables"]),
    ("aws_apigatewayv2_integration", &["connection_id", "integration_uri"]),
    ("aws_apigatewayv2_stage", &["deployment_id", "stage_variables"]),
    ("aws_iam_role", &["assume_role_policy"]),
];

/// The groups on green's side that have the rules of the state's `aws_vpc_security_group_ingress_rule` and
/// `aws_vpc_security_group_egress_rule`, which are imported by ids that EC2 alone knows.
#[must_use]
pub fn groups_of_rules(state: &State<'_>, counterparts: &Counterparts) -> Vec<String> {
    let groups = state.managed().filter_map(|(address, instance)| {
        let blue = instance.every_attribute();
        let group = kinds::group_of_rule(&address.resource?.kind, &blue)?;
        counterparts.of_value(&json!(group)).as_str().map(str::to_owned)
    });
    groups.collect::<BTreeSet<_>>().into_iter().collect()
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
        let mut names = Names::of(state);
        for (provider, from, instance) in state.managed_by() {
            let Some(kind) = from.resource.as_ref().map(|resource| resource.kind.as_str()) else { continue };
            let blue = instance.every_attribute();
            let counterpart = kinds::counterpart(kind, &blue, migration, counterparts);
            let alias = match provider {
                Configuration::Default => Some(None),
                Configuration::Alias(alias) => Some(Some(alias)),
                // No block of the root module can name it: preflight refuses such a state.
                Configuration::OfModule => None,
            };
            if let (Some((import_id, green)), Some(alias)) = (counterpart, alias) {
                let configuration = kinds::configuration(kind, &green);
                adoption.set.extend(authentication_mode(kind, &from, migration));
                let to = names.for_green(&from);
                adoption.taken.push(Taken { from, to, alias, import_id, configuration });
                continue;
            }
            let in_place =
                CHANGED_IN_PLACE.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, names)| names);
            let mut left = BTreeSet::new();
            for (argument, found) in &blue {
                let trusted =
                    found.as_str().filter(|_| (kind, argument.as_str()) == ("aws_iam_role", "assume_role_policy"));
                let trusted = trusted.and_then(|policy| {
                    let name = blue.get("name").and_then(Value::as_str)?;
                    counterparts.trust_policy(name, policy).map(Value::String)
                });
                let set = trusted.unwrap_or_else(|| counterparts.of_value(found));
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
        let taken: Vec<&Address> = adoption.taken.iter().map(|taken| &taken.from).collect();
        adoption.leaving = Leaving::of(state, &taken, &names);
        adoption
    }
}

/// The mode of blue's cluster, where the migration has changed it: nothing sets it back, and code that names the former one cannot be applied.
fn authentication_mode(kind: &str, blue: &Address, migration: &Migration) -> Option<Setting> {
    let is_moved = migration.plan.compute.blue.authentication_mode == CONFIG_MAP;
    (kind == "aws_eks_cluster" && is_moved).then(|| Setting {
        address: blue.clone(),
        argument: "access_config.authentication_mode".to_owned(),
        found: json!(CONFIG_MAP),
        set: json!(BOTH),
    })
}
