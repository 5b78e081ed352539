//! `ImportRestApi` and `PutRestApi`: an API from an OpenAPI document.
//!
//! See "Import a REST API into API Gateway" and, for the modes of `PutRestApi`, "Update an existing API".

use super::error::{ApiError, Result};
use super::openapi_read::{self, Document, ensure};
use super::request::{Answer, Request};
use super::rest_apis;
use super::state::{Configuration, State};

/// Reads the document and applies the parameters of the query that change what it says.
fn read(state: &State, request: &Request) -> Result<Document> {
    let mut document = openapi_read::read(request.body(), &state.vpc_links)?;
    for (key, value) in request.query_pairs() {
        let configuration = &mut document.rest_api.endpoint_configuration;
        match key.as_str() {
            "endpointConfigurationTypes" => configuration.types = value.split(',').map(str::to_owned).collect(),
            "endpointConfigurationVpcEndpointIds" => configuration.vpc_endpoint_ids.push(value),
            // Documentation parts and base paths are not read in any case.
            "ignore" | "basepath" | "mode" | "failonwarnings" => {}
            _ => return Err(ApiError::bad_request(format!("Invalid import parameter: {key}"))),
        }
    }
    document.rest_api.endpoint_configuration.check()?;
    Ok(document)
}

pub(crate) fn import(state: &mut State, request: &Request) -> Result<Answer> {
    let document = read(state, request)?;
    let id = rest_apis::insert(state, document.rest_api, document.configuration);
    Answer::created(&state.api(&id)?.rest_api)
}

/// `overwrite` replaces the API's definition, `merge` (the default) adds to it and wins where both speak. Resources keep
/// their ids where their paths stay.
pub(crate) fn put(state: &mut State, request: &Request) -> Result<Answer> {
    let document = read(state, request)?;
    let api = state.api_mut(request.label(0))?;
    let mut merged = api.configuration.clone();
    if request.query("mode").as_deref() == Some("overwrite") {
        let kept: Vec<&str> =
            document.configuration.resources.values().map(|resource| resource.path.as_str()).collect();
        merged.resources.retain(|_, resource| kept.contains(&resource.path.as_str()) || resource.parent_id.is_none());
        for resource in merged.resources.values_mut() {
            resource.methods.clear();
        }
        merged.models.clear();
        merged.authorizers.clear();
        merged.request_validators.clear();
        merged.gateway_responses.clear();
    }
    merge(&mut merged, document.configuration, &api.rest_api.root_resource_id)?;
    api.configuration = merged;
    let imported = document.rest_api;
    api.rest_api.name = imported.name;
    api.rest_api.description = imported.description.or(api.rest_api.description.take());
    api.rest_api.version = imported.version.or(api.rest_api.version.take());
    api.rest_api.binary_media_types = imported.binary_media_types;
    api.rest_api.api_key_source = imported.api_key_source;
    api.rest_api.policy = imported.policy.or(api.rest_api.policy.take());
    api.configuration.binary_media_types.clone_from(&api.rest_api.binary_media_types);
    Answer::ok(&api.rest_api)
}

fn merge(into: &mut Configuration, from: Configuration, root: &str) -> Result<()> {
    for resource in from.resources.into_values() {
        let id = ensure(into, root, &resource.path)?;
        let mut methods = resource.methods;
        for integration in methods.values_mut().filter_map(|method| method.method_integration.as_mut()) {
            if integration.cache_namespace.as_deref() == Some(&resource.id) {
                integration.cache_namespace = Some(id.clone());
            }
        }
        into.resource_mut(&id)?.methods.extend(methods);
    }
    into.models.extend(from.models);
    into.authorizers.extend(from.authorizers);
    into.request_validators.extend(from.request_validators);
    into.gateway_responses.extend(from.gateway_responses);
    Ok(())
}
