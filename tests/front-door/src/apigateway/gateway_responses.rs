//! Gateway responses: what API Gateway itself answers when a request fails before or beside the backend.
//!
//! The list always names every type; those that nobody changed are marked `defaultResponse`. See "Gateway response types
//! for API Gateway".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::page::page;
use super::patch::PatchOperation;
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

pub(crate) fn put(state: &mut State, request: &Request) -> Result<Answer> {
    let mut response: GatewayResponse = request.json()?;
    let default = default_of(request.label(1))?;
    response.response_type = default.response_type;
    response.status_code = response.status_code.or(default.status_code);
    response.response_parameters.get_or_insert_default();
    response.response_templates = response.response_templates.or(default.response_templates);
    response.default_response = false;
    let responses = &mut state.api_mut(request.label(0))?.configuration.gateway_responses;
    responses.insert(response.response_type.clone(), response.clone());
    Answer::created(&response)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(&current(&state.api(request.label(0))?.configuration, request.label(1))?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let configuration = &state.api(request.label(0))?.configuration;
    let all: Result<Vec<GatewayResponse>> = TYPES.iter().map(|(name, _)| current(configuration, name)).collect();
    page(request, all?)
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let configuration = &mut state.api_mut(request.label(0))?.configuration;
    let mut changed = current(configuration, request.label(1))?;
    for patch in request.patch()? {
        apply(&mut changed, &patch)?;
    }
    changed.default_response = false;
    configuration.gateway_responses.insert(changed.response_type.clone(), changed.clone());
    Answer::ok(&changed)
}

fn apply(response: &mut GatewayResponse, patch: &PatchOperation) -> Result<()> {
    match patch.segments().iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["statusCode"] => patch.text(&mut response.status_code),
        ["responseParameters", name] => patch.entry(&mut response.response_parameters, name),
        ["responseTemplates", content_type] => patch.entry(&mut response.response_templates, content_type),
        _ => Err(patch.invalid_path()),
    }
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let responses = &mut state.api_mut(request.label(0))?.configuration.gateway_responses;
    responses
        .remove(request.label(1))
        .ok_or_else(|| ApiError::not_found("Gateway response type not defined on api"))?;
    Ok(Answer::deleted())
}
