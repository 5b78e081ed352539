//! Tags of load balancers, target groups and listeners: `DescribeTags`.

use std::collections::BTreeMap;

use super::{Outcome, load_balancer};
use crate::{
    account::{Account, State},
    query_protocol::{Fault, Parameters, tag_list},
    xml::Element,
};

fn tags_mut<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut BTreeMap<String, String>, Fault> {
    if arn.contains(":targetgroup/") {
        let group = state.target_groups.get_mut(arn).map(|group| &mut group.tags);
        return group.ok_or_else(|| Fault::new("TargetGroupNotFound", format!("Target groups '[{arn}]' not found")));
    }
    if arn.contains(":listener/") {
        let listener = state.listeners.get_mut(arn).map(|listener| &mut listener.tags);
        return listener.ok_or_else(|| Fault::new("ListenerNotFound", format!("Listener '{arn}' not found")));
    }
    load_balancer::find_mut(state, arn).map(|balancer| &mut balancer.tags)
}

/// The tags of a resource, none where there is no such resource.
pub(super) fn of(state: &State, arn: &str) -> BTreeMap<String, String> {
    let group = || state.target_groups.get(arn).map(|group| &group.tags);
    let listener = || state.listeners.get(arn).map(|listener| &listener.tags);
    let balancer = state.load_balancers.get(arn).map(|balancer| &balancer.tags);
    balancer.or_else(group).or_else(listener).cloned().unwrap_or_default()
}

/// `DescribeTags` of up to 20 resources.
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let arns = sent.list("ResourceArns");
    if arns.len() > 20 {
        return Err(Fault::validation("Cannot have more than '20' resources described"));
    }
    let mut state = account.state();
    let described = arns
        .iter()
        .map(|arn| Ok(vec![Element::text("ResourceArn", arn), tag_list(tags_mut(&mut state, arn)?)]))
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(vec![Element::members("TagDescriptions", described)])
}
