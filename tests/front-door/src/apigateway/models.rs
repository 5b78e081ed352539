//! Models: schemas of payloads. They are stored and exported; payloads are not validated against them.

use serde::Serialize;

use super::error::{ApiError, Result};
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<String>,
    pub(crate) content_type: String,
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("Invalid model name specified: {name}"))
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let models = &state.api(request.label(0))?.configuration.models;
    Answer::ok(models.get(request.label(1)).ok_or_else(|| unknown(request.label(1)))?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.configuration.models.values())
}
