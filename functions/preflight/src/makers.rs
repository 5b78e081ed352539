//! Who else would set back what the migration changes: Terraform, where the input names no project, and stacks of `CloudFormation`.

use domain::{
    Input, Tags,
    plan::{compute::Compute, edge::Edge},
};
use std::collections::BTreeMap;

/// The tag that `CloudFormation` gives to what a stack makes
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html>).
const STACK: &str = "aws:cloudformation:stack-name";

/// What the AWS provider writes where a description is asked for and none is given
/// (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group>).
const DESCRIPTION: &str = "Managed by Terraform";

/// What is replaced or changed, for people, with its tags.
fn all<'a>(compute: &'a Compute, edge: &'a Edge) -> impl Iterator<Item = (String, &'a Tags)> {
    let groups = compute.node_groups.iter().map(|group| (format!("node group {}", group.name), &group.tags));
    let balancing = edge.target_groups.iter().map(|group| (format!("target group {}", group.name), &group.tags));
    let single = [
        (format!("cluster {}", compute.blue.name), &compute.blue.tags),
        (format!("load balancer {}", edge.load_balancer.name), &edge.load_balancer.tags),
        (format!("VPC link {}", edge.vpc_link.name), &edge.vpc_link.tags),
        (format!("API {}", edge.api.name), &edge.api.tags),
        (format!("stage {}", edge.stage.name), &edge.stage.tags),
    ];
    let others = edge.others.iter().flat_map(|other| {
        let stage = format!("stage {} of {}", other.stage.name, other.api.name);
        [(format!("API {}", other.api.name), &other.api.tags), (stage, &other.stage.tags)]
    });
    single.into_iter().chain(groups).chain(balancing).chain(others)
}

/// Whether a tag says that Terraform, or `OpenTofu`, made something: there is no such tag of theirs, but people write `terraform = true`,
/// `ManagedBy = Terraform`, or the workspace.
fn is_terraforms(tags: &Tags) -> bool {
    let names = |text: &str| ["terraform", "opentofu"].iter().any(|name| text.to_ascii_lowercase().contains(name));
    tags.iter()
        .filter(|(key, _)| !key.starts_with("aws:"))
        .any(|(key, value)| names(value) || (names(key) && !value.eq_ignore_ascii_case("false")))
}

/// What people should know of it.
#[must_use]
pub fn advice(input: &Input, compute: &Compute, edge: &Edge) -> Vec<String> {
    let mut advice = Vec::new();
    let mut made: Vec<String> =
        all(compute, edge).filter(|(_, tags)| is_terraforms(tags)).map(|(name, _)| name).collect();
    let groups = compute.security_groups.iter().filter(|group| group.description == DESCRIPTION);
    made.extend(groups.map(|group| format!("security group {}", group.name)));
    if input.terraform.is_empty() && !made.is_empty() {
        let green = &compute.green;
        advice.push(format!(
            "Terraform seems to manage {}, and $.terraform names no project: its next apply would set stage and integrations back to blue, and to a link \
             that is gone after the cleanup. Name the project, or change in its code before it is applied again: in aws_eks_cluster `name = \"{}\"` and \
             `version = \"{}\"`, in aws_api_gateway_integration `connection_id` to green's VPC link, in aws_api_gateway_stage `deployment_id` to deployment G; \
             the report has their ids once they exist",
            made.join(", "),
            green.name,
            green.version,
        ));
    }
    let mut stacks: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, tags) in all(compute, edge) {
        if let Some(stack) = tags.get(STACK) {
            stacks.entry(stack).or_default().push(name);
        }
    }
    for (stack, made) in stacks {
        advice.push(format!(
            "the CloudFormation stack {stack} made {}: an update that touches stage or integrations would set them back to blue. Before the cleanup take what it \
             deletes out of the template, under `DeletionPolicy: Retain`, and import green's into it",
            made.join(", ")
        ));
    }
    advice
}
