use crate::script::{Script, caught_exception, end, exception, lambda, machine, only, run};
use serde_json::{Value, json};
use testing::states::Status;

/// `scenarios/test_base_scenarios.py::test_lambda_service_invoke_with_retry_extended_input`. Recorded in JSONPath, which
/// reads the retry count from the same context object.
#[tokio::test]
async fn a_retried_task_is_scheduled_again_without_being_entered_and_knows_its_retry_count() {
    let task = lambda(json!({
        "Arguments": {"FunctionName": "Function", "Payload": {"retries": "{% $states.context.State.RetryCount %}"}},
        "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "HandleError"}],
        "End": true,
    }));
    let machine = machine("InvokeLambdaWithRetry", json!({"InvokeLambdaWithRetry": task, "HandleError": end()}));
    let mut script = Script::answering([exception()]);

    let execution = run(machine, json!({}), &mut script).await;

    let retries: Vec<Value> = script.calls.iter().map(|call| call.payload["retries"].clone()).collect();
    assert_eq!(retries, [0, 1, 2, 3]);
    assert_eq!(
        execution.history,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
    );
    assert_eq!(execution.output, Some(caught_exception()));
    assert_eq!(execution.visited, ["InvokeLambdaWithRetry", "HandleError"]);
}

/// `scenarios/test_base_scenarios.py::test_retry_interval_features`. Recorded with the function's ARN as resource, whose
/// events are named `LambdaFunctionScheduled`, `LambdaFunctionStarted` and `LambdaFunctionFailed` instead.
#[tokio::test]
async fn a_retrier_with_every_field_allows_as_many_retries_as_it_says() {
    let retrier = json!({
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 3,
        "MaxAttempts": 2,
        "BackoffRate": 2,
        "MaxDelaySeconds": 5,
        "JitterStrategy": "FULL",
    });

    let execution =
        run(only(lambda(json!({"Retry": [retrier]}))), json!({}), &mut Script::answering([exception()])).await;

    assert_eq!(
        execution.history,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "ExecutionFailed",
        ]
    );
    assert_eq!((execution.status, execution.error.as_deref()), (Status::Failed, Some("Exception")));
    assert_eq!(json!(execution.cause), caught_exception()["Cause"]);
}

/// `scenarios/test_base_scenarios.py::test_retry_interval_features_max_attempts_zero`
#[tokio::test]
async fn a_retrier_without_attempts_does_not_retry() {
    let task = lambda(json!({"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]}));

    let execution = run(only(task), json!({}), &mut Script::answering([exception()])).await;

    assert_eq!(
        execution.history,
        ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"]
    );
}

/// `scenarios/test_base_scenarios.py::test_lambda_empty_retry`
#[tokio::test]
async fn an_empty_list_of_retriers_does_not_retry() {
    let execution = run(only(lambda(json!({"Retry": []}))), json!({}), &mut Script::answering([exception()])).await;

    assert_eq!((execution.status, execution.error.as_deref()), (Status::Failed, Some("Exception")));
    assert_eq!(execution.history.last(), Some(&"ExecutionFailed"));
}

/// `scenarios/test_base_scenarios.py::test_map_state_retry_multiple_retriers`. Recorded for a Map state of one item, whose
/// `MapStateStarted` and `MapStateFailed` are the events of a Parallel state of one branch here.
#[tokio::test]
async fn only_the_retrier_that_names_the_error_is_asked() {
    let machine = only(json!({
        "Type": "Parallel",
        "Branches": [{
            "StartAt": "HandleItemFail",
            "States": {"HandleItemFail": {"Type": "Fail", "Error": "HandleItemFailError", "Cause": "HandleItemFailCause"}},
        }],
        "Retry": [
            {"ErrorEquals": ["NoSuchError"], "MaxAttempts": 1},
            {"ErrorEquals": ["State.ALL"], "MaxAttempts": 2},
            {"ErrorEquals": ["HandleItemFailError"], "MaxAttempts": 3},
        ],
    }));

    let execution = run(machine, json!({}), &mut Script::default()).await;

    let tries = ["ParallelStateStarted", "FailStateEntered"].repeat(4);
    let last = ["ParallelStateFailed", "ExecutionFailed"];
    assert_eq!(execution.history, [&["ExecutionStarted", "ParallelStateEntered"][..], &tries, &last].concat());
    assert_eq!(execution.error.as_deref(), Some("HandleItemFailError"));
    assert_eq!(execution.cause.as_deref(), Some("HandleItemFailCause"));
}

/// `states_variables/test_error_output.py::test_task_catch_error_with_retry`[`TASK_CATCH_ERROR_OUTPUT_WITH_RETRY`]
#[tokio::test]
async fn catchers_come_after_the_last_retry() {
    let task = lambda(json!({
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        "Catch": [{
            "ErrorEquals": ["States.ALL"],
            "Output": {"stateInput": "{% $states.input %}", "stateError": "{% $states.errorOutput %}"},
            "Next": "Fallback",
        }],
        "End": true,
    }));
    let fallback = json!({"Type": "Pass", "Output": {"error": "{% $states.input %}"}, "End": true});
    let machine = machine("Task", json!({"Task": task, "Fallback": fallback}));

    let execution = run(machine, json!({"inputData": "dummy"}), &mut Script::answering([exception()])).await;

    assert_eq!(
        execution.history,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskScheduled",
            "TaskStarted",
            "TaskFailed",
            "TaskStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
    );
    let error = json!({"stateInput": {"inputData": "dummy"}, "stateError": caught_exception()});
    assert_eq!(execution.output, Some(json!({"error": error})));
}
