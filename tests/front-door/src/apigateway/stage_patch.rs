//! The patch operations of `UpdateStage`, with the paths of "Patch operations", section `UpdateStage`.
//!
//! A call applies all of its operations or none.

use serde_json::{Value, json};

use super::canary;
use super::error::{ApiError, Result};
use super::id;
use super::patch::{Op, PatchOperation, unescape};
use super::stages::Stage;
use super::state::Api;

/// The list of paths at the end of AWS's refusal of an unknown path.
const PATHS: &str = "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]";

/// AWS's refusal of a path that a stage does not have.
pub(crate) fn invalid_setting(patch: &PatchOperation) -> ApiError {
    ApiError::bad_request(format!("Invalid method setting path: {}. Must be one of: {PATHS}", patch.path))
}

/// The stage after the operations, applied in their order.
pub(crate) fn apply(api: &Api, stage: &Stage, patches: &[PatchOperation]) -> Result<Stage> {
    let mut changed = stage.clone();
    for patch in patches {
        apply_one(api, &mut changed, patch)?;
    }
    changed.last_updated_date = id::now();
    Ok(changed)
}

fn apply_one(api: &Api, stage: &mut Stage, patch: &PatchOperation) -> Result<()> {
    if patch.op == Op::Copy {
        return canary::promote(stage, patch);
    }
    let segments = patch.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["deploymentId"] => {
            patch.must_replace()?;
            canary::check_deployment(api, patch.value()?)?;
            patch.value()?.clone_into(&mut stage.deployment_id);
        }
        ["canarySettings", ..] => canary::apply(api, stage, patch)?,
        ["description"] => patch.text(&mut stage.description)?,
        ["documentationVersion"] => patch.text(&mut stage.documentation_version)?,
        ["clientCertificateId"] => patch.text(&mut stage.client_certificate_id)?,
        ["cacheClusterEnabled"] => stage.cache_cluster_enabled = patch.boolean()?,
        ["cacheClusterSize"] => patch.text(&mut stage.cache_cluster_size)?,
        ["tracingEnabled"] => stage.tracing_enabled = patch.boolean()?,
        ["accessLogSettings"] if patch.op == Op::Remove => stage.access_log_settings = None,
        ["accessLogSettings", "destinationArn"] => {
            patch.text(&mut stage.access_log_settings.get_or_insert_default().destination_arn)?;
        }
        ["accessLogSettings", "format"] => patch.text(&mut stage.access_log_settings.get_or_insert_default().format)?,
        ["variables", name] => variable(stage, patch, name)?,
        [_, _, _, _] | [_, _] => method_setting(stage, patch)?,
        _ => return Err(invalid_setting(patch)),
    }
    Ok(())
}

fn variable(stage: &mut Stage, patch: &PatchOperation, name: &str) -> Result<()> {
    let named = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty() || !name.chars().all(named) {
        return Err(ApiError::bad_request(
            "Stage variable names must only contain alphanumeric characters and underscores",
        ));
    }
    patch.entry(&mut stage.variables, name)
}

/// `/{resource path}/{verb}/{group}/{setting}`, where `*` stands for all; `remove /{resource path}/{verb}` drops them all.
fn method_setting(stage: &mut Stage, patch: &PatchOperation) -> Result<()> {
    let raw: Vec<&str> = patch.path.trim_start_matches('/').split('/').collect();
    let [resource, verb, rest @ ..] = raw.as_slice() else { return Err(invalid_setting(patch)) };
    let method = format!("{resource}/{verb}");
    if patch.op == Op::Remove {
        let removed = stage.method_settings.remove(&method);
        return removed.map(|_| ()).ok_or_else(|| {
            ApiError::bad_request(format!(
                "Cannot remove method setting {} because there is no method setting for this method ",
                unescape(patch.path.trim_start_matches('/'))
            ))
        });
    }
    patch.must_replace()?;
    let (name, value): (&str, Value) = match rest {
        ["metrics", "enabled"] => ("metricsEnabled", json!(patch.boolean()?)),
        ["logging", "dataTrace"] => ("dataTraceEnabled", json!(patch.boolean()?)),
        ["logging", "loglevel"] => match patch.value()? {
            level @ ("OFF" | "ERROR" | "INFO") => ("loggingLevel", json!(level)),
            _ => return Err(ApiError::bad_request("Invalid logging level: must be one of [OFF, ERROR, INFO]")),
        },
        ["throttling", "burstLimit"] => ("throttlingBurstLimit", json!(patch.number::<i32>()?)),
        ["throttling", "rateLimit"] => ("throttlingRateLimit", json!(patch.number::<f64>()?)),
        ["caching", "enabled"] => ("cachingEnabled", json!(patch.boolean()?)),
        ["caching", "ttlInSeconds"] => ("cacheTtlInSeconds", json!(patch.number::<i32>()?)),
        ["caching", "dataEncrypted"] => ("cacheDataEncrypted", json!(patch.boolean()?)),
        ["caching", "requireAuthorizationForCacheControl"] => {
            ("requireAuthorizationForCacheControl", json!(patch.boolean()?))
        }
        ["caching", "unauthorizedCacheControlHeaderStrategy"] => {
            ("unauthorizedCacheControlHeaderStrategy", json!(patch.value()?))
        }
        _ => return Err(invalid_setting(patch)),
    };
    stage.method_settings.entry(method).or_default().insert(name.to_owned(), value);
    Ok(())
}
