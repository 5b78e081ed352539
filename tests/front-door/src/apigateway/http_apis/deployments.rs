//! Deployments: immutable snapshots of an API's configuration.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::now;
use super::page::page;
use super::state::{HttpApi, Snapshot};
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::id;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// What AWS says of a deployment that a stage's `autoDeploy` made: "View the details of an existing deployment" of the command line
/// interface's examples (awscli/examples/apigatewayv2/get-deployment.rst).
const AUTOMATIC: &str = "Automatic deployment triggered by changes to the Api configuration";

/// Why an API cannot be deployed, in AWS's words, as the `LastDeploymentStatusMessage` of stages in public repositories holds them.
const NO_ROUTES: &str = "Unable to deploy API because no valid routes exist in this API";

/// A snapshot with its id and description.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    pub(crate) auto_deployed: bool,
    pub(crate) created_date: String,
    pub(crate) deployment_id: String,
    pub(crate) deployment_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Its place among the API's deployments.
    #[serde(skip)]
    number: usize,
    #[serde(skip)]
    pub(crate) snapshot: Arc<Snapshot>,
}

impl Deployment {
    fn of(api: &HttpApi, description: Option<String>, auto_deployed: bool) -> Self {
        Self {
            auto_deployed,
            created_date: now(),
            deployment_id: id::random(6),
            deployment_status: "DEPLOYED",
            description,
            number: api.deployments.values().map(|deployment| deployment.number + 1).max().unwrap_or_default(),
            snapshot: Arc::new(api.snapshot()),
        }
    }
}

/// Refuses an API of whose routes none has an integration.
fn check_deployable(api: &HttpApi) -> Result<()> {
    let mut routes = api.configuration.routes.values();
    if routes.any(|route| api.configuration.integration_of(route).is_some()) {
        return Ok(());
    }
    Err(ApiError::bad_request(NO_ROUTES))
}

/// Gives the stages with `autoDeploy` a deployment of the configuration, where it differs from what they serve.
pub(super) fn deploy_automatically(api: &mut HttpApi) {
    let current = api.snapshot();
    let serves_it = |deployment: Option<&String>| {
        let deployment = deployment.and_then(|id| api.deployments.get(id));
        deployment.is_some_and(|deployment| *deployment.snapshot == current)
    };
    let behind = |stage: &&super::Stage| stage.auto_deploy && !serves_it(stage.deployment_id.as_ref());
    let names: Vec<String> = api.stages.values().filter(behind).map(|stage| stage.stage_name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let deployment = check_deployable(api).ok().map(|()| Deployment::of(api, Some(AUTOMATIC.into()), true));
    for stage in api.stages.values_mut().filter(|stage| names.contains(&stage.stage_name)) {
        match &deployment {
            Some(deployment) => {
                let id = &deployment.deployment_id;
                stage.serve(id);
                // awscli/examples/apigatewayv2/get-stages.rst
                let message = format!("Successfully deployed stage with deployment ID '{id}'");
                stage.last_deployment_status_message = Some(message);
            }
            None => stage.last_deployment_status_message = Some(format!("Deployment attempt failed: {NO_ROUTES}")),
        }
    }
    api.deployments.extend(deployment.map(|deployment| (deployment.deployment_id.clone(), deployment)));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    description: Option<String>,
    stage_name: Option<String>,
}

/// Creates a deployment; a stage that is named serves it from then on, and has to exist.
pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    let account = state.context.account_id.clone();
    let api = state.http.api_mut(request.label(0))?;
    check_deployable(api)?;
    if let Some(name) = &input.stage_name {
        api.stage(name)?.check_manual(&account, request.label(0))?;
    }
    let deployment = Deployment::of(api, input.description, false);
    if let Some(stage) = input.stage_name.and_then(|name| api.stages.get_mut(&name)) {
        stage.serve(&deployment.deployment_id);
    }
    let answer = Answer::created(&deployment);
    api.deployments.insert(deployment.deployment_id.clone(), deployment);
    answer
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.http.api(request.label(0))?.deployment(request.label(1))?)
}

/// The newest first.
pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    let mut deployments: Vec<&Deployment> = state.http.api(request.label(0))?.deployments.values().collect();
    deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.number));
    page(request, deployments)
}

/// Deletes a deployment that no stage uses; the wording of the refusal is V1's.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let api = state.http.api_mut(request.label(0))?;
    let id = request.label(1);
    api.deployment(id)?;
    if api.stages.values().any(|stage| stage.deployment_id.as_deref() == Some(id)) {
        return Err(ApiError::bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    api.deployments.remove(id);
    Ok(Answer::no_content())
}
