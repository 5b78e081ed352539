//! API keys. Their values are secret: reads return them only with `includeValue(s)=true`, and they are never logged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::request::{Answer, Request};
use super::state::State;

/// A key.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKey {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) created_date: i64,
    pub(crate) last_updated_date: i64,
    pub(crate) stage_keys: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
}

impl ApiKey {
    fn without_value(&self) -> Self {
        Self { value: None, ..self.clone() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    name: Option<String>,
    description: Option<String>,
    customer_id: Option<String>,
    value: Option<String>,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let input: Create = request.json()?;
    let value = match input.value {
        Some(value) if (20..=128).contains(&value.len()) => value,
        Some(_) => {
            return Err(ApiError::bad_request(
                "API Key value should be at least 20 characters and at most 128 characters",
            ));
        }
        None => id::api_key_value(),
    };
    if state.api_keys.values().any(|key| key.value.as_deref() == Some(&value)) {
        return Err(ApiError::conflict("API Key already exists"));
    }
    let now = id::now();
    let key = ApiKey {
        id: id::random(10),
        value: Some(value),
        name: input.name,
        customer_id: input.customer_id,
        description: input.description,
        enabled: input.enabled,
        created_date: now,
        last_updated_date: now,
        stage_keys: Vec::new(),
        tags: input.tags,
    };
    let answer = Answer::created(&key);
    state.api_keys.insert(key.id.clone(), key);
    answer
}

/// AWS's refusal of an unknown key.
pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("Invalid API Key identifier specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let key = state.api_keys.get(request.label(0)).ok_or_else(unknown)?;
    if request.query("includeValue").as_deref() == Some("true") {
        Answer::ok(key)
    } else {
        Answer::ok(&key.without_value())
    }
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    let with_values = request.query("includeValues").as_deref() == Some("true");
    let (name, customer) = (request.query("name"), request.query("customerId"));
    let keys = state
        .api_keys
        .values()
        .filter(|key| name.as_deref().is_none_or(|name| key.name.as_deref().unwrap_or_default().starts_with(name)))
        .filter(|key| customer.is_none() || key.customer_id == customer)
        .map(|key| if with_values { key.clone() } else { key.without_value() });
    page(request, keys)
}
