use crate::script::{Script, caught_exception, end, exception, lambda, machine, only, run};
use serde_json::{Value, json};
use testing::states::{Fault, Status};

/// A task with these catchers, and a state for each of the names.
fn catching(catchers: Value, handlers: &[&str]) -> Value {
    let mut task = lambda(json!({"Next": "NotCaught"}));
    task["Catch"] = catchers;
    let mut machine = machine("Start", json!({"Start": task, "NotCaught": end()}));
    for handler in handlers {
        machine["States"][handler] = end();
    }
    machine
}

/// The catchers of `test_raise_exception_catch`.
fn relevant() -> Value {
    catching(
        json!([
            {"ErrorEquals": ["Lambda.Unknown"], "Next": "LambdaUnknown"},
            {"ErrorEquals": ["States.TaskFailed"], "Next": "TaskFailed"},
            {"ErrorEquals": ["States.ALL"], "Next": "All"},
        ]),
        &["LambdaUnknown", "TaskFailed", "All"],
    )
}

/// Half a MiB.
fn large() -> Value {
    json!("ä".repeat(256 * 1024))
}

const DATA_LIMIT: &str =
    "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.";

/// `error_handling/test_task_service_lambda.py::test_raise_exception`
#[tokio::test]
async fn an_error_that_nobody_catches_fails_the_execution_under_the_functions_error_type() {
    let execution = run(only(lambda(json!({}))), json!({}), &mut Script::answering([exception()])).await;

    assert_eq!(
        execution.history,
        ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"]
    );
    assert_eq!((execution.status, execution.error.as_deref()), (Status::Failed, Some("Exception")));
    let cause: Value = serde_json::from_str(&execution.cause.unwrap()).unwrap();
    assert_eq!(cause, json!({"errorType": "Exception", "errorMessage": "Some exception was raised."}));
}

/// `error_handling/test_task_service_lambda.py::test_raise_exception_catch`
#[tokio::test]
async fn task_failed_catches_any_error_of_a_function() {
    let execution = run(relevant(), json!({}), &mut Script::answering([exception()])).await;

    assert_eq!(execution.visited, ["Start", "TaskFailed"]);
    assert_eq!(execution.output, Some(caught_exception()));
    assert_eq!(
        execution.history,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
    );
}

/// `error_handling/test_task_service_lambda.py::test_raise_custom_exception`
#[tokio::test]
async fn a_catcher_names_the_error_type_of_a_function() {
    let machine = catching(json!([{"ErrorEquals": ["CustomException"], "Next": "ErrorMatched"}]), &["ErrorMatched"]);
    let error = Err(Fault::function("CustomException", ""));

    let execution = run(machine, json!({}), &mut Script::answering([error])).await;

    assert_eq!(execution.visited, ["Start", "ErrorMatched"]);
    assert_eq!(execution.output.unwrap()["Error"], "CustomException");
}

/// `error_handling/test_task_service_lambda.py::test_no_such_function_catch`
#[tokio::test]
async fn an_error_of_the_service_has_its_message_as_cause() {
    let message = "Function not found: no_such_function (Service: AWSLambda; Status Code: 404)";
    let error = Err(Fault::service("Lambda.ResourceNotFoundException", message));

    let execution = run(relevant(), json!({}), &mut Script::answering([error])).await;

    assert_eq!(execution.visited, ["Start", "TaskFailed"]);
    assert_eq!(execution.output, Some(json!({"Error": "Lambda.ResourceNotFoundException", "Cause": message})));
}

/// `error_handling/test_task_service_lambda.py::test_raise_exception_catch_output_path[None]`
#[tokio::test]
async fn without_an_output_of_its_own_a_catcher_passes_the_error_output_on() {
    let machine =
        catching(json!([{"ErrorEquals": ["States.ALL"], "Next": "HandleGeneralError"}]), &["HandleGeneralError"]);

    let execution = run(machine, json!({"payload_input_value_0": 0}), &mut Script::answering([exception()])).await;

    assert_eq!(execution.output, Some(caught_exception()));
}

/// `states_variables/test_error_output.py::test_task_catch_error_output[TASK_CATCH_ERROR_OUTPUT]`
#[tokio::test]
async fn a_catcher_builds_its_output_from_input_and_error() {
    let machine = catching(
        json!([{
            "ErrorEquals": ["States.ALL"],
            "Output": {"stateInput": "{% $states.input %}", "stateError": "{% $states.errorOutput %}"},
            "Next": "Fallback",
        }]),
        &["Fallback"],
    );

    let execution = run(machine, json!({"inputData": "dummy"}), &mut Script::answering([exception()])).await;

    assert_eq!(execution.output, Some(json!({"stateInput": {"inputData": "dummy"}, "stateError": caught_exception()})));
}

/// `states_variables/test_error_output.py::test_catch_error_variable_sampling[TASK_CATCH_ERROR_VARIABLE_SAMPLING]`
#[tokio::test]
async fn a_catcher_assigns_variables_that_the_next_state_sees() {
    let mut machine = catching(
        json!([{
            "ErrorEquals": ["States.ALL"],
            "Assign": {"inputVar": "{% $states.input %}", "errorVar": "{% $states.errorOutput %}"},
            "Next": "Fallback",
        }]),
        &["Fallback"],
    );
    machine["States"]["Fallback"]["Output"] = json!({"error": "{% $errorVar %}", "input": "{% $inputVar %}"});

    let execution = run(machine, json!({"inputData": "dummy"}), &mut Script::answering([exception()])).await;

    assert_eq!(execution.output, Some(json!({"error": caught_exception(), "input": {"inputData": "dummy"}})));
}

/// `error_handling/test_states_errors.py::test_service_task_lambada_data_limit_exceeded_on_large_utf8_response`
#[tokio::test]
async fn a_catcher_names_a_result_that_is_too_large() {
    let machine = catching(
        json!([
            {"ErrorEquals": ["States.DataLimitExceeded"], "Next": "HandleDataLimitExceeded"},
            {"ErrorEquals": ["States.ALL"], "Next": "HandleGeneralError"},
        ]),
        &["HandleDataLimitExceeded", "HandleGeneralError"],
    );

    let execution = run(machine, json!({}), &mut Script::answering([Ok(large())])).await;

    assert_eq!(execution.visited, ["Start", "HandleDataLimitExceeded"]);
    assert_eq!(execution.output, Some(json!({"Error": "States.DataLimitExceeded", "Cause": DATA_LIMIT})));
    assert_eq!(execution.history[4], "TaskFailed");
}

/// `error_handling/test_states_errors.py::test_service_task_lambada_catch_state_all_data_limit_exceeded_on_large_utf8_response`:
/// AWS caught it, against its own documents.
#[tokio::test]
async fn a_result_that_is_too_large_is_caught_by_all() {
    let machine =
        catching(json!([{"ErrorEquals": ["States.ALL"], "Next": "HandleGeneralError"}]), &["HandleGeneralError"]);

    let execution = run(machine, json!({}), &mut Script::answering([Ok(large())])).await;

    assert_eq!(execution.visited, ["Start", "HandleGeneralError"]);
    assert_eq!(execution.output, Some(json!({"Error": "States.DataLimitExceeded", "Cause": DATA_LIMIT})));
}

/// `error_handling/test_states_errors.py::test_start_large_input`. Recorded with a constant `Result`, which is `Output` here.
#[tokio::test]
async fn an_output_that_is_too_large_fails_the_execution() {
    let machine = machine("State_1", json!({"State_1": {"Type": "Pass", "Output": "x".repeat(300_000), "End": true}}));

    let execution = run(machine, json!({}), &mut Script::default()).await;

    assert_eq!(execution.history, ["ExecutionStarted", "PassStateEntered", "ExecutionFailed"]);
    assert_eq!(execution.error.as_deref(), Some("States.DataLimitExceeded"));
    let cause =
        "The state/task 'State_1' returned a result with a size exceeding the maximum number of bytes service limit.";
    assert_eq!(execution.cause.as_deref(), Some(cause));
}
