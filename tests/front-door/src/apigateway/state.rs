//! The state of the control plane of one account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::api_keys::ApiKey;
use super::authorizers::Authorizer;
use super::deployments::Deployment;
use super::domain_names::DomainName;
use super::error::{ApiError, Result};
use super::gateway_responses::GatewayResponse;
use super::http_apis::HttpApis;
use super::models::Model;
use super::request_validators::RequestValidator;
use super::resources::Resource;
use super::rest_apis::RestApi;
use super::stages::Stage;
use super::switches::Switch;
use super::usage_plans::UsagePlan;
use super::vpc_links::VpcLink;

/// Settings that never change while a gateway runs.
pub(crate) struct Context {
    pub(crate) region: String,
    pub(crate) account_id: String,
    pub(crate) vpc_link_creation: Duration,
    pub(crate) vpc_link_deletion: Duration,
}

/// The account's resources.
pub(crate) struct State {
    pub(crate) context: Context,
    pub(crate) apis: BTreeMap<String, Api>,
    pub(crate) http: HttpApis,
    pub(crate) vpc_links: BTreeMap<String, VpcLink>,
    pub(crate) api_keys: BTreeMap<String, ApiKey>,
    pub(crate) usage_plans: BTreeMap<String, UsagePlan>,
    pub(crate) domain_names: BTreeMap<String, DomainName>,
    pub(crate) switches: Vec<Switch>,
}

/// A REST API: its properties, the configuration that people edit, and what was deployed from it.
pub(crate) struct Api {
    pub(crate) rest_api: RestApi,
    pub(crate) configuration: Configuration,
    pub(crate) deployments: BTreeMap<String, Deployment>,
    pub(crate) stages: BTreeMap<String, Stage>,
}

/// The part of an API that a deployment takes a snapshot of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Configuration {
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) authorizers: BTreeMap<String, Authorizer>,
    pub(crate) request_validators: BTreeMap<String, RequestValidator>,
    pub(crate) gateway_responses: BTreeMap<String, GatewayResponse>,
    pub(crate) binary_media_types: Vec<String>,
}

impl State {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            apis: BTreeMap::new(),
            http: HttpApis::default(),
            vpc_links: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            usage_plans: BTreeMap::new(),
            domain_names: BTreeMap::new(),
            switches: Vec::new(),
        }
    }

    /// The ARNs of load balancers whose existence [`Self::settle`] needs to know at this time.
    pub(crate) fn asked_for(&self, now: Instant) -> Vec<String> {
        self.vpc_links.values().filter(|link| link.is_due(now)).flat_map(|link| link.target_arns.clone()).collect()
    }

    /// Applies the transitions that are due: VPC links become AVAILABLE, or FAILED where their load balancer is not in
    /// `existing`, and deleted links disappear.
    pub(crate) fn settle(&mut self, now: Instant, existing: &BTreeSet<String>) {
        self.vpc_links.retain(|_, link| link.settle(now, existing));
        self.http.settle(now);
    }

    pub(crate) fn api(&self, id: &str) -> Result<&Api> {
        self.apis.get(id).ok_or_else(|| invalid_api(&self.context.account_id, id))
    }

    pub(crate) fn api_mut(&mut self, id: &str) -> Result<&mut Api> {
        self.apis.get_mut(id).ok_or_else(|| invalid_api(&self.context.account_id, id))
    }
}

fn invalid_api(account_id: &str, id: &str) -> ApiError {
    ApiError::not_found(format!("Invalid API identifier specified {account_id}:{id}"))
}

impl Api {
    pub(crate) fn stage(&self, name: &str) -> Result<&Stage> {
        self.stages.get(name).ok_or_else(|| ApiError::not_found("Invalid stage identifier specified"))
    }

    pub(crate) fn deployment(&self, id: &str) -> Result<&Deployment> {
        self.deployments.get(id).ok_or_else(|| ApiError::not_found("Invalid Deployment identifier specified"))
    }
}

impl Configuration {
    pub(crate) fn resource(&self, id: &str) -> Result<&Resource> {
        self.resources.get(id).ok_or_else(|| ApiError::not_found("Invalid Resource identifier specified"))
    }

    pub(crate) fn resource_mut(&mut self, id: &str) -> Result<&mut Resource> {
        self.resources.get_mut(id).ok_or_else(|| ApiError::not_found("Invalid Resource identifier specified"))
    }
}
