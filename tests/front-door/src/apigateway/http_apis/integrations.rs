//! Integrations: where the requests of routes go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mappings;
use super::page::page;
use super::state::HttpApi;
use super::unknown;
use super::vpc_links::VpcLink;
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::id;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// "Maximum integration timeout" and "Integrations per API" (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
pub(super) const LONGEST_TIMEOUT: u32 = 30_000;
const INTEGRATIONS_PER_API: usize = 300;

/// An integration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Integration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_id: Option<String>,
    pub(crate) connection_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credentials_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) integration_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_subtype: Option<String>,
    pub(crate) integration_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_uri: Option<String>,
    pub(crate) payload_format_version: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) request_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) response_parameters: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) timeout_in_millis: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_config: Option<TlsConfig>,
}

/// TLS towards the backend.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TlsConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_name_to_verify: Option<String>,
}

/// The members of `CreateIntegration` and `UpdateIntegration` that HTTP APIs have; others are refused.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Given {
    pub(super) connection_id: Option<String>,
    pub(super) connection_type: Option<String>,
    pub(super) credentials_arn: Option<String>,
    pub(super) description: Option<String>,
    pub(super) integration_method: Option<String>,
    pub(super) integration_subtype: Option<String>,
    pub(super) integration_type: Option<String>,
    pub(super) integration_uri: Option<String>,
    pub(super) payload_format_version: Option<String>,
    pub(super) request_parameters: Option<BTreeMap<String, String>>,
    pub(super) response_parameters: Option<BTreeMap<String, BTreeMap<String, String>>>,
    pub(super) timeout_in_millis: Option<u32>,
    pub(super) tls_config: Option<TlsConfig>,
}

impl Given {
    /// Parameters are merged, and an empty value removes one: the Terraform provider removes them so
    /// (internal/service/apigatewayv2/integration.go).
    fn apply(self, integration: &mut Integration) {
        let kept = |new: Option<String>, old: &mut Option<String>| *old = new.or_else(|| old.take());
        kept(self.connection_id, &mut integration.connection_id);
        kept(self.credentials_arn, &mut integration.credentials_arn);
        kept(self.description, &mut integration.description);
        kept(self.integration_method, &mut integration.integration_method);
        kept(self.integration_subtype, &mut integration.integration_subtype);
        kept(self.integration_uri, &mut integration.integration_uri);
        for (new, old) in [
            (self.connection_type, &mut integration.connection_type),
            (self.integration_type, &mut integration.integration_type),
            (self.payload_format_version, &mut integration.payload_format_version),
        ] {
            if let Some(new) = new {
                *old = new;
            }
        }
        integration.timeout_in_millis = self.timeout_in_millis.unwrap_or(integration.timeout_in_millis);
        integration.tls_config = self.tls_config.or_else(|| integration.tls_config.take());
        integration.request_parameters.extend(self.request_parameters.unwrap_or_default());
        integration.request_parameters.retain(|_, value| !value.is_empty());
        for (status, parameters) in self.response_parameters.unwrap_or_default() {
            integration.response_parameters.insert(status, parameters);
        }
        integration.response_parameters.retain(|_, parameters| !parameters.is_empty());
    }
}

impl Integration {
    /// An integration of these members. The defaults are those of the API reference; the Terraform provider's acceptance tests find them
    /// too (`internal/service/apigatewayv2/integration_test.go`, `TestAccAPIGatewayV2Integration_basicHTTP`).
    pub(super) fn new(given: Given) -> Self {
        let mut integration = Self {
            connection_id: None,
            connection_type: "INTERNET".into(),
            credentials_arn: None,
            description: None,
            integration_id: id::random(7),
            integration_method: None,
            integration_subtype: None,
            integration_type: String::new(),
            integration_uri: None,
            payload_format_version: "1.0".into(),
            request_parameters: BTreeMap::new(),
            response_parameters: BTreeMap::new(),
            timeout_in_millis: LONGEST_TIMEOUT,
            tls_config: None,
        };
        given.apply(&mut integration);
        integration
    }

    /// Whether requests go through a VPC link.
    pub(crate) fn is_private(&self) -> bool {
        self.connection_type == "VPC_LINK"
    }

    /// Refuses invalid integrations
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html>).
    pub(super) fn check(&self, links: &BTreeMap<String, VpcLink>) -> Result<()> {
        let refused = |why: String| Err(ApiError::bad_request(why));
        if !["HTTP_PROXY", "AWS_PROXY"].contains(&self.integration_type.as_str()) {
            return refused(format!("Invalid integration type specified for an HTTP API: {}", self.integration_type));
        }
        if !(50..=LONGEST_TIMEOUT).contains(&self.timeout_in_millis) {
            return refused(format!("Timeout should be between 50 ms and {LONGEST_TIMEOUT} ms"));
        }
        if self.integration_type == "HTTP_PROXY" && self.integration_method.is_none() {
            return refused("HTTP method must be specified for an integration of type HTTP_PROXY".into());
        }
        mappings::check(&self.request_parameters)?;
        let uri = self.integration_uri.as_deref().unwrap_or_default();
        if !self.is_private() {
            let is_url = uri.starts_with("http://") || uri.starts_with("https://");
            let fits = self.integration_type == "AWS_PROXY" || is_url;
            return if fits { Ok(()) } else { refused(format!("Invalid integration URI specified: {uri}")) };
        }
        if self.integration_type != "HTTP_PROXY" {
            return refused("VPC_LINK is supported for integrations of type HTTP_PROXY only".into());
        }
        let leads_on = [":elasticloadbalancing:", ":servicediscovery:"].iter().any(|service| uri.contains(service));
        if !uri.starts_with("arn:") || !leads_on || uri.contains(":loadbalancer/") {
            return refused(format!("Invalid integration URI specified: {uri} is no ARN of a listener or a service"));
        }
        let id = self.connection_id.as_deref().unwrap_or_default();
        if links.contains_key(id) { Ok(()) } else { refused(format!("Invalid VpcLink identifier specified {id}")) }
    }
}

pub(super) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let integration = Integration::new(request.json()?);
    integration.check(&state.http.vpc_links)?;
    let integrations = &mut state.http.api_mut(request.label(0))?.configuration.integrations;
    if integrations.len() >= INTEGRATIONS_PER_API {
        let most = format!("Maximum number of integrations for this API: {INTEGRATIONS_PER_API}");
        return Err(ApiError::limit_exceeded_v2(most));
    }
    integrations.insert(integration.integration_id.clone(), integration.clone());
    Answer::created(&integration)
}

fn find<'api>(api: &'api HttpApi, id: &str) -> Result<&'api Integration> {
    api.configuration.integrations.get(id).ok_or_else(|| unknown("Integration", id))
}

pub(super) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(find(state.http.api(request.label(0))?, request.label(1))?)
}

pub(super) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.http.api(request.label(0))?.configuration.integrations.values())
}

pub(super) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let mut changed = find(state.http.api(request.label(0))?, request.label(1))?.clone();
    request.json::<Given>()?.apply(&mut changed);
    changed.check(&state.http.vpc_links)?;
    let integrations = &mut state.http.api_mut(request.label(0))?.configuration.integrations;
    integrations.insert(changed.integration_id.clone(), changed.clone());
    Answer::ok(&changed)
}

/// Deletes an integration that no route has; the refusal is that of go-to-k/cdk-real-drift#969.
pub(super) fn delete(state: &mut State, request: &Request) -> Result<Answer> {
    let api = state.http.api_mut(request.label(0))?;
    let id = request.label(1);
    find(api, id)?;
    if let Some(route) = api.configuration.routes.values().find(|route| route.integration_id() == Some(id)) {
        let route = &route.route_id;
        let used = format!("Unable to delete Integration {id} because it is referenced by Route {route}");
        return Err(ApiError::conflict(used));
    }
    api.configuration.integrations.remove(id);
    Ok(Answer::no_content())
}
