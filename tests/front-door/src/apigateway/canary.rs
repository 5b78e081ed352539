//! The patch operations of `UpdateStage` on canaries.
//!
//! The paths are those of "Patch operations", section `UpdateStage`; the refusals were recorded against AWS by `LocalStack`
//! (`tests/aws/services/apigateway/test_apigateway_canary.snapshot.json`). `replace` of a setting creates the canary if
//! there is none, on the stage's own deployment and with 0 % of the requests.

use super::error::{ApiError, Result};
use super::patch::{Op, PatchOperation};
use super::stage_patch::invalid_setting;
use super::stages::{CanarySettings, Stage};
use super::state::Api;

/// Refuses shares outside of 0 to 100 per cent.
pub(crate) fn check_percent(percent: f64) -> Result<()> {
    if (0.0..=100.0).contains(&percent) {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("Invalid percentTraffic value: {percent}. Must be between 0.0 and 100.0")))
}

/// Refuses a deployment that the API does not have.
pub(crate) fn check_deployment(api: &Api, id: &str) -> Result<()> {
    if api.deployments.contains_key(id) { Ok(()) } else { Err(ApiError::bad_request("Deployment id does not exist")) }
}

/// Applies an operation below `/canarySettings`.
pub(crate) fn apply(api: &Api, stage: &mut Stage, patch: &PatchOperation) -> Result<()> {
    let segments = patch.segments();
    let part: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    match patch.op {
        Op::Remove => remove(stage, patch, &part),
        Op::Replace => replace(api, stage, patch, &part),
        Op::Add => Err(ApiError::bad_request(format!("Invalid add operation with path: {}", patch.path))),
        _ => Err(invalid_setting(patch)),
    }
}

fn remove(stage: &mut Stage, patch: &PatchOperation, part: &[&str]) -> Result<()> {
    let no_setting = || {
        let setting = patch.path.trim_start_matches('/');
        ApiError::bad_request(format!(
            "Cannot remove method setting {setting} because there is no method setting for this method "
        ))
    };
    match part {
        [] => {
            stage.canary_settings.take().ok_or_else(no_setting)?;
        }
        ["stageVariableOverrides", name] => {
            let overrides = stage.canary_settings.as_mut().and_then(|canary| canary.stage_variable_overrides.as_mut());
            overrides.and_then(|overrides| overrides.remove(*name)).ok_or_else(no_setting)?;
        }
        _ => return Err(no_setting()),
    }
    Ok(())
}

fn replace(api: &Api, stage: &mut Stage, patch: &PatchOperation, part: &[&str]) -> Result<()> {
    let known = matches!(part, ["deploymentId" | "percentTraffic" | "useStageCache"] | ["stageVariableOverrides", _]);
    if !known {
        return Err(invalid_setting(patch));
    }
    let canary = stage.canary_settings.get_or_insert_with(|| CanarySettings {
        deployment_id: stage.deployment_id.clone(),
        percent_traffic: 0.0,
        stage_variable_overrides: None,
        use_stage_cache: false,
    });
    match part {
        ["deploymentId"] => {
            check_deployment(api, patch.value()?)?;
            patch.value()?.clone_into(&mut canary.deployment_id);
        }
        ["percentTraffic"] => {
            let percent = patch.number()?;
            check_percent(percent)?;
            canary.percent_traffic = percent;
        }
        ["useStageCache"] => canary.use_stage_cache = patch.boolean()?,
        ["stageVariableOverrides", name] => {
            let overrides = canary.stage_variable_overrides.get_or_insert_default();
            overrides.insert((*name).to_owned(), patch.value()?.to_owned());
        }
        _ => return Err(invalid_setting(patch)),
    }
    Ok(())
}

/// `copy`: promotes the canary's deployment or its variables to the stage. It does not end the canary.
pub(crate) fn promote(stage: &mut Stage, patch: &PatchOperation) -> Result<()> {
    let from = patch.from.as_deref().unwrap_or_default();
    let missing = || ApiError::bad_request("Promotion not available. Canary does not exist.");
    match (from, patch.path.as_str()) {
        ("/canarySettings/deploymentId", "/deploymentId") => {
            let canary = stage.canary_settings.as_ref().ok_or_else(missing)?;
            stage.deployment_id.clone_from(&canary.deployment_id);
        }
        ("/canarySettings/stageVariableOverrides", "/variables") => {
            let canary = stage.canary_settings.as_ref().ok_or_else(missing)?;
            if let Some(overrides) = canary.stage_variable_overrides.clone() {
                stage.variables.get_or_insert_default().extend(overrides);
            }
        }
        (from, path) => {
            return Err(ApiError::bad_request(format!(
                "Invalid copy operation with path: {path} and from {from}. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
            )));
        }
    }
    Ok(())
}
