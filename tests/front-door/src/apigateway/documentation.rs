//! Documentation parts and the versions that are published of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// The documentation of an API.
#[derive(Debug, Default)]
pub(crate) struct Documentation {
    pub(crate) parts: BTreeMap<String, Part>,
    pub(crate) versions: BTreeMap<String, Version>,
}

/// What is said about one entity of the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    #[serde(default)]
    id: String,
    location: Location,
    /// A JSON object, as text.
    properties: String,
}

/// The entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A snapshot of the parts under a name.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    version: String,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

fn unknown_part() -> ApiError {
    ApiError::not_found("Invalid Documentation part identifier specified")
}

pub(crate) fn create_part(state: &mut State, request: &Request) -> Result<Answer> {
    let mut part: Part = request.json()?;
    part.id = id::random(6);
    let parts = &mut state.api_mut(request.label(0))?.documentation.parts;
    if parts.values().any(|other| other.location == part.location) {
        return Err(ApiError::conflict("Documentation part already exists for the specified location"));
    }
    parts.insert(part.id.clone(), part.clone());
    Answer::created(&part)
}

pub(crate) fn get_part(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.documentation.parts.get(request.label(1)).ok_or_else(unknown_part)?)
}

pub(crate) fn list_parts(state: &State, request: &Request) -> Result<Answer> {
    let (kind, name, path) = (request.query("type"), request.query("name"), request.query("path"));
    let parts = state.api(request.label(0))?.documentation.parts.values();
    let wanted = parts
        .filter(|part| kind.as_ref().is_none_or(|kind| part.location.kind == *kind))
        .filter(|part| name.is_none() || part.location.name == name)
        .filter(|part| path.is_none() || part.location.path == path);
    page(request, wanted)
}

pub(crate) fn update_part(state: &mut State, request: &Request) -> Result<Answer> {
    let parts = &mut state.api_mut(request.label(0))?.documentation.parts;
    let part = parts.get_mut(request.label(1)).ok_or_else(unknown_part)?;
    for patch in request.patch()? {
        patch.must_replace()?;
        match patch.path.as_str() {
            "/properties" => patch.value()?.clone_into(&mut part.properties),
            _ => return Err(patch.invalid_path()),
        }
    }
    Answer::ok(part)
}

pub(crate) fn delete_part(state: &mut State, request: &Request) -> Result<Answer> {
    state.api_mut(request.label(0))?.documentation.parts.remove(request.label(1)).ok_or_else(unknown_part)?;
    Ok(Answer::deleted())
}

pub(crate) fn create_version(state: &mut State, request: &Request) -> Result<Answer> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Create {
        #[serde(default)]
        documentation_version: String,
        stage_name: Option<String>,
        description: Option<String>,
    }
    let input: Create = request.json()?;
    let api = state.api_mut(request.label(0))?;
    if api.documentation.versions.contains_key(&input.documentation_version) {
        return Err(ApiError::conflict("Documentation version already exists"));
    }
    if let Some(stage) = &input.stage_name {
        let unknown = || ApiError::not_found("Invalid stage identifier specified");
        let stage = api.stages.get_mut(stage).ok_or_else(unknown)?;
        stage.documentation_version = Some(input.documentation_version.clone());
    }
    let version =
        Version { version: input.documentation_version, created_date: id::now(), description: input.description };
    api.documentation.versions.insert(version.version.clone(), version.clone());
    Answer::created(&version)
}

fn unknown_version() -> ApiError {
    ApiError::not_found("Invalid Documentation version specified")
}

pub(crate) fn get_version(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.documentation.versions.get(request.label(1)).ok_or_else(unknown_version)?)
}

pub(crate) fn list_versions(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.documentation.versions.values())
}

pub(crate) fn delete_version(state: &mut State, request: &Request) -> Result<Answer> {
    let versions = &mut state.api_mut(request.label(0))?.documentation.versions;
    versions.remove(request.label(1)).ok_or_else(unknown_version)?;
    Ok(Answer::deleted())
}
