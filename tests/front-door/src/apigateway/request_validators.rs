//! Request validators. They are stored and exported; requests are not validated.

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// A validator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestValidator {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) validate_request_body: bool,
    #[serde(default)]
    pub(crate) validate_request_parameters: bool,
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Request Validator identifier specified")
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut validator: RequestValidator = request.json()?;
    validator.id = id::random(6);
    let validators = &mut state.api_mut(request.label(0))?.configuration.request_validators;
    validators.insert(validator.id.clone(), validator.clone());
    Answer::created(&validator)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let validators = &state.api(request.label(0))?.configuration.request_validators;
    Answer::ok(validators.get(request.label(1)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.configuration.request_validators.values())
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let validators = &mut state.api_mut(request.label(0))?.configuration.request_validators;
    let validator = validators.get_mut(request.label(1)).ok_or_else(unknown)?;
    let mut changed = validator.clone();
    for patch in request.patch()? {
        patch.must_replace()?;
        match patch.path.as_str() {
            "/name" => patch.value()?.clone_into(&mut changed.name),
            "/validateRequestBody" => changed.validate_request_body = patch.boolean()?,
            "/validateRequestParameters" => changed.validate_request_parameters = patch.boolean()?,
            _ => return Err(patch.invalid_path()),
        }
    }
    *validator = changed;
    Answer::ok(validator)
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let validators = &mut state.api_mut(request.label(0))?.configuration.request_validators;
    validators.remove(request.label(1)).ok_or_else(unknown)?;
    Ok(Answer::deleted())
}
