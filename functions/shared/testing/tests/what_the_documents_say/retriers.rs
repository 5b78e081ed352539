use super::{Functions, START, machine, run, task};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testing::states::{Status, StepFunctions};

/// Seconds from the start to each try of a task with this retrier that always fails.
async fn tries(retrier: Value, jitter: Option<SignedDuration>) -> Vec<i64> {
    let mut functions = Functions { errors: vec!["ErrorA"; 100], jitter, ..Functions::default() };
    run(machine("X", &json!({"X": task("X", &json!({"Retry": [retrier], "End": true}))})), &mut functions).await;
    functions.calls.into_iter().map(|(_, seconds)| seconds).collect()
}

/// "Complex retry scenarios" of the specification, word for word: waits of one, two and five seconds, then `Z`.
#[tokio::test]
async fn a_retriers_attempts_are_counted_over_the_whole_visit_whatever_other_retriers_do() {
    let x = task(
        "X",
        &json!({
            "Retry": [
                {"ErrorEquals": ["ErrorA", "ErrorB"], "IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 2},
                {"ErrorEquals": ["ErrorC"], "IntervalSeconds": 5},
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}],
            "Next": "Y",
        }),
    );
    let states = json!({"X": x, "Y": {"Type": "Succeed"}, "Z": {"Type": "Succeed"}});
    let mut functions = Functions { errors: vec!["ErrorA", "ErrorB", "ErrorC", "ErrorB"], ..Functions::default() };

    let aws = run(machine("X", &states), &mut functions).await;

    assert_eq!(functions.calls.iter().map(|(_, seconds)| *seconds).collect::<Vec<_>>(), [0, 1, 3, 8]);
    assert_eq!(aws.executions()[0].visited, ["X", "Z"]);
}

/// "Note that once the interpreter transitions to another state in any way, all the Retrier parameters reset."
#[tokio::test]
async fn a_state_that_is_entered_again_has_its_retries_again() {
    let x = task(
        "X",
        &json!({"Retry": [{"ErrorEquals": ["ErrorA"], "MaxAttempts": 1, "IntervalSeconds": 7}], "Next": "Again"}),
    );
    let again = json!({
        "Type": "Choice",
        "Choices": [{"Condition": "{% $exists($twice) %}", "Next": "Done"}],
        "Default": "X",
        "Assign": {"twice": true},
    });
    let mut functions = Functions { errors: vec!["ErrorA"], ..Functions::default() };
    let states = json!({"X": x, "Again": again, "Done": {"Type": "Succeed"}});
    let mut aws = StepFunctions::new(START);
    aws.create("Machine", machine("X", &states));
    aws.api().start_execution("Machine", "test", json!({})).unwrap();
    while functions.calls.len() < 2 {
        assert!(aws.step(&mut functions).await);
    }
    functions.errors.push("ErrorA");
    aws.run(&mut functions).await;

    assert_eq!(functions.calls.len(), 4);
    assert_eq!(aws.executions()[0].status, Status::Succeeded);
}

/// Developer guide, "Retrying after an error": the example of `BackoffRate`, example 2 (`MaxDelaySeconds`) and the defaults.
#[tokio::test]
async fn waits_grow_by_the_rate_up_to_the_longest() {
    let rate = json!({"ErrorEquals": ["ErrorA"], "IntervalSeconds": 3, "MaxAttempts": 3, "BackoffRate": 2});
    let longest = json!({"ErrorEquals": ["ErrorA"], "IntervalSeconds": 3, "MaxAttempts": 3, "BackoffRate": 2, "MaxDelaySeconds": 5});

    assert_eq!(tries(rate, None).await, [0, 3, 9, 21]);
    assert_eq!(tries(longest, None).await, [0, 3, 8, 13]);
    assert_eq!(tries(json!({"ErrorEquals": ["ErrorA"]}), None).await, [0, 1, 3, 7]);
}

/// Developer guide, example 3 ("Retry all errors except States.Timeout"): a retrier that has no attempts leaves none to the next.
#[tokio::test]
async fn the_first_retrier_that_names_the_error_decides_alone() {
    let retry = json!([{"ErrorEquals": ["ErrorA"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]);
    for (error, calls) in [("ErrorA", 1), ("ErrorB", 4)] {
        let mut functions = Functions { errors: vec![error; 9], ..Functions::default() };

        run(machine("X", &json!({"X": task("X", &json!({"Retry": retry, "End": true}))})), &mut functions).await;

        assert_eq!(functions.calls.len(), calls, "{error}");
    }
}

/// Developer guide, `JitterStrategy`: "randomized between 0 and 2 seconds", then 4, then 8.
#[tokio::test]
async fn the_host_chooses_a_wait_with_jitter() {
    let retrier = json!({"ErrorEquals": ["ErrorA"], "IntervalSeconds": 2, "MaxAttempts": 3, "JitterStrategy": "FULL"});

    assert_eq!(tries(retrier.clone(), None).await, [0, 2, 6, 14]);
    assert_eq!(tries(retrier, Some(SignedDuration::ZERO)).await, [0, 0, 0, 0]);
}
