//! Base path mappings: which API (and stage) a path below a custom domain belongs to.

use serde::{Deserialize, Serialize};

use super::domain_names;
use super::error::{ApiError, Result};
use super::page::page;
use super::patch::PatchOperation;
use super::request::{Answer, Request};
use super::state::State;

/// How the empty base path is written.
const NONE: &str = "(none)";

/// A mapping; without a stage the caller names it in the path.
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
    /// The path prefix without slashes; empty for `(none)`.
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

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let domain = state.domain_names.get(request.label(0)).ok_or_else(domain_names::unknown)?;
    let mut changed = domain.mappings.get(request.label(1)).ok_or_else(unknown)?.clone();
    for patch in request.patch()? {
        apply(&mut changed, &patch)?;
    }
    changed.check(state)?;
    let domain = state.domain_names.get_mut(request.label(0)).ok_or_else(domain_names::unknown)?;
    if changed.base_path != request.label(1) && domain.mappings.contains_key(&changed.base_path) {
        return Err(ApiError::conflict("Base path already exists for this domain name"));
    }
    domain.mappings.remove(request.label(1));
    domain.mappings.insert(changed.base_path.clone(), changed.clone());
    Answer::ok(&changed)
}

fn apply(mapping: &mut BasePathMapping, patch: &PatchOperation) -> Result<()> {
    patch.must_replace()?;
    match patch.path.as_str() {
        "/basePath" => {
            let path = patch.value.as_deref().filter(|path| !path.is_empty()).unwrap_or(NONE);
            path.clone_into(&mut mapping.base_path);
        }
        "/restapiId" | "/restApiId" => patch.value()?.clone_into(&mut mapping.rest_api_id),
        "/stage" => mapping.stage = patch.value.clone().filter(|stage| !stage.is_empty()),
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let domain = state.domain_names.get_mut(request.label(0)).ok_or_else(domain_names::unknown)?;
    domain.mappings.remove(request.label(1)).ok_or_else(unknown)?;
    Ok(Answer::deleted())
}
