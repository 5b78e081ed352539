//! Gateway responses: API Gateway's own answers to requests that fail without an answer of the backend.
//!
//! The list always contains every type; unchanged ones are marked `defaultResponse`. See "Gateway response types
//! for API Gateway".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::page::page;
use super::request::{Answer, Request};
use super::state::{Configuration, State};

/// The types with their default status; the two general ones have none.
const TYPES: [(&str, Option<&str>); 21] = [
    ("ACCESS_DENIED", Some("403")),
    ("API_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_FAILURE", Some("500")),
    ("BAD_REQUEST_BODY", Some("400")),
    ("BAD_REQUEST_PARAMETERS", Some("400")),
    ("DEFAULT_4XX", None),
    ("DEFAULT_5XX", None),
    ("EXPIRED_TOKEN", Some("403")),
    ("INTEGRATION_FAILURE", Some("504")),
    ("INTEGRATION_TIMEOUT", Some("504")),
    ("INVALID_API_KEY", Some("403")),
    ("INVALID_SIGNATURE", Some("403")),
    ("MISSING_AUTHENTICATION_TOKEN", Some("403")),
    ("QUOTA_EXCEEDED", Some("429")),
    ("REQUEST_TOO_LARGE", Some("413")),
    ("RESOURCE_NOT_FOUND", Some("404")),
    ("THROTTLED", Some("429")),
    ("UNAUTHORIZED", Some("401")),
    ("UNSUPPORTED_MEDIA_TYPE", Some("415")),
    ("WAF_FILTERED", Some("403")),
];

/// A response of one type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewayResponse {
    #[serde(default)]
    pub(crate) response_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status_code: Option<String>,
    #[serde(default)]
    pub(crate) response_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) response_templates: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) default_response: bool,
}

fn default_of(response_type: &str) -> Result<GatewayResponse> {
    let (_, status) = TYPES
        .iter()
        .find(|(known, _)| *known == response_type)
        .ok_or_else(|| ApiError::not_found(format!("Invalid response type specified: {response_type}")))?;
    let template = ("application/json".to_owned(), "{\"message\":$context.error.messageString}".to_owned());
    Ok(GatewayResponse {
        response_type: response_type.to_owned(),
        status_code: status.map(str::to_owned),
        response_parameters: Some(BTreeMap::new()),
        response_templates: Some(BTreeMap::from([template])),
        default_response: true,
    })
}

fn current(configuration: &Configuration, response_type: &str) -> Result<GatewayResponse> {
    match configuration.gateway_responses.get(response_type) {
        Some(changed) => Ok(changed.clone()),
        None => default_of(response_type),
    }
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(&current(&state.api(request.label(0))?.configuration, request.label(1))?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let configuration = &state.api(request.label(0))?.configuration;
    let all: Result<Vec<GatewayResponse>> = TYPES.iter().map(|(name, _)| current(configuration, name)).collect();
    page(request, all?)
}
