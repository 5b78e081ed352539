//! `PutRestApi`: an OpenAPI document changes an existing API.
//!
//! "Import an OpenAPI file to update an existing API definition"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-update.html>): endpoint configuration, stages and
//! API keys stay in either mode. `merge`, the default (<https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html>),
//! adds the document to the API; the document's values win. `overwrite` replaces the definition: what the document does not
//! contain is deleted, and properties of the API that it does not set get their defaults; its VPC endpoints go too
//! (<https://github.com/aws/aws-sam-cli/issues/2353>).

use super::error::{ApiError, Result};
use super::import::read;
use super::openapi_read::ensure;
use super::request::{Answer, Request};
use super::resource_policy;
use super::rest_apis::RestApi;
use super::state::{Configuration, State};

/// `PutRestApi`. Resources whose paths stay keep their ids.
pub(crate) fn put(state: &mut State, request: &Request) -> Result<Answer> {
    let overwrite = match request.query("mode").as_deref() {
        Some("overwrite") => true,
        None | Some("merge") => false,
        Some(other) => return Err(ApiError::bad_request(format!("Invalid mode: {other}"))),
    };
    let mut document = read(state, request)?;
    let place = resource_policy::Place::of(&state.context, request.label(0));
    resource_policy::expand(&mut document.rest_api.policy, &place);
    let api = state.api_mut(request.label(0))?;
    let mut configuration = api.configuration.clone();
    if overwrite {
        clear(&mut configuration, &document.configuration);
    }
    merge(&mut configuration, document.configuration, &api.rest_api.root_resource_id)?;
    api.configuration = configuration;
    set(&mut api.rest_api, document.rest_api, overwrite);
    api.configuration.binary_media_types.clone_from(&api.rest_api.binary_media_types);
    Answer::ok(&api.rest_api)
}

fn clear(configuration: &mut Configuration, document: &Configuration) {
    let kept: Vec<&str> = document.resources.values().map(|resource| resource.path.as_str()).collect();
    let stays = |path: &str| kept.contains(&path);
    configuration.resources.retain(|_, resource| stays(&resource.path) || resource.parent_id.is_none());
    for resource in configuration.resources.values_mut() {
        resource.methods.clear();
    }
    configuration.models.clear();
    configuration.authorizers.clear();
    configuration.request_validators.clear();
    configuration.gateway_responses.clear();
}

fn set(api: &mut RestApi, imported: RestApi, overwrite: bool) {
    let kept = |old: &mut Option<String>| old.take().filter(|_| !overwrite);
    api.name = imported.name;
    api.description = imported.description.or(kept(&mut api.description));
    api.version = imported.version.or(kept(&mut api.version));
    api.policy = imported.policy.or(kept(&mut api.policy));
    api.minimum_compression_size =
        imported.minimum_compression_size.or(api.minimum_compression_size.filter(|_| !overwrite));
    api.api_key_source = imported.api_key_source;
    if overwrite {
        api.binary_media_types.clear();
        api.endpoint_configuration.vpc_endpoint_ids.clear();
    }
    for id in imported.endpoint_configuration.vpc_endpoint_ids {
        if !api.endpoint_configuration.vpc_endpoint_ids.contains(&id) {
            api.endpoint_configuration.vpc_endpoint_ids.push(id);
        }
    }
    for media_type in imported.binary_media_types {
        if !api.binary_media_types.contains(&media_type) {
            api.binary_media_types.push(media_type);
        }
    }
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
