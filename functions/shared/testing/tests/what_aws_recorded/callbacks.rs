//! Recorded with a message to a queue. It carries the token as a function's event does.

use crate::script::{Act, Script, end, machine, only, run, waiting};
use serde_json::{Value, json};
use testing::states::Status;

const SUBMITTED: [&str; 5] = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted"];

/// `callback/test_callback.py::test_sqs_wait_for_task_token`
#[tokio::test]
async fn the_output_that_the_token_is_answered_with_is_the_result() {
    let mut script = Script::acting([(5, Act::Succeed(json!("test_message_txt")))]);

    let execution = run(only(waiting(json!({}))), json!({}), &mut script).await;

    assert_eq!(
        execution.history,
        [&SUBMITTED[..], &["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]].concat()
    );
    assert_eq!(execution.output, Some(json!("test_message_txt")));
}

/// `callback/test_callback.py::test_sqs_failure_in_wait_for_task_token`
#[tokio::test]
async fn a_failed_token_fails_the_execution_under_its_error_and_cause() {
    let mut script = Script::acting([(5, Act::Fail(Some("Failure error"), Some("Failure cause")))]);

    let execution = run(only(waiting(json!({}))), json!({}), &mut script).await;

    assert_eq!(execution.history, [&SUBMITTED[..], &["TaskFailed", "ExecutionFailed"]].concat());
    assert_eq!(execution.error.as_deref(), Some("Failure error"));
    assert_eq!(execution.cause.as_deref(), Some("Failure cause"));
}

/// `error_handling/test_task_service_sqs.py::test_sqs_failure_in_wait_for_task_tok`
#[tokio::test]
async fn a_catcher_names_the_error_of_a_token() {
    let catch = json!({"Catch": [{"ErrorEquals": ["Failure error"], "Next": "EndWithCaught"}], "End": true});
    let machine =
        machine("SendMessageWithWait", json!({"SendMessageWithWait": waiting(catch), "EndWithCaught": end()}));
    let mut script = Script::acting([(5, Act::Fail(Some("Failure error"), Some("Failure cause")))]);

    let execution = run(machine, json!({}), &mut script).await;

    let rest = ["TaskFailed", "TaskStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"];
    assert_eq!(execution.history, [&SUBMITTED[..], &rest].concat());
    assert_eq!(execution.output, Some(json!({"Error": "Failure error", "Cause": "Failure cause"})));
}

/// `callback/test_callback.py::test_sqs_failure_in_wait_for_task_tok_no_error_field[SQS_WAIT_FOR_TASK_TOKEN_CATCH]`
#[tokio::test]
async fn a_token_that_fails_without_an_error_is_caught_by_all_and_not_by_runtime() {
    let catch = json!({
        "Catch": [
            {"ErrorEquals": ["States.Runtime"], "Next": "CaughtRuntimeError"},
            {"ErrorEquals": ["States.ALL"], "Next": "CaughtStatesALL"},
        ],
        "End": true,
    });
    let states = json!({"Wait": waiting(catch), "CaughtRuntimeError": end(), "CaughtStatesALL": end()});

    let execution = run(machine("Wait", states), json!({}), &mut Script::acting([(5, Act::Fail(None, None))])).await;

    assert_eq!(execution.visited, ["Wait", "CaughtStatesALL"]);
    assert_eq!(execution.output, Some(json!({"Error": null, "Cause": null})));
}

/// `callback/test_callback.py::test_sqs_wait_for_task_token_timeout` and `test_sqs_wait_for_task_token_no_token_parameter`
#[tokio::test]
async fn a_token_that_nobody_answers_times_out() {
    let execution = run(only(waiting(json!({"TimeoutSeconds": 5}))), json!({}), &mut Script::acting([])).await;

    assert_eq!(execution.history, [&SUBMITTED[..], &["TaskTimedOut", "ExecutionFailed"]].concat());
    assert_eq!((execution.status, execution.error.as_deref()), (Status::Failed, Some("States.Timeout")));
    assert_eq!(execution.cause, None);
    assert_eq!(execution.stopped.unwrap().duration_since(execution.started).as_secs(), 5);
}

/// `callback/test_callback.py::test_sqs_wait_for_task_tok_with_heartbeat` and `test_multiple_heartbeat_notifications`
#[tokio::test]
async fn heartbeats_keep_a_task_waiting() {
    let task = waiting(json!({"TimeoutSeconds": 600, "HeartbeatSeconds": 120}));
    let acts = [(100, Act::Heartbeat), (200, Act::Heartbeat), (300, Act::Succeed(json!("test_message_txt")))];

    let execution = run(only(task), json!({}), &mut Script::acting(acts)).await;

    assert_eq!(
        execution.history,
        [&SUBMITTED[..], &["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]].concat()
    );
}

/// `timeouts/test_heartbeats.py::test_heartbeat_timeout` and `test_heartbeat_no_timeout`
#[tokio::test]
async fn a_missed_heartbeat_is_a_timeout() {
    for task in [json!({"TimeoutSeconds": 600, "HeartbeatSeconds": 5}), json!({"HeartbeatSeconds": 5})] {
        let execution = run(only(waiting(task)), json!({}), &mut Script::acting([(3, Act::Heartbeat)])).await;

        assert_eq!(execution.history, [&SUBMITTED[..], &["TaskTimedOut", "ExecutionFailed"]].concat());
        assert_eq!(execution.error.as_deref(), Some("States.Timeout"));
        assert_eq!(execution.stopped.unwrap().duration_since(execution.started).as_secs(), 8);
    }
}

/// `callback/test_callback.py::test_sqs_wait_for_task_token_call_chain`
#[tokio::test]
async fn each_task_has_a_token_of_its_own() {
    let output = |name: &str| json!(format!("{{% $merge([$states.input, {{'{name}': $states.result}}]) %}}"));
    let states = json!({
        "State1": waiting(json!({"Output": output("State1Output"), "Next": "State2"})),
        "State2": waiting(json!({"Output": output("State2Output"), "End": true})),
    });
    let mut script = Script::acting([(5, Act::Succeed(json!("HelloWorld"))), (9, Act::Succeed(json!("HelloWorld")))]);

    let execution = run(machine("State1", states), json!({"Message": "HelloWorld"}), &mut script).await;

    let output = json!({"Message": "HelloWorld", "State1Output": "HelloWorld", "State2Output": "HelloWorld"});
    assert_eq!(execution.output, Some(output));
    assert_eq!(execution.history.len(), 14);
    let tokens: Vec<&Value> = script.calls.iter().map(|call| &call.payload["token"]).collect();
    assert_ne!(tokens[0], tokens[1]);
}
