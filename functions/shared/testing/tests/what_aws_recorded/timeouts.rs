use crate::script::{Act, START, Script, end, lambda, machine, only, run, waiting};
use jiff::SignedDuration;
use serde_json::json;
use testing::states::{Answer, ApiError, Machine, Status, StepFunctions};

/// A function that answers after so many seconds.
fn slow(seconds: i64) -> Script {
    let answer = Answer { result: Ok(json!({})), took: SignedDuration::from_secs(seconds) };
    Script { answers: [answer].into(), ..Script::default() }
}

/// `timeouts/test_timeouts.py::test_fixed_timeout_service_lambda`
#[tokio::test]
async fn a_function_that_takes_too_long_times_out() {
    let execution = run(only(lambda(json!({"TimeoutSeconds": 5}))), json!({}), &mut slow(10)).await;

    assert_eq!(
        execution.history,
        ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskTimedOut", "ExecutionFailed"]
    );
    assert_eq!((execution.error.as_deref(), execution.cause), (Some("States.Timeout"), None));
    assert_eq!(execution.stopped, Some(START + SignedDuration::from_secs(5)));
}

/// `timeouts/test_timeouts.py::test_fixed_timeout_service_lambda_with_path` and
/// `evaluate_jsonata/test_base_evaluate_expressions.py::test_base_task[TIMEOUT_SECONDS]`
#[tokio::test]
async fn an_expression_says_when_a_task_times_out() {
    let task = || only(lambda(json!({"TimeoutSeconds": "{% $states.input.seconds %}"})));

    let timed_out = run(task(), json!({"seconds": 5}), &mut slow(10)).await;
    let answered = run(task(), json!({"seconds": 11}), &mut slow(10)).await;

    assert_eq!(timed_out.error.as_deref(), Some("States.Timeout"));
    assert_eq!((answered.status, answered.history.len()), (Status::Succeeded, 7));
}

/// `error_handling/test_task_service_lambda.py::test_invoke_timeout`
#[tokio::test]
async fn a_caught_timeout_has_an_empty_cause() {
    let task = lambda(json!({
        "TimeoutSeconds": 5,
        "Catch": [
            {"ErrorEquals": ["States.TaskFailed"], "Next": "NotThis"},
            {"ErrorEquals": ["States.Timeout"], "Next": "EndWithHandler"},
        ],
        "End": true,
    }));
    let machine = machine("Start", json!({"Start": task, "NotThis": end(), "EndWithHandler": end()}));

    let execution = run(machine, json!({}), &mut slow(10)).await;

    assert_eq!(execution.visited, ["Start", "EndWithHandler"]);
    assert_eq!(execution.output, Some(json!({"Error": "States.Timeout", "Cause": ""})));
}

/// `timeouts/test_timeouts.py::test_global_timeout`: `DescribeExecution` tells no error and no cause.
#[tokio::test]
async fn an_execution_that_takes_too_long_has_timed_out() {
    let mut machine = only(json!({"Type": "Wait", "Seconds": 60}));
    machine["TimeoutSeconds"] = json!(5);

    let execution = run(machine, json!({}), &mut Script::default()).await;

    assert_eq!((execution.status, execution.error, execution.cause), (Status::TimedOut, None, None));
    assert_eq!(execution.history, ["ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"]);
    assert_eq!(execution.stopped, Some(START + SignedDuration::from_secs(5)));
}

/// `test_sfn_api.py::test_stop_execution`
#[tokio::test]
async fn a_stopped_execution_is_aborted_without_more_events() {
    let execution =
        run(only(json!({"Type": "Wait", "Seconds": 60})), json!({}), &mut Script::acting([(5, Act::Stop)])).await;

    assert_eq!(execution.status, Status::Aborted);
    assert_eq!(execution.history, ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]);
}

/// `test_sfn_api.py::test_start_execution_idempotent`
#[tokio::test]
async fn the_same_name_and_input_are_the_same_execution_while_it_runs() {
    let mut aws = StepFunctions::new(START);
    aws.create("Machine", Machine::parse(&only(waiting(json!({}))).to_string()).unwrap());
    let api = aws.api();
    let arn = api.start_execution("Machine", "test", json!({"a": 1})).unwrap();
    aws.run(&mut Script::acting([])).await;

    assert_eq!(api.start_execution("Machine", "test", json!({"a": 1})).as_ref(), Ok(&arn));
    assert_eq!(api.start_execution("Machine", "test", json!({"a": 2})), Err(ApiError::ExecutionAlreadyExists));
    assert_eq!(api.start_execution("Nothing", "test", json!({})), Err(ApiError::StateMachineDoesNotExist));
    api.stop_execution(&arn, None, None).unwrap();
    assert_eq!(api.start_execution("Machine", "test", json!({"a": 1})), Err(ApiError::ExecutionAlreadyExists));
}
