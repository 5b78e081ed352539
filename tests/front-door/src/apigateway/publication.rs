//! The view that the data plane serves from, and the delay before a change reaches it.
//!
//! Every change of the control plane publishes a new immutable view. It becomes visible after a random time within the
//! configured range, and never before an earlier view; a request keeps the view that it started with. AWS publishes no
//! figure for this time. AWS's front ends may see a change at different times; here there is one.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::http_apis::HttpStageView;
use super::snapshot::Snapshot;
use super::stages::Stage;
use super::state::{Api, State};
use super::vpc_links::Status;

/// The state that decides where a request goes.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) apis: HashMap<String, ApiView>,
    /// The stages of HTTP APIs that have a deployment.
    pub(crate) http_apis: HashMap<String, HashMap<String, HttpStageView>>,
    /// By domain name: base path, API and stage, longest base path first.
    pub(crate) domains: HashMap<String, Vec<(String, String, Option<String>)>>,
    pub(crate) links: HashMap<String, LinkView>,
}

/// The stages of an API.
#[derive(Debug)]
pub(crate) struct ApiView {
    /// Its name now, whatever is deployed.
    pub(crate) name: String,
    /// Of a private API the VPC endpoints that it is associated with.
    pub(crate) private: Option<Vec<String>>,
    pub(crate) stages: HashMap<String, StageView>,
}

/// A stage with the values of the API keys that are valid for it.
#[derive(Debug)]
pub(crate) struct StageView {
    pub(crate) release: Arc<Release>,
    /// The canary's share in per cent, and its release.
    pub(crate) canary: Option<(f64, Arc<Release>)>,
    pub(crate) keys: HashSet<String>,
}

/// A deployment on a stage, with the stage variables.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) api: String,
    pub(crate) stage: String,
    pub(crate) deployment: String,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) variables: BTreeMap<String, String>,
}

/// A VPC link.
#[derive(Debug)]
pub(crate) struct LinkView {
    pub(crate) target: String,
    pub(crate) available_from: Option<Instant>,
}

impl View {
    fn of(state: &State) -> Self {
        let apis = state.apis.iter().map(|(id, api)| (id.clone(), ApiView::of(id, api, state))).collect();
        let domains = state.domain_names.iter().map(|(name, domain)| {
            let mappings = domain.mappings.values();
            let mut mappings: Vec<_> = mappings
                .map(|mapping| (mapping.prefix().to_owned(), mapping.rest_api_id.clone(), mapping.stage.clone()))
                .collect();
            mappings.sort_by_key(|(prefix, _, _)| std::cmp::Reverse(prefix.len()));
            (name.clone(), mappings)
        });
        let links = state.vpc_links.iter().map(|(id, link)| {
            let available_from = match link.status {
                Status::Available | Status::Pending => Some(link.until),
                Status::Deleting | Status::Failed => None,
            };
            (id.clone(), LinkView { target: link.target_arns.first().cloned().unwrap_or_default(), available_from })
        });
        let http_apis = state.http.apis.iter().map(|(id, api)| (id.clone(), HttpStageView::all(id, api))).collect();
        let links = links.chain(state.http.vpc_links.values().map(|link| {
            // A V2 link leads to any load balancer of its VPC: an integration says to which.
            (link.vpc_link_id.clone(), LinkView { target: String::new(), available_from: link.available_from() })
        }));
        Self { apis, http_apis, domains: domains.collect(), links: links.collect() }
    }
}

impl ApiView {
    fn of(id: &str, api: &Api, state: &State) -> Self {
        let stages =
            api.stages.iter().filter_map(|(name, stage)| Some((name.clone(), StageView::of(id, api, stage, state)?)));
        let endpoint = &api.rest_api.endpoint_configuration;
        Self {
            name: api.rest_api.name.clone(),
            private: endpoint.is_private().then(|| endpoint.vpc_endpoint_ids.clone()),
            stages: stages.collect(),
        }
    }
}

impl StageView {
    /// Never `None`, since a deployment that a stage uses cannot be deleted.
    fn of(id: &str, api: &Api, stage: &Stage, state: &State) -> Option<Self> {
        let variables = stage.variables.clone().unwrap_or_default();
        let release = |deployment: &str, variables: BTreeMap<String, String>| {
            let snapshot = Arc::clone(&api.deployments.get(deployment)?.snapshot);
            let (api, stage, deployment) = (id.to_owned(), stage.stage_name.clone(), deployment.to_owned());
            Some(Arc::new(Release { api, stage, deployment, snapshot, variables }))
        };
        let canary = stage.canary_settings.as_ref().and_then(|canary| {
            let mut variables = variables.clone();
            variables.extend(canary.stage_variable_overrides.clone().unwrap_or_default());
            Some((canary.percent_traffic, release(&canary.deployment_id, variables)?))
        });
        let plans = state.usage_plans.values().filter(|plan| plan.opens(id, &stage.stage_name));
        let keys = plans.flat_map(|plan| &plan.keys).filter_map(|key| state.api_keys.get(key));
        let keys = keys.filter(|key| key.enabled).filter_map(|key| key.value.clone()).collect();
        Some(Self { release: release(&stage.deployment_id, variables)?, canary, keys })
    }
}

/// The visible view and those that become visible later.
#[derive(Debug)]
pub(crate) struct Publication {
    delay: RangeInclusive<Duration>,
    views: Mutex<VecDeque<(Instant, Arc<View>)>>,
}

impl Publication {
    pub(crate) fn new(delay: RangeInclusive<Duration>) -> Self {
        Self { delay, views: Mutex::new(VecDeque::from([(Instant::now(), Arc::default())])) }
    }

    pub(crate) fn publish(&self, state: &State, now: Instant) {
        let (shortest, longest) = (*self.delay.start(), *self.delay.end());
        let delay = shortest + longest.saturating_sub(shortest).mul_f64(fastrand::f64());
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let visible = views.back().map_or(now, |(earlier, _)| (*earlier).max(now + delay));
        views.push_back((visible, Arc::new(View::of(state))));
    }

    /// The latest view that is visible at a time.
    pub(crate) fn visible(&self, now: Instant) -> Arc<View> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        while views.get(1).is_some_and(|(visible, _)| *visible <= now) {
            views.pop_front();
        }
        views.front().map(|(_, view)| Arc::clone(view)).unwrap_or_default()
    }
}
