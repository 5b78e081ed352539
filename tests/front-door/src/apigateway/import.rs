//! `ImportRestApi`: creates an API from an OpenAPI document.
//!
//! See "Import a REST API into API Gateway" in the developer guide.

use std::collections::BTreeMap;

use super::error::{ApiError, Result};
use super::id;
use super::openapi_read::{self, Document};
use super::request::{Answer, Request};
use super::resource_policy;
use super::state::{Api, State};

/// Reads the document and applies the query parameters that override it.
pub(super) fn read(state: &State, request: &Request) -> Result<Document> {
    let mut document = openapi_read::read(request.body(), &state.vpc_links)?;
    for (key, value) in request.query_pairs() {
        let configuration = &mut document.rest_api.endpoint_configuration;
        match key.as_str() {
            "endpointConfigurationTypes" => configuration.types = value.split(',').map(str::to_owned).collect(),
            "endpointConfigurationVpcEndpointIds" => configuration.vpc_endpoint_ids.push(value),
            // Documentation parts and base paths are never read.
            "ignore" | "basepath" | "mode" | "failonwarnings" => {}
            _ => return Err(ApiError::bad_request(format!("Invalid import parameter: {key}"))),
        }
    }
    document.rest_api.endpoint_configuration.check()?;
    document.rest_api.endpoint_configuration.settle();
    Ok(document)
}

pub(crate) fn import(state: &mut State, request: &Request) -> Result<Answer> {
    let Document { mut rest_api, configuration } = read(state, request)?;
    rest_api.id = id::random(10);
    resource_policy::expand(&mut rest_api.policy, &resource_policy::Place::of(&state.context, &rest_api.id));
    rest_api.created_date = id::now();
    let answer = Answer::created(&rest_api);
    let (deployments, stages) = (BTreeMap::new(), BTreeMap::new());
    state.apis.insert(rest_api.id.clone(), Api { rest_api, configuration, deployments, stages });
    answer
}
