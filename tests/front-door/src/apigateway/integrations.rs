//! Integrations: the backend of a method and how it is called.
//!
//! A private integration has `connectionType` `VPC_LINK`. Its URI is not used for routing: the port selects the listener and
//! the host becomes the `Host` header. See "Set up API Gateway private integrations" in the developer guide.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{ApiError, Result};
use super::integration_responses::IntegrationResponse;
use super::methods::Method;
use super::patch::{Op, PatchOperation};
use super::request::{Answer, Request};
use super::state::State;
use super::vpc_links::VpcLink;

/// Maximum time-out of an integration in milliseconds, without a raised quota.
const LONGEST_TIMEOUT: u32 = 29_000;

/// The backend of a method.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Integration {
    #[serde(default, rename = "type", alias = "integrationType")]
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) http_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) connection_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) connection_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) integration_target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) credentials: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_parameters: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_templates: Option<BTreeMap<String, Option<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passthrough_behavior: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_handling: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_in_millis: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cache_namespace: Option<String>,
    #[serde(default)]
    pub(crate) cache_key_parameters: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_config: Option<TlsConfig>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_transfer_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) integration_responses: Option<BTreeMap<String, IntegrationResponse>>,
}

/// TLS settings for the backend.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TlsConfig {
    #[serde(default)]
    pub(crate) insecure_skip_verification: bool,
}

impl Integration {
    /// Whether requests go through a VPC link.
    pub(crate) fn is_private(&self) -> bool {
        self.connection_type.as_deref() == Some("VPC_LINK")
    }

    /// Fills in AWS's defaults and refuses invalid integrations.
    pub(crate) fn complete(
        &mut self,
        resource_id: &str,
        method: &Method,
        links: &BTreeMap<String, VpcLink>,
    ) -> Result<()> {
        if !["HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "MOCK"].contains(&self.kind.as_str()) {
            return Err(ApiError::bad_request(format!(
                "Invalid integration type specified: {}. Valid options are HTTP,HTTP_PROXY,AWS,AWS_PROXY,MOCK",
                self.kind
            )));
        }
        if self.kind != "MOCK" {
            let uri = self.uri.as_deref().unwrap_or_default();
            if self.kind.starts_with("HTTP")
                && !uri.starts_with("http://")
                && !uri.starts_with("https://")
                && !uri.starts_with("${")
            {
                return Err(ApiError::bad_request("Invalid HTTP endpoint specified for URI"));
            }
            if self.http_method.as_deref().unwrap_or_default().is_empty() {
                return Err(ApiError::bad_request("Enumeration value for HttpMethod must be non-empty"));
            }
        }
        if self.kind.starts_with("HTTP") {
            self.connection_type.get_or_insert_with(|| "INTERNET".into());
            self.response_transfer_mode.get_or_insert_with(|| "BUFFERED".into());
        }
        self.passthrough_behavior.get_or_insert_with(|| "WHEN_NO_MATCH".into());
        self.cache_namespace.get_or_insert_with(|| resource_id.to_owned());
        let timeout = *self.timeout_in_millis.get_or_insert(LONGEST_TIMEOUT);
        if !(50..=LONGEST_TIMEOUT).contains(&timeout) {
            return Err(ApiError::bad_request(format!("Timeout should be between 50 ms and {LONGEST_TIMEOUT} ms")));
        }
        self.check_mappings(method)?;
        self.check_connection(links)
    }

    /// Refuses mappings from parameters that the method does not declare.
    fn check_mappings(&self, method: &Method) -> Result<()> {
        for source in self.request_parameters.iter().flatten().map(|(_, source)| source) {
            let declared = method.request_parameters.as_ref().is_some_and(|declared| declared.contains_key(source));
            if source.starts_with("method.request.") && !source.starts_with("method.request.body") && !declared {
                return Err(ApiError::bad_request(format!(
                    "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: {source}]"
                )));
            }
        }
        Ok(())
    }

    /// Refuses private integrations without an existing link or a stage variable. AWS does not publish the wording.
    fn check_connection(&self, links: &BTreeMap<String, VpcLink>) -> Result<()> {
        if !self.is_private() {
            return Ok(());
        }
        let id = self.connection_id.as_deref().unwrap_or_default();
        if id.is_empty() {
            return Err(ApiError::bad_request(
                "connectionId is required for an integration with connectionType VPC_LINK",
            ));
        }
        if !self.kind.starts_with("HTTP") {
            return Err(ApiError::bad_request(
                "VPC_LINK is supported for integrations of type HTTP and HTTP_PROXY only",
            ));
        }
        // VPC links V2 are the business of API Gateway V2, which is not simulated: any id is one.
        if self.integration_target.is_some() || id.contains("${stageVariables.") || links.contains_key(id) {
            return Ok(());
        }
        Err(ApiError::bad_request(format!("Invalid Vpc Link identifier specified: {id}")))
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("Invalid Integration identifier specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    let method = state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    Answer::ok(method.method_integration.as_ref().ok_or_else(unknown)?)
}

pub(crate) fn update(state: &mut State, request: &Request) -> Result<Answer> {
    let method = state.api(request.label(0))?.configuration.resource(request.label(1))?.method(request.label(2))?;
    let mut changed = method.method_integration.clone().ok_or_else(unknown)?;
    for patch in request.patch()? {
        apply(&mut changed, &patch)?;
    }
    changed.complete(request.label(1), method, &state.vpc_links)?;
    let resource = state.api_mut(request.label(0))?.configuration.resource_mut(request.label(1))?;
    resource.method_mut(request.label(2))?.method_integration = Some(changed.clone());
    Answer::ok(&changed)
}

/// The paths of "Patch operations", section `UpdateIntegration`.
fn apply(integration: &mut Integration, patch: &PatchOperation) -> Result<()> {
    let segments = patch.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["uri"] => replaced(&mut integration.uri, patch)?,
        ["httpMethod"] => replaced(&mut integration.http_method, patch)?,
        ["connectionType"] => replaced(&mut integration.connection_type, patch)?,
        ["connectionId"] => replaced(&mut integration.connection_id, patch)?,
        ["integrationTarget"] => replaced(&mut integration.integration_target, patch)?,
        ["responseTransferMode"] => replaced(&mut integration.response_transfer_mode, patch)?,
        ["passthroughBehavior"] => replaced(&mut integration.passthrough_behavior, patch)?,
        ["cacheNamespace"] => replaced(&mut integration.cache_namespace, patch)?,
        ["credentials"] => patch.text(&mut integration.credentials)?,
        ["contentHandling"] => patch.text(&mut integration.content_handling)?,
        ["timeoutInMillis"] => {
            patch.must_replace()?;
            integration.timeout_in_millis = Some(patch.number()?);
        }
        ["tlsConfig", "insecureSkipVerification"] => {
            patch.must_replace()?;
            integration.tls_config.get_or_insert_default().insecure_skip_verification = patch.boolean()?;
        }
        ["requestParameters", name] => patch.entry(&mut integration.request_parameters, name)?,
        ["requestTemplates", content_type] => {
            let templates = integration.request_templates.get_or_insert_default();
            if patch.op == Op::Remove {
                templates.remove(*content_type);
            } else {
                templates.insert((*content_type).to_owned(), patch.value.clone());
            }
        }
        ["cacheKeyParameters"] => patch.member(&mut integration.cache_key_parameters, patch.value()?)?,
        ["cacheKeyParameters", name] => patch.member(&mut integration.cache_key_parameters, name)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

fn replaced(property: &mut Option<String>, patch: &PatchOperation) -> Result<()> {
    patch.must_replace()?;
    *property = Some(patch.value()?.to_owned());
    Ok(())
}
