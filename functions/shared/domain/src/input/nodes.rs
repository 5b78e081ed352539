//! How node groups of green differ from blue's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How green's node group of one name differs from blue's: what is left out is as blue has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeGroupChange {
    /// The name of blue's node group, which green's has too.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Its instance types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(regex(pattern = "^[a-z0-9-]+\\.[a-z0-9-]+$")))]
    pub instance_types: Vec<String>,
    /// Its AMI type, such as `AL2023_ARM_64_STANDARD`; not `CUSTOM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(AL2|AL2023|BOTTLEROCKET|WINDOWS)_[A-Za-z0-9_]+$"))]
    pub ami_type: Option<String>,
    /// Its AMI, where blue's launch template names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^ami-[0-9a-f]{8,17}$"))]
    pub image_id: Option<String>,
    /// How many nodes it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Size>,
    /// Size of the root volume in GiB, or of the one volume of its launch template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16384))]
    pub disk_size: Option<i32>,
    /// Its subnets, in blue's VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub subnet_ids: Vec<String>,
}

/// A number of nodes and its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Size {
    /// Smallest number of nodes.
    #[schemars(range(min = 0, max = 450))]
    pub min: i32,
    /// Largest number of nodes.
    #[schemars(range(min = 1, max = 450))]
    pub max: i32,
    /// Number of nodes at first.
    #[schemars(range(min = 0, max = 450))]
    pub desired: i32,
}

impl NodeGroupChange {
    /// Whether anything is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { name: self.name.clone(), ..Self::default() }
    }
}

impl super::Green {
    /// What is changed of the node group of this name, with its place in the list.
    #[must_use]
    pub fn change_of(&self, node_group: &str) -> Option<(usize, &NodeGroupChange)> {
        self.node_groups.iter().enumerate().find(|(_, change)| change.name == node_group)
    }
}
