//! What is handed from state to state.

use crate::{each_state, each_task, objects};
use serde_json::Value;

#[test]
fn every_lambda_task_names_the_migration_and_the_direction() {
    each_task(|machine, state| {
        if state.lambda().is_none() {
            return;
        }
        let payload = &state.definition["Arguments"]["Payload"];
        let direction = if machine.name == "rollback" { "undo" } else { "converge" };
        assert_eq!(payload["direction"], direction, "{} {}", machine.name, state.name);
        let id = if machine.name == "migrate" {
            "{% $states.context.Execution.Id %}"
        } else {
            "{% $states.input.migrationId %}"
        };
        assert_eq!(payload["migrationId"], id, "{} {}", machine.name, state.name);
        let known = ["migrationId", "direction", "automatic", "step", "taskToken", "name", "input"];
        for key in payload.as_object().unwrap().keys() {
            let only_preflight = ["name", "input"].contains(&key.as_str());
            assert!(
                known.contains(&key.as_str()) && (!only_preflight || state.name == "Preflight"),
                "{}: {key}",
                state.name
            );
        }
    });
}

#[test]
fn nothing_is_assigned_inside_a_branch() {
    // On AWS a branch has variables of its own; the emulator lets them leak out.
    each_state(|machine, state| {
        if state.in_branch {
            let mut found = Vec::new();
            objects(state.definition, &mut found);
            assert!(found.iter().all(|object| !object.contains_key("Assign")), "{} {}", machine.name, state.name);
        }
    });
}

#[test]
fn what_the_emulator_ignores_is_not_used() {
    each_state(|machine, state| {
        let place = format!("{} {}", machine.name, state.name);
        let used = |field: &str| !state.definition[field].is_null();
        match state.kind() {
            "Succeed" => assert!(!used("Output"), "{place}: Output of a Succeed"),
            "Parallel" => assert!(!used("Output") && !used("Arguments"), "{place}: Output or Arguments of a Parallel"),
            "Choice" => assert!(!used("Output") && !used("Assign"), "{place}: Output of a Choice as a whole"),
            _ => {}
        }
        assert!(!used("HeartbeatSeconds"), "{place}: a heartbeat never expires there");
        assert!(state.definition["TimeoutSeconds"].is_null() || state.definition["TimeoutSeconds"].is_u64(), "{place}");
    });
}

#[test]
fn phases_hand_on_nothing_but_scalars() {
    // 256 KiB are never in sight: what a phase answers is picked field by field, the rest is in the ledger.
    each_state(|machine, state| {
        let place = format!("{} {}", machine.name, state.name);
        let outputs = std::iter::once(&state.definition["Output"])
            .chain(state.definition["Choices"].as_array().into_iter().flatten().map(|choice| &choice["Output"]))
            .filter(|output| !output.is_null());
        for output in outputs {
            match output {
                Value::String(all) => assert_eq!(all, "{% $states.input %}", "{place}"),
                Value::Object(fields) => {
                    assert!(fields.contains_key("migrationId"), "{place}");
                    for (name, value) in fields {
                        assert!(!value.is_object() && !value.is_array(), "{place}: {name}");
                        assert_ne!(value, "{% $states.result.Payload %}", "{place}: {name}");
                        assert_ne!(value, "{% $states.result %}", "{place}: {name}");
                    }
                }
                other => panic!("{place}: {other}"),
            }
        }
        let handed_on = state.kind() != "Task" || !state.definition["Output"].is_null();
        assert!(handed_on, "{place} hands on its whole result");
    });
}

#[test]
fn no_token_is_handed_on() {
    each_state(|machine, state| {
        for field in ["Output", "Catch", "Choices", "Assign"] {
            let text = state.definition[field].to_string();
            assert!(!text.contains("Token"), "{} {}: {field}", machine.name, state.name);
        }
    });
}
