//! What IAM checks for an operation of Elastic Load Balancing: its action on what it changes, and the tags that it gives.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>: operations that
//! describe name no resource. Tags given at creation are checked with `elasticloadbalancing:CreateAction`
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html>).

use iam::Access;

use super::tag;
use crate::{account::Account, query_protocol::Parameters};

/// The accesses of a call.
pub(crate) fn accesses(account: &Account, sent: &Parameters) -> Vec<Access> {
    let action = sent.get("Action").unwrap_or_default();
    let own = format!("elasticloadbalancing:{action}");
    let arn = |resource: String| account.arn("elasticloadbalancing", &resource);
    let name = sent.get("Name").unwrap_or_default();
    if action.starts_with("Describe") {
        return vec![Access::new(own, "*")];
    }
    let created = match action {
        "CreateLoadBalancer" => Some(arn(format!("loadbalancer/net/{name}/*"))),
        "CreateTargetGroup" => Some(arn(format!("targetgroup/{name}/*"))),
        "CreateListener" => sent
            .get("LoadBalancerArn")
            .and_then(|balancer| balancer.split_once(":loadbalancer/"))
            .map(|(_, balancer)| arn(format!("listener/{balancer}/*"))),
        _ => None,
    };
    let named = ["ListenerArn", "TargetGroupArn", "LoadBalancerArn"].into_iter().find_map(|member| sent.get(member));
    let Some(resource) = named.map(str::to_owned).or_else(|| created.clone()) else { return Vec::new() };
    let given = sent.tags("Tags");
    let tags = tag::of(&account.state(), &resource);
    let mut accesses = vec![Access::new(own, resource).on_tags(tags).giving_tags(&given)];
    if let Some(created) = created.filter(|_| !given.is_empty()) {
        let tagging = Access::new("elasticloadbalancing:AddTags", created).giving_tags(&given);
        accesses.push(tagging.with("elasticloadbalancing:CreateAction", action));
    }
    accesses
}
