//! Authorizers. They are stored and exported; the data plane does not call them (a method that has one answers 500).

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::patch::PatchOperation;
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

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut authorizer: Authorizer = request.json()?;
    if authorizer.name.is_empty() {
        return Err(ApiError::bad_request("Authorizer name cannot be blank"));
    }
    match authorizer.kind.as_str() {
        "TOKEN" | "REQUEST" if authorizer.authorizer_uri.is_none() => {
            return Err(ApiError::bad_request("Invalid Authorizer URI"));
        }
        "COGNITO_USER_POOLS" if authorizer.provider_arns.is_none() => {
            return Err(ApiError::bad_request("COGNITO_USER_POOLS authorizers need providerARNs"));
        }
        "TOKEN" | "REQUEST" | "COGNITO_USER_POOLS" => {}
        _ => {
            return Err(ApiError::bad_request("Invalid authorizer type: must be TOKEN, REQUEST or COGNITO_USER_POOLS"));
        }
    }
    authorizer.id = id::random(6);
    let configuration = &mut state.api_mut(request.label(0))?.configuration;
    if configuration.authorizers.values().any(|other| other.name == authorizer.name) {
        return Err(ApiError::bad_request(
            "Authorizer name must be unique. Authorizer with that name already exists in this RestApi.",
        ));
    }
    configuration.authorizers.insert(authorizer.id.clone(), authorizer.clone());
    Answer::created(&authorizer)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.configuration.authorizers.get(request.label(1)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.api(request.label(0))?.configuration.authorizers.values())
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let authorizers = &mut state.api_mut(request.label(0))?.configuration.authorizers;
    let authorizer = authorizers.get_mut(request.label(1)).ok_or_else(unknown)?;
    let mut changed = authorizer.clone();
    for patch in request.patch()? {
        apply(&mut changed, &patch)?;
    }
    *authorizer = changed;
    Answer::ok(authorizer)
}

fn apply(authorizer: &mut Authorizer, patch: &PatchOperation) -> Result<()> {
    match patch.path.as_str() {
        "/name" => patch.value()?.clone_into(&mut authorizer.name),
        "/type" => patch.value()?.clone_into(&mut authorizer.kind),
        "/authType" => patch.text(&mut authorizer.auth_type)?,
        "/authorizerUri" => patch.text(&mut authorizer.authorizer_uri)?,
        "/authorizerCredentials" => patch.text(&mut authorizer.authorizer_credentials)?,
        "/identitySource" => patch.text(&mut authorizer.identity_source)?,
        "/identityValidationExpression" => patch.text(&mut authorizer.identity_validation_expression)?,
        "/authorizerResultTtlInSeconds" => authorizer.authorizer_result_ttl_in_seconds = Some(patch.number()?),
        "/providerARNs" => patch.member(authorizer.provider_arns.get_or_insert_default(), patch.value()?)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let configuration = &mut state.api_mut(request.label(0))?.configuration;
    let id = request.label(1);
    let mut methods = configuration.resources.values().flat_map(|resource| resource.methods.values());
    if methods.any(|method| method.authorizer_id.as_deref() == Some(id)) {
        return Err(ApiError::conflict(format!("Cannot delete authorizer '{id}', is referenced in method")));
    }
    configuration.authorizers.remove(id).ok_or_else(unknown)?;
    Ok(Answer::deleted())
}
