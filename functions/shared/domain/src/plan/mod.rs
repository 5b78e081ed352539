//! The plan: what preflight found and decided. It never changes afterwards and has a digest; phases read facts from
//! here and never ask blue again what it was like.

pub mod compute;
pub mod ebs;
pub mod edge;
pub mod estimate;
pub mod existing;
pub mod found;
pub mod terraform;
pub mod workloads;

pub use existing::{ExistingCluster, ExistingEdge, Whose};
pub use found::Found;

use crate::{Kind, digest::sha256_hex};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The tags by which what a migration made is known: those of its name and of the side.
pub const OWN_TAGS: [&str; 3] = ["bascule:migration", "bascule:side", "bascule:copy-of"];

/// Tags of a resource.
pub type Tags = BTreeMap<String, String>;

/// What preflight found and decided.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The AWS Region.
    pub region: String,
    /// The AWS account.
    pub account: String,
    /// Control planes, nodes and their network.
    pub compute: compute::Compute,
    /// Everything between the public API and the clusters.
    pub edge: edge::Edge,
    /// What runs on the clusters.
    pub workloads: workloads::Workloads,
    /// The Terraform states that are handed over after the bake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terraform: Vec<terraform::Handover>,
    /// What will be created.
    pub creates: Vec<Planned>,
    /// What the cleanup will delete that Bascule did not create: nothing else ever is.
    pub deletes: Vec<Planned>,
    /// The API calls of the switch, in order.
    pub switch: Vec<String>,
    /// What the operator should know before approving.
    pub advice: Vec<String>,
    /// How long it takes, and what two clusters side by side cost more.
    #[serde(default)]
    pub estimate: estimate::Estimate,
}

/// One thing that will be created or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    /// What it is.
    pub kind: Kind,
    /// For people.
    pub name: String,
    /// The id or ARN, where it exists already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the kind's own file has to know of it later, where the plan has no place of its own for that.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub facts: Value,
    /// The command by which it is deleted, where a state of Terraform manages it: Bascule waits for that and deletes nothing itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroyed_by: Option<String>,
}

impl Planned {
    /// Something that will be created.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), id: None, facts: Value::Null, destroyed_by: None }
    }

    /// Something that exists under this id or ARN.
    #[must_use]
    pub fn existing(kind: Kind, name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::new(kind, name) }
    }

    /// With facts.
    #[must_use]
    pub fn with(self, facts: Value) -> Self {
        Self { facts, ..self }
    }
}

impl Plan {
    /// What will be created of a kind.
    pub fn creates_of(&self, kind: Kind) -> impl Iterator<Item = &Planned> {
        self.creates.iter().filter(move |planned| planned.kind == kind)
    }

    /// What people approve the deletion of, of a kind.
    pub fn deletes_of(&self, kind: Kind) -> impl Iterator<Item = &Planned> {
        self.deletes.iter().filter(move |planned| planned.kind == kind)
    }

    /// What an approval is bound to: SHA-256 of the plan's JSON, whose field order is that of the types.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// Whether the approved list of deletions names this.
    #[must_use]
    pub fn may_delete(&self, kind: Kind, id: &str) -> bool {
        self.deletes.iter().any(|planned| planned.kind == kind && planned.id.as_deref() == Some(id))
    }
}
