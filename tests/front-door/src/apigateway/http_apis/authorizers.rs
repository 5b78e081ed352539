//! Authorizers: who may call a route. They come with an imported document.

use serde::Serialize;
use serde_json::Value;

use super::page::page;
use super::unknown;
use crate::apigateway::error::Result;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// An authorizer (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html>).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authorizer {
    pub(crate) authorizer_id: String,
    /// `JWT` or `REQUEST`.
    pub(crate) authorizer_type: String,
    pub(crate) identity_source: Vec<String>,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_payload_format_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_result_ttl_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enable_simple_responses: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_credentials_arn: Option<String>,
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    let authorizers = &state.http.api(request.label(0))?.configuration.authorizers;
    Answer::ok(authorizers.get(request.label(1)).ok_or_else(|| unknown("Authorizer", request.label(1)))?)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.http.api(request.label(0))?.configuration.authorizers.values())
}
