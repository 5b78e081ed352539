//! Method responses: the status codes that a method may answer, with their headers and models.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::{ApiError, Result};
use super::request::{Answer, Request};
use super::state::State;

/// The response of a method for one status code.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodResponse {
    pub(crate) status_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_parameters: Option<BTreeMap<String, bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_models: Option<BTreeMap<String, String>>,
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Response status code specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let method = state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    Answer::ok(method.method_responses.get(request.label(3)).ok_or_else(unknown)?)
}
