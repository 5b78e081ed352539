//! What will be created, what the cleanup will delete, and the calls of the switch.

use super::functions;
use domain::plan::edge::Edge;
use domain::plan::{Found, Planned};
use domain::{Input, Kind, resources::service};

pub(super) fn collect(input: &Input, found: &mut Found<Edge>) {
    let edge = &found.facts;
    let create = |kind: Kind, name: String| Planned::new(kind, name);
    let delete = |kind: Kind, name: &str, id: &str| Planned::existing(kind, name, id);
    let blues = &edge.load_balancer.name;
    let existing = edge.existing.as_ref();
    // What comes with a Service its controller makes.
    let like = |name: &str| match &edge.service {
        Some(service) => {
            format!("one like {name}, which the controller of {service} makes on green once the bundles are there")
        }
        None => format!("a clone of {name}"),
    };
    let mut creates = Vec::new();
    if existing.is_none() {
        creates.push(create(Kind::LoadBalancer, like(blues)));
    }
    creates.extend(edge.service.as_ref().map(|service| create(Kind::Service, format!("{service} of the bundles"))));
    if edge.own_link().is_some() && existing.is_none_or(|existing| existing.vpc_link_id.is_none()) {
        let to = existing.map_or_else(
            || format!("green's load balancer, as there is one to {blues}"),
            |own| own.load_balancer_arn.clone(),
        );
        creates.push(create(Kind::VpcLink, format!("a link to {to}")));
    }
    let edges = edge.per_api();
    for edge in &edges {
        let kind = if edge.api.protocol.is_rest() { "" } else { ", which is an HTTP API" };
        creates.push(create(Kind::RestApi, format!("a temporary copy of {}{kind}", edge.api.name)));
        if edge.link_variable().is_none() {
            let trial = format!("a trial deployment of {}, deleted again before the switch", edge.api.name);
            creates.push(create(Kind::Deployment, trial));
            let green = format!("a deployment of {} that sends requests to green", edge.api.name);
            creates.push(create(Kind::Deployment, green));
        }
        creates.push(create(Kind::Stage, format!("a stage of {} that holds what production serves", edge.api.name)));
        creates.push(create(Kind::Stage, format!("a stage of {} that holds what green will serve", edge.api.name)));
    }
    if existing.is_none() {
        creates.extend(edge.target_groups.iter().map(|group| create(Kind::TargetGroup, like(&group.name))));
        let listeners = edge.listeners.iter();
        creates.extend(
            listeners.map(|listener| create(Kind::Listener, format!("{} {}", listener.protocol, listener.port))),
        );
    }
    for edge in &edges {
        for plan in &edge.usage_plans {
            creates.push(create(Kind::UsagePlan, format!("{} for the temporary API", plan.name)));
        }
        if edge.usage_plans.iter().any(|plan| !plan.key_ids.is_empty()) {
            creates.push(create(Kind::UsagePlan, "one key for the stages that hold the two deployments".to_owned()));
        }
        creates.extend(functions::creates(edge));
    }
    found.deletes.extend(edge.own_link().map(|link| delete(Kind::VpcLink, &link.name, &link.id)));
    // Before what goes with it.
    found.deletes.extend(edge.service.as_ref().map(|of| service::planned(of, &edge.load_balancer)));
    found.deletes.push(delete(Kind::LoadBalancer, &edge.load_balancer.name, &edge.load_balancer.arn));
    let groups = edge.target_groups.iter();
    found.deletes.extend(groups.map(|group| delete(Kind::TargetGroup, &group.name, &group.arn)));
    found.switch = calls(input, edge);
    found.creates = creates;
}

/// The calls of the switch: in each step one for each API.
fn calls(input: &Input, edge: &Edge) -> Vec<String> {
    let edges = edge.per_api();
    let steps = input.cutover.steps.iter().enumerate();
    steps.flat_map(|(number, percent)| edges.iter().map(move |edge| call(edge, *percent, number > 0))).collect()
}

/// The call that sends this percentage of an API's requests to green, where some go there already or none.
fn call(edge: &Edge, percent: u8, is_partial: bool) -> String {
    let stage = format!("UpdateStage {}/{}", edge.api.id, edge.stage.name);
    let (to, canary) = match edge.link_variable() {
        Some(name) => {
            let variable = format!("replace /variables/{name} with green's VPC link");
            (variable, format!("the stage's deployment, green's VPC link in {name}"))
        }
        None => ("replace /deploymentId with green's".to_owned(), "green's deployment".to_owned()),
    };
    match (percent, is_partial) {
        (100, false) => format!("{stage}: {to}"),
        (100, true) => format!("{stage}: remove /canarySettings and {to}"),
        (percent, false) => format!("{stage}: replace /canarySettings with {canary} and {percent} %"),
        (percent, true) => format!("{stage}: replace /canarySettings/percentTraffic with {percent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::{Connection, Integration, LinkedMethod};
    use serde_json::json;

    fn input(steps: &[u8]) -> Input {
        Input::read(&json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "restApiId": "a", "stage": "s" },
            "workloads": { "manifests": ["s3://b/k"] }, "cutover": { "steps": steps },
        }))
        .unwrap()
    }

    #[test]
    fn one_call_a_step() {
        assert_eq!(calls(&input(&[100]), &Edge::default()).len(), 1);
        let calls = calls(&input(&[5, 25, 100]), &Edge::default());
        let connection = Connection::of("VPC_LINK", "${stageVariables.link}", "");
        let integration = Integration { connection, ..Integration::default() };
        let method = LinkedMethod { integration, ..LinkedMethod::default() };
        let edge = Edge { integrations: vec![method], ..Edge::default() };
        assert!(super::calls(&input(&[100]), &edge)[0].ends_with("replace /variables/link with green's VPC link"));
        assert!(calls[0].contains("5 %") && calls[1].contains("percentTraffic with 25") && calls[2].contains("remove"));
    }
}
