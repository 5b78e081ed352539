//! The Terraform projects that own what is replaced.

use crate::terraform::{Place, backend};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One Terraform project with its state in S3, and what becomes of that after the bake: one of `swap`, `adopt` and
/// `move`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    /// The bucket of its states.
    #[schemars(length(min = 3, max = 63), regex(pattern = "^[a-z0-9][a-z0-9.-]*$"))]
    pub bucket: String,
    /// The key of its state in the workspace `default`, as its backend has it.
    #[schemars(length(min = 1, max = 900), regex(pattern = "^[^/](.*[^/])?$"))]
    pub key: String,
    /// What the keys of other workspaces begin with, as its backend has it.
    #[serde(default = "prefix")]
    pub workspace_key_prefix: String,
    /// How its states are locked, as its backend has it.
    pub lock: Lock,
    /// The key of AWS KMS under which its states are written, as its backend has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub kms_key_id: Option<String>,
    /// The states of two workspaces are exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap: Option<Swap>,
    /// Addresses are moved within one state.
    #[serde(default, rename = "move", skip_serializing_if = "Option::is_none")]
    pub moves: Option<Move>,
    /// The state takes up what Bascule created, by a merge request that is written beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
}

/// How the states of a project are locked; at least one, and both where its backend has both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// By this DynamoDB table, which keeps their digests too (`dynamodb_table`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 255), regex(pattern = "^[a-zA-Z0-9_.-]+$"))]
    pub dynamodb_table: Option<String>,
    /// By a file beside each (`use_lockfile`).
    #[serde(default)]
    pub use_lockfile: bool,
}

/// The states of two workspaces are exchanged: afterwards `workspace` describes green, and `temporary` describes blue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Swap {
    /// The workspace that describes blue and is to describe green.
    #[schemars(length(min = 1, max = 90), regex(pattern = "^[^/]+$"))]
    pub workspace: String,
    /// The workspace in which green was built, and in which blue is destroyed later.
    #[schemars(length(min = 1, max = 90), regex(pattern = "^[^/]+$"))]
    pub temporary: String,
}

/// The state of one workspace describes blue, and is to describe what Bascule created for green too: `import` blocks, the configuration
/// and a README are written to `<key of the state>.bascule-adopt-<migration>/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adopt {
    /// The workspace.
    #[serde(default = "workspace")]
    #[schemars(length(min = 1, max = 90), regex(pattern = "^[^/]+$"))]
    pub workspace: String,
}

/// Addresses are moved within the state of one workspace, one after the other, as `terraform state mv` does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Move {
    /// The workspace.
    #[serde(default = "workspace")]
    #[schemars(length(min = 1, max = 90), regex(pattern = "^[^/]+$"))]
    pub workspace: String,
    /// The moves.
    #[schemars(length(min = 1, max = 1000))]
    pub addresses: Vec<Addresses>,
}

/// One move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Addresses {
    /// The address of a module, a resource or an instance that the state has.
    #[schemars(length(min = 1))]
    pub from: String,
    /// The address that it gets, which the state does not have.
    #[schemars(length(min = 1))]
    pub to: String,
}

fn prefix() -> String {
    "env:".to_owned()
}

fn workspace() -> String {
    backend::DEFAULT.to_owned()
}

impl Project {
    /// Its states that are handed over, each with the JSON path below the project of the field that names its workspace: blue's before
    /// green's.
    #[must_use]
    pub fn places(&self) -> Vec<(&'static str, Place)> {
        let swapped = self
            .swap
            .iter()
            .flat_map(|swap| [(".swap.workspace", &swap.workspace), (".swap.temporary", &swap.temporary)]);
        let moved = self.moves.iter().map(|moves| (".move.workspace", &moves.workspace));
        let adopted = self.adopt.iter().map(|adopt| (".adopt.workspace", &adopt.workspace));
        swapped.chain(moved).chain(adopted).map(|(path, workspace)| (path, self.place(workspace))).collect()
    }

    fn place(&self, workspace: &str) -> Place {
        Place {
            bucket: self.bucket.clone(),
            object: backend::object(&self.key, &self.workspace_key_prefix, workspace),
            workspace: workspace.to_owned(),
            lock_table: self.lock.dynamodb_table.clone(),
            lock_file: self.lock.use_lockfile,
            kms_key_id: self.kms_key_id.clone(),
        }
    }
}
