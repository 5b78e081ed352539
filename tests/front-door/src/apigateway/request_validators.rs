//! Request validators. They are stored and exported; requests are not validated.

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
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

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let validators = &state.api(request.label(0))?.configuration.request_validators;
    Answer::ok(validators.get(request.label(1)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.configuration.request_validators.values())
}
