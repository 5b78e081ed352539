//! What every state machine must keep, on AWS and on the emulator. The emulator is laxer than AWS in places: what it
//! would let pass is refused here.

use domain::{
    Condition,
    input::{LONGEST_CUTOVER, LONGEST_WAIT},
};
use end_to_end::{
    machine::{MACHINES, Machine, State},
    project,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What AWS raises when a Lambda or its service fails in passing
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception>), and what
/// Lambda says of a function that ran out of time or died.
const PASSING: [&str; 7] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
];

/// Events that one attempt at a Lambda task leaves in the history: scheduled, started, failed.
const EVENTS_OF_AN_ATTEMPT: u64 = 3;

/// An execution fails when its history has more
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const MOST_EVENTS: u64 = 25_000;

fn each_state(mut check: impl FnMut(&Machine, State<'_>)) {
    for machine in Machine::all() {
        for state in machine.states() {
            check(&machine, state);
        }
    }
}

fn each_task(mut check: impl FnMut(&Machine, State<'_>)) {
    each_state(|machine, state| {
        if state.kind() == "Task" {
            check(machine, state);
        }
    });
}

/// Every object inside a value.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match value {
        Value::Object(object) => {
            found.push(object);
            object.values().for_each(|value| objects(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

fn seconds(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a literal number of seconds, not {value}"))
}

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
        let known = ["migrationId", "direction", "step", "taskToken", "name", "input"];
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
fn every_lambda_task_is_retried_as_the_contract_says() {
    let retried: Vec<&str> = Condition::ALL.into_iter().filter(|c| c.is_retried()).map(Condition::name).collect();
    assert_eq!(retried, ["NotReady", "Unavailable"]);
    let passing: Vec<&str> = ["Unavailable"].into_iter().chain(PASSING).collect();
    each_task(|machine, state| {
        if state.lambda().is_none() {
            return;
        }
        let place = format!("{} {}", machine.name, state.name);
        let polls = state.polls();
        assert!(polls >= 40, "{place} gives up after {polls} polls");
        let guard = machine.name == "migrate" && state.name == "Guard";
        let poll = if guard {
            json!({ "ErrorEquals": ["NotReady"], "IntervalSeconds": 15, "BackoffRate": 1.2, "MaxDelaySeconds": 60, "MaxAttempts": polls })
        } else {
            json!({ "ErrorEquals": ["NotReady"], "IntervalSeconds": 15, "BackoffRate": 1, "MaxAttempts": polls })
        };
        let backoff = json!({
            "ErrorEquals": passing, "IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 60, "JitterStrategy": "FULL", "MaxAttempts": 8,
        });
        assert_eq!(state.definition["Retry"], json!([poll, backoff]), "{place}");
    });
}

#[test]
fn every_task_catches_everything_and_goes_to_the_way_back() {
    each_task(|machine, state| {
        let place = format!("{} {}", machine.name, state.name);
        let [catcher] = &state.definition["Catch"].as_array().unwrap_or_else(|| panic!("{place} has no Catch"))[..]
        else {
            panic!("{place} has not one Catch");
        };
        assert_eq!(catcher["ErrorEquals"], json!(["States.ALL"]), "{place}");
        let next = catcher["Next"].as_str().unwrap();
        match (machine.name, state.in_branch) {
            (_, true) => {
                let end = machine.state(next);
                assert!(
                    end.kind() == "Pass" && end.definition["End"] == true,
                    "{place} does not end its branch as data"
                );
                assert!(catcher["Output"]["error"].is_string() && catcher["Output"]["cause"].is_string(), "{place}");
            }
            ("migrate", _) => assert_eq!(next, if state.name == "WayBack" { "Stranded" } else { "WayBack" }, "{place}"),
            _ => assert_eq!(next, if state.name == "AskOperator" { "Stranded" } else { "AskOperator" }, "{place}"),
        }
    });
}

#[test]
fn only_known_error_names_are_matched_or_raised() {
    let known: BTreeSet<&str> = Condition::ALL
        .into_iter()
        .map(Condition::name)
        .chain(PASSING)
        .chain(["States.ALL", "States.TaskFailed"])
        .collect();
    for machine in Machine::all() {
        let mut found = Vec::new();
        objects(&machine.definition, &mut found);
        for name in
            found.iter().filter_map(|object| object.get("ErrorEquals")).flat_map(|names| names.as_array().unwrap())
        {
            assert!(known.contains(name.as_str().unwrap()), "{}: {name}", machine.name);
        }
    }
    each_state(|machine, state| {
        if state.kind() == "Fail" {
            let error = state.definition["Error"].as_str().unwrap();
            // The first error's own name, or the one name that asks for an operator.
            assert!(
                ["{% $states.input.error %}", "OperatorNeeded"].contains(&error),
                "{} {}: {error}",
                machine.name,
                state.name
            );
            assert!(state.definition["Cause"].is_string(), "{} {} has no Cause", machine.name, state.name);
        }
    });
}

#[test]
fn a_retrier_has_no_misspelt_field_and_no_attempts_that_never_happen() {
    let known = ["ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds", "JitterStrategy"];
    each_state(|machine, state| {
        for retrier in state.definition["Retry"].as_array().into_iter().flatten() {
            let place = format!("{} {}", machine.name, state.name);
            for key in retrier.as_object().unwrap().keys() {
                assert!(known.contains(&key.as_str()), "{place}: {key}");
            }
            assert!(seconds(&retrier["MaxAttempts"]) > 0, "{place}");
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
fn a_token_task_has_a_literal_net_below_every_deadline_of_the_input() {
    let day = 86_400;
    each_task(|machine, state| {
        let place = format!("{} {}", machine.name, state.name);
        let token = &state.definition["Arguments"]["Payload"]["taskToken"];
        if state.waits_for_a_token() {
            assert_eq!(seconds(&state.definition["TimeoutSeconds"]), LONGEST_WAIT.as_secs() + day, "{place}");
            assert_eq!(token, "{% $states.context.Task.Token %}", "{place}");
        } else {
            assert!(token.is_null(), "{place} takes a token and does not wait for it");
            assert!(state.definition["TimeoutSeconds"].is_null(), "{place}: Lambda bounds it already");
        }
    });
}

#[test]
fn no_machine_outlives_its_longest_way() {
    let token = LONGEST_WAIT.as_secs() + 86_400;
    let limit = |name| seconds(&Machine::read(name).definition["TimeoutSeconds"]);
    assert!(limit("migrate") > 2 * token + LONGEST_CUTOVER.as_secs() + 86_400, "approval, switch, bake and building");
    assert!(limit("migrate") < 365 * 86_400, "an execution lives for a year at most");
    assert!(limit("cleanup") > token + 86_400 && limit("cleanup") < 2 * token);
    assert!(limit("rollback") <= 86_400, "nobody waits longer than a day to go back");
}

#[test]
fn the_guard_polls_for_as_long_as_a_step_may_be_watched() {
    let machine = Machine::read("migrate");
    let guard = machine.state("Guard");
    let mut delay = 15.0_f64;
    let mut watched = 0.0;
    for _ in 0..guard.polls() {
        watched += delay;
        delay = (delay * 1.2).min(60.0);
    }
    assert!(watched > std::time::Duration::from_secs(LONGEST_CUTOVER.as_secs()).as_secs_f64(), "{watched} s");
}

#[test]
fn no_execution_can_run_out_of_history() {
    let schema = project::json("statemachine/input.schema.json");
    let steps = schema["properties"]["cutover"]["properties"]["steps"]["maxItems"].as_u64().unwrap();
    for machine in Machine::all() {
        let mut attempts = 0;
        for state in machine.states() {
            // The loop of the steps; the guard's polls are bounded by the deadline of the switch as a whole, and reach
            // their full interval after eight.
            attempts += match (machine.name, state.name) {
                ("migrate", "ShiftTraffic") => state.polls() * steps,
                ("migrate", "Guard") => LONGEST_CUTOVER.as_secs() / 60 + 8 * steps,
                _ => state.polls(),
            };
        }
        let transitions = 2 * (machine.states().len() as u64 + 3 * steps);
        let events = attempts * EVENTS_OF_AN_ATTEMPT + transitions;
        assert!(events < MOST_EVENTS, "{} can leave {events} events", machine.name);
    }
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
