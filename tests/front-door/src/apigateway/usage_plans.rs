//! Usage plans: the API keys that are valid for stages. Throttles and quotas are stored and not enforced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::patch::{Op, PatchOperation};
use super::request::{Answer, Request};
use super::state::State;
use super::usage_plan_keys;

/// A plan.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsagePlan {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) api_stages: Vec<ApiStage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) throttle: Option<BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quota: Option<BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product_code: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// The ids of its keys.
    #[serde(skip)]
    pub(crate) keys: Vec<String>,
}

/// A stage of a usage plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiStage {
    #[serde(default)]
    pub(crate) api_id: String,
    #[serde(default)]
    pub(crate) stage: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) throttle: Option<BTreeMap<String, Value>>,
}

impl UsagePlan {
    pub(crate) fn opens(&self, api: &str, stage: &str) -> bool {
        self.api_stages.iter().any(|opened| opened.api_id == api && opened.stage == stage)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    #[serde(default)]
    name: String,
    description: Option<String>,
    #[serde(default)]
    api_stages: Vec<ApiStage>,
    throttle: Option<BTreeMap<String, Value>>,
    quota: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    if input.name.is_empty() {
        return Err(ApiError::bad_request("Usage Plan name cannot be blank"));
    }
    for stage in &input.api_stages {
        check_stage(state, stage)?;
    }
    let plan = UsagePlan {
        id: id::random(6),
        name: input.name,
        description: input.description,
        api_stages: input.api_stages,
        throttle: input.throttle,
        quota: input.quota,
        product_code: None,
        tags: input.tags,
        keys: Vec::new(),
    };
    let answer = Answer::created(&plan);
    state.usage_plans.insert(plan.id.clone(), plan);
    answer
}

fn check_stage(state: &State, stage: &ApiStage) -> Result<()> {
    let known = state.apis.get(&stage.api_id).is_some_and(|api| api.stages.contains_key(&stage.stage));
    if known {
        Ok(())
    } else {
        Err(ApiError::not_found(format!("API Stage not found: {}:{}", stage.api_id, stage.stage)))
    }
}

/// AWS's refusal of an unknown usage plan.
pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("Invalid Usage Plan ID specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.usage_plans.get(request.label(0)).ok_or_else(unknown)?)
}

/// `GetUsagePlans`: all plans, or those of one key.
pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let key = request.query("keyId");
    page(request, state.usage_plans.values().filter(|plan| key.as_ref().is_none_or(|key| plan.keys.contains(key))))
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let mut changed = state.usage_plans.get(request.label(0)).ok_or_else(unknown)?.clone();
    for patch in request.patch()? {
        apply(state, &mut changed, &patch)?;
    }
    for key in &changed.keys {
        usage_plan_keys::refuse_second_plan(state, key, &changed)?;
    }
    let answer = Answer::ok(&changed);
    state.usage_plans.insert(changed.id.clone(), changed);
    answer
}

/// The paths of "Patch operations", section `UpdateUsagePlan`; the value at `/apiStages` is `{api id}:{stage}`.
fn apply(state: &State, plan: &mut UsagePlan, patch: &PatchOperation) -> Result<()> {
    let segments = patch.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["name"] => {
            patch.must_replace()?;
            patch.value()?.clone_into(&mut plan.name);
        }
        ["description"] => patch.text(&mut plan.description)?,
        ["productCode"] => patch.text(&mut plan.product_code)?,
        ["apiStages"] => {
            let value = patch.value()?;
            let (api_id, stage) =
                value.split_once(':').ok_or_else(|| ApiError::bad_request("Invalid API Stage specified"))?;
            let stage = ApiStage { api_id: api_id.to_owned(), stage: stage.to_owned(), throttle: None };
            let opened = plan.opens(&stage.api_id, &stage.stage);
            match patch.op {
                Op::Add if opened => {}
                Op::Add => {
                    check_stage(state, &stage)?;
                    plan.api_stages.push(stage);
                }
                Op::Remove if opened => {
                    plan.api_stages.retain(|open| open.api_id != stage.api_id || open.stage != stage.stage);
                }
                Op::Remove => {
                    return Err(ApiError::not_found(format!(
                        "Invalid API Stage {{api: {api_id}, stage: {}}} specified for usageplan {}",
                        stage.stage, plan.id
                    )));
                }
                _ => return Err(PatchOperation::invalid_op("add, remove")),
            }
        }
        ["throttle"] if patch.op == Op::Remove => plan.throttle = None,
        ["quota"] if patch.op == Op::Remove => plan.quota = None,
        ["throttle", limit @ ("burstLimit" | "rateLimit")] => {
            let value = number(patch)?;
            plan.throttle.get_or_insert_default().insert((*limit).to_owned(), value);
        }
        ["quota", limit @ ("limit" | "offset")] => {
            let value = number(patch)?;
            plan.quota.get_or_insert_default().insert((*limit).to_owned(), value);
        }
        ["quota", "period"] => {
            let value = Value::from(patch.value()?);
            plan.quota.get_or_insert_default().insert("period".into(), value);
        }
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

fn number(patch: &PatchOperation) -> Result<Value> {
    Ok(match patch.number::<i64>() {
        Ok(whole) => Value::from(whole),
        Err(_) => Value::from(patch.number::<f64>()?),
    })
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let plan = state.usage_plans.get(request.label(0)).ok_or_else(unknown)?;
    if !plan.api_stages.is_empty() {
        let stages: Vec<String> =
            plan.api_stages.iter().map(|stage| format!("{}:{}", stage.api_id, stage.stage)).collect();
        return Err(ApiError::bad_request(format!(
            "Cannot delete Usage Plan {} because there are API Stages associated with it, including {}",
            plan.id,
            stages.join(",")
        )));
    }
    state.usage_plans.remove(request.label(0));
    Ok(Answer::deleted())
}
