//! The rules of an input that a schema cannot say.

mod green;
mod terraform;

use super::is_within;
use crate::{
    Limit, Problem,
    input::{Input, LONGEST_CUTOVER, LONGEST_WAIT, OnTimeout, SHORTEST_SILENT_YES, gateways::FIELDS},
};
use std::collections::BTreeSet;

/// What a schema cannot say, of the fields in which the schema found no fault.
pub(super) fn rules(input: &Input, faults: &[Problem]) -> Vec<Problem> {
    let sound = |path: &str| !faults.iter().any(|fault| is_within(path, &fault.path) || is_within(&fault.path, path));
    let mut problems = Vec::new();
    let mut refuse = |path: &str, message: String| {
        if sound(path) {
            problems.push(Problem::new(path, message));
        }
    };
    if input.blue.cluster == input.green.cluster {
        refuse("$.green.cluster", format!("found blue's name {:?}, expected another", input.green.cluster));
    }
    let steps = &input.cutover.steps;
    if !steps.is_sorted_by(|a, b| a < b) || steps.last() != Some(&100) {
        refuse("$.cutover.steps", format!("found {steps:?}, expected rising percentages that end with 100"));
    }
    if let Some(marker) = &input.cutover.marker
        && (marker.blue.contains(&marker.green) || marker.green.contains(&marker.blue))
    {
        let found = format!("found {:?} for blue and {:?} for green", marker.blue, marker.green);
        refuse("$.cutover.marker", format!("{found}, expected texts of which neither contains the other"));
    }
    let watching = input.cutover.step_duration.as_secs().saturating_mul(steps.len() as u64);
    let told = sound("$.cutover.steps") && sound("$.cutover.stepDuration");
    if told && input.cutover.deadline.as_secs() < watching {
        refuse(
            "$.cutover.deadline",
            format!("found {}, expected at least the {watching} seconds that the steps take", input.cutover.deadline),
        );
    }
    for (path, duration, longest) in [
        ("$.approval.timeout", input.approval.timeout, LONGEST_WAIT),
        ("$.bake.duration", input.bake.duration, LONGEST_WAIT),
        ("$.cleanup.after", input.cleanup.after, LONGEST_WAIT),
        ("$.cutover.deadline", input.cutover.deadline, LONGEST_CUTOVER),
    ] {
        if duration > longest {
            refuse(path, format!("found {duration}, expected at most {longest}"));
        }
    }
    for (path, duration) in
        [("$.approval.timeout", input.approval.timeout), ("$.cutover.deadline", input.cutover.deadline)]
    {
        if duration.as_secs() == 0 {
            refuse(path, "found 0, expected more".to_owned());
        }
    }
    let (timeout, on_timeout) = (input.approval.timeout, input.approval.on_timeout);
    if on_timeout == OnTimeout::Approve && timeout < SHORTEST_SILENT_YES && timeout.as_secs() > 0 {
        let message = format!("found {timeout}, expected at least {SHORTEST_SILENT_YES} where no answer means yes");
        refuse("$.approval.timeout", message);
    }
    let approvers = input.approval.approvers;
    if on_timeout == OnTimeout::Approve && approvers > 1 {
        let message = format!("found approve, expected abort where {approvers} people must say yes");
        refuse("$.approval.onTimeout", message);
    }
    gateways(input, &sound, &mut refuse);
    named_twice(input, &mut refuse);
    node_groups(input, &mut refuse);
    green::green(input, &mut refuse);
    terraform::terraform(input, &mut refuse);
    problems
}

/// Each API once, named by one of the two fields, and each request to one of them.
fn gateways(input: &Input, sound: &impl Fn(&str) -> bool, refuse: &mut impl FnMut(&str, String)) {
    let [rest, http] = FIELDS;
    let mut apis = BTreeSet::new();
    for (path, gateway) in input.gateway.placed() {
        let id = gateway.api_id();
        let both = [&gateway.rest_api_id, &gateway.http_api_id].map(Option::is_some);
        if both == [false, false] && sound(&format!("{path}.{http}")) {
            let message = format!("missing; add it for a REST API, or {http} for an HTTP API");
            refuse(&format!("{path}.{rest}"), message);
        }
        beside(&path, both, refuse);
        if !apis.insert(id) && !id.is_empty() {
            let message = format!(
                "found the API {id} a second time, expected each once: deployment G is one of the whole API, so that of its stages one is \
                 switched. Move the other stage to green by hand after the bake, before the cleanup"
            );
            refuse(&format!("{path}.{}", gateway.field()), Limit::SeveralStages.told(&message));
        }
    }
    let known = || apis.iter().copied().collect::<Vec<_>>().join(", ");
    let is_known = |field, id| input.gateway.iter().any(|one| one.field() == field && one.api_id() == id);
    let paths = input.cutover.marker.iter().flat_map(|marker| &marker.paths);
    let mut with_path = BTreeSet::new();
    for (index, marker) in paths.enumerate() {
        let path = format!("$.cutover.marker.paths[{index}]");
        beside(&path, [&marker.rest_api_id, &marker.http_api_id].map(Option::is_some), refuse);
        match marker.api() {
            Some((field, id)) if !is_known(field, id) || !with_path.insert(id) => {
                let message = format!("found {id:?}, expected each API of $.gateway once at most: {}", known());
                refuse(&format!("{path}.{field}"), message);
            }
            None if sound(&format!("{path}.{http}")) => {
                refuse(&format!("{path}.{rest}"), format!("missing; say which of the APIs has it there: {}", known()));
            }
            _ => {}
        }
    }
    for (index, smoke) in input.smoke.iter().enumerate() {
        let path = format!("$.smoke[{index}]");
        beside(&path, [&smoke.rest_api_id, &smoke.http_api_id].map(Option::is_some), refuse);
        match smoke.api() {
            Some((field, id)) if !is_known(field, id) => {
                refuse(&format!("{path}.{field}"), format!("found {id:?}, expected an API of $.gateway: {}", known()));
            }
            None if input.gateway.are_several() && sound(&format!("{path}.{http}")) => {
                let message = format!("missing; say which of the APIs the request is for: {}", known());
                refuse(&format!("{path}.{rest}"), message);
            }
            _ => {}
        }
    }
}

/// Refuses an API that both fields name.
fn beside(path: &str, given: [bool; 2], refuse: &mut impl FnMut(&str, String)) {
    let [rest, http] = FIELDS;
    if given == [true, true] {
        refuse(&format!("{path}.{http}"), format!("found it beside {rest}, expected one of them"));
    }
}

fn node_groups(input: &Input, refuse: &mut impl FnMut(&str, String)) {
    let mut names = BTreeSet::new();
    for (index, change) in input.green.node_groups.iter().enumerate() {
        let path = format!("$.green.nodeGroups[{index}]");
        if !names.insert(change.name.as_str()) {
            refuse(&format!("{path}.name"), format!("the node group {:?} is changed twice", change.name));
        }
        if change.is_empty() {
            refuse(&path, format!("found nothing but the name {:?}, expected what differs from blue's", change.name));
        }
        if change.ami_type.is_some() && change.image_id.is_some() {
            refuse(&format!("{path}.imageId"), "found an AMI beside amiType, expected one of them".to_owned());
        }
        if let Some(size) = change.scaling
            && !(size.min..=size.max).contains(&size.desired)
        {
            let found = format!("min {}, desired {}, max {}", size.min, size.desired, size.max);
            refuse(&format!("{path}.scaling"), format!("found {found}, expected none above the next"));
        }
    }
}

/// What the fields about workloads name twice, or both ways.
fn named_twice(input: &Input, refuse: &mut impl FnMut(&str, String)) {
    let mut hosts = BTreeSet::new();
    for (index, host) in input.workloads.hosts.iter().enumerate() {
        for (name, value) in [("primary", &host.primary), ("temporary", &host.temporary)] {
            if !hosts.insert(value.as_str()) {
                refuse(&format!("$.workloads.hosts[{index}].{name}"), format!("{value:?} is named twice"));
            }
        }
    }
    let mut words = BTreeSet::new();
    for (index, word) in input.workloads.replace.iter().enumerate() {
        if !words.insert(word.blue.as_str()) {
            refuse(&format!("$.workloads.replace[{index}].blue"), format!("{:?} is replaced twice", word.blue));
        }
    }
    let mut prices = BTreeSet::new();
    for (index, price) in input.prices.iter().enumerate() {
        if !prices.insert(price.of.as_str()) {
            refuse(&format!("$.prices[{index}].of"), format!("{:?} has two prices", price.of));
        }
    }
    for (index, hold) in input.workloads.hold.iter().enumerate() {
        if input.workloads.run.contains(hold) {
            refuse(&format!("$.workloads.hold[{index}]"), format!("{hold} cannot be both held and run"));
        }
    }
    let mut volumes = BTreeSet::new();
    for (field, names) in input.workloads.volumes.lists() {
        for (index, name) in names.iter().enumerate() {
            if !volumes.insert(name.as_str()) {
                refuse(&format!("$.workloads.volumes.{field}[{index}]"), format!("{name} is named twice"));
            }
        }
    }
}
