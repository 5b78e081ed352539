//! Methods: the HTTP verbs of a resource and the authorization that each requires.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::Result;
use super::integrations::Integration;
use super::method_responses::MethodResponse;
use super::request::{Answer, Request};
use super::state::State;

/// A method with its integration.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Method {
    pub(crate) http_method: String,
    pub(crate) authorization_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_scopes: Option<Vec<String>>,
    pub(crate) api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_validator_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_parameters: Option<BTreeMap<String, bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_models: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) method_responses: BTreeMap<String, MethodResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method_integration: Option<Integration>,
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?)
}
