//! Reads the edge: the public API, its stage, blue's VPC link V1, if any, and the load balancer behind it. Every problem is told at once.

mod advice;
mod api;
mod balancer;
mod drift;
mod existing;
pub(crate) mod functions;
mod plan;
mod probes;

use domain::gateway::invoked;
use domain::gateway::link::{self, Lead};
use domain::plan::Found;
use domain::plan::edge::Edge;
use domain::ports::gateway::Method;
use domain::ports::{Apis, LoadBalancers, Scaling, Stages, TargetGroups, UsagePlans, VpcLinks};
use domain::{Input, PhaseError, Problem};
use serde_json::Value;

/// Where the input names the API.
const API: &str = "$.gateway.restApiId";
/// Where the input names the stage.
const STAGE: &str = "$.gateway.stage";

/// The ports of this part.
pub trait Ports: Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups + Scaling {}

impl<T> Ports for T where T: Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups + Scaling {}

/// Reads the edge, as far as the input names it.
///
/// # Errors
/// Only those of the calls; everything else is a problem.
pub async fn read<P: Ports>(ports: &P, input: &Input) -> Result<Found<Edge>, PhaseError> {
    let mut found = Found::new(Edge::default());
    let id = &input.gateway.rest_api_id;
    if id.is_empty() {
        return Ok(found);
    }
    let Some(api) = ports.api(id).await? else {
        found.problems.push(Problem::new(
            API,
            format!("there is no REST API {id} in this account and Region; see `aws apigateway get-rest-apis`"),
        ));
        return Ok(found);
    };
    found.facts.api = api;
    found.problems.extend(api::problems(&found.facts.api));
    let methods = ports.methods(id).await?;
    let served = stage(ports, input, &methods, &mut found).await?;
    let lead = lead(&methods, &served, &mut found);
    found.problems.extend(probes::problems(input, &found.facts, &methods, &served));
    match &lead {
        Some(Lead::Link(link)) => behind_the_link(ports, input, link, &mut found).await?,
        Some(Lead::LoadBalancer(arn)) => balancer::read(ports, input, arn.clone(), &mut found).await?,
        None => {}
    }
    existing::read(ports, input, lead.as_ref(), &mut found).await?;
    if found.problems.is_empty() {
        advice::collect(ports, input, &mut found).await?;
        found.advice.extend(advice::of_the_methods(&methods));
        plan::collect(input, &mut found);
    }
    Ok(found)
}

/// Reads the stage, and gives what it serves.
async fn stage<P: Ports>(
    ports: &P,
    input: &Input,
    methods: &[Method],
    found: &mut Found<Edge>,
) -> Result<Value, PhaseError> {
    let (id, name) = (&input.gateway.rest_api_id, &input.gateway.stage);
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
    let plans = ports.usage_plans(Some(id)).await?;
    let covers = |stages: &[(String, String)]| stages.iter().any(|(api, stage)| api == id && stage == name);
    found.facts.usage_plans = plans.into_iter().filter(|plan| covers(&plan.stages)).collect();
    Ok(export)
}

/// What the API's methods go through to blue; they go into the facts.
fn lead(methods: &[Method], export: &Value, found: &mut Found<Edge>) -> Option<Lead> {
    found.facts.integrations = methods.iter().filter_map(Method::linked).collect();
    let linked = &found.facts.integrations;
    let longest = linked.iter().map(|method| method.integration.timeout_millis).max();
    found.facts.longest_timeout_millis = longest.unwrap_or_default();
    match link::lead(API, &found.facts.api.id, linked, &found.facts.stage.variables, export) {
        Ok(lead) => Some(lead),
        Err(problems) => {
            found.problems.extend(problems);
            None
        }
    }
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
