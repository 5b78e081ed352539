//! Deployments: immutable snapshots of an API's configuration.
//!
//! Later edits do not change them. `CreateDeployment` with a stage name also points that stage at the new
//! deployment (and creates the stage); with canary settings it becomes the canary of a stage that exists. See "Create a
//! deployment for a REST API" and "Set up an API Gateway canary release deployment" in the developer guide.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::request::{Answer, Request};
use super::snapshot::Snapshot;
use super::stages::{CanarySettings, Stage};
use super::state::{Configuration, State};
use super::vpc_links::{Status, VpcLink};

/// A snapshot with its id and description.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) created_date: i64,
    #[serde(skip)]
    pub(crate) snapshot: Arc<Snapshot>,
}

impl Deployment {
    fn view(&self, with_summary: bool) -> Value {
        let mut view = json!(self);
        if with_summary {
            view["apiSummary"] = self.summary();
        }
        view
    }

    /// The deployment in the format of the API; `embed=apisummary` adds path, verb and authorization of every method.
    fn summary(&self) -> Value {
        let resources = self.snapshot.configuration.resources.values();
        resources
            .filter(|resource| !resource.methods.is_empty())
            .map(|resource| {
                let methods = resource.methods.iter().map(|(verb, method)| {
                    let snapshot = json!({ "authorizationType": method.authorization_type, "apiKeyRequired": method.api_key_required });
                    (verb.clone(), snapshot)
                });
                (resource.path.clone(), methods.collect::<Value>())
            })
            .collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    stage_name: Option<String>,
    stage_description: Option<String>,
    description: Option<String>,
    variables: Option<BTreeMap<String, String>>,
    canary_settings: Option<DeploymentCanarySettings>,
    #[serde(default)]
    tracing_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentCanarySettings {
    #[serde(default)]
    percent_traffic: f64,
    stage_variable_overrides: Option<BTreeMap<String, String>>,
    #[serde(default)]
    use_stage_cache: bool,
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    let api = state.api(request.label(0))?;
    // <https://github.com/hashicorp/terraform-provider-aws/issues/14290>
    if api.rest_api.endpoint_configuration.is_private() && api.rest_api.policy.is_none() {
        return Err(ApiError::bad_request("Private REST API doesn't have a resource policy attached to it"));
    }
    check_deployable(&api.configuration, &state.vpc_links)?;
    check_stage(&input, |name| api.stages.get(name))?;
    let api = state.api_mut(request.label(0))?;
    let deployment = Deployment {
        id: id::random(6),
        description: input.description.clone(),
        created_date: id::now(),
        snapshot: Arc::new(Snapshot::new(api.configuration.clone(), api.rest_api.clone())),
    };
    let answer =
        Answer::created(&deployment.view(request.query_all("embed").iter().any(|embed| embed == "apisummary")));
    if let Some(name) = input.stage_name.clone().filter(|name| !name.is_empty()) {
        if !api.stages.contains_key(&name) {
            super::stages::check_room(api)?;
        }
        let stage = api.stages.entry(name.clone()).or_insert_with(|| Stage::new(&name, &deployment.id));
        point_stage(stage, input, &deployment.id)?;
    }
    api.deployments.insert(deployment.id.clone(), deployment);
    answer
}

/// The time until no link of an API's integrations is PENDING. "Deploying an API will wait if the status is PENDING and will fail if
/// the status is DELETING" (<https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html>).
pub(crate) fn ready_in(state: &State, api: &str, now: Instant) -> Duration {
    let resources = state.apis.get(api).map(|api| api.configuration.resources.values());
    let methods = resources.into_iter().flatten().flat_map(|resource| resource.methods.values());
    let links = methods
        .filter_map(|method| state.vpc_links.get(method.method_integration.as_ref()?.connection_id.as_deref()?))
        .filter(|link| link.status == Status::Pending);
    links.map(|link| link.until.saturating_duration_since(now)).max().unwrap_or_default()
}

/// Refuses methods without an integration, and links that are DELETING or FAILED (AWS does not publish the wording for links).
fn check_deployable(configuration: &Configuration, links: &BTreeMap<String, VpcLink>) -> Result<()> {
    let mut methods = configuration.resources.values().flat_map(|resource| resource.methods.values()).peekable();
    if methods.peek().is_none() {
        return Err(ApiError::bad_request("The REST API doesn't contain any methods"));
    }
    for method in methods {
        let Some(integration) = &method.method_integration else {
            return Err(ApiError::bad_request("No integration defined for method"));
        };
        // A VPC link V2 is none of these.
        let first = integration.connection_id.as_deref().filter(|_| integration.integration_target.is_none());
        let Some(id) = first.filter(|id| !id.contains("${")) else { continue };
        match links.get(id) {
            Some(link) if link.status == Status::Available => {}
            Some(link) => {
                return Err(ApiError::bad_request(format!("Vpc link '{id}' is {}", json!(link.status))));
            }
            None => return Err(ApiError::bad_request(format!("Invalid Vpc Link identifier specified: {id}"))),
        }
    }
    Ok(())
}

fn check_stage<'api>(input: &Create, stage: impl Fn(&str) -> Option<&'api Stage>) -> Result<()> {
    let refused = |reason: String| Err(ApiError::bad_request(format!("Invalid deployment content specified.{reason}")));
    let name = input.stage_name.as_deref();
    match (&input.canary_settings, name.and_then(&stage)) {
        (Some(_), None) if name.unwrap_or_default().is_empty() => refused(format!(
            "Non null and non empty stageName must be provided for canary deployment. Provided value is {}",
            name.unwrap_or("null")
        )),
        (Some(_), None) => refused(format!(
            "Stage {} must already be created before making a canary release deployment",
            name.unwrap_or_default()
        )),
        (None, Some(stage)) if stage.canary_settings.is_some() => refused(format!(
            "Non canary deployment not supported on stage {} because Canary is enabled. Provide CanarySettings in deploymentInput.",
            stage.stage_name
        )),
        _ => Ok(()),
    }
}

fn point_stage(stage: &mut Stage, input: Create, deployment: &str) -> Result<()> {
    stage.last_updated_date = id::now();
    let Some(canary) = input.canary_settings else {
        deployment.clone_into(&mut stage.deployment_id);
        stage.tracing_enabled |= input.tracing_enabled;
        if input.stage_description.is_some() {
            stage.description = input.stage_description;
        }
        if let Some(variables) = input.variables {
            stage.variables.get_or_insert_default().extend(variables);
        }
        return Ok(());
    };
    super::canary::check_percent(canary.percent_traffic)?;
    stage.canary_settings = Some(CanarySettings {
        deployment_id: deployment.to_owned(),
        percent_traffic: canary.percent_traffic,
        stage_variable_overrides: canary.stage_variable_overrides,
        use_stage_cache: canary.use_stage_cache,
    });
    Ok(())
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let embed = request.query_all("embed").iter().any(|embed| embed == "apisummary");
    Answer::ok(&state.api(request.label(0))?.deployment(request.label(1))?.view(embed))
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let mut deployments: Vec<&Deployment> = state.api(request.label(0))?.deployments.values().collect();
    deployments.sort_by_key(|deployment| deployment.created_date);
    page(request, deployments)
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let api = state.api_mut(request.label(0))?;
    let id = request.label(1);
    api.deployment(id)?;
    let canary = |stage: &Stage| stage.canary_settings.as_ref().is_some_and(|canary| canary.deployment_id == id);
    if api.stages.values().any(|stage| stage.deployment_id == id || canary(stage)) {
        return Err(ApiError::bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    api.deployments.remove(id);
    Ok(Answer::deleted())
}
