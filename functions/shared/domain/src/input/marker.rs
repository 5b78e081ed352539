//! What tells the clusters' answers apart.

use super::gateways::named;
use crate::Side;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A GET request whose answer tells which cluster gave it: no answer of API Gateway says which deployment it went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Marker {
    /// The path below the stage, with a leading slash. It gets an API key, and no other credentials.
    #[schemars(regex(pattern = "^/"))]
    pub path: String,
    /// Where several APIs are switched, the path of those that have it elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<MarkerPath>,
    /// What the first 2,000 characters of blue's answers have, and of green's never.
    #[schemars(length(min = 1, max = 200))]
    pub blue: String,
    /// What the first 2,000 characters of green's answers have, and of blue's never.
    #[schemars(length(min = 1, max = 200))]
    pub green: String,
    /// With everything on green, so many answers in a row must be green's before the switch counts as done.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 200))]
    pub in_a_row: u32,
}

/// The path of a marker in one of several APIs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkerPath {
    /// The id of the API, as in `gateway`, where it is a REST API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub rest_api_id: Option<String>,
    /// The id of the API, as in `gateway`, where it is an HTTP API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub http_api_id: Option<String>,
    /// The path below its stage, with a leading slash.
    #[schemars(regex(pattern = "^/"))]
    pub path: String,
}

const fn twenty() -> u32 {
    20
}

impl MarkerPath {
    /// The API, by the field that names it.
    pub(super) fn api(&self) -> Option<(&'static str, &str)> {
        named(self.rest_api_id.as_ref(), self.http_api_id.as_ref())
    }
}

impl Marker {
    /// The path in the API of this id.
    #[must_use]
    pub fn path_of(&self, api: &str) -> &str {
        let own = self.paths.iter().find(|own| own.api().is_some_and(|(_, id)| id == api));
        own.map_or(&self.path, |own| &own.path)
    }

    /// The side that an answer is of; nothing where it has neither text, or both.
    #[must_use]
    pub fn side(&self, body: &str) -> Option<Side> {
        match (body.contains(&self.blue), body.contains(&self.green)) {
            (true, false) => Some(Side::Blue),
            (false, true) => Some(Side::Green),
            _ => None,
        }
    }
}
