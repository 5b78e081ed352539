//! API mappings: the HTTP API and the stage for a path of a custom domain, which V1 makes
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html>). Keys of several levels are not simulated.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::page;
use crate::apigateway::base_path_mappings::BasePathMapping;
use crate::apigateway::domain_names;
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    api_id: String,
    stage: String,
    #[serde(default)]
    api_mapping_key: String,
}

fn view(mapping: &BasePathMapping) -> Value {
    // A mapping is known by domain and key: its id is made of the key.
    let id = if mapping.prefix().is_empty() { "none" } else { mapping.prefix() };
    json!({ "apiId": mapping.rest_api_id, "apiMappingId": id, "apiMappingKey": mapping.prefix(), "stage": mapping.stage })
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    state.http.api(&input.api_id)?.stage(&input.stage)?;
    if input.api_mapping_key.contains('/') {
        return Err(ApiError::bad_request("API mapping keys of several levels are not simulated"));
    }
    let domain = state.domain_names.get_mut(request.label(0)).ok_or_else(domain_names::unknown)?;
    let mapping = BasePathMapping::new(&input.api_mapping_key, input.api_id, input.stage);
    if domain.mappings.contains_key(&mapping.base_path) {
        return Err(ApiError::conflict("ApiMapping key already exists for this domain name"));
    }
    let answer = Answer::created(&view(&mapping));
    domain.mappings.insert(mapping.base_path.clone(), mapping);
    answer
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    let domain = state.domain_names.get(request.label(0)).ok_or_else(domain_names::unknown)?;
    page(request, domain.mappings.values().map(view))
}
