//! How long the migration will take and what two clusters side by side will cost: tables with their sources, and what the plan asks for.

mod prices;

use domain::{
    Input,
    plan::{
        compute::{Compute, NodeGroup},
        estimate::{Branch, Cost, Estimate, Time},
    },
    usd::PerHour,
};

/// How long each state takes, in minutes, with the polls of what it waits for. AWS promises none of these: "several minutes" for a cluster
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>), for which others measured 10 to 16
/// (<https://github.com/aws/containers-roadmap/issues/1227>,
/// <https://easontechtalk.com/unofficial-eks-cluster-creation-performance-across-aws-regions>); 2 to 4 for a VPC link
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateVpcLink.html>), beside a load balancer's few; up to 10 for a node group and the
/// add-ons (<https://github.com/DevSecOpsSamples/eks-eksctl>), of which most are done in half of it. Looked up in November 2026.
const TIMES: [(Branch, &str, u32); 10] = [
    (Branch::Cluster, "ProvisionNetwork", 1),
    (Branch::Cluster, "ProvisionControlPlane", 13),
    (Branch::Cluster, "CheckWorkloads", 1),
    (Branch::Cluster, "ProvisionNodes", 6),
    (Branch::Edge, "ProvisionEdge", 8),
    (Branch::Qualification, "AttachNodes", 2),
    (Branch::Qualification, "DeployWorkloads", 3),
    (Branch::Qualification, "Validate", 3),
    (Branch::Switch, "ValidateAgain", 3),
    (Branch::Switch, "PrepareCutover", 2),
];

/// How many minutes EKS updates a control plane for an OIDC identity provider. AWS names none; Terraform waits up to 40
/// (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_identity_provider_config>).
const IDENTITY_PROVIDER: u32 = 15;

/// What the plan says of time and money.
#[must_use]
pub fn estimate(input: &Input, compute: &Compute) -> Estimate {
    // What the user built is verified, which takes no longer than the other looks.
    let is_made = |branch| branch != Branch::Cluster || compute.existing.is_none();
    let minutes = |branch, minutes| if is_made(branch) { minutes } else { 1 };
    let mut times: Vec<Time> = TIMES
        .iter()
        .map(|&(branch, state, of)| Time { branch, state: state.to_owned(), minutes: minutes(branch, of) })
        .collect();
    if !compute.identity_providers.is_empty() {
        for time in times.iter_mut().filter(|time| is_made(time.branch) && time.state == "ProvisionControlPlane") {
            time.minutes += IDENTITY_PROVIDER;
        }
    }
    let watched = input.cutover.step_duration.as_secs().saturating_mul(input.cutover.steps.len() as u64).div_ceil(60);
    let minutes = u32::try_from(watched).unwrap_or(u32::MAX);
    times.push(Time { branch: Branch::Switch, state: "ShiftTraffic".to_owned(), minutes });
    let own = |of: &str| input.prices.iter().find(|price| price.of == of)?.per_hour.parse().ok();
    let cost =
        |of: &str, count: u32, known: Option<PerHour>| Cost { of: of.to_owned(), count, per_hour: own(of).or(known) };
    let mut costs = vec![
        cost("control-plane", 1, Some(prices::CONTROL_PLANE)),
        cost("load-balancer", 1, Some(prices::LOAD_BALANCER)),
    ];
    for group in &compute.node_groups {
        let nodes = u32::try_from(group.scaling.desired).unwrap_or(0);
        let Some(of) = instance_type(compute, group).filter(|_| nodes > 0) else { continue };
        match costs.iter_mut().find(|cost| cost.of == of) {
            Some(cost) => cost.count += nodes,
            None => costs.push(cost(of, nodes, prices::on_demand(of))),
        }
    }
    Estimate { times, costs, prices: prices::SOURCE.to_owned() }
}

/// Puts what is made of the edge behind the workloads, where the load balancer comes with them.
pub fn edge_after_workloads(estimate: &mut Estimate) {
    let is_edge = |time: &Time| time.branch == Branch::Edge;
    let minutes = estimate.times.iter().filter(|time| is_edge(time)).map(|time| time.minutes).sum();
    estimate.times.retain(|time| !is_edge(time));
    let after = estimate.times.iter().position(|time| time.state == "DeployWorkloads").map_or(0, |place| place + 1);
    let connected = Time { branch: Branch::Qualification, state: "ConnectEdge".to_owned(), minutes };
    estimate.times.insert(after, connected);
}

/// The instance type that a node group asks for first: EC2 takes another of the list only where it has no such instance.
fn instance_type<'a>(compute: &'a Compute, group: &'a NodeGroup) -> Option<&'a str> {
    let named = group.instance_types.first();
    named.or_else(|| compute.launch_template(group)?.data.instance_type.as_ref()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{LaunchTemplate, LaunchTemplateData, Scaling};
    use serde_json::{Value, json};

    fn input(more: &Value) -> Input {
        let mut input = json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "restApiId": "a", "stage": "s" },
            "workloads": { "manifests": ["s3://b/k"] }, "cutover": { "steps": [5, 100], "stepDuration": "15m" },
        });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        Input::read(&input).unwrap()
    }

    fn group(name: &str, types: &[&str], nodes: i32) -> NodeGroup {
        NodeGroup {
            name: name.to_owned(),
            instance_types: types.iter().map(|&one| one.to_owned()).collect(),
            scaling: Scaling { min: 0, max: 9, desired: nodes },
            ..NodeGroup::default()
        }
    }

    fn compute() -> Compute {
        let template = LaunchTemplate {
            id: "lt-1".to_owned(),
            version: "3".to_owned(),
            data: LaunchTemplateData { instance_type: Some("c7g.2xlarge".to_owned()), ..LaunchTemplateData::default() },
            ..LaunchTemplate::default()
        };
        let templated = NodeGroup { launch_template: Some(template.key()), ..group("template", &[], 1) };
        Compute {
            node_groups: vec![
                group("general", &["m6i.large", "m5.large"], 2),
                group("more", &["m6i.large"], 1),
                group("rare", &["p5.48xlarge"], 1),
                group("idle", &["m5.large"], 0),
                templated,
            ],
            launch_templates: vec![template],
            ..Compute::default()
        }
    }

    /// Prices of <https://aws.amazon.com/eks/pricing/>, <https://aws.amazon.com/elasticloadbalancing/pricing/> and
    /// <https://aws.amazon.com/ec2/pricing/on-demand/>: $0.10, $0.0225, $0.096 and $0.29 an hour.
    #[test]
    fn green_costs_a_control_plane_a_load_balancer_and_its_nodes() {
        let estimate = estimate(&input(&json!({})), &compute());
        let costs: Vec<_> =
            estimate.costs.iter().map(|cost| (cost.of.as_str(), cost.count, cost.cents_per_day())).collect();
        let expected = [
            ("control-plane", 1, 240),
            ("load-balancer", 1, 54),
            ("m6i.large", 3, 692),
            ("p5.48xlarge", 1, 0),
            ("c7g.2xlarge", 1, 696),
        ];
        assert_eq!(costs, expected);
        assert!(estimate.costs[3].per_hour.is_none());
    }

    #[test]
    fn the_prices_of_the_input_come_before_those_that_are_known() {
        let own = json!({ "prices": [
            { "of": "control-plane", "perHour": "0.60" }, { "of": "m6i.large", "perHour": "0.04" },
            { "of": "p5.48xlarge", "perHour": "30" },
        ] });
        let estimate = estimate(&input(&own), &compute());
        let cents: Vec<_> = estimate.costs.iter().map(Cost::cents_per_day).collect();
        assert_eq!(cents, [1_440, 54, 288, 72_000, 696]);
    }

    #[test]
    fn the_switch_takes_as_long_as_its_steps_are_watched() {
        let estimate = estimate(&input(&json!({})), &Compute::default());
        assert_eq!(estimate.times.last().map(|time| (time.state.as_str(), time.minutes)), Some(("ShiftTraffic", 30)));
        assert_eq!(estimate.minutes_to_question(), 21 + 8);
    }

    #[test]
    fn an_edge_that_comes_with_the_workloads_is_waited_for_after_them() {
        let mut estimate = estimate(&input(&json!({})), &Compute::default());
        edge_after_workloads(&mut estimate);
        let states: Vec<_> = estimate.times.iter().map(|time| time.state.as_str()).collect();
        assert_eq!(states[4..8], ["AttachNodes", "DeployWorkloads", "ConnectEdge", "Validate"]);
        assert_eq!(estimate.minutes_to_question(), 21 + 8 + 8);
    }
}
