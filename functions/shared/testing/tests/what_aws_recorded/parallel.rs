use crate::script::{Act, Script, caught_exception, end, exception, lambda, machine, only, run, waiting, with};
use serde_json::{Value, json};
use testing::states::Status;

/// A Parallel state whose branches have one state each.
fn parallel(branches: Vec<(&str, Value)>, more: Value) -> Value {
    let branch = |(name, state): (&str, Value)| {
        let ends = state["Type"] == "Fail";
        let state = if ends { state } else { with(state, json!({"End": true})) };
        json!({"StartAt": name, "States": {name: state}})
    };
    let branches: Vec<Value> = branches.into_iter().map(branch).collect();
    with(json!({"Type": "Parallel", "Branches": branches}), more)
}

fn failing() -> Vec<(&'static str, Value)> {
    vec![("Branch1", json!({"Type": "Fail", "Error": "FailureType", "Cause": "Cause description"}))]
}

/// `scenarios/test_base_scenarios.py::test_parallel_state_order`. AWS enters all branches before any is left; the snapshot
/// leaves out `ParallelStateSucceeded`, whose id 12 is missing in it.
#[tokio::test]
async fn branches_run_side_by_side_and_their_outputs_keep_their_order() {
    let names = ["Branch0", "Branch1", "Branch2", "Branch3"];
    let branches = names.iter().enumerate();
    let branches =
        branches.map(|(place, name)| (*name, json!({"Type": "Pass", "Output": {"branch": place}}))).collect();

    let execution = run(only(parallel(branches, json!({}))), json!({}), &mut Script::default()).await;

    assert_eq!(execution.output, Some(json!([{"branch": 0}, {"branch": 1}, {"branch": 2}, {"branch": 3}])));
    assert_eq!(execution.history.len(), 14);
    assert_eq!(execution.history[..3], ["ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted"]);
    assert_eq!(execution.history[11..], ["ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"]);
    let mut branches = execution.history[3..11].to_vec();
    branches.sort_unstable();
    assert_eq!(branches, [["PassStateEntered"; 4], ["PassStateExited"; 4]].concat());
}

/// `scenarios/test_base_scenarios.py::test_parallel_state_nested`
#[tokio::test]
async fn a_parallel_state_runs_within_another() {
    let inner = parallel(vec![("BranchL2", json!({"Type": "Pass"}))], json!({}));
    let outer = only(parallel(vec![("ParallelStateL2", inner)], json!({})));

    let execution = run(outer, json!([[1, 2, 3], [4, 5, 6]]), &mut Script::default()).await;

    assert_eq!(execution.output, Some(json!([[[[1, 2, 3], [4, 5, 6]]]])));
    assert_eq!(execution.history.len(), 12);
}

/// `scenarios/test_base_scenarios.py::test_parallel_state[PARALLEL_STATE_PARAMETERS]`. `Parameters` are `Arguments` here.
#[tokio::test]
async fn arguments_are_the_input_of_each_branch() {
    let branches = vec![("Branch0State0", json!({"Type": "Pass"})), ("Branch1State0", json!({"Type": "Pass"}))];
    let arguments = json!({"static-input-0": 0, "static-input-1": [1]});
    let machine = only(parallel(branches, json!({"Arguments": arguments})));

    let execution = run(machine, json!({"other": true}), &mut Script::default()).await;

    assert_eq!(execution.output, Some(json!([arguments, arguments])));
    assert_eq!(execution.history.len(), 10);
}

/// `scenarios/test_base_scenarios.py::test_parallel_state_fail` and `test_parallel_state_catch`
#[tokio::test]
async fn a_failing_branch_fails_the_state_under_its_own_error() {
    let machine_without = only(parallel(failing(), json!({})));
    let catch = json!({"Catch": [{"ErrorEquals": ["FailureType"], "Next": "FinalCaught"}], "End": true});
    let machine_with = machine("State", json!({"State": parallel(failing(), catch), "FinalCaught": end()}));

    let failed = run(machine_without, json!({}), &mut Script::default()).await;
    let caught = run(machine_with, json!({}), &mut Script::default()).await;

    let begin =
        ["ExecutionStarted", "ParallelStateEntered", "ParallelStateStarted", "FailStateEntered", "ParallelStateFailed"];
    assert_eq!(failed.history, [&begin[..], &["ExecutionFailed"]].concat());
    assert_eq!((failed.status, failed.error.as_deref()), (Status::Failed, Some("FailureType")));
    let rest = ["ParallelStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"];
    assert_eq!(caught.history, [&begin[..], &rest].concat());
    assert_eq!(caught.output, Some(json!({"Error": "FailureType", "Cause": "Cause description"})));
}

/// `scenarios/test_base_scenarios.py::test_parallel_state_retry`
#[tokio::test]
async fn a_retry_starts_the_branches_anew_without_entering_the_state() {
    let retry = json!({"Retry": [{"ErrorEquals": ["FailureType"], "MaxAttempts": 2}]});

    let execution = run(only(parallel(failing(), retry)), json!({}), &mut Script::default()).await;

    assert_eq!(
        execution.history,
        [
            "ExecutionStarted",
            "ParallelStateEntered",
            "ParallelStateStarted",
            "FailStateEntered",
            "ParallelStateStarted",
            "FailStateEntered",
            "ParallelStateStarted",
            "FailStateEntered",
            "ParallelStateFailed",
            "ExecutionFailed",
        ]
    );
}

/// `states_variables/test_error_output.py::test_parallel_catch_error[PARALLEL_CATCH_ERROR_OUTPUT_WITH_RETRY]`. The snapshot
/// leaves out `ParallelStateFailed`, whose id 15 is missing in it.
#[tokio::test]
async fn the_task_that_failed_a_branch_is_told_as_aborted() {
    let parallel = parallel(
        vec![("ExecuteLambdaTask", lambda(json!({})))],
        json!({
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
            "Catch": [{
                "ErrorEquals": ["States.ALL"],
                "Output": {"stateInput": "{% $states.input %}", "stateError": "{% $states.errorOutput %}"},
                "Next": "Fallback",
            }],
            "End": true,
        }),
    );
    let fallback = json!({"Type": "Pass", "Output": {"result": "{% $states.input %}"}, "End": true});
    let machine = machine("ParallelState", json!({"ParallelState": parallel, "Fallback": fallback}));

    let execution = run(machine, json!({"inputData": "dummy"}), &mut Script::answering([exception()])).await;

    let attempt =
        ["ParallelStateStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskFailed", "TaskStateAborted"];
    let rest =
        ["ParallelStateFailed", "ParallelStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"];
    let begin = ["ExecutionStarted", "ParallelStateEntered"];
    assert_eq!(execution.history, [&begin[..], &attempt, &attempt, &rest].concat());
    let error = json!({"stateInput": {"inputData": "dummy"}, "stateError": caught_exception()});
    assert_eq!(execution.output, Some(json!({"result": error})));
}

/// `callback/test_callback.py::test_sqs_failure_in_wait_for_task_tok_no_error_field[SQS_PARALLEL_WAIT_FOR_TASK_TOKEN]`.
/// Recorded with a message to a queue, which carries the token as a function's event does.
#[tokio::test]
async fn a_token_fails_a_branch_without_an_error() {
    let catch = json!({
        "Catch": [
            {"ErrorEquals": ["States.Runtime"], "Next": "CaughtRuntimeError"},
            {"ErrorEquals": ["States.ALL"], "Next": "CaughtStatesALL"},
        ],
        "End": true,
    });
    let parallel = parallel(vec![("SendMessageWithWait", waiting(json!({})))], catch);
    let states = json!({"ParallelJob": parallel, "CaughtRuntimeError": end(), "CaughtStatesALL": end()});

    let execution =
        run(machine("ParallelJob", states), json!({}), &mut Script::acting([(5, Act::Fail(None, None))])).await;

    assert_eq!(
        execution.history,
        [
            "ExecutionStarted",
            "ParallelStateEntered",
            "ParallelStateStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskFailed",
            "TaskStateAborted",
            "ParallelStateFailed",
            "ParallelStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
    );
    assert_eq!(execution.visited.last().map(String::as_str), Some("CaughtStatesALL"));
    assert_eq!(execution.output, Some(json!({"Error": null, "Cause": null})));
}

/// `assign/test_assign_base.py::test_base_parallel_cases[BASE_SCOPE_PARALLEL]`
#[tokio::test]
async fn branches_see_the_variables_of_before_and_keep_their_own() {
    let inner = json!({"Type": "Pass", "Assign": {"innerX": "{% $x %}"}, "Output": "{% $x %}"});
    let state = parallel(vec![("Branch1", inner.clone()), ("Branch21", inner)], json!({"Next": "After"}));
    let states = json!({
        "State0": {"Type": "Pass", "Assign": {"x": 42}, "Next": "State1"},
        "State1": state,
        "After": {"Type": "Pass", "Output": {"branches": "{% $states.input %}", "seen": "{% $exists($innerX) %}"}, "End": true},
    });

    let execution = run(machine("State0", states), json!({}), &mut Script::default()).await;

    assert_eq!(execution.output, Some(json!({"branches": [42, 42], "seen": false})));
}
