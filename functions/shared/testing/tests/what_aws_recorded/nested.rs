//! Recorded for `.sync` where it says so: its failures are those of `.sync:2`, whose output differs in being JSON.

use crate::script::{Script, end, machine, only, run, run_among, with};
use serde_json::{Value, json};
use testing::states::Status;

fn starting(more: Value) -> Value {
    let task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": "Target", "Input": "{% $states.input %}", "Name": "TestStartTarget"},
    });
    with(task, more)
}

const SUBMITTED: [&str; 5] = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted"];

/// `callback/test_callback.py::test_start_execution_sync2`
#[tokio::test]
async fn the_result_of_a_nested_execution_has_its_output_as_json() {
    let target = only(json!({"Type": "Pass", "Output": {"Arg1": "argument1"}}));

    let execution =
        run_among(only(starting(json!({}))), vec![("Target", target)], json!({}), &mut Script::default()).await;

    assert_eq!(
        execution.history,
        [&SUBMITTED[..], &["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]].concat()
    );
    let mut output = execution.output.unwrap();
    for date in ["StartDate", "StopDate"] {
        assert!(output.as_object_mut().unwrap().remove(date).is_some_and(|date| date.is_number()));
    }
    assert_eq!(
        output,
        json!({
            "ExecutionArn": "arn:aws:states:eu-central-1:123456789012:execution:Target:TestStartTarget",
            "Input": {},
            "InputDetails": {"Included": true},
            "Name": "TestStartTarget",
            "Output": {"Arg1": "argument1"},
            "OutputDetails": {"Included": true},
            "StateMachineArn": "arn:aws:states:eu-central-1:123456789012:stateMachine:Target",
            "Status": "SUCCEEDED",
        })
    );
}

/// `callback/test_callback.py::test_start_execution_sync_delegate_failure`, recorded for `.sync`
#[tokio::test]
async fn a_nested_failure_is_task_failed_with_a_description_of_the_execution() {
    let cause = "This state machines raises a 'SomeFailure' failure.";
    let target = machine("Fail", json!({"Fail": {"Type": "Fail", "Error": "SomeFailure", "Cause": cause}}));

    let execution =
        run_among(only(starting(json!({}))), vec![("Target", target)], json!({}), &mut Script::default()).await;

    assert_eq!(execution.history, [&SUBMITTED[..], &["TaskFailed", "ExecutionFailed"]].concat());
    assert_eq!((execution.status, execution.error.as_deref()), (Status::Failed, Some("States.TaskFailed")));
    let mut described: Value = serde_json::from_str(&execution.cause.unwrap()).unwrap();
    for date in ["StartDate", "StopDate"] {
        assert!(described.as_object_mut().unwrap().remove(date).is_some_and(|date| date.is_number()));
    }
    assert_eq!(
        described,
        json!({
            "Cause": cause,
            "Error": "SomeFailure",
            "ExecutionArn": "arn:aws:states:eu-central-1:123456789012:execution:Target:TestStartTarget",
            "Input": "{}",
            "InputDetails": {"Included": true},
            "Name": "TestStartTarget",
            "StateMachineArn": "arn:aws:states:eu-central-1:123456789012:stateMachine:Target",
            "Status": "FAILED",
        })
    );
}

/// `callback/test_callback.py::test_start_execution_sync_delegate_timeout`, recorded for `.sync`
#[tokio::test]
async fn a_nested_timeout_is_task_failed_too() {
    let task = crate::script::waiting(json!({"TimeoutSeconds": 5}));
    let catch = json!({"Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Timeout"}, {"ErrorEquals": ["States.TaskFailed"], "Next": "Failed"}], "End": true});
    let machine = machine("Start", json!({"Start": starting(catch), "Timeout": end(), "Failed": end()}));

    let execution = run_among(machine, vec![("Target", only(task))], json!({}), &mut Script::acting([])).await;

    assert_eq!(execution.visited, ["Start", "Failed"]);
    let output = execution.output.unwrap();
    assert_eq!(output["Error"], "States.TaskFailed");
    let described: Value = serde_json::from_str(output["Cause"].as_str().unwrap()).unwrap();
    assert_eq!((&described["Error"], &described["Status"]), (&json!("States.Timeout"), &json!("FAILED")));
    assert!(described.get("Cause").is_none());
}

/// `error_handling/test_task_service_sfn.py::test_start_execution_no_such_arn`, recorded without `.sync`
#[tokio::test]
async fn a_machine_that_does_not_exist_fails_the_task() {
    let execution = run(only(starting(json!({}))), json!({}), &mut Script::default()).await;

    assert_eq!(
        execution.history,
        ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"]
    );
    assert_eq!(execution.error.as_deref(), Some("StepFunctions.StateMachineDoesNotExistException"));
}
