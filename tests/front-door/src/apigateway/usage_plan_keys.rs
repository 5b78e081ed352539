//! Usage plan keys: the API keys of a usage plan.
//!
//! A key can be in several plans, but not in two plans with the same stage ("Usage plans and API keys for REST APIs").

use serde::Deserialize;
use serde_json::{Value, json};

use super::api_keys;
use super::error::{ApiError, Result};
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;
use super::usage_plans::{self, UsagePlan};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    #[serde(default)]
    key_id: String,
    #[serde(default)]
    key_type: String,
}

/// Refuses a key that is already in another plan with one of this plan's stages.
pub(crate) fn refuse_second_plan(state: &State, key: &str, plan: &UsagePlan) -> Result<()> {
    let others =
        state.usage_plans.values().filter(|other| other.id != plan.id && other.keys.iter().any(|id| id == key));
    for other in others {
        if let Some(stage) = plan.api_stages.iter().find(|stage| other.opens(&stage.api_id, &stage.stage)) {
            return Err(ApiError::conflict(format!(
                "Usage Plan {} cannot be added because API Key {key} is already in Usage Plan {} for the API stage {}:{}",
                plan.id, other.id, stage.api_id, stage.stage
            )));
        }
    }
    Ok(())
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    if input.key_type != "API_KEY" {
        return Err(ApiError::bad_request("Usage plan key type must be API_KEY"));
    }
    let plan = state.usage_plans.get(request.label(0)).ok_or_else(usage_plans::unknown)?;
    let view = view(state, &input.key_id, true)?;
    if plan.keys.contains(&input.key_id) {
        return Err(ApiError::conflict("Key already belongs to this usage plan"));
    }
    refuse_second_plan(state, &input.key_id, plan)?;
    state.usage_plans.get_mut(request.label(0)).ok_or_else(usage_plans::unknown)?.keys.push(input.key_id);
    Answer::created(&view)
}

fn view(state: &State, key: &str, with_value: bool) -> Result<Value> {
    let key = state.api_keys.get(key).ok_or_else(api_keys::unknown)?;
    let mut view = json!({ "id": key.id, "type": "API_KEY" });
    if let Some(name) = &key.name {
        view["name"] = json!(name);
    }
    if let Some(value) = key.value.as_ref().filter(|_| with_value) {
        view["value"] = json!(value);
    }
    Ok(view)
}

fn not_in_plan() -> ApiError {
    ApiError::not_found("Invalid API Key identifier specified for this usage plan")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let plan = state.usage_plans.get(request.label(0)).ok_or_else(usage_plans::unknown)?;
    let key = plan.keys.iter().find(|key| *key == request.label(1)).ok_or_else(not_in_plan)?;
    Answer::ok(&view(state, key, true)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let plan = state.usage_plans.get(request.label(0)).ok_or_else(usage_plans::unknown)?;
    let name = request.query("name");
    let named =
        |view: &Value| name.as_deref().is_none_or(|name| view["name"].as_str().unwrap_or_default().starts_with(name));
    let keys: Vec<Value> = plan.keys.iter().filter_map(|key| view(state, key, true).ok()).filter(named).collect();
    page(request, keys)
}
