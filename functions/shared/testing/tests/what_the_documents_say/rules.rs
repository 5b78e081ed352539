use super::{Functions, START, machine, run, task};
use serde_json::{Value, json};
use testing::states::{Api, MOST_EVENTS, Machine, Status, StepFunctions};

/// Developer guide, `States.DataLimitExceeded`: "A terminal error which cannot be caught by the `States.ALL` error type",
/// reported where the output of a state is too large.
#[tokio::test]
async fn an_output_that_is_too_large_is_caught_by_its_name_only() {
    for (name, end) in [
        ("States.ALL", Status::Failed),
        ("States.TaskFailed", Status::Failed),
        ("States.DataLimitExceeded", Status::Succeeded),
    ] {
        let catch = json!([{"ErrorEquals": [name], "Next": "Caught"}]);
        let x = task("X", &json!({"Output": "x".repeat(300_000), "Catch": catch, "End": true}));

        let aws = run(machine("X", &json!({"X": x, "Caught": {"Type": "Succeed"}})), &mut Functions::default()).await;

        assert_eq!(aws.executions()[0].status, end, "{name}");
    }
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html>: event 25,000 is `ExecutionFailed` unless it is
/// `ExecutionSucceeded`. Error and cause as users report them. Two events before the first attempt, three an attempt: with
/// n retries `2 + 3 (n + 1)`, then exit and end.
#[tokio::test]
async fn an_execution_whose_history_is_full_fails_whatever_it_catches() {
    let polling = |max: u32| {
        let retry = json!([{"ErrorEquals": ["NotReady"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": max}]);
        let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]);
        let poll = task("Poll", &json!({"Retry": retry, "Catch": catch, "End": true}));
        machine("Poll", &json!({"Poll": poll, "Caught": {"Type": "Succeed"}}))
    };
    // 2 + 3 * 8332 = 24,998 events, then TaskStateExited and ExecutionSucceeded.
    let mut functions = Functions { errors: vec!["NotReady"; 8331], ..Functions::default() };
    let fits = run(polling(9000), &mut functions).await;
    let mut functions = Functions { errors: vec!["NotReady"; 8332], ..Functions::default() };
    let full = run(polling(9000), &mut functions).await;

    let fits = &fits.executions()[0];
    assert_eq!((fits.status, fits.history.len()), (Status::Succeeded, MOST_EVENTS));
    let full = &full.executions()[0];
    assert_eq!((full.status, full.history.len()), (Status::Failed, MOST_EVENTS));
    assert_eq!(full.error.as_deref(), Some("States.Runtime"));
    assert_eq!(full.cause.as_deref(), Some("The execution reached the maximum number of history events (25000)."));
    assert_eq!(full.visited, ["Poll"]);
}

/// Specification, "Parallel State": the other branches are stopped; developer guide: Step Functions does not stop a function
/// that runs already.
#[tokio::test]
async fn a_failing_branch_stops_the_other_where_it_stands() {
    let states = json!({
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Slow", "States": {"Slow": task("Slow", &json!({"Next": "Never"})), "Never": task("Never", &json!({"End": true}))}},
                {"StartAt": "Quick", "States": {"Quick": task("Quick", &json!({"End": true}))}},
                {"StartAt": "Wait", "States": {
                    "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Fail"},
                    "Fail": {"Type": "Fail", "Error": "ErrorA"},
                }},
            ],
            "Catch": [{"ErrorEquals": ["ErrorA"], "Next": "Caught"}],
            "End": true,
        },
        "Caught": task("Caught", &json!({"Next": "Later"})),
        "Later": {"Type": "Wait", "Seconds": 60, "End": true},
    });
    let mut functions = Functions { took: 10, ..Functions::default() };

    let aws = run(machine("Both", &states), &mut functions).await;

    assert_eq!(functions.calls, [("Slow".to_owned(), 0), ("Quick".to_owned(), 0), ("Caught".to_owned(), 5)]);
    let execution = &aws.executions()[0];
    assert_eq!(execution.visited, ["Both", "Slow", "Quick", "Wait", "Fail", "Caught", "Later"]);
    assert_eq!(execution.history.iter().filter(|event| **event == "TaskStateAborted").count(), 1);
}

/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html>: the task ends with the first
/// answer, here before the function that got the token has ended itself.
#[tokio::test]
async fn an_answer_to_the_token_comes_before_the_error_of_the_function_that_got_it() {
    let wait = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": "Ask", "Payload": "{% $states.context.Task.Token %}"},
        "End": true,
    });
    let mut functions = Functions { errors: vec!["ErrorA"], answers: Some(Api::default()), ..Functions::default() };

    let aws = run(machine("Wait", &json!({"Wait": wait})), &mut functions).await;

    let execution = &aws.executions()[0];
    assert_eq!(execution.error.as_deref(), Some("AnsweredFirst"));
    assert_eq!(execution.history[2..], ["TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"]);
    assert_eq!(aws.api().open_tokens(), Vec::<String>::new());
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync>: a nested execution is stopped
/// with the one that waits for it.
#[tokio::test]
async fn a_nested_execution_is_stopped_with_the_one_that_waits_for_it() {
    let start = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": "${InnerMachineArn}", "Input": {}},
        "TimeoutSeconds": 5,
        "End": true,
    });
    let mut aws = StepFunctions::new(START);
    aws.create("Machine", machine("Start", &json!({"Start": start})));
    aws.create("InnerMachine", machine("Wait", &json!({"Wait": {"Type": "Wait", "Seconds": 60, "End": true}})));
    aws.api().start_execution("Machine", "test", json!({})).unwrap();
    aws.run(&mut Functions::default()).await;

    let ends: Vec<_> =
        aws.executions().iter().map(|execution| (execution.machine.as_str(), execution.status)).collect();
    assert_eq!(ends, [("Machine", Status::Failed), ("InnerMachine", Status::Aborted)]);
}

/// Specification, "Choice State" and Appendix A
#[tokio::test]
async fn a_choice_without_a_match_fails() {
    let choice = json!({"Type": "Choice", "Choices": [{"Condition": false, "Next": "Done"}]});

    let aws =
        run(machine("Choice", &json!({"Choice": choice, "Done": {"Type": "Succeed"}})), &mut Functions::default())
            .await;

    assert_eq!(aws.executions()[0].error.as_deref(), Some("States.NoChoiceMatched"));
}

/// Specification, "JSONata Runtime Errors": Task and Parallel states "MAY use a Retrier to retry on the error, and a Catcher to
/// catch the error".
#[tokio::test]
async fn a_failing_expression_of_a_task_is_retried_and_caught() {
    let x = task(
        "X",
        &json!({
            "Output": "{% $states.result.Payload.missing %}",
            "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}],
            "End": true,
        }),
    );
    let mut functions = Functions::default();

    let aws = run(machine("X", &json!({"X": x, "Caught": {"Type": "Succeed"}})), &mut functions).await;

    assert_eq!(functions.calls.len(), 2);
    assert_eq!(aws.executions()[0].output, Some(json!("States.QueryEvaluationError")));
}

#[test]
fn what_is_not_interpreted_is_refused() {
    let refusal = |state: Value| {
        let definition = json!({"QueryLanguage": "JSONata", "StartAt": "State", "States": {"State": state}});
        Machine::parse(&definition.to_string()).map(|_| ()).map_err(|error| error.to_string())
    };
    let refused = |state, reason: &str| assert_eq!(refusal(state), Err(format!("state 'State': {reason}")));
    refused(json!({"Type": "Map", "End": true}), "the type Map is not interpreted");
    refused(json!({"Type": "Pass", "ResultPath": "$", "End": true}), "ResultPath is not interpreted");
    refused(json!({"Type": "Pass", "Next": "Nowhere"}), "there is no state \"Nowhere\" beside it");
    refused(json!({"Type": "Pass"}), "it needs Next or End");
    refused(
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true}),
        "the resource arn:aws:states:::sqs:sendMessage is not interpreted",
    );
    refused(json!({"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}), "its QueryLanguage is not JSONata");
    assert!(
        refusal(json!({"Type": "Pass", "Output": "{% ( %}", "End": true}))
            .is_err_and(|error| error.contains("Output: '('"))
    );
}
