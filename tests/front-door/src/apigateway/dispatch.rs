//! Dispatches an operation to the function that implements it.
//!
//! Implemented are the operations that Bascule's functions and the sandbox call, and those by which Terraform's provider
//! reads. APIs are created by `ImportRestApi`, so `UpdateIntegration` is the only write to a part of an API.

use super::error::{ApiError, Result};
use super::request::{Answer, Request};
use super::state::State;
use super::{
    api_keys, authorizers, base_path_mappings, deployments, domain_names, export, gateway_responses, import,
    integration_responses, integrations, method_responses, methods, models, put, request_validators, resources,
    rest_apis, stages, tags, usage_plan_keys, usage_plans, vpc_links,
};

/// Executes an operation. Operations that are not implemented are refused as AWS refuses unknown paths.
pub(crate) fn dispatch(operation: &str, state: &mut State, request: &Request) -> Result<Answer> {
    match operation {
        "CreateApiKey" => api_keys::create(state, request),
        "CreateBasePathMapping" => base_path_mappings::create(state, request),
        "CreateDeployment" => deployments::create(state, request),
        "DeleteDeployment" => deployments::delete(state, request),
        "CreateDomainName" => domain_names::create(state, request),
        "UpdateIntegration" => integrations::update(state, request),
        "ImportRestApi" => import::import(state, request),
        "PutRestApi" => put::put(state, request),
        "UpdateRestApi" => rest_apis::update(state, request),
        "DeleteRestApi" => rest_apis::delete(state, request),
        "CreateStage" => stages::create(state, request),
        "UpdateStage" => stages::update(state, request),
        "DeleteStage" => stages::delete(state, request),
        "TagResource" => tags::tag(state, request),
        "GetTags" => tags::get(state, request),
        "CreateUsagePlan" => usage_plans::create(state, request),
        "UpdateUsagePlan" => usage_plans::update(state, request),
        "DeleteUsagePlan" => usage_plans::delete(state, request),
        "CreateUsagePlanKey" => usage_plan_keys::create(state, request),
        "CreateVpcLink" => vpc_links::create(state, request),
        "DeleteVpcLink" => vpc_links::delete(state, request),
        _ => read(operation, state, request),
    }
}

fn read(operation: &str, state: &State, request: &Request) -> Result<Answer> {
    match operation {
        "GetApiKey" => api_keys::get(state, request),
        "GetApiKeys" => api_keys::list(state, request),
        "GetAuthorizer" => authorizers::get(state, request),
        "GetAuthorizers" => authorizers::list(state, request),
        "GetBasePathMapping" => base_path_mappings::get(state, request),
        "GetBasePathMappings" => base_path_mappings::list(state, request),
        "GetDeployment" => deployments::get(state, request),
        "GetDeployments" => deployments::list(state, request),
        "GetDomainName" => domain_names::get(state, request),
        "GetDomainNames" => domain_names::list(state, request),
        "GetExport" => export::get(state, request),
        "GetGatewayResponse" => gateway_responses::get(state, request),
        "GetGatewayResponses" => gateway_responses::list(state, request),
        "GetIntegration" => integrations::get(state, request),
        "GetIntegrationResponse" => integration_responses::get(state, request),
        "GetMethod" => methods::get(state, request),
        "GetMethodResponse" => method_responses::get(state, request),
        "GetModel" => models::get(state, request),
        "GetModels" => models::list(state, request),
        "GetRequestValidator" => request_validators::get(state, request),
        "GetRequestValidators" => request_validators::list(state, request),
        "GetResource" => resources::get(state, request),
        "GetResources" => resources::list(state, request),
        "GetRestApi" => rest_apis::get(state, request),
        "GetRestApis" => rest_apis::list(state, request),
        "GetStage" => stages::get(state, request),
        "GetStages" => stages::list(state, request),
        "GetUsagePlan" => usage_plans::get(state, request),
        "GetUsagePlans" => usage_plans::list(state, request),
        "GetUsagePlanKey" => usage_plan_keys::get(state, request),
        "GetUsagePlanKeys" => usage_plan_keys::list(state, request),
        "GetVpcLink" => vpc_links::get(state, request),
        "GetVpcLinks" => vpc_links::list(state, request),
        _ => Err(ApiError::unknown_operation()),
    }
}
