//! Load balancer target groups of an Auto Scaling group: its instances are registered there for as long as they live.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html>. An attachment is `Adding` while the
//! instances are being registered, then `Added`, and `InService` once an instance passes the health checks; a detached
//! one is `Removing` until it disappears. `AttachTrafficSources` is the newer form of the same.

use std::sync::Arc;

use super::{Outcome, group};
use crate::{
    account::{Account, State},
    elasticloadbalancing::target,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// Where an attachment is in its life; `InService` is derived from the targets' health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// Instances are being registered.
    Adding,
    /// All instances are registered.
    Added,
    /// Instances are being deregistered.
    Removing,
}

/// The target group ARNs of `TrafficSources`.
pub(crate) fn identifiers(sent: &Parameters) -> Result<Vec<String>, Fault> {
    sent.structures("TrafficSources")
        .iter()
        .map(|source| match source.get("Type") {
            None | Some("elbv2") => source.required("Identifier").map(str::to_owned),
            Some(other) => Err(Fault::validation(format!("Traffic source type {other} is not simulated"))),
        })
        .collect()
}

/// A traffic source as the API answers it.
pub(crate) fn source(arn: &str) -> Vec<Element> {
    vec![Element::text("Identifier", arn), Element::text("Type", "elbv2")]
}

/// `AttachLoadBalancerTargetGroups`, `AttachTrafficSources`. Attaching again changes nothing.
pub(crate) fn attach(account: &Arc<Account>, sent: &Parameters, arns: &[String]) -> Outcome {
    let name = sent.required("AutoScalingGroupName")?.to_owned();
    {
        let mut state = account.state();
        for arn in arns {
            let known = state.target_groups.get(arn).ok_or_else(|| {
                Fault::validation(format!(
                    "Provided Target Groups may not be valid. Please ensure they exist and try again. {arn}"
                ))
            })?;
            if known.target_type != "instance" {
                return Err(Fault::validation(format!(
                    "Provided Target Group {arn} does not have target type instance"
                )));
            }
        }
        let group = group::find_mut(&mut state, &name)?;
        for arn in arns {
            let present = group.attachments.entry(arn.clone()).or_insert(Attachment::Adding);
            if *present == Attachment::Removing {
                *present = Attachment::Adding;
            }
        }
    }
    let arns = arns.to_vec();
    account.later(account.delays().attach, move |account| async move {
        let mut state = account.state();
        let Some(group) = state.groups.get_mut(&name) else { return };
        let mut added = Vec::new();
        for arn in &arns {
            if let Some(attachment) =
                group.attachments.get_mut(arn).filter(|attachment| **attachment == Attachment::Adding)
            {
                *attachment = Attachment::Added;
                added.push(arn.clone());
            }
        }
        let instances: Vec<String> = group
            .instances
            .values()
            .filter(|instance| instance.in_service())
            .map(|instance| instance.id.clone())
            .collect();
        for (arn, instance) in added.iter().flat_map(|arn| instances.iter().map(move |instance| (arn, instance))) {
            target::register_instance(&account, &mut state, arn, instance);
        }
    });
    Ok(Vec::new())
}

/// `DetachLoadBalancerTargetGroups`, `DetachTrafficSources`.
pub(crate) fn detach(account: &Arc<Account>, sent: &Parameters, arns: &[String]) -> Outcome {
    let name = sent.required("AutoScalingGroupName")?.to_owned();
    {
        let mut state = account.state();
        let group = group::find_mut(&mut state, &name)?;
        for arn in arns {
            match group.attachments.get_mut(arn) {
                Some(attachment) => *attachment = Attachment::Removing,
                None => {
                    return Err(Fault::validation(format!(
                        "Trying to remove Target Groups that are not part of the group: {arn}"
                    )));
                }
            }
        }
        let instances: Vec<String> = group.instances.keys().cloned().collect();
        for (arn, instance) in arns.iter().flat_map(|arn| instances.iter().map(move |instance| (arn, instance))) {
            target::deregister_instance(account, &mut state, arn, instance);
        }
    }
    let arns = arns.to_vec();
    account.later(account.delays().attach, move |account| async move {
        if let Some(group) = account.state().groups.get_mut(&name) {
            group.attachments.retain(|arn, attachment| !(arns.contains(arn) && *attachment == Attachment::Removing));
        }
    });
    Ok(Vec::new())
}

/// The state that the API answers for an attachment.
fn state_of(state: &State, group: &group::Group, arn: &str, attachment: Attachment) -> &'static str {
    let healthy = || {
        state.target_groups.get(arn).is_some_and(|target_group| {
            target_group.targets.values().any(|target| group.instances.contains_key(&target.id) && target.is_healthy())
        })
    };
    match attachment {
        Attachment::Adding => "Adding",
        Attachment::Removing => "Removing",
        Attachment::Added if healthy() => "InService",
        Attachment::Added => "Added",
    }
}

fn states(account: &Account, sent: &Parameters) -> Result<Vec<(String, &'static str)>, Fault> {
    let name = sent.required("AutoScalingGroupName")?;
    let mut state = account.state();
    let group = group::find_mut(&mut state, name)?.clone();
    Ok(group
        .attachments
        .iter()
        .map(|(arn, attachment)| (arn.clone(), state_of(&state, &group, arn, *attachment)))
        .collect())
}

/// `DescribeLoadBalancerTargetGroups`
pub(crate) fn describe_target_groups(account: &Account, sent: &Parameters) -> Outcome {
    let members = states(account, sent)?
        .into_iter()
        .map(|(arn, state)| vec![Element::text("LoadBalancerTargetGroupARN", arn), Element::text("State", state)]);
    Ok(vec![Element::members("LoadBalancerTargetGroups", members)])
}

/// `DescribeTrafficSources`
pub(crate) fn describe_traffic_sources(account: &Account, sent: &Parameters) -> Outcome {
    let members = states(account, sent)?.into_iter().map(|(arn, state)| {
        let mut member = source(&arn);
        member.push(Element::text("State", state));
        member
    });
    Ok(vec![Element::members("TrafficSources", members)])
}
