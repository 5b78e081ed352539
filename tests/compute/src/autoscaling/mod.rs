//! Amazon EC2 Auto Scaling, simulated: the operations that attach target groups to the groups of EKS node groups.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html>. Groups are
//! created by EKS node groups only.

mod attachment;
mod description;
pub(crate) mod group;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use iam::Access;

use crate::{
    account::Account,
    query_protocol::{Fault, Parameters, respond},
    xml::Element,
};

const NAMESPACE: &str = "http://autoscaling.amazonaws.com/doc/2011-01-01/";

/// The result of an operation: the members of its result element, or an error.
type Outcome = Result<Vec<Element>, Fault>;

/// Answers one HTTP request.
pub(crate) async fn handle(account: Arc<Account>, request: Request<Bytes>) -> Response<Bytes> {
    let sent = Parameters::parse(&String::from_utf8_lossy(request.body()));
    let action = sent.get("Action").unwrap_or_default().to_owned();
    let outcome = match action.as_str() {
        "DescribeAutoScalingGroups" => description::describe(&account, &sent),
        "AttachLoadBalancerTargetGroups" => attachment::attach(&account, &sent),
        "DetachLoadBalancerTargetGroups" => attachment::detach(&account, &sent),
        // Nobody hangs anything on a group here.
        "DescribeScheduledActions" => Ok(vec![Element::new("ScheduledUpdateGroupActions", Vec::new())]),
        "DescribePolicies" => Ok(vec![Element::new("ScalingPolicies", Vec::new())]),
        "DescribeLifecycleHooks" => Ok(vec![Element::new("LifecycleHooks", Vec::new())]),
        "DescribeNotificationConfigurations" => Ok(vec![Element::new("NotificationConfigurations", Vec::new())]),
        other => Err(Fault { status: 501, code: "InvalidAction".into(), message: format!("{other} is not simulated") }),
    };
    respond(&action, NAMESPACE, outcome)
}

/// What IAM checks for a request: `Describe` operations name no resource, the others a group
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html>).
pub(crate) async fn accesses(account: Arc<Account>, request: Request<Bytes>) -> Vec<Access> {
    let sent = Parameters::parse(&String::from_utf8_lossy(request.body()));
    let action = sent.get("Action").unwrap_or_default();
    let own = format!("autoscaling:{action}");
    if action.starts_with("Describe") {
        return vec![Access::new(own, "*")];
    }
    let name = sent.get("AutoScalingGroupName").unwrap_or_default();
    let state = account.state();
    let access = match state.groups.get(name) {
        Some(group) => Access::new(own, &group.arn).on_tags(group.tags.iter().map(|(key, (value, _))| (key, value))),
        None => {
            Access::new(own, account.arn("autoscaling", &format!("autoScalingGroup:*:autoScalingGroupName/{name}")))
        }
    };
    vec![access]
}
