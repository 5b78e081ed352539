//! The HTTP APIs of one account and region.

use std::collections::BTreeMap;
use std::time::Instant;

use super::apis::Api;
use super::authorizers::Authorizer;
use super::deployments::Deployment;
use super::integrations::Integration;
use super::routes::Route;
use super::stages::Stage;
use super::unknown;
use super::vpc_links::VpcLink;
use crate::apigateway::error::{ApiError, Result};

/// HTTP APIs and VPC links V2, by id.
#[derive(Debug, Default)]
pub(crate) struct HttpApis {
    pub(crate) apis: BTreeMap<String, HttpApi>,
    pub(crate) vpc_links: BTreeMap<String, VpcLink>,
}

/// An HTTP API: its properties, the configuration that people edit, and what was deployed from it.
#[derive(Debug)]
pub(crate) struct HttpApi {
    pub(crate) about: Api,
    pub(crate) configuration: Configuration,
    pub(crate) deployments: BTreeMap<String, Deployment>,
    pub(crate) stages: BTreeMap<String, Stage>,
}

/// The part of an HTTP API that a deployment takes a snapshot of, each by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Configuration {
    pub(crate) routes: BTreeMap<String, Route>,
    pub(crate) integrations: BTreeMap<String, Integration>,
    pub(crate) authorizers: BTreeMap<String, Authorizer>,
}

/// The immutable configuration of a deployment.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) configuration: Configuration,
    /// The API's properties at the time: "After you disable the default endpoint, you must deploy your API for the change to take effect"
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html>).
    pub(crate) about: Api,
}

impl HttpApis {
    /// Applies the transitions of VPC links that are due.
    pub(crate) fn settle(&mut self, now: Instant) {
        self.vpc_links.retain(|_, link| link.settle(now));
    }

    pub(crate) fn api(&self, id: &str) -> Result<&HttpApi> {
        self.apis.get(id).ok_or_else(|| unknown("API", id))
    }

    pub(crate) fn api_mut(&mut self, id: &str) -> Result<&mut HttpApi> {
        self.apis.get_mut(id).ok_or_else(|| unknown("API", id))
    }
}

impl HttpApi {
    pub(crate) fn stage(&self, name: &str) -> Result<&Stage> {
        self.stages.get(name).ok_or_else(|| ApiError::not_found("Invalid stage identifier specified"))
    }

    pub(crate) fn deployment(&self, id: &str) -> Result<&Deployment> {
        self.deployments.get(id).ok_or_else(|| ApiError::not_found("Invalid deployment identifier specified"))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { configuration: self.configuration.clone(), about: self.about.clone() }
    }
}

impl Configuration {
    /// Routes in the order of their keys.
    pub(crate) fn routes_by_key(&self) -> Vec<&Route> {
        let mut routes: Vec<&Route> = self.routes.values().collect();
        routes.sort_by(|one, other| one.route_key.cmp(&other.route_key));
        routes
    }

    /// The integration of a route, if there is one.
    pub(crate) fn integration_of(&self, route: &Route) -> Option<&Integration> {
        self.integrations.get(route.integration_id()?)
    }
}
