//! REST APIs and their properties.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::page::page;
use super::patch::PatchOperation;
use super::request::{Answer, Request};
use super::resource_policy;
use super::state::State;

/// The properties of an API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestApi {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) created_date: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) binary_media_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) minimum_compression_size: Option<i64>,
    #[serde(default = "header")]
    pub(crate) api_key_source: String,
    #[serde(default)]
    pub(crate) endpoint_configuration: EndpointConfiguration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) disable_execute_api_endpoint: bool,
    #[serde(default)]
    pub(crate) root_resource_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) security_policy: Option<String>,
}

/// The type of an API's endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointConfiguration {
    #[serde(default = "edge")]
    pub(crate) types: Vec<String>,
    #[serde(default = "ipv4")]
    pub(crate) ip_address_type: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vpc_endpoint_ids: Vec<String>,
}

impl Default for EndpointConfiguration {
    fn default() -> Self {
        Self { types: edge(), ip_address_type: ipv4(), vpc_endpoint_ids: Vec::new() }
    }
}

fn header() -> String {
    "HEADER".into()
}

fn edge() -> Vec<String> {
    vec!["EDGE".into()]
}

fn ipv4() -> String {
    "ipv4".into()
}

impl EndpointConfiguration {
    /// Whether VPC endpoints alone lead to the API.
    pub(crate) fn is_private(&self) -> bool {
        self.types == ["PRIVATE"]
    }

    /// What goes with the type: "For the PRIVATE endpoint type, only dualstack is supported"
    /// (<https://docs.aws.amazon.com/apigateway/latest/api/API_EndpointConfiguration.html>).
    pub(crate) fn settle(&mut self) {
        if self.is_private() {
            "dualstack".clone_into(&mut self.ip_address_type);
        }
    }

    /// Refuses unknown endpoint types and more than one.
    pub(crate) fn check(&self) -> Result<()> {
        match self.types.as_slice() {
            [kind] if ["EDGE", "REGIONAL", "PRIVATE"].contains(&kind.as_str()) => Ok(()),
            [_] => {
                Err(ApiError::bad_request("Invalid EndpointTypes specified. Valid options are EDGE,REGIONAL,PRIVATE"))
            }
            _ => Err(ApiError::bad_request("Cannot create an api with multiple Endpoint Types.")),
        }
    }
}

/// Refuses minimum compression sizes outside of 0 to 10 MiB.
pub(crate) fn check_compression(size: i64) -> Result<()> {
    if (0..=10_485_760).contains(&size) {
        return Ok(());
    }
    Err(ApiError::bad_request("Invalid minimum compression size, must be between 0 and 10485760"))
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(&state.api(request.label(0))?.rest_api)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.apis.values().map(|api| &api.rest_api))
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let place = resource_policy::Place::of(&state.context, request.label(0));
    let api = state.api_mut(request.label(0))?;
    let mut changed = api.rest_api.clone();
    for patch in request.patch()? {
        apply(&mut changed, &patch)?;
    }
    resource_policy::expand(&mut changed.policy, &place);
    api.configuration.binary_media_types.clone_from(&changed.binary_media_types);
    api.rest_api = changed;
    Answer::ok(&api.rest_api)
}

/// The paths of "Patch operations", section `UpdateRestApi`.
fn apply(api: &mut RestApi, patch: &PatchOperation) -> Result<()> {
    let segments = patch.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["name"] => {
            patch.must_replace()?;
            patch.value()?.clone_into(&mut api.name);
        }
        ["description"] => patch.text(&mut api.description)?,
        ["policy"] => patch.text(&mut api.policy)?,
        ["version"] => patch.text(&mut api.version)?,
        ["securityPolicy"] => patch.text(&mut api.security_policy)?,
        ["apiKeySource"] => {
            patch.must_replace()?;
            match patch.value()? {
                source @ ("HEADER" | "AUTHORIZER") => source.clone_into(&mut api.api_key_source),
                _ => {
                    return Err(ApiError::bad_request(
                        "Invalid apiKeySource specified. Valid options are HEADER,AUTHORIZER",
                    ));
                }
            }
        }
        ["disableExecuteApiEndpoint"] => {
            patch.must_replace()?;
            api.disable_execute_api_endpoint = patch.boolean()?;
        }
        ["minimumCompressionSize"] => {
            patch.must_replace()?;
            let refused = || ApiError::bad_request("Invalid minimum compression size, must be between 0 and 10485760");
            let size = match patch.value.as_deref().filter(|value| !value.is_empty()) {
                None => None,
                Some(value) => Some(value.parse::<i64>().map_err(|_| refused())?),
            };
            size.map_or(Ok(()), check_compression)?;
            api.minimum_compression_size = size;
        }
        ["binaryMediaTypes", media_type] => patch.member(&mut api.binary_media_types, media_type)?,
        ["endpointConfiguration", "types", kind] => {
            patch.member(&mut api.endpoint_configuration.types, kind)?;
            api.endpoint_configuration.check()?;
        }
        ["endpointConfiguration", "ipAddressType"] => {
            patch.must_replace()?;
            patch.value()?.clone_into(&mut api.endpoint_configuration.ip_address_type);
        }
        ["endpointConfiguration", "vpcEndpointIds"] => {
            patch.member(&mut api.endpoint_configuration.vpc_endpoint_ids, patch.value()?)?;
        }
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

/// Deletes an API with its stages and deployments. AWS refuses while a base path mapping names it.
pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let id = request.label(0).to_owned();
    state.api(&id)?;
    if state.domain_names.values().any(|domain| domain.mappings.values().any(|mapping| mapping.rest_api_id == id)) {
        return Err(ApiError::bad_request("Please remove all base path mappings related to the API in your account."));
    }
    state.apis.remove(&id);
    for plan in state.usage_plans.values_mut() {
        plan.api_stages.retain(|stage| stage.api_id != id);
    }
    Ok(Answer::deleted())
}
