//! Errors: what is retried, what is caught, what is raised.

use crate::{each_state, each_task, objects, seconds};
use domain::Condition;
use end_to_end::machine::Machine;
use serde_json::json;
use std::collections::BTreeSet;

/// What AWS raises when a Lambda or its service fails in passing
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception>), when a
/// function was idle and is being woken, or when its network interfaces are not there yet
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>), and what Lambda says of a function that ran out
/// of time or died.
const PASSING: [&str; 14] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.ResourceNotReadyException",
    "Lambda.ResourceConflictException",
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.ENILimitReachedException",
    "Lambda.SubnetIPAddressLimitReachedException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
];

/// Seconds that a machine lives through passing trouble at least, in any one of its states, with the mean of full jitter.
/// An idle function takes minutes to be woken; the way back outlives an outage of hours.
const fn patience(machine: &str) -> f64 {
    match machine.as_bytes() {
        b"rollback" => 2.0 * 3600.0,
        b"cleanup" => 40.0 * 60.0,
        _ => 10.0 * 60.0,
    }
}

#[test]
fn every_lambda_task_polls_and_outlives_passing_trouble_on_separate_budgets() {
    let retried: Vec<&str> = Condition::ALL.into_iter().filter(|c| c.is_retried()).map(Condition::name).collect();
    assert_eq!(retried, ["NotReady", "Unavailable"]);
    let passing: Vec<&str> = ["Unavailable"].into_iter().chain(PASSING).collect();
    each_task(|machine, state| {
        if state.lambda().is_none() {
            return;
        }
        let place = format!("{} {}", machine.name, state.name);
        let [poll, backoff] = &state.definition["Retry"].as_array().unwrap()[..] else {
            panic!("{place} has not two retriers");
        };
        assert_eq!(poll["ErrorEquals"], json!(["NotReady"]), "{place}");
        // A copy that was given up by Step Functions holds its lease until Lambda stops it, after 300 seconds at most.
        assert!(state.waits(0, 1.0) > 330.0, "{place} gives up after {} s of polling", state.waits(0, 1.0));
        assert_eq!(backoff["ErrorEquals"], json!(passing), "{place}");
        assert_eq!(backoff["JitterStrategy"], "FULL", "{place}");
        // Alarms are watched again once the bake begins: what stands before it gives up soon.
        if machine.name == "migrate" && state.name == "SwapTemporary" {
            return;
        }
        let outlived = state.waits(1, 0.5);
        assert!(outlived > patience(machine.name), "{place} gives up after {outlived} s of passing trouble");
    });
}

#[test]
fn every_task_catches_everything_and_goes_to_the_way_back() {
    each_task(|machine, state| {
        let place = format!("{} {}", machine.name, state.name);
        let catchers = state.definition["Catch"].as_array().unwrap_or_else(|| panic!("{place} has no Catch"));
        let (catcher, before) = catchers.split_last().unwrap();
        assert_eq!(catcher["ErrorEquals"], json!(["States.ALL"]), "{place}");
        let after_the_bake =
            machine.name == "migrate" && ["AdoptGreen", "HandoverTerraform", "ScheduleCleanup"].contains(&state.name);
        // People who turned the migration back need no operator: the execution waits for their way back.
        let turned_back = before.iter().map(|catcher| (&catcher["ErrorEquals"], &catcher["Next"]));
        let expected = (json!(["TurnedBack"]), json!("WayBack"));
        let expected = after_the_bake.then_some((&expected.0, &expected.1));
        assert_eq!(turned_back.collect::<Vec<_>>(), Vec::from_iter(expected), "{place}");
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
            // After a bake that ended well nothing gives production back by itself.
            ("migrate", _) if after_the_bake => assert_eq!(next, "AskOperator", "{place}"),
            ("migrate", _) if ["WayBack", "AskOperator"].contains(&state.name) => {
                assert_eq!(next, "Stranded", "{place}");
            }
            ("migrate", _) => assert_eq!(next, "WayBack", "{place}"),
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
