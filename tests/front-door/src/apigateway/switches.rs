//! Records the calls that changed where a stage's requests go, by comparing the stage before and after each call.

use jiff::Timestamp;

use super::http_apis;
use super::stages::Stage;

/// A control-plane call that changed the deployment, canary or variables of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// When the call was accepted.
    pub time: Timestamp,
    /// The call: `UpdateStage`, `CreateDeployment`, `CreateStage` or `DeleteStage`.
    pub operation: String,
    /// The API.
    pub api: String,
    /// The stage.
    pub stage: String,
    /// The deployment of the stage after the call; `None` if the stage was deleted.
    pub deployment: Option<String>,
    /// The canary's deployment and its share of the requests in per cent.
    pub canary: Option<(String, f64)>,
}

/// The settings of a stage that decide where its requests go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    deployment: String,
    canary: Option<(String, f64)>,
    variables: String,
}

impl Target {
    pub(crate) fn of(stage: &Stage) -> Self {
        Self {
            deployment: stage.deployment_id.clone(),
            canary: stage.canary_settings.as_ref().map(|canary| (canary.deployment_id.clone(), canary.percent_traffic)),
            variables: format!(
                "{:?}{:?}",
                stage.variables,
                stage.canary_settings.as_ref().map(|c| &c.stage_variable_overrides)
            ),
        }
    }

    /// Of a stage of an HTTP API, which has no canary; before its first deployment it serves none.
    pub(crate) fn of_http(stage: &http_apis::Stage) -> Self {
        Self {
            deployment: stage.deployment_id.clone().unwrap_or_default(),
            canary: None,
            variables: format!("{:?}", stage.stage_variables),
        }
    }
}

/// The switch between two states of a stage, if they differ.
pub(crate) fn between(
    operation: &str,
    api: &str,
    stage: &str,
    before: Option<&Target>,
    after: Option<&Target>,
) -> Option<Switch> {
    (before != after).then(|| Switch {
        time: Timestamp::now(),
        operation: operation.to_owned(),
        api: api.to_owned(),
        stage: stage.to_owned(),
        deployment: after.map(|target| target.deployment.clone()),
        canary: after.and_then(|target| target.canary.clone()),
    })
}
