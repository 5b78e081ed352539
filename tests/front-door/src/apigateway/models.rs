//! Models: schemas of payloads. They are stored and exported; payloads are not validated against them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<String>,
    #[serde(default)]
    pub(crate) content_type: String,
}

/// The two models that every new API has.
pub(crate) fn defaults() -> BTreeMap<String, Model> {
    let model = |name: &str, description: &str, schema: &str| {
        let model = Model {
            id: id::random(6),
            name: name.into(),
            description: Some(description.into()),
            schema: Some(schema.into()),
            content_type: "application/json".into(),
        };
        (name.to_owned(), model)
    };
    let empty = r#"{"$schema":"http://json-schema.org/draft-04/schema#","title":"Empty Schema","type":"object"}"#;
    let error = r#"{"$schema":"http://json-schema.org/draft-04/schema#","title":"Error Schema","type":"object","properties":{"message":{"type":"string"}}}"#;
    BTreeMap::from([
        model("Empty", "This is a default empty schema model", empty),
        model("Error", "This is a default error schema model", error),
    ])
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("Invalid model name specified: {name}"))
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut model: Model = request.json()?;
    if model.name.is_empty() || !model.name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(ApiError::bad_request("Model name must be alphanumeric"));
    }
    model.id = id::random(6);
    let models = &mut state.api_mut(request.label(0))?.configuration.models;
    if models.contains_key(&model.name) {
        return Err(ApiError::conflict("Model name already exists for this REST API"));
    }
    models.insert(model.name.clone(), model.clone());
    Answer::created(&model)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let models = &state.api(request.label(0))?.configuration.models;
    Answer::ok(models.get(request.label(1)).ok_or_else(|| unknown(request.label(1)))?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.configuration.models.values())
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let models = &mut state.api_mut(request.label(0))?.configuration.models;
    let model = models.get_mut(request.label(1)).ok_or_else(|| unknown(request.label(1)))?;
    let mut changed = model.clone();
    for patch in request.patch()? {
        patch.must_replace()?;
        match patch.path.as_str() {
            "/description" => patch.text(&mut changed.description)?,
            "/schema" => patch.text(&mut changed.schema)?,
            _ => return Err(patch.invalid_path()),
        }
    }
    *model = changed;
    Answer::ok(model)
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let models = &mut state.api_mut(request.label(0))?.configuration.models;
    models.remove(request.label(1)).ok_or_else(|| unknown(request.label(1)))?;
    Ok(Answer::deleted())
}
