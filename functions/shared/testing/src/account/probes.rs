//! Requests through API Gateway: what a stage serves, the VPC link, the load balancer, the cluster behind it and its routes.

use super::apigateway::document::CUSTOM;
use super::aws::pair;
use super::{Account, Aws};
use domain::PhaseError;
use domain::manifest::readiness::{Readiness, readiness};
use domain::plan::edge::function::of_uri;
use domain::plan::edge::{Connection, Integration, Listener, TargetGroup};
use domain::ports::Probes;
use domain::ports::gateway::Method;
use domain::ports::probes::{Answered, Probe};
use serde_json::Value;
use std::collections::BTreeMap;

/// The deployments that a stage serves, the canary's last, each with its methods.
pub(super) fn served<'a>(aws: &'a Aws, api: &str, stage: &str) -> Vec<(&'a str, &'a [Method])> {
    let Some(stage) = aws.stages.get(&pair(api, stage)) else { return Vec::new() };
    let canary = stage.canary.as_ref().map(|canary| &canary.deployment_id);
    let ids = [Some(&stage.deployment_id), canary].into_iter().flatten();
    ids.map(|id| {
        let methods = aws.deployments.get(&pair(api, id)).map_or(&[][..], |(_, methods)| methods);
        (id.as_str(), methods)
    })
    .collect()
}

/// The Host header that a backend sees: an HTTP API's mapping, or the URI's host. No route of the shop has the name that requests come
/// by where an HTTP API maps none.
fn host_of(integration: &Integration) -> &str {
    let mapped = integration.request_parameters.get("overwrite:header.host");
    mapped.map_or_else(|| host(&integration.uri), String::as_str)
}

/// The host of a URI.
fn host(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or(rest)
}

impl Aws {
    /// The cluster that answers what goes through this integration of a stage with these variables.
    ///
    /// # Errors
    /// The HTTP status of a request, and what is missing on its way.
    pub fn backend(
        &self,
        integration: &Integration,
        variables: &BTreeMap<String, String>,
    ) -> Result<String, (u16, String)> {
        let connection = &integration.connection;
        let arns = if let Connection::VpcLinkV2 { target, .. } = connection {
            // Through a VPC link V2, which this account does not keep: it always is there.
            let of_listener =
                |(_, listeners): &(&String, &Vec<Listener>)| listeners.iter().any(|listener| listener.arn == *target);
            let balancer = self.listeners.iter().find(of_listener).map_or(target, |(balancer, _)| balancer);
            vec![balancer.clone()]
        } else {
            let link = connection.vpc_link(variables).and_then(|id| self.links.get(&id));
            let link = link.filter(|link| link.status == "AVAILABLE");
            link.ok_or_else(|| (500, format!("{connection} is not there")))?.target_arns.clone()
        };
        let arns = arns.iter();
        let balancer = arns.filter_map(|arn| self.balancers.get(arn)).find(|balancer| balancer.state == "active");
        let balancer = balancer.ok_or_else(|| (504, format!("no load balancer behind {connection}")))?;
        let listeners = self.listeners.get(&balancer.arn).into_iter().flatten();
        let mut groups = listeners.flat_map(|listener| &listener.target_group_arns);
        let cluster = groups.find_map(|arn| self.cluster_behind(self.target_groups.get(arn)?));
        let cluster = cluster.ok_or_else(|| (504, format!("no healthy target behind {}", balancer.name)))?;
        if self.routes(&cluster, host_of(integration)) {
            Ok(cluster)
        } else {
            Err((404, format!("{cluster} has no route for {}", host_of(integration))))
        }
    }

    fn cluster_behind(&self, group: &TargetGroup) -> Option<String> {
        let healthy = self.targets(&group.arn).into_iter().find(|target| target.state == "healthy")?;
        if let Some(cluster) = Self::registrar(group) {
            return Some(cluster.to_owned());
        }
        let scaling = self.scaling.values().find(|scaling| scaling.instance_ids.contains(&healthy.id))?;
        Some(scaling.cluster.clone())
    }

    /// Whether Pods of the cluster answer on this port of its nodes.
    pub(super) fn listens(&self, cluster: &str, port: u16) -> bool {
        let mut services = self.objects.get(cluster).into_iter().flatten();
        let on_port = |service: &Value| {
            let ports = service["spec"]["ports"].as_array();
            ports.is_some_and(|ports| ports.iter().any(|found| found["nodePort"] == port))
        };
        services.any(|(id, value)| {
            id.kind == "Service" && on_port(value) && self.has_ready_pods(cluster, &value["spec"]["selector"])
        })
    }

    /// Whether the cluster has Pods that this selector chooses and that are ready.
    pub(super) fn has_ready_pods(&self, cluster: &str, selector: &Value) -> bool {
        let mut objects = self.objects.get(cluster).into_iter().flatten();
        objects.any(|(id, value)| {
            id.kind == "Deployment"
                && value["spec"]["template"]["metadata"]["labels"] == *selector
                && readiness(id, value) == Readiness::Ready
        })
    }

    /// Whether an Ingress of the cluster has this host.
    fn routes(&self, cluster: &str, host: &str) -> bool {
        let mut objects = self.objects.get(cluster).into_iter().flatten();
        objects.any(|(id, value)| {
            let rules = value["spec"]["rules"].as_array();
            id.kind == "Ingress" && rules.is_some_and(|rules| rules.iter().any(|rule| rule["host"] == host))
        })
    }

    /// The status of a GET, and the body: of Pods the name of their cluster.
    fn get(&self, probe: &Probe) -> (u16, String) {
        let whole = format!("{}/{}{}", probe.api, probe.stage, probe.path);
        // "Clients can still connect to your default endpoint, but they will receive a 403 Forbidden status code"
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html). Here that takes effect at once.
        if self.apis.get(&probe.api).is_some_and(|api| api.execute_api_disabled) && !self.lingering.contains(&probe.api)
        {
            return (403, String::new());
        }
        match self.answers.get(&whole).or_else(|| self.answers.get(&probe.path)) {
            Some(status) => (*status, String::new()),
            None => self.asked(probe, &whole).map_or_else(|status| (status, String::new()), |cluster| (200, cluster)),
        }
    }

    /// The cluster that answers a GET, nothing for what answers without one, or the status of an error.
    fn asked(&self, probe: &Probe, whole: &str) -> Result<String, u16> {
        if !self.apis.get(&probe.api).is_some_and(|api| self.is_reached(api, probe, whole)) {
            return Err(403);
        }
        let served = served(self, &probe.api, &probe.stage);
        let methods = served.first().map_or(&[][..], |(_, methods)| methods);
        let of = |path: &str| {
            methods.iter().find(|method| method.path == path && ["GET", "ANY"].contains(&method.method.as_str()))
        };
        let method = of(&probe.path).or_else(|| of("/$default"));
        // API Gateway says of what it does not know that an authentication token is missing.
        let Some(method) = method else { return Err(403) };
        // An authorizer that API Gateway may not invoke is a configuration error, `AUTHORIZER_CONFIGURATION_ERROR`
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
        let guard = self.authorizers.get(&probe.api).filter(|_| method.authorization == CUSTOM);
        let variables = &self.stages[&pair(&probe.api, &probe.stage)].variables;
        let invokes = |uri: &str, what: &str| of_uri(uri, variables).is_none_or(|arn| self.may_invoke(&arn, what));
        if guard.is_some_and(|guard| !invokes(&guard.uri, &format!("{}/authorizers/a1", probe.api))) {
            return Err(500);
        }
        if method.api_key_required && !self.is_let_in(probe) {
            return Err(403);
        }
        match &method.integration {
            // "Invalid permissions on Lambda function" (https://repost.aws/knowledge-center/api-gateway-http-lambda-integrations).
            Some(integration)
                if !invokes(&integration.uri, &format!("{}/{}/GET{}", probe.api, probe.stage, probe.path)) =>
            {
                Err(500)
            }
            // The shop knows its paths, and those with the names of its own stages before them.
            Some(integration)
                if self.apis.get(&probe.api).is_some_and(|api| !api.protocol.is_rest())
                    && integration.connection != Connection::Internet
                    && !integration.request_parameters.contains_key("overwrite:path")
                    && !["prod", "$default"].contains(&probe.stage.as_str()) =>
            {
                Err(404)
            }
            Some(integration) if integration.connection != Connection::Internet => {
                self.backend(integration, variables).map_err(|(status, _)| status)
            }
            Some(_) => Ok(String::new()),
            None => Err(500),
        }
    }

    fn is_let_in(&self, probe: &Probe) -> bool {
        let covers = |stages: &[(String, String)]| stages.contains(&pair(&probe.api, &probe.stage));
        let key = probe.key.as_ref().map(|key| key.reveal().trim_start_matches(super::apigateway::KEY).to_owned());
        self.plans
            .values()
            .any(|plan| covers(&plan.stages) && key.as_ref().is_some_and(|key| plan.key_ids.contains(key)))
    }
}

impl Probes for Account {
    async fn probe(&self, probe: &Probe) -> Result<Answered, PhaseError> {
        self.read("execute-api:Invoke", |aws| {
            let (status, body) = aws.get(probe);
            Answered { status, body, millis: 0 }
        })
    }
}
