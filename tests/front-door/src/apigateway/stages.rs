//! Stages: the names in URLs under which deployments are served.
//!
//! An API has at most ten stages ("Amazon API Gateway quotas"). The patch operations of `UpdateStage` are in `stage_patch`
//! and, for canaries, in `canary`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canary;
use super::error::{ApiError, Result};
use super::id;
use super::request::{Answer, Request};
use super::stage_patch;
use super::state::{Api, State};

/// The quota of stages per API.
const STAGES_PER_API: usize = 10;

/// A stage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    pub(crate) stage_name: String,
    pub(crate) deployment_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) cache_cluster_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_cluster_size: Option<String>,
    pub(crate) cache_cluster_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) documentation_version: Option<String>,
    pub(crate) method_settings: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variables: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_log_settings: Option<AccessLogSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canary_settings: Option<CanarySettings>,
    pub(crate) tracing_enabled: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created_date: i64,
    pub(crate) last_updated_date: i64,
}

/// Destination and format of access logs.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessLogSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination_arn: Option<String>,
}

/// A second deployment and the share of the stage's requests that it gets, chosen at random for each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CanarySettings {
    #[serde(default)]
    pub(crate) deployment_id: String,
    /// In per cent, from 0.0 to 100.0.
    #[serde(default)]
    pub(crate) percent_traffic: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage_variable_overrides: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) use_stage_cache: bool,
}

impl Stage {
    pub(crate) fn new(name: &str, deployment_id: &str) -> Self {
        let now = id::now();
        Self {
            stage_name: name.to_owned(),
            deployment_id: deployment_id.to_owned(),
            description: None,
            cache_cluster_enabled: false,
            cache_cluster_size: None,
            cache_cluster_status: "NOT_AVAILABLE",
            client_certificate_id: None,
            documentation_version: None,
            method_settings: BTreeMap::new(),
            variables: None,
            access_log_settings: None,
            canary_settings: None,
            tracing_enabled: false,
            tags: BTreeMap::new(),
            created_date: now,
            last_updated_date: now,
        }
    }
}

/// Refuses a new stage where the API has as many as the quota allows.
pub(crate) fn check_room(api: &Api) -> Result<()> {
    if api.stages.len() < STAGES_PER_API {
        return Ok(());
    }
    Err(ApiError::limit_exceeded(format!("Maximum number of stages for this API has been reached: {STAGES_PER_API}")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    #[serde(default)]
    stage_name: String,
    #[serde(default)]
    deployment_id: String,
    description: Option<String>,
    #[serde(default)]
    cache_cluster_enabled: bool,
    cache_cluster_size: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    documentation_version: Option<String>,
    canary_settings: Option<CanarySettings>,
    #[serde(default)]
    tracing_enabled: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    let api = state.api_mut(request.label(0))?;
    let valid = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if input.stage_name.is_empty() || input.stage_name.len() > 128 || !input.stage_name.chars().all(valid) {
        return Err(ApiError::bad_request("Stage name only allows a-zA-Z0-9_- and at most 128 characters"));
    }
    if api.stages.contains_key(&input.stage_name) {
        return Err(ApiError::conflict("Stage already exists"));
    }
    api.deployment(&input.deployment_id)?;
    check_room(api)?;
    let mut stage = Stage {
        description: input.description,
        cache_cluster_enabled: input.cache_cluster_enabled,
        cache_cluster_size: input.cache_cluster_size,
        variables: input.variables,
        documentation_version: input.documentation_version,
        tracing_enabled: input.tracing_enabled,
        tags: input.tags,
        ..Stage::new(&input.stage_name, &input.deployment_id)
    };
    if let Some(mut settings) = input.canary_settings {
        if settings.deployment_id.is_empty() {
            settings.deployment_id.clone_from(&stage.deployment_id);
        }
        canary::check_deployment(api, &settings.deployment_id)?;
        canary::check_percent(settings.percent_traffic)?;
        stage.canary_settings = Some(settings);
    }
    let answer = Answer::created(&stage);
    api.stages.insert(stage.stage_name.clone(), stage);
    answer
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.api(request.label(0))?.stage(request.label(1))?)
}

/// All stages, or those of one deployment. This list has no pages.
pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let deployment = request.query("deploymentId");
    let stages = state.api(request.label(0))?.stages.values();
    let wanted: Vec<&Stage> =
        stages.filter(|stage| deployment.as_ref().is_none_or(|id| stage.deployment_id == *id)).collect();
    Answer::ok(&serde_json::json!({ "item": wanted }))
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let patches = request.patch()?;
    let api = state.api_mut(request.label(0))?;
    let changed = stage_patch::apply(api, api.stage(request.label(1))?, &patches)?;
    let answer = Answer::ok(&changed);
    api.stages.insert(changed.stage_name.clone(), changed);
    answer
}

/// Deletes a stage and removes it from usage plans. Base path mappings that name it stay, as on AWS.
pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let (api_id, name) = (request.label(0).to_owned(), request.label(1).to_owned());
    let api = state.api_mut(&api_id)?;
    api.stage(&name)?;
    api.stages.remove(&name);
    for plan in state.usage_plans.values_mut() {
        plan.api_stages.retain(|stage| stage.api_id != api_id || stage.stage != name);
    }
    Ok(Answer::deleted())
}
