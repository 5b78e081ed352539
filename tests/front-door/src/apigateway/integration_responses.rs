//! Integration responses: the mapping from responses of the backend to responses of the method.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
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

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Response status code specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let method = state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    let responses =
        method.method_integration.as_ref().and_then(|integration| integration.integration_responses.as_ref());
    Answer::ok(responses.and_then(|responses| responses.get(request.label(3))).ok_or_else(unknown)?)
}
