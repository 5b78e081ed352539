//! Custom domain names. Certificates are stored and not checked; DNS is not simulated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::base_path_mappings::BasePathMapping;
use super::error::{ApiError, Result};
use super::id;
use super::page::page;
use super::request::{Answer, Request};
use super::rest_apis::EndpointConfiguration;
use super::state::State;

/// A domain and its base path mappings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DomainName {
    #[serde(default)]
    pub(crate) domain_name: String,
    #[serde(default)]
    pub(crate) domain_name_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) regional_certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) regional_certificate_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) regional_domain_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) regional_hosted_zone_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) distribution_domain_name: Option<String>,
    #[serde(default)]
    pub(crate) endpoint_configuration: EndpointConfiguration,
    #[serde(default)]
    pub(crate) domain_name_status: String,
    #[serde(default = "tls_1_2")]
    pub(crate) security_policy: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// Mappings by base path; the empty base path is `(none)`.
    #[serde(skip)]
    pub(crate) mappings: BTreeMap<String, BasePathMapping>,
}

fn tls_1_2() -> String {
    "TLS_1_2".into()
}

pub(crate) fn create(state: &mut State, request: &Request) -> Result<Answer> {
    let mut domain: DomainName = request.json()?;
    let valid = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.*".contains(letter);
    if !domain.domain_name.contains('.') || !domain.domain_name.chars().all(valid) {
        return Err(ApiError::bad_request("Domain name must be a lower-case DNS name"));
    }
    if state.domain_names.contains_key(&domain.domain_name) {
        return Err(ApiError::conflict("The domain name you provided already exists."));
    }
    domain.endpoint_configuration.check()?;
    let (region, account) = (&state.context.region, &state.context.account_id);
    domain.domain_name_arn = format!("arn:aws:apigateway:{region}:{account}:/domainnames/{}", domain.domain_name);
    domain.domain_name_status = "AVAILABLE".into();
    let regional = domain.endpoint_configuration.types == ["REGIONAL"];
    if regional && domain.regional_certificate_arn.is_none() {
        return Err(ApiError::bad_request("A regional domain name needs a certificate: regionalCertificateArn"));
    }
    if regional {
        domain.regional_domain_name = Some(format!("d-{}.execute-api.{region}.amazonaws.com", id::random(10)));
        domain.regional_hosted_zone_id = Some("Z1U9ULNL0V5AJ3".into());
    } else {
        domain.distribution_domain_name = Some(format!("d{}.cloudfront.net", id::random(13)));
    }
    let answer = Answer::created(&domain);
    state.domain_names.insert(domain.domain_name.clone(), domain);
    answer
}

/// AWS's refusal of an unknown domain.
pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("Invalid domain name identifier specified")
}

pub(crate) fn get(state: &State, request: &Request) -> Result<Answer> {
    Answer::ok(state.domain_names.get(request.label(0)).ok_or_else(unknown)?)
}

pub(crate) fn list(state: &State, request: &Request) -> Result<Answer> {
    page(request, state.domain_names.values())
}
