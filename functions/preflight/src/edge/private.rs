//! The way to a private API, and to its temporary API: through a VPC endpoint in the VPC of Bascule's functions
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html>).

mod policy;

use super::API;
use domain::plan::Found;
use domain::plan::compute::{Direction, Peer, Rule, SecurityGroup};
use domain::plan::edge::{Api, Edge};
use domain::ports::{Network, Settings, VpcEndpoints, vpc_endpoints::VpcEndpoint};
use domain::{Limit, PhaseError, Problem};
use std::collections::BTreeSet;

/// The port of the endpoints.
const HTTPS: i32 = 443;

/// Finds the VPC endpoint by which requests reach the API, where it is private, or refuses it with what keeps them away.
pub(super) async fn read<P>(ports: &P, found: &mut Found<Edge>) -> Result<(), PhaseError>
where
    P: Network + VpcEndpoints + Settings,
{
    let Edge { api, stage, .. } = &found.facts;
    if !api.is_private() {
        return Ok(());
    }
    let Some(own) = ports.functions_security_group() else {
        found.problems.push(refusal(
            api,
            "Bascule's functions run in no VPC: deploy its stack with SubnetIds and SecurityGroupId of a VPC that has a VPC endpoint for \
             execute-api",
        ));
        return Ok(());
    };
    let endpoints = ports.vpc_endpoints("execute-api").await?;
    let vpcs: BTreeSet<&String> = endpoints.iter().map(|endpoint| &endpoint.vpc_id).collect();
    for vpc in vpcs {
        let groups = ports.security_groups(vpc).await?;
        if groups.iter().any(|group| group.id == own) {
            let here = endpoints.iter().filter(|endpoint| endpoint.vpc_id == *vpc);
            match way(api, &stage.name, here.collect(), &groups, &own) {
                Ok(endpoint) => found.facts.vpc_endpoint = endpoint,
                Err(why) => found.problems.push(refusal(api, &why)),
            }
            return Ok(());
        }
    }
    let message = format!(
        "there is no VPC endpoint for execute-api in the VPC of the functions' security group {own}: make one there and associate it with the \
         API, or deploy Bascule's stack where one is"
    );
    found.problems.push(refusal(api, &message));
    Ok(())
}

fn refusal(api: &Api, why: &str) -> Problem {
    let message = format!(
        "the API {} is private, and Bascule's requests to it and to its temporary API, by which green is tried and compared, would not arrive: \
         {why}",
        api.id
    );
    Limit::PrivateApi.refusal(API, message)
}

/// The endpoint whose name requests go to, or none where they go to the API's private DNS name; or what keeps them away.
fn way(
    api: &Api,
    stage: &str,
    endpoints: Vec<&VpcEndpoint>,
    groups: &[SecurityGroup],
    own: &str,
) -> Result<Option<String>, String> {
    // A name of its own, which is not taken in the strict mode, needs no private DNS, and comes first.
    let is_named = |endpoint: &VpcEndpoint| !api.is_strict && api.vpc_endpoint_ids.contains(&endpoint.id);
    let (named, others): (Vec<_>, Vec<_>) = endpoints.into_iter().partition(|endpoint| is_named(endpoint));
    let mut told = Vec::new();
    for endpoint in named.into_iter().chain(others) {
        let faults = faults(api, stage, endpoint, groups, own);
        if faults.is_empty() {
            return Ok(is_named(endpoint).then(|| endpoint.id.clone()));
        }
        told.push(format!("{}: {}", endpoint.id, faults.join("; ")));
    }
    Err(told.join(". "))
}

/// What keeps requests of the functions from passing this endpoint.
fn faults(api: &Api, stage: &str, endpoint: &VpcEndpoint, groups: &[SecurityGroup], own: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if endpoint.state != "available" {
        faults.push(format!("it is {}, expected available", endpoint.state));
    }
    if !endpoint.has_private_dns {
        let way = "turn on its private DNS names";
        if api.is_strict {
            faults.push(format!("the API's endpoint access mode is STRICT, which takes private DNS names only: {way}"));
        } else if !api.vpc_endpoint_ids.contains(&endpoint.id) {
            faults.push(format!(
                "it is not associated with the API, and has no private DNS names: associate it, or {way}"
            ));
        }
    }
    let mut of_endpoint = groups.iter().filter(|group| endpoint.group_ids.contains(&group.id));
    // Where EC2 names none, nothing is known of them.
    if !endpoint.group_ids.is_empty() && !of_endpoint.any(|group| group.rules.iter().any(|rule| lets_in(rule, own))) {
        faults.push(format!(
            "no rule of its security groups ({}) lets {own} in by port {HTTPS}: add one",
            endpoint.group_ids.join(", ")
        ));
    }
    faults.extend(endpoint.policy.as_ref().and_then(|policy| policy::of_endpoint(policy, &api.id)));
    match &api.policy {
        Some(policy) => faults.extend(policy::of_api(policy, &api.id, stage, endpoint)),
        None => faults.push("the API has no resource policy, and lets nobody in without one".to_owned()),
    }
    faults
}

/// Whether a rule of an endpoint's group may let members of the functions' group in: of addresses that is taken for granted.
fn lets_in(rule: &Rule, own: &str) -> bool {
    let has_port = rule.protocol == "-1"
        || (rule.protocol == "tcp"
            && rule.from_port.is_none_or(|port| port <= HTTPS)
            && rule.to_port.is_none_or(|port| port >= HTTPS));
    let has_peer = match &rule.peer {
        Peer::Group(id) => id == own,
        Peer::GroupOf(..) => false,
        Peer::Ipv4(_) | Peer::Ipv6(_) | Peer::PrefixList(_) => true,
    };
    rule.direction == Direction::Ingress && has_port && has_peer
}
