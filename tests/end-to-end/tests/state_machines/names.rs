//! Names, and what people read.

use crate::{each_state, each_task, objects};
use end_to_end::{
    machine::{MACHINES, Machine},
    project,
};
use std::collections::BTreeSet;

#[test]
fn every_definition_has_its_machine_and_every_machine_its_definition() {
    let files: BTreeSet<String> = std::fs::read_dir(project::root().join("statemachine"))
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".asl.json").map(str::to_owned)
        })
        .collect();
    assert_eq!(files, MACHINES.map(str::to_owned).into());
}

#[test]
fn every_machine_is_jsonata_and_nothing_in_it_is_jsonpath() {
    for machine in Machine::all() {
        assert_eq!(machine.definition["QueryLanguage"], "JSONata", "{}", machine.name);
        let mut found = Vec::new();
        objects(&machine.definition, &mut found);
        for key in found.iter().flat_map(|object| object.keys()) {
            let jsonpath =
                ["InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector", "Variable", "SecondsPath"];
            assert!(!jsonpath.contains(&key.as_str()) && !key.ends_with(".$"), "{}: {key} is JSONPath", machine.name);
        }
    }
}

#[test]
fn people_can_read_every_machine_and_state_in_the_console() {
    for machine in Machine::all() {
        assert!(machine.definition["Comment"].as_str().is_some_and(|comment| comment.len() > 20), "{}", machine.name);
    }
    each_state(|machine, state| {
        let comment = state.definition["Comment"].as_str().unwrap_or_default();
        assert!(comment.ends_with('.') && comment.len() > 10, "{} {}: {comment:?}", machine.name, state.name);
    });
}

#[test]
fn names_of_states_are_unique_within_a_machine() {
    for machine in Machine::all() {
        let mut seen = BTreeSet::new();
        for state in machine.states() {
            assert!(seen.insert(state.name), "{} has {} twice", machine.name, state.name);
        }
    }
}

#[test]
fn a_state_runs_the_lambda_of_its_name_or_stands_in_the_readme_table() {
    let phases = project::phases();
    let table = project::table_of_states();
    let mut in_table = BTreeSet::new();
    each_task(|machine, state| {
        let Some(lambda) = state.lambda() else { return };
        assert!(phases.contains(&lambda), "{} {} runs {lambda}, which has no folder", machine.name, state.name);
        if let Some(step) = state.step() {
            in_table.insert(project::Row {
                state: state.name.to_owned(),
                machine: machine.name.to_owned(),
                lambda,
                step: step.to_owned(),
            });
        } else {
            assert_eq!(project::kebab(state.name), lambda, "{} {}", machine.name, state.name);
        }
    });
    assert_eq!(table, in_table, "the README's table and the steps of the state machines");
}

#[test]
fn every_phase_but_decide_is_a_state() {
    let mut run = BTreeSet::new();
    each_task(|_, state| run.extend(state.lambda()));
    let mut phases = project::phases();
    // Decide answers people, alarms and schedules, never a state.
    assert!(phases.remove("decide"));
    assert_eq!(run, phases);
}
