//! Authorizers. They are stored and exported; the data plane does not call them and answers 500 for methods that have one.

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// An authorizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authorizer {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: String,
    #[serde(default, rename = "providerARNs", skip_serializing_if = "Option::is_none")]
    pub(crate) provider_arns: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_credentials: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity_source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity_validation_expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_result_ttl_in_seconds: Option<u32>,
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Authorizer identifier specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.configuration.authorizers.get(request.label(1)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.configuration.authorizers.values())
}
