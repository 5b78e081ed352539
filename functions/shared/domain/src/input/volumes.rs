//! What becomes of the volumes that the bundles' objects ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What becomes of the volumes that the bundles' objects ask for. Each list names objects as `Kind/namespace/name` or `Kind/name` (a claim, a
/// StatefulSet with claim templates, a custom resource, a PersistentVolume), or all of a namespace as `Namespace/name`. An object's own name
/// goes before its namespace's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Volumes {
    /// They start anew on green, such as those of metrics and caches.
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){1,2}$")))]
    pub empty: Vec<String>,
    /// They are on a file system of Amazon EFS or FSx, which both clusters use at once.
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){1,2}$")))]
    pub shared: Vec<String>,
    /// They are on Amazon EBS, and green gets copies, from snapshots that are taken within the switch while the workload stands still: only
    /// claims and StatefulSets of what is held. Going back afterwards, blue has what its volumes had at the stop; green's copies stay in AWS.
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){1,2}$")))]
    pub snapshot: Vec<String>,
}

impl Volumes {
    /// The lists, each with its field.
    #[must_use]
    pub fn lists(&self) -> [(&'static str, &[String]); 3] {
        [("empty", &self.empty), ("shared", &self.shared), ("snapshot", &self.snapshot)]
    }
}
