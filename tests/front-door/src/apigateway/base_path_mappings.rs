//! Base path mappings: the API, and optionally the stage, for a base path of a custom domain.

use serde::{Deserialize, Serialize};

use super::domain_names;
use super::error::{ApiError, Result};
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// The name of the empty base path.
const NONE: &str = "(none)";

/// A mapping. Without a stage, the first path segment after the base path names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BasePathMapping {
    #[serde(default)]
    pub(crate) base_path: String,
    #[serde(default)]
    pub(crate) rest_api_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<String>,
}

impl BasePathMapping {
    /// Of an HTTP API's stage, which V2 maps.
    pub(crate) fn new(base_path: &str, rest_api_id: String, stage: String) -> Self {
        let base_path = if base_path.is_empty() { NONE } else { base_path };
        Self { base_path: base_path.to_owned(), rest_api_id, stage: Some(stage) }
    }

    /// The base path without slashes; empty for `(none)`.
    pub(crate) fn prefix(&self) -> &str {
        if self.base_path == NONE { "" } else { &self.base_path }
    }

    fn check(&self, state: &State) -> Result<()> {
        let api = state
            .apis
            .get(&self.rest_api_id)
            .ok_or_else(|| ApiError::bad_request("Invalid REST API identifier specified"))?;
        match &self.stage {
            Some(stage) if !api.stages.contains_key(stage) => {
                Err(ApiError::bad_request("Invalid stage identifier specified"))
            }
            _ => Ok(()),
        }
    }
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut mapping: BasePathMapping = request.json()?;
    if mapping.base_path.is_empty() {
        NONE.clone_into(&mut mapping.base_path);
    }
    mapping.stage = mapping.stage.filter(|stage| !stage.is_empty() && stage != NONE);
    let valid = |letter: char| letter.is_ascii_alphanumeric() || "$-_.+!*'()".contains(letter);
    if !mapping.base_path.chars().all(valid) {
        return Err(ApiError::bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings.",
        ));
    }
    mapping.check(state)?;
    let domain = state.domain_names.get_mut(request.label(0)).ok_or_else(domain_names::unknown)?;
    if domain.mappings.contains_key(&mapping.base_path) {
        return Err(ApiError::conflict("Base path already exists for this domain name"));
    }
    domain.mappings.insert(mapping.base_path.clone(), mapping.clone());
    Answer::created(&mapping)
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid base path mapping identifier specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let domain = state.domain_names.get(request.label(0)).ok_or_else(domain_names::unknown)?;
    Answer::ok(domain.mappings.get(request.label(1)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.domain_names.get(request.label(0)).ok_or_else(domain_names::unknown)?.mappings.values())
}
