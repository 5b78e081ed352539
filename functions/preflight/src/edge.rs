//! Reads the edge: the public API, its stage, blue's VPC link V1, if any, and the load balancer behind it. Every problem is told at once.

mod advice;
mod api;
mod balancer;
mod beside;
mod drift;
mod existing;
pub(crate) mod functions;
mod http;
mod plan;
mod private;
mod probes;

use domain::gateway::invoked;
use domain::gateway::link::{self, Lead};
use domain::plan::Found;
use domain::plan::compute::Compute;
use domain::plan::edge::{Edge, LinkedMethod};
use domain::ports::gateway::Method;
use domain::ports::{
    Apis, LoadBalancers, Network, Scaling, Settings, Stages, TargetGroups, UsagePlans, VpcEndpoints, VpcLinks,
};
use domain::{Input, Limit, PhaseError, Problem, input::Gateway};
use serde_json::Value;

/// Where the input names the API, had it a REST API and no list; see [`place`].
const API: &str = "$.gateway.restApiId";
/// Where the input names the stage.
const STAGE: &str = "$.gateway.stage";

/// The ports of this part.
pub trait Ports:
    Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups + Scaling + Network + VpcEndpoints + Settings
{
}

impl<T> Ports for T where
    T: Apis
        + Stages
        + UsagePlans
        + VpcLinks
        + LoadBalancers
        + TargetGroups
        + Scaling
        + Network
        + VpcEndpoints
        + Settings
{
}

/// What was found of one API.
struct OfApi {
    found: Found<Edge>,
    methods: Vec<Method>,
    lead: Option<Lead>,
}

/// Reads the edge, as far as the input names it. `compute` says what is blue's of what is behind several VPC links.
///
/// # Errors
/// Only those of the calls; everything else is a problem.
pub async fn read<P: Ports>(ports: &P, input: &Input, compute: &Compute) -> Result<Found<Edge>, PhaseError> {
    let OfApi { mut found, mut methods, lead } = of_api(ports, input, compute, input.gateway.first()).await?;
    match &lead {
        Some(Lead::Link(link)) => behind_the_link(ports, input, link, &mut found).await?,
        Some(Lead::LoadBalancer(arn)) => balancer::read(ports, input, arn.clone(), &mut found).await?,
        None => {}
    }
    existing::read(ports, input, lead.as_ref(), &mut found).await?;
    place(&mut found.problems, input, 0);
    for (index, gateway) in input.gateway.iter().enumerate().skip(1) {
        let mut other = of_api(ports, input, compute, gateway).await?;
        other.found.problems.extend(elsewhere(&other, &found.facts, lead.as_ref()));
        place(&mut other.found.problems, input, index);
        found.problems.extend(other.found.problems);
        found.advice.extend(other.found.advice);
        found.facts.others.push(other.found.facts.into());
        methods.extend(other.methods);
    }
    if found.problems.is_empty() {
        advice::collect(ports, input, &mut found).await?;
        found.advice.extend(advice::of_the_methods(&methods));
        plan::collect(input, &mut found);
    }
    Ok(found)
}

/// Why an API cannot be switched with the first, which goes through `lead`.
fn elsewhere(other: &OfApi, first: &Edge, lead: Option<&Lead>) -> Option<Problem> {
    let (own, expected) = (other.lead.as_ref()?, lead?);
    let message = || {
        format!(
            "the API {} goes through {}, expected {} as {} does: green has one load balancer and one VPC link of this migration's. Let the \
             APIs share it, or replace the cluster behind one API and let the other follow by hand before the cleanup",
            other.found.facts.api.id,
            told(own),
            told(expected),
            first.api.id
        )
    };
    (own != expected).then(|| Limit::SeveralLinks.refusal(API, message()))
}

fn told(lead: &Lead) -> String {
    match lead {
        Lead::Link(id) => format!("the VPC link {id}"),
        Lead::LoadBalancer(arn) => format!("VPC links V2 to {arn}"),
    }
}

/// Has problems of an API name it where the input does.
fn place(problems: &mut [Problem], input: &Input, index: usize) {
    for problem in problems {
        if problem.path == API {
            problem.path = input.gateway.api_path(index);
        } else if let Some(field) = problem.path.strip_prefix("$.gateway") {
            problem.path = format!("{}{field}", input.gateway.path(index));
        }
    }
}

/// Reads one API, its stage, and what its methods go through.
async fn of_api<P: Ports>(ports: &P, input: &Input, compute: &Compute, gateway: &Gateway) -> Result<OfApi, PhaseError> {
    let mut of = OfApi { found: Found::new(Edge::default()), methods: Vec::new(), lead: None };
    let id = gateway.api_id();
    if id.is_empty() {
        return Ok(of);
    }
    let found = &mut of.found;
    let Some(api) = ports.api(id).await? else {
        found.problems.push(api::unknown(gateway));
        return Ok(of);
    };
    if let Some(misnamed) = api::misnamed(gateway, &api) {
        found.problems.push(misnamed);
        return Ok(of);
    }
    found.facts.api = api;
    found.problems.extend(api::unreachable(input, &found.facts.api));
    of.methods = ports.methods(id).await?;
    let served = stage(ports, gateway, &of.methods, found).await?;
    private::read(ports, found).await?;
    of.lead = lead(ports, compute, &of.methods, &served, found).await?;
    found.problems.extend(http::problems(input, &found.facts));
    found.advice.extend(http::advice(input, &found.facts, &served));
    found.problems.extend(probes::problems(input, &found.facts, &of.methods, &served));
    Ok(of)
}

/// Reads the stage, and gives what it serves.
async fn stage<P: Ports>(
    ports: &P,
    gateway: &Gateway,
    methods: &[Method],
    found: &mut Found<Edge>,
) -> Result<Value, PhaseError> {
    let (id, name) = (gateway.api_id(), &gateway.stage);
    if name.is_empty() {
        return Ok(Value::Null);
    }
    let stages = ports.stages(id).await?;
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let Some(stage) = stages.iter().find(|stage| stage.name == *name) else {
        let names = names.join(", ");
        found.problems.push(Problem::new(STAGE, format!("the API {id} has no stage {name}; choose one of {names}")));
        return Ok(Value::Null);
    };
    found.problems.extend(api::stage_problems(stage, stages.len()));
    found.problems.extend(http::auto_deployed(&found.facts, &stages));
    if !stage.is_deployed() {
        return Ok(Value::Null);
    }
    let export = ports.export(id, name).await?;
    found.facts.functions = invoked::functions(&export, &stage.variables);
    let edits = drift::edits(methods, &export);
    if !edits.is_empty() {
        found.problems.push(Problem::new(
            STAGE,
            format!(
                "the API {id} has edits that were never deployed to {name}: {}. Deploy or discard them first",
                edits.join("; ")
            ),
        ));
    }
    found.facts.stage = stage.clone();
    if !found.facts.api.protocol.is_rest() {
        // An HTTP API has no usage plans.
        return Ok(export);
    }
    let plans = ports.usage_plans(Some(id)).await?;
    let covers = |stages: &[(String, String)]| stages.iter().any(|(api, stage)| api == id && stage == name);
    found.facts.usage_plans = plans.into_iter().filter(|plan| covers(&plan.stages)).collect();
    Ok(export)
}

/// What the API's methods go through to blue; they go into the facts.
async fn lead<P: Ports>(
    ports: &P,
    compute: &Compute,
    methods: &[Method],
    export: &Value,
    found: &mut Found<Edge>,
) -> Result<Option<Lead>, PhaseError> {
    let mut linked: Vec<LinkedMethod> = methods.iter().filter_map(Method::linked).collect();
    let variables = &found.facts.stage.variables;
    let (left, entrances) = beside::parted(ports, compute, link::entrances(&linked, variables)).await?;
    linked.retain(|method| !left.iter().any(|entrance| entrance.methods.contains(method)));
    let lead = link::lead(API, &found.facts.api.id, &entrances, variables, export);
    found.advice.extend(beside::advice(&left));
    let longest = linked.iter().map(|method| method.integration.timeout_millis).max();
    found.facts.longest_timeout_millis = longest.unwrap_or_default();
    found.facts.integrations = linked;
    Ok(match lead {
        Ok(lead) => Some(lead),
        Err(problems) => {
            found.problems.extend(problems);
            None
        }
    })
}

async fn behind_the_link<P: Ports>(
    ports: &P,
    input: &Input,
    id: &str,
    found: &mut Found<Edge>,
) -> Result<(), PhaseError> {
    let Some(link) = ports.vpc_link(id).await? else {
        found.problems.push(Problem::new(
            API,
            format!("the API uses the VPC link {id}, which does not exist in this account and Region"),
        ));
        return Ok(());
    };
    if link.status != "AVAILABLE" {
        let message = format!("the VPC link {id} is {}, expected AVAILABLE", link.status);
        found.problems.push(Problem::new(API, message));
    }
    let balancer = link.target_arns.first().cloned().unwrap_or_default();
    found.facts.vpc_link = link;
    balancer::read(ports, input, balancer, found).await
}
