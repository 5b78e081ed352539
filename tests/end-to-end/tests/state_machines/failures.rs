//! Errors: what is retried, what is caught, what is raised.

use crate::{each_state, each_task, objects, seconds};
use domain::Condition;
use end_to_end::machine::Machine;
use serde_json::json;
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
        // Alarms are watched again once the bake begins: what stands before it gives up soon.
        let attempts = if machine.name == "migrate" && state.name == "SwapTemporary" { 3 } else { 8 };
        let backoff = json!({
            "ErrorEquals": passing, "IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 60, "JitterStrategy": "FULL", "MaxAttempts": attempts,
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
            // Which side the temporary URL shows is worth no way back: green serves, and the bake watches it.
            ("migrate", _) if state.name == "SwapTemporary" => assert_eq!(next, "Bake", "{place}"),
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
