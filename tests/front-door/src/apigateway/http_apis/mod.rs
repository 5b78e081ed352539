//! HTTP APIs: API Gateway V2 with the protocol HTTP, and its VPC links.
//!
//! An HTTP API has routes, each with an integration that it may share with others; deployments are immutable snapshots of them, and a
//! stage names the deployment that it serves. A stage with `autoDeploy` gets a deployment of its own after each change. The operations
//! and members are those of botocore's service model `apigatewayv2`; the rules come from "Develop HTTP APIs in API Gateway"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop.html>). Where the doc comment of a refusal names no
//! recording, AWS does not publish the wording.
//!
//! Differences from AWS: `WebSocket` APIs, the quick create of `CreateApi` (`target`), models, and everything else that `dispatch` does
//! not name are not offered; authorizers come with an imported document alone.

mod api_mappings;
mod apis;
mod authorizers;
mod deployments;
mod export;
mod import;
mod integrations;
mod mappings;
mod page;
mod routes;
mod stages;
mod state;
mod tags;
mod view;
mod vpc_links;

pub(crate) use integrations::Integration;
pub(crate) use routes::Route;
pub(crate) use stages::Stage;
pub(crate) use state::{Configuration, HttpApis};
pub(crate) use view::{HttpRelease, HttpStageView};

use super::error::{ApiError, Result};
use super::id;
use super::request::{Answer, Request};
use super::state::State;

/// Executes an operation of V2. Operations that are not implemented are refused as AWS refuses unknown paths.
pub(crate) fn dispatch(operation: &str, state: &mut State, request: &Request) -> Result<Answer> {
    let answer = match operation {
        "CreateApi" => apis::create(state, request),
        "CreateApiMapping" => api_mappings::create(state, request),
        "CreateDeployment" => deployments::create(state, request),
        "CreateIntegration" => integrations::create(state, request),
        "CreateRoute" => routes::create(state, request),
        "CreateStage" => stages::create(state, request),
        "CreateVpcLink" => vpc_links::create(state, request),
        "DeleteApi" => apis::delete(state, request),
        "DeleteDeployment" => deployments::delete(state, request),
        "DeleteIntegration" => integrations::delete(state, request),
        "DeleteRoute" => routes::delete(state, request),
        "DeleteStage" => stages::delete(state, request),
        "DeleteVpcLink" => vpc_links::delete(state, request),
        "ImportApi" => import::import(state, request),
        "ReimportApi" => import::reimport(state, request),
        "TagResource" => tags::tag(state, request),
        "UntagResource" => tags::untag(state, request),
        "GetTags" => tags::get(state, request),
        "UpdateApi" => apis::update(state, request),
        "UpdateIntegration" => integrations::update(state, request),
        "UpdateRoute" => routes::update(state, request),
        "UpdateStage" => stages::update(state, request),
        _ => return read(operation, state, request),
    };
    if answer.is_ok()
        && let Some(api) = state.http.apis.get_mut(request.label(0))
    {
        deployments::deploy_automatically(api);
    }
    answer
}

fn read(operation: &str, state: &State, request: &Request) -> Result<Answer> {
    match operation {
        "ExportApi" => export::export(state, request),
        "GetApi" => apis::get(state, request),
        "GetApiMappings" => api_mappings::list(state, request),
        "GetApis" => apis::list(state, request),
        "GetAuthorizer" => authorizers::get(state, request),
        "GetAuthorizers" => authorizers::list(state, request),
        "GetDeployment" => deployments::get(state, request),
        "GetDeployments" => deployments::list(state, request),
        "GetIntegration" => integrations::get(state, request),
        "GetIntegrations" => integrations::list(state, request),
        "GetRoute" => routes::get(state, request),
        "GetRoutes" => routes::list(state, request),
        "GetStage" => stages::get(state, request),
        "GetStages" => stages::list(state, request),
        "GetVpcLink" => vpc_links::get(state, request),
        "GetVpcLinks" => vpc_links::list(state, request),
        _ => Err(ApiError::unknown_operation()),
    }
}

/// The current time in V2's format, ISO 8601 in whole seconds.
fn now() -> String {
    jiff::Timestamp::from_second(id::now()).unwrap_or_default().to_string()
}

/// The refusal of an identifier, as moto has it (moto/apigatewayv2/exceptions.py).
fn unknown(what: &str, id: &str) -> ApiError {
    ApiError::not_found(format!("Invalid {what} identifier specified {id}"))
}
