//! Target groups that are attached to an Auto Scaling group, in which its instances are registered.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html>. The instances are registered, and
//! deregistered, [`crate::Delays::attach`] after the call.

use std::sync::Arc;

use super::{Outcome, group};
use crate::{
    account::Account,
    elasticloadbalancing::target,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// The state of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// Instances are being registered.
    Adding,
    /// All instances are registered.
    Added,
    /// Instances are being deregistered.
    Removing,
}

/// A traffic source in the format of the API.
pub(crate) fn source(arn: &str) -> Vec<Element> {
    vec![Element::text("Identifier", arn), Element::text("Type", "elbv2")]
}

/// `AttachLoadBalancerTargetGroups`. Attaching again changes nothing.
pub(crate) fn attach(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let arns = sent.list("TargetGroupARNs");
    let name = sent.required("AutoScalingGroupName")?.to_owned();
    {
        let mut state = account.state();
        for arn in &arns {
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
        for arn in &arns {
            let present = group.attachments.entry(arn.clone()).or_insert(Attachment::Adding);
            if *present == Attachment::Removing {
                *present = Attachment::Adding;
            }
        }
    }
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

/// `DetachLoadBalancerTargetGroups`
pub(crate) fn detach(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let arns = sent.list("TargetGroupARNs");
    let name = sent.required("AutoScalingGroupName")?.to_owned();
    {
        let mut state = account.state();
        let group = group::find_mut(&mut state, &name)?;
        for arn in &arns {
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
    account.later(account.delays().attach, move |account| async move {
        if let Some(group) = account.state().groups.get_mut(&name) {
            group.attachments.retain(|arn, attachment| !(arns.contains(arn) && *attachment == Attachment::Removing));
        }
    });
    Ok(Vec::new())
}
