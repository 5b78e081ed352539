//! The Terraform states that are handed over, as preflight found them.

use crate::terraform::Place;
use serde::{Deserialize, Serialize};

/// The hand-over of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handover {
    /// Its states: blue's and green's where they are exchanged, or the one in which addresses are moved.
    pub places: Vec<Place>,
    /// The lineage of each, by which the same state is known again.
    pub lineages: Vec<String>,
    /// Addresses that are moved, from and to, one after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<(String, String)>,
    /// Whether nothing is written to the state, and a merge request beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopt: bool,
}

impl Handover {
    /// Whether the states of two workspaces are exchanged.
    #[must_use]
    pub fn is_swap(&self) -> bool {
        self.places.len() == 2
    }
}
