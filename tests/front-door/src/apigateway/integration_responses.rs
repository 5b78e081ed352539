//! Integration responses: how an answer of the backend becomes one of the method's responses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::integrations::Integration;
use super::method_responses::check_status_code;
use super::request::{Answer, Request};
use super::state::State;

/// The mapping for one status code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IntegrationResponse {
    #[serde(default)]
    pub(crate) status_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) selection_pattern: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_parameters: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_templates: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_handling: Option<String>,
}

fn integration_mut<'state>(state: &'state mut State, request: &Request) -> Result<&'state mut Integration> {
    let resource = state.api_mut(request.label(0))?.configuration.resource_mut(request.label(1))?;
    let integration = resource.method_mut(request.label(2))?.method_integration.as_mut();
    integration.ok_or_else(|| ApiError::not_found("Invalid Integration identifier specified"))
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Response status code specified")
}

pub(crate) fn put(state: &mut State, request: &Request) -> Result<Answer> {
    let code = request.label(3);
    check_status_code(code)?;
    let mut response: IntegrationResponse = request.json()?;
    code.clone_into(&mut response.status_code);
    let method_response =
        state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    if !method_response.method_responses.contains_key(code) {
        return Err(unknown());
    }
    let integration = integration_mut(state, request)?;
    integration.integration_responses.get_or_insert_default().insert(code.to_owned(), response.clone());
    Answer::created(&response)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let method = state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    let responses =
        method.method_integration.as_ref().and_then(|integration| integration.integration_responses.as_ref());
    Answer::ok(responses.and_then(|responses| responses.get(request.label(3))).ok_or_else(unknown)?)
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let responses = integration_mut(state, request)?.integration_responses.get_or_insert_default();
    let response = responses.get_mut(request.label(3)).ok_or_else(unknown)?;
    let mut changed = response.clone();
    for patch in request.patch()? {
        match patch.segments().iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["selectionPattern"] => patch.text(&mut changed.selection_pattern)?,
            ["contentHandling"] => patch.text(&mut changed.content_handling)?,
            ["responseParameters", name] => patch.entry(&mut changed.response_parameters, name)?,
            ["responseTemplates", content_type] => patch.entry(&mut changed.response_templates, content_type)?,
            _ => return Err(patch.invalid_path()),
        }
    }
    *response = changed;
    Answer::ok(response)
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let responses = integration_mut(state, request)?.integration_responses.get_or_insert_default();
    responses.remove(request.label(3)).ok_or_else(unknown)?;
    Ok(Answer::no_content())
}
