//! HTTP APIs and their properties.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::now;
use super::page::page;
use super::state::{Configuration, HttpApi};
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::id;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::{Context, State};

/// The properties of an API.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Api {
    pub(crate) api_endpoint: String,
    pub(crate) api_id: String,
    pub(crate) api_key_selection_expression: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cors_configuration: Option<Cors>,
    pub(crate) created_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) disable_execute_api_endpoint: bool,
    pub(crate) ip_address_type: String,
    pub(crate) name: String,
    pub(crate) protocol_type: &'static str,
    pub(crate) route_selection_expression: &'static str,
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
}

/// Cross-origin resource sharing, which the data plane here does not add to answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<i64>,
}

impl Api {
    /// A new one. The expressions are those that the Terraform provider's acceptance tests find
    /// (`internal/service/apigatewayv2/api_test.go`, `TestAccAPIGatewayV2API_basicHTTP`).
    pub(super) fn new(context: &Context, name: String) -> Self {
        let api_id = id::random(10);
        Self {
            api_endpoint: format!("https://{api_id}.execute-api.{}.amazonaws.com", context.region),
            api_id,
            api_key_selection_expression: "$request.header.x-api-key",
            cors_configuration: None,
            created_date: now(),
            description: None,
            disable_execute_api_endpoint: false,
            ip_address_type: "ipv4".into(),
            name,
            protocol_type: "HTTP",
            route_selection_expression: "$request.method $request.path",
            tags: BTreeMap::new(),
            version: None,
        }
    }
}

/// The members of `CreateApi` and `UpdateApi`; others are refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    name: Option<String>,
    protocol_type: Option<String>,
    cors_configuration: Option<Cors>,
    description: Option<String>,
    disable_execute_api_endpoint: Option<bool>,
    ip_address_type: Option<String>,
    version: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

impl Given {
    fn apply(self, api: &mut Api) {
        if let Some(name) = self.name {
            api.name = name;
        }
        if let Some(disabled) = self.disable_execute_api_endpoint {
            api.disable_execute_api_endpoint = disabled;
        }
        if let Some(kind) = self.ip_address_type {
            api.ip_address_type = kind;
        }
        api.cors_configuration = self.cors_configuration.or_else(|| api.cors_configuration.take());
        api.description = self.description.or_else(|| api.description.take());
        api.version = self.version.or_else(|| api.version.take());
    }
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut given: Given = request.json()?;
    if given.protocol_type.as_deref() != Some("HTTP") {
        // moto has this wording; WebSocket APIs are not simulated.
        return Err(ApiError::bad_request("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]"));
    }
    let name = given.name.take().filter(|name| !name.is_empty());
    let mut about =
        Api::new(&state.context, name.ok_or_else(|| ApiError::bad_request("Name is required to create an API"))?);
    about.tags = given.tags.take().unwrap_or_default();
    given.apply(&mut about);
    let answer = Answer::created(&about);
    insert(state, about, Configuration::default());
    answer
}

/// Adds an API.
pub(super) fn insert(state: &mut State, about: Api, configuration: Configuration) {
    let (deployments, stages) = (BTreeMap::new(), BTreeMap::new());
    state.http.apis.insert(about.api_id.clone(), HttpApi { about, configuration, deployments, stages });
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(&state.http.api(request.label(0))?.about)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.http.apis.values().map(|api| &api.about))
}

pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let given: Given = request.json()?;
    if given.protocol_type.is_some() || given.tags.is_some() {
        return Err(ApiError::bad_request("Invalid request body: neither protocolType nor tags can be updated"));
    }
    let about = &mut state.http.api_mut(request.label(0))?.about;
    given.apply(about);
    Answer::ok(about)
}

/// Deletes an API with its stages and deployments.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    state.http.api(request.label(0))?;
    state.http.apis.remove(request.label(0));
    Ok(Answer::no_content())
}
