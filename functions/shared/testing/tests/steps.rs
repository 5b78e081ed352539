//! The steps of the phases and the states of the machines: every step that a state asks for is one that the phase knows in that
//! direction, and every step that a phase knows is asked for by a state.
#![cfg(test)]

use domain::{Step, Whole};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const MACHINES: [&str; 3] = [
    include_str!("../../../../statemachine/migrate.asl.json"),
    include_str!("../../../../statemachine/rollback.asl.json"),
    include_str!("../../../../statemachine/cleanup.asl.json"),
];

/// Function and direction.
type Entrance = (String, String);

/// The names of an enum's steps; the empty one stands for no step.
fn names<S: Step>() -> BTreeSet<&'static str> {
    S::VARIANTS.iter().map(|step| step.name()).collect()
}

/// What each phase knows that knows more than no step.
fn known() -> BTreeMap<Entrance, BTreeSet<&'static str>> {
    let known = [
        ("ProvisionEdge", "converge", names::<provision_edge::Step>()),
        ("DeployWorkloads", "converge", names::<deploy_workloads::Step>()),
        ("Validate", "converge", names::<validate::Step>()),
        ("RequestApproval", "converge", names::<request_approval::Step>()),
        ("ShiftTraffic", "converge", names::<shift_traffic::Step>()),
        ("Observe", "converge", names::<observe::event::Step>()),
        ("Cleanup", "converge", names::<cleanup::Step>()),
        ("ProvisionControlPlane", "undo", names::<provision_control_plane::Undo>()),
    ];
    known.into_iter().map(|(function, direction, steps)| ((function.to_owned(), direction.to_owned()), steps)).collect()
}

/// What the states ask for.
fn asked() -> BTreeMap<Entrance, BTreeSet<String>> {
    let mut asked = BTreeMap::<Entrance, BTreeSet<String>>::new();
    for machine in MACHINES {
        collect(&serde_json::from_str(machine).unwrap(), &mut asked);
    }
    asked
}

fn collect(value: &Value, asked: &mut BTreeMap<Entrance, BTreeSet<String>>) {
    if let (Some(function), Some(payload)) = (value["FunctionName"].as_str(), value["Payload"].as_object()) {
        let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let function = function.trim_start_matches("${").trim_end_matches("Arn}").to_owned();
        asked.entry((function, text("direction"))).or_default().insert(text("step"));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|field| collect(field, asked)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, asked)),
        _ => {}
    }
}

#[test]
fn every_step_that_a_state_asks_for_is_known_to_its_phase_in_that_direction() {
    let known = known();
    let whole = names::<Whole>();
    let mut unknown = Vec::new();
    for (entrance, steps) in asked() {
        let known = known.get(&entrance).unwrap_or(&whole);
        unknown.extend(
            steps.into_iter().filter(|step| !known.contains(step.as_str())).map(|step| (entrance.clone(), step)),
        );
    }
    assert_eq!(unknown, []);
}

#[test]
fn every_step_that_a_phase_knows_is_asked_for_by_a_state() {
    let asked = asked();
    let mut idle = Vec::new();
    for (entrance, steps) in known() {
        let asked = asked.get(&entrance).cloned().unwrap_or_default();
        let unused = steps.into_iter().filter(|step| !step.is_empty() && !asked.contains(*step));
        idle.extend(unused.map(|step| (entrance.clone(), step)));
    }
    assert_eq!(idle, []);
}

#[test]
fn the_machines_are_read_whole() {
    let functions: BTreeSet<String> = asked().into_keys().map(|(function, _)| function).collect();
    let expected = [
        "Cleanup",
        "DeployWorkloads",
        "HandoverTerraform",
        "Observe",
        "Preflight",
        "PrepareCutover",
        "ProvisionControlPlane",
        "ProvisionEdge",
        "ProvisionNetwork",
        "ProvisionNodes",
        "RequestApproval",
        "ScheduleCleanup",
        "ShiftTraffic",
        "Validate",
    ];
    assert_eq!(functions.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
