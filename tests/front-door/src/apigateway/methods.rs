//! Methods: what clients may ask of a resource, and how they have to show who they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::integrations::Integration;
use super::method_responses::MethodResponse;
use super::patch::{Op, PatchOperation};
use super::request::{Answer, Request};
use super::state::State;

/// The HTTP verbs of a method; `ANY` stands for every one that has no method of its own.
const VERBS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// A method with its integration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Method {
    #[serde(default)]
    pub(crate) http_method: String,
    #[serde(default)]
    pub(crate) authorization_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorizer_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_scopes: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) api_key_required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_validator_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_parameters: Option<BTreeMap<String, bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_models: Option<BTreeMap<String, String>>,
    #[serde(default, skip_deserializing, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) method_responses: BTreeMap<String, MethodResponse>,
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) method_integration: Option<Integration>,
}

/// Checks a verb of a path or of an OpenAPI document.
pub(crate) fn check_verb(verb: &str) -> Result<()> {
    if VERBS.contains(&verb) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
    ))
}

pub(crate) fn put(state: &mut State, request: &Request) -> Result<Answer> {
    let verb = request.label(2);
    check_verb(verb)?;
    let mut method: Method = request.json()?;
    verb.clone_into(&mut method.http_method);
    let configuration = &mut state.api_mut(request.label(0))?.configuration;
    configuration.resource(request.label(1))?;
    match method.authorization_type.as_str() {
        "NONE" | "AWS_IAM" => {}
        "CUSTOM" | "COGNITO_USER_POOLS" => {
            let known = method.authorizer_id.as_ref().is_some_and(|id| configuration.authorizers.contains_key(id));
            if !known {
                return Err(ApiError::bad_request(
                    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
                ));
            }
        }
        _ => {
            return Err(ApiError::bad_request(
                "Invalid authorization type specified. Valid options are CUSTOM,AWS_IAM,NONE,COGNITO_USER_POOLS",
            ));
        }
    }
    if method.request_validator_id.as_ref().is_some_and(|id| !configuration.request_validators.contains_key(id)) {
        return Err(ApiError::bad_request("Invalid Request Validator identifier specified"));
    }
    let resource = configuration.resource_mut(request.label(1))?;
    if resource.methods.contains_key(verb) {
        return Err(ApiError::conflict("Method already exists for this resource"));
    }
    resource.methods.insert(verb.to_owned(), method.clone());
    Answer::created(&method)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?)
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let configuration = &mut state.api_mut(request.label(0))?.configuration;
    let method = configuration.resource_mut(request.label(1))?.method_mut(request.label(2))?;
    let mut changed = method.clone();
    for patch in request.patch()? {
        apply(&mut changed, &patch)?;
    }
    *method = changed;
    Answer::ok(method)
}

fn apply(method: &mut Method, patch: &PatchOperation) -> Result<()> {
    let segments = patch.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["authorizationType"] => {
            patch.must_replace()?;
            patch.value()?.clone_into(&mut method.authorization_type);
        }
        ["apiKeyRequired"] => {
            patch.must_replace()?;
            method.api_key_required = patch.boolean()?;
        }
        ["authorizerId"] => patch.text(&mut method.authorizer_id)?,
        ["operationName"] => patch.text(&mut method.operation_name)?,
        ["requestValidatorId"] => patch.text(&mut method.request_validator_id)?,
        ["requestModels", model] => patch.entry(&mut method.request_models, model)?,
        ["requestParameters", parameter] => {
            let parameters = method.request_parameters.get_or_insert_default();
            if patch.op == Op::Remove {
                parameters.remove(*parameter);
            } else {
                parameters.insert((*parameter).to_owned(), patch.value.as_deref() == Some("true"));
            }
        }
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let resource = state.api_mut(request.label(0))?.configuration.resource_mut(request.label(1))?;
    resource.method(request.label(2))?;
    resource.methods.remove(request.label(2));
    Ok(Answer::no_content())
}
