//! The control plane of API Gateway's REST APIs (V1) and HTTP APIs (V2), simulated in memory.
//!
//! AWS keeps an API's configuration, which people edit, apart from deployments, which are immutable snapshots of it, and
//! stages, which name the deployment that serves and, as a canary, another one with its share of the requests. VPC links
//! carry requests to a Network Load Balancer and take minutes to become available. The wire format is the one of
//! `aws-sdk-apigateway`. Refusals have AWS's wording where it is published; the doc comment says where it is not. See the
//! "Amazon API Gateway REST API reference" (V1).
//!
//! Differences from AWS: usage quotas are not enforced, and only the operations of `dispatch` are offered. HTTP APIs, of API Gateway V2,
//! are in `http_apis`: they share the account's quotas, the custom domains and the way to the data plane.

mod api_keys;
mod authorization;
mod authorizers;
mod base_path_mappings;
mod canary;
mod deployments;
mod dispatch;
mod domain_names;
mod error;
mod export;
mod gateway_responses;
mod http_apis;
mod id;
mod import;
mod integration_responses;
mod integrations;
mod method_responses;
mod methods;
mod models;
mod openapi_integration;
mod openapi_method;
mod openapi_read;
mod page;
mod patch;
mod publication;
mod put;
mod quotas;
mod references;
mod request;
mod request_validators;
mod resource_policy;
mod resources;
mod rest_apis;
mod snapshot;
mod stage_patch;
mod stages;
mod state;
mod switches;
mod tags;
mod timing;
mod usage_plan_keys;
mod usage_plans;
mod vpc_links;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

pub use quotas::Quotas;
pub use switches::Switch;

use crate::rest_routes;
use crate::server::Handler;
use error::{ApiError, Result};
use publication::Publication;
use quotas::Throttle;
use request::{Answer, Request};
use state::{Context, State};
use switches::Target;

pub(crate) use authorizers::Authorizer;
pub(crate) use http_apis::{
    Configuration as HttpConfiguration, HttpRelease, HttpStageView, Integration as HttpIntegration, Route as HttpRoute,
};
pub(crate) use integration_responses::IntegrationResponse;
pub(crate) use integrations::Integration;
pub(crate) use methods::Method;
pub(crate) use publication::{Release, StageView, View};
pub(crate) use resource_policy::allows;
pub(crate) use resources::Resource;
pub(crate) use state::Configuration;

/// Returns whether a Network Load Balancer with this ARN exists. VPC links check their targets by it.
pub type LoadBalancerExists = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Settings of the gateway.
#[derive(Debug, Clone)]
pub struct Options {
    /// The region in ARNs and host names.
    pub region: String,
    /// The account id in ARNs and messages.
    pub account_id: String,
    /// Time that a VPC link is PENDING; on AWS two to four minutes.
    pub vpc_link_creation: Duration,
    /// Time that a VPC link is DELETING.
    pub vpc_link_deletion: Duration,
    /// Time after which a change of a stage, a key or a domain reaches the data plane, chosen at random for each change.
    /// AWS publishes no figure.
    pub propagation: RangeInclusive<Duration>,
    /// The request quotas; `None` disables throttling.
    pub quotas: Option<Quotas>,
    /// Every change of an API whose number, counted over all, is a multiple of this meets another one, and is refused with AWS's
    /// transient `ConflictException`; `None` means none ever. On AWS it happens now and then
    /// (<https://github.com/hashicorp/terraform-provider-aws/issues/16439>).
    pub conflicts: Option<u64>,
    /// Time that an import, an overwrite or a deployment takes to answer; the change itself is made at once. On AWS about 30 seconds
    /// for 400 methods (<https://github.com/serverless/serverless/issues/963>).
    pub definition: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            region: "eu-central-1".into(),
            account_id: "000000000000".into(),
            vpc_link_creation: Duration::from_secs(5),
            vpc_link_deletion: Duration::from_secs(1),
            propagation: Duration::from_millis(20)..=Duration::from_millis(400),
            quotas: Some(Quotas::default()),
            conflicts: None,
            definition: Duration::ZERO,
        }
    }
}

/// The control plane. Clones share it.
#[derive(Clone)]
pub struct ApiGateway {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    throttle: Option<Mutex<Throttle>>,
    publication: Publication,
    load_balancer_exists: LoadBalancerExists,
    region: String,
    account_id: String,
    conflicts: Option<u64>,
    changes: AtomicU64,
    definition: Duration,
}

impl ApiGateway {
    /// Creates the control plane of an account without APIs.
    #[must_use]
    pub fn new(options: Options, load_balancer_exists: LoadBalancerExists) -> Self {
        let state = State::new(Context {
            region: options.region.clone(),
            account_id: options.account_id.clone(),
            vpc_link_creation: options.vpc_link_creation,
            vpc_link_deletion: options.vpc_link_deletion,
        });
        let inner = Inner {
            state: Mutex::new(state),
            throttle: options.quotas.map(|quotas| Mutex::new(Throttle::new(quotas, Instant::now()))),
            publication: Publication::new(options.propagation),
            load_balancer_exists,
            region: options.region,
            account_id: options.account_id,
            conflicts: options.conflicts,
            changes: AtomicU64::new(0),
            definition: options.definition,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The handler to register at the front door as `apigateway`.
    #[must_use]
    pub fn handler(&self) -> Handler {
        let gateway = self.clone();
        Arc::new(move |request| {
            let gateway = gateway.clone();
            Box::pin(async move {
                tokio::time::sleep(gateway.wait_for_links(&request, Instant::now())).await;
                let answer = gateway.answer(&request);
                let takes = if answer.is_ok() { gateway.duration(&request) } else { Duration::ZERO };
                let response = with_request_id(answer.map_or_else(|error| error.response(), Answer::response));
                tokio::time::sleep(takes).await;
                response
            })
        })
    }

    /// Every call so far that changed where this stage's requests go, oldest first.
    #[must_use]
    pub fn switches(&self, api: &str, stage: &str) -> Vec<Switch> {
        let state = self.state();
        state.switches.iter().filter(|switch| switch.api == api && switch.stage == stage).cloned().collect()
    }

    /// Whether a VPC link has the load balancer with this ARN as its target. AWS refuses to delete such a load balancer.
    #[must_use]
    pub fn links_to(&self, load_balancer_arn: &str) -> bool {
        self.state().vpc_links.values().any(|link| link.target_arns.iter().any(|arn| arn == load_balancer_arn))
    }

    /// Whether a change meets another one.
    fn meets_another(&self) -> bool {
        let number = self.inner.changes.fetch_add(1, Ordering::Relaxed) + 1;
        self.inner.conflicts.is_some_and(|every| every > 0 && number.is_multiple_of(every))
    }

    /// What the ARNs of an API's requests begin with.
    pub(crate) fn place(&self, api: &str) -> resource_policy::Place {
        resource_policy::Place::in_account(&self.inner.region, &self.inner.account_id, api)
    }

    /// The region in host names.
    pub(crate) fn region(&self) -> &str {
        &self.inner.region
    }

    /// The view that the data plane serves from now.
    pub(crate) fn view(&self) -> Arc<View> {
        self.inner.publication.visible(Instant::now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state after all transitions that are due. `load_balancer_exists` is called without the lock, since that service
    /// calls [`Self::links_to`].
    fn settled(&self, now: Instant) -> MutexGuard<'_, State> {
        let asked_for = self.state().asked_for(now);
        let existing = asked_for.into_iter().filter(|arn| (self.inner.load_balancer_exists)(arn)).collect();
        let mut state = self.state();
        state.settle(now, &existing);
        state
    }

    fn answer(&self, request: &http::Request<Bytes>) -> Result<Answer> {
        let uri = request.uri();
        let is_v2 = rest_routes::is_v2(uri.path());
        let found = rest_routes::find(rest_routes::of_apigateway(uri.path()), request.method().as_str(), uri.path());
        let (operation, labels) = found.ok_or_else(ApiError::unknown_operation)?;
        let call = Request::new(&labels, uri.query(), request.headers().clone(), request.body().clone());
        let operation = rest_routes::with_mode(operation, uri.query());
        let now = Instant::now();
        if let Some(throttle) = &self.inner.throttle {
            let edge = is_edge_optimised(operation, &call);
            throttle.lock().unwrap_or_else(PoisonError::into_inner).admit(
                quotas::quota(operation, is_v2),
                edge,
                now,
            )?;
        }
        let dispatch = if is_v2 { http_apis::dispatch } else { dispatch::dispatch };
        let mut state = self.settled(now);
        if request.method() == http::Method::GET {
            return dispatch(operation, &mut state, &call);
        }
        // The deletes of V2 know no `ConflictException` (botocore's service model).
        let is_delete_of_v2 = is_v2 && request.method() == http::Method::DELETE;
        let changes_api =
            !is_delete_of_v2 && ["/restapis/", "/v2/apis/"].iter().any(|prefix| uri.path().starts_with(prefix));
        if changes_api && self.meets_another() {
            return Err(ApiError::concurrent_modification());
        }
        let api = call.label(0).to_owned();
        let before = targets(&state, &api);
        let answer = dispatch(operation, &mut state, &call)?;
        record_switches(&mut state, operation, &api, &before);
        self.inner.publication.publish(&state, now);
        Ok(answer)
    }
}

/// Whether the call makes an edge-optimised API, which has a quota of its own; it is the default type.
fn is_edge_optimised(operation: &str, call: &Request) -> bool {
    operation == "ImportRestApi" && call.query("endpointConfigurationTypes").is_none_or(|types| types == "EDGE")
}

fn targets(state: &State, api: &str) -> BTreeMap<String, Target> {
    let stages = state.apis.get(api).map(|api| &api.stages);
    let stages = stages.into_iter().flatten().map(|(name, stage)| (name.clone(), Target::of(stage)));
    let of_http = state.http.apis.get(api).map(|api| &api.stages);
    stages.chain(of_http.into_iter().flatten().map(|(name, stage)| (name.clone(), Target::of_http(stage)))).collect()
}

fn record_switches(state: &mut State, operation: &str, api: &str, before: &BTreeMap<String, Target>) {
    let after = targets(state, api);
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let switches =
        names.into_iter().filter_map(|name| switches::between(operation, api, name, before.get(name), after.get(name)));
    state.switches.extend(switches);
}

fn with_request_id(mut response: http::Response<Bytes>) -> http::Response<Bytes> {
    let id = http::HeaderValue::from_str(&crate::request_id::random());
    if let Ok(id) = id {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
