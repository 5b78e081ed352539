//! Stages of HTTP APIs: the names in URLs under which deployments are served, and `$default`, which is no part of the URL.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::now;
use super::page::page;
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// "Stages per API" (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const STAGES_PER_API: usize = 10;

/// A stage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_log_settings: Option<Value>,
    /// Stands there only where it is on, as the last deployment's message, in the examples of AWS's command line interface
    /// (awscli/examples/apigatewayv2/get-stages.rst).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) auto_deploy: bool,
    pub(crate) created_date: String,
    pub(crate) default_route_settings: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deployment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_deployment_status_message: Option<String>,
    pub(crate) last_updated_date: String,
    pub(crate) route_settings: Map<String, Value>,
    pub(crate) stage_name: String,
    pub(crate) stage_variables: BTreeMap<String, String>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Stage {
    fn new(stage_name: String) -> Self {
        Self {
            access_log_settings: None,
            auto_deploy: false,
            created_date: now(),
            default_route_settings: json!({ "detailedMetricsEnabled": false }),
            deployment_id: None,
            description: None,
            last_deployment_status_message: None,
            last_updated_date: now(),
            route_settings: Map::new(),
            stage_name,
            stage_variables: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Serves a deployment from now.
    pub(super) fn serve(&mut self, deployment: &str) {
        self.deployment_id = Some(deployment.to_owned());
        self.last_updated_date = now();
    }

    /// Refuses to choose the deployment of a stage that chooses by itself, in AWS's words (go-to-k/cdk-real-drift#667).
    pub(super) fn check_manual(&self, account: &str, api: &str) -> Result<()> {
        if self.auto_deploy {
            return Err(ApiError::bad_request(format!(
                "Deployment ID cannot be set on this stage {account}:{api} because AutoDeploy is enabled."
            )));
        }
        Ok(())
    }
}

/// The members of `CreateStage` and `UpdateStage` that HTTP APIs have; others are refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    stage_name: Option<String>,
    access_log_settings: Option<Value>,
    auto_deploy: Option<bool>,
    default_route_settings: Option<Value>,
    deployment_id: Option<String>,
    description: Option<String>,
    route_settings: Option<Map<String, Value>>,
    stage_variables: Option<BTreeMap<String, String>>,
    tags: Option<BTreeMap<String, String>>,
}

impl Given {
    /// Variables are merged, and an empty value removes one: the Terraform provider removes them so
    /// (internal/service/apigatewayv2/stage.go).
    fn apply(self, stage: &mut Stage) {
        stage.auto_deploy = self.auto_deploy.unwrap_or(stage.auto_deploy);
        stage.access_log_settings = self.access_log_settings.or_else(|| stage.access_log_settings.take());
        stage.description = self.description.or_else(|| stage.description.take());
        if let Some(settings) = self.default_route_settings {
            stage.default_route_settings = settings;
        }
        stage.route_settings.extend(self.route_settings.unwrap_or_default());
        stage.stage_variables.extend(self.stage_variables.unwrap_or_default());
        stage.stage_variables.retain(|_, value| !value.is_empty());
        if let Some(deployment) = self.deployment_id {
            stage.serve(&deployment);
        }
        stage.last_updated_date = now();
    }
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut given: Given = request.json()?;
    let account = state.context.account_id.clone();
    let api = state.http.api_mut(request.label(0))?;
    let name = given.stage_name.take().unwrap_or_default();
    let valid = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if name != "$default" && (name.is_empty() || name.len() > 128 || !name.chars().all(valid)) {
        return Err(ApiError::bad_request(
            "Stage name only allows a-zA-Z0-9_- and at most 128 characters, or $default",
        ));
    }
    if api.stages.contains_key(&name) {
        return Err(ApiError::conflict("Stage already exists"));
    }
    if api.stages.len() >= STAGES_PER_API {
        let most = format!("Maximum number of stages for this API has been reached: {STAGES_PER_API}");
        return Err(ApiError::limit_exceeded_v2(most));
    }
    let mut stage = Stage::new(name.clone());
    stage.auto_deploy = given.auto_deploy.unwrap_or_default();
    if let Some(deployment) = &given.deployment_id {
        stage.check_manual(&account, request.label(0))?;
        api.deployment(deployment)?;
    }
    stage.tags = given.tags.take().unwrap_or_default();
    given.apply(&mut stage);
    let answer = Answer::created(&stage);
    api.stages.insert(name, stage);
    answer
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.http.api(request.label(0))?.stage(request.label(1))?)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.http.api(request.label(0))?.stages.values())
}

/// Changes a stage. Its deployment cannot be chosen while it has `autoDeploy`, nor by the call that turns that on.
pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let given: Given = request.json()?;
    if given.stage_name.is_some() || given.tags.is_some() {
        return Err(ApiError::bad_request("Invalid request body: neither stageName nor tags can be updated"));
    }
    let account = state.context.account_id.clone();
    let api = state.http.api_mut(request.label(0))?;
    let mut changed = api.stage(request.label(1))?.clone();
    if let Some(deployment) = &given.deployment_id {
        let auto_deploy = given.auto_deploy.unwrap_or(changed.auto_deploy);
        Stage { auto_deploy, ..changed.clone() }.check_manual(&account, request.label(0))?;
        api.deployment(deployment)?;
    }
    given.apply(&mut changed);
    let answer = Answer::ok(&changed);
    api.stages.insert(changed.stage_name.clone(), changed);
    answer
}

/// Deletes a stage. API mappings that name it stay and lead nowhere.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let api = state.http.api_mut(request.label(0))?;
    api.stage(request.label(1))?;
    api.stages.remove(request.label(1));
    Ok(Answer::no_content())
}
