//! Method responses: the status codes that a method may answer, with their headers and models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::methods::Method;
use super::patch::Op;
use super::request::{Answer, Request};
use super::state::State;

/// One status code of a method.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodResponse {
    #[serde(default)]
    pub(crate) status_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_parameters: Option<BTreeMap<String, bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_models: Option<BTreeMap<String, String>>,
}

/// Checks a status code of a path.
pub(crate) fn check_status_code(code: &str) -> Result<()> {
    let valid = code.parse::<u16>().is_ok_and(|code| (100..600).contains(&code));
    if valid { Ok(()) } else { Err(ApiError::bad_request("Invalid status code specified")) }
}

fn method_mut<'state>(state: &'state mut State, request: &Request) -> Result<&'state mut Method> {
    state.api_mut(request.label(0))?.configuration.resource_mut(request.label(1))?.method_mut(request.label(2))
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Response status code specified")
}

pub(crate) fn put(state: &mut State, request: &Request) -> Result<Answer> {
    let code = request.label(3);
    check_status_code(code)?;
    let mut response: MethodResponse = request.json()?;
    code.clone_into(&mut response.status_code);
    let method = method_mut(state, request)?;
    if method.method_responses.contains_key(code) {
        return Err(ApiError::conflict("Response already exists for this resource"));
    }
    method.method_responses.insert(code.to_owned(), response.clone());
    Answer::created(&response)
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let method = state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    Answer::ok(method.method_responses.get(request.label(3)).ok_or_else(unknown)?)
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let response = method_mut(state, request)?.method_responses.get_mut(request.label(3)).ok_or_else(unknown)?;
    let mut changed = response.clone();
    for patch in request.patch()? {
        match patch.segments().iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["responseModels", content_type] => patch.entry(&mut changed.response_models, content_type)?,
            ["responseParameters", parameter] => {
                let parameters = changed.response_parameters.get_or_insert_default();
                if patch.op == Op::Remove {
                    parameters.remove(*parameter);
                } else {
                    parameters.insert((*parameter).to_owned(), patch.value.as_deref() == Some("true"));
                }
            }
            _ => return Err(patch.invalid_path()),
        }
    }
    *response = changed;
    Answer::created(response)
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    method_mut(state, request)?.method_responses.remove(request.label(3)).ok_or_else(unknown)?;
    Ok(Answer::no_content())
}
