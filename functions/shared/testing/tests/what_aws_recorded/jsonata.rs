use crate::script::{Script, end, lambda, machine, only, run, with};
use serde_json::{Value, json};
use testing::states::{Execution, Status};

/// A Pass state with this `Output`.
async fn output(template: Value, input: Value) -> Execution {
    run(
        machine("State0", json!({"State0": {"Type": "Pass", "Output": template, "End": true}})),
        input,
        &mut Script::default(),
    )
    .await
}

/// `outputdecl/test_output.py::test_base_cases[BASE_LITERALS]` and `test_base_output_any_non_dict`
#[tokio::test]
async fn what_is_no_jsonata_string_stands_for_itself() {
    let texts =
        [" {% states.input %} ", "$states.input", "$no.such.var.path", "$", "$$", "States.Format('Format:{}', 101)"];
    let literals = [json!(null), json!(0), json!(0.1), json!(true), json!("string literal"), json!([]), json!({})];
    for literal in literals.into_iter().chain(texts.map(Value::from)).chain([json!([null, [], {"constant": 0}])]) {
        let execution = output(literal.clone(), json!({"input_value": "stringliteral"})).await;

        assert_eq!(
            execution.history,
            ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
        );
        assert_eq!(execution.output, Some(literal));
    }
}

/// `outputdecl/test_output.py::test_base_output_any_non_dict[LIST_RICH]`
#[tokio::test]
async fn expressions_are_evaluated_wherever_they_stand() {
    let input = json!({"input_value": "stringliteral"});
    let template = json!([null, 0, 0.1, true, [], "$nosuchvar", "{% $states.input %}", {"key": "{% true %}"}]);

    let execution = output(template, input.clone()).await;

    assert_eq!(execution.output, Some(json!([null, 0, 0.1, true, [], "$nosuchvar", input, {"key": true}])));
}

/// `outputdecl/test_output.py::test_base_cases[BASE_EXPR]` and `[BASE_DIRECT_EXPR]`. Variables are assigned in JSONPath there.
#[tokio::test]
async fn expressions_read_input_context_and_variables() {
    let input = json!({"input_value": "string literal", "input_values": [1, 2, 3]});
    let states = json!({
        "Init": {
            "Type": "Pass",
            "Assign": {"var_input_value": "{% $states.input.input_value %}", "var_constant_1": 1},
            "Next": "State0",
        },
        "State0": {
            "Type": "Pass",
            "Output": {
                "context": "{% $states.context %}",
                "input": "{% $states.input %}",
                "var": "{% $var_input_value %}",
                "expr": "{% $sum($states.input.input_values) + $var_constant_1 %}",
            },
            "End": true,
        },
    });

    let mut output = run(machine("Init", states), input.clone(), &mut Script::default()).await.output.unwrap();

    let context = output["context"].take();
    assert_eq!(output, json!({"context": null, "input": input, "var": "string literal", "expr": 7}));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(keys(&context), ["Execution", "State", "StateMachine"].map(str::to_owned).into());
    let execution = ["Id", "Input", "Name", "RedriveCount", "RoleArn", "StartTime"].map(str::to_owned);
    assert_eq!(keys(&context["Execution"]), execution.into());
    assert_eq!(keys(&context["State"]), ["EnteredTime", "Name"].map(str::to_owned).into());
    assert_eq!(context["StateMachine"]["Name"], "Machine");
}

/// `outputdecl/test_output.py::test_base_task_lambda[BASE_TASK_LAMBDA]`
#[tokio::test]
async fn the_output_of_a_task_reads_its_result() {
    let task = lambda(json!({
        "Arguments": {"FunctionName": "Function", "Payload": "{% $states.input.Payload %}"},
        "Output": {"input": "{% $states.input %}", "payload": "{% $states.result.Payload %}", "status": "{% $states.result.StatusCode %}"},
    }));
    let input = json!({"Payload": {"input_values": [1, 2, 3]}});
    let mut script = Script::answering([Ok(input["Payload"].clone())]);

    let execution = run(only(task), input.clone(), &mut script).await;

    assert_eq!(script.calls[0].payload, input["Payload"]);
    assert_eq!(execution.output, Some(json!({"input": input, "payload": {"input_values": [1, 2, 3]}, "status": 200})));
    assert_eq!(execution.history.len(), 7);
}

/// `assign/test_assign_base.py::test_assign_in_choice` and `outputdecl/test_output.py::test_output_in_choice`
#[tokio::test]
async fn output_and_variables_of_a_choice_are_the_rules_or_those_of_the_default() {
    let choice = json!({
        "Type": "Choice",
        "Choices": [{
            "Condition": "{% $states.input.condition %}",
            "Assign": {"Assignment": "Condition assignment"},
            "Output": "Condition Output block",
            "Next": "After",
        }],
        "Default": "After",
        "Assign": {"Assignment": "Default Assignment"},
        "Output": "Default Output block",
    });
    let after = json!({"Type": "Pass", "Output": ["{% $states.input %}", "{% $Assignment %}"], "End": true});
    for (condition, word) in [
        (true, ["Condition Output block", "Condition assignment"]),
        (false, ["Default Output block", "Default Assignment"]),
    ] {
        let machine = machine("ChoiceState", json!({"ChoiceState": choice, "After": after}));

        let execution = run(machine, json!({"condition": condition}), &mut Script::default()).await;

        assert_eq!(execution.output, Some(json!(word)));
        assert_eq!(execution.history[1..3], ["ChoiceStateEntered", "ChoiceStateExited"]);
    }
}

/// `scenarios/test_base_scenarios.py::test_choice_aws_docs_scenario[CHOICE_STATE_AWS_SCENARIO_JSONATA]`,
/// `test_choice_condition_constant_jsonata` and `test_choice_unsorted_parameters_negative`
#[tokio::test]
async fn the_first_rule_whose_condition_is_true_is_taken() {
    let docs = json!([
        {"Condition": "{% $not($states.input.type = 'Private') %}", "Next": "A"},
        {"Condition": "{% $states.input.value = 0 %}", "Next": "B"},
        {"Condition": "{% $states.input.value >= 20 and $states.input.value < 30 %}", "Next": "C"},
    ]);
    let constant = json!([{"Condition": true, "Next": "C"}]);
    let done = json!([
        {"Condition": "{% $states.input.done %}", "Next": "A"},
        {"Condition": "{% $not($states.input.done) %}", "Next": "C"},
    ]);
    for choices in [docs, constant, done] {
        let choice = json!({"Type": "Choice", "Choices": choices, "Default": "D"});
        let states = json!({"Choice": choice, "A": end(), "B": end(), "C": end(), "D": end()});

        let input = json!({"type": "Private", "value": 22, "done": false});
        let execution = run(machine("Choice", states), input.clone(), &mut Script::default()).await;

        assert_eq!(execution.visited, ["Choice", "C"]);
        assert_eq!(execution.output, Some(input));
    }
}

/// `scenarios/test_base_scenarios.py::test_choice_singleton_composite[CHOICE_STATE_SINGLETON_COMPOSITE_LITERAL_JSONATA]` and
/// `test_escape_sequence_parsing[ESCAPE_SEQUENCES_JSONATA_COMPARISON_OUTPUT]`
#[tokio::test]
async fn strings_in_expressions_take_either_quote() {
    for (text, expression) in
        [("string literal", r#"{% $states.input = "string literal" %}"#), ("\"", "{% $states.input = '\"' %}")]
    {
        let states = json!({
            "Pass": {"Type": "Pass", "Output": text, "Next": "Choice"},
            "Choice": {"Type": "Choice", "Choices": [{"Condition": expression, "Next": "Success"}]},
            "Success": {"Type": "Succeed"},
        });

        let execution = run(machine("Pass", states), json!({}), &mut Script::default()).await;

        let choice = [
            "ChoiceStateEntered",
            "ChoiceStateExited",
            "SucceedStateEntered",
            "SucceedStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(
            execution.history,
            [&["ExecutionStarted", "PassStateEntered", "PassStateExited"][..], &choice].concat()
        );
    }
}

/// `scenarios/test_base_scenarios.py::test_fail_error_jsonata` and `test_fail_cause_jsonata`
#[tokio::test]
async fn error_and_cause_of_a_fail_state_are_expressions() {
    let fail = |fields: Value| machine("FailState", json!({"FailState": with(json!({"Type": "Fail"}), fields)}));
    let input = || json!({"error": "Exception", "cause": "This failed to due an Exception."});

    let error = run(fail(json!({"Error": "{% $states.input.error %}"})), input(), &mut Script::default()).await;
    let cause = run(fail(json!({"Cause": "{% $states.input.cause %}"})), input(), &mut Script::default()).await;

    assert_eq!(error.history, ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]);
    assert_eq!((error.error.as_deref(), error.cause.as_deref()), (Some("Exception"), None));
    assert_eq!((cause.error.as_deref(), cause.cause.as_deref()), (None, Some("This failed to due an Exception.")));
}

/// `states_variables/test_error_output.py::test_map_catch_error[MAP_CATCH_ERROR_OUTPUT_WITH_RETRY]`, whose state `Fallback` is
/// entered at another event
#[tokio::test]
async fn an_expression_that_returns_nothing_fails_the_state() {
    let states = json!({"Fallback": {"Type": "Pass", "Output": {"error": "{% $stateError %}"}, "End": true}});

    let execution = run(machine("Fallback", states), json!({}), &mut Script::default()).await;

    assert_eq!(execution.history, ["ExecutionStarted", "PassStateEntered", "EvaluationFailed", "ExecutionFailed"]);
    assert_eq!((execution.status, execution.error.as_deref()), (Status::Failed, Some("States.QueryEvaluationError")));
    let cause = "An error occurred while executing the state 'Fallback' (entered at the event id #2). The JSONata expression \
                 '$stateError' specified for the field 'Output/error' returned nothing (undefined).";
    assert_eq!(execution.cause.as_deref(), Some(cause));
}

/// `scenarios/test_base_scenarios.py::test_map_state_items_eval_jsonata_fail`, recorded for `Items` of a Map state
#[tokio::test]
async fn a_result_of_the_wrong_type_fails_the_state() {
    for (expression, kind, value) in
        [("1", "number", "1"), ("null", "null", "null"), ("{'foo': 'bar'}", "object", r#"{"foo":"bar"}"#)]
    {
        let choices = json!([{"Condition": format!("{{% {expression} %}}"), "Next": "End"}]);
        let states = json!({"Choose": {"Type": "Choice", "Choices": choices}, "End": end()});

        let execution = run(machine("Choose", states), json!({}), &mut Script::default()).await;

        assert_eq!(execution.error.as_deref(), Some("States.QueryEvaluationError"));
        let cause = format!(
            "An error occurred while executing the state 'Choose' (entered at the event id #2). The JSONata expression \
             '{expression}' specified for the field 'Condition' returned an unexpected result type. Expected 'boolean', but was \
             '{kind}' for value: {value}"
        );
        assert_eq!(execution.cause, Some(cause));
    }
    let function = output(json!("{% $fn := function($x){$x} %}"), json!({})).await;
    let cause = "An error occurred while executing the state 'State0' (entered at the event id #2). The JSONata expression \
                 '$fn := function($x){$x}' specified for the field 'Output' returned an unsupported result type.";
    assert_eq!(function.cause.as_deref(), Some(cause));
}

/// `scenarios/test_base_scenarios.py::test_wait_seconds_jsonata` and `test_wait_timestamp_jsonata`
#[tokio::test]
async fn a_wait_reads_seconds_or_a_timestamp() {
    let seconds = only(json!({"Type": "Wait", "Seconds": "{% $states.input %}"}));
    let timestamp = async |text: &str| {
        run(only(json!({"Type": "Wait", "Timestamp": "{% $states.input %}"})), json!(text), &mut Script::default())
            .await
    };
    let waited = |execution: Execution| execution.stopped.unwrap().duration_since(execution.started).as_secs();

    assert_eq!(waited(run(seconds, json!(90), &mut Script::default()).await), 90);
    assert_eq!(waited(timestamp("2026-01-01T00:01:30Z").await), 90);
    assert_eq!(waited(timestamp("2016-03-14T01:59:00.000000000Z").await), 0);
    for text in [
        "2016-12-05 21:29:29Z",
        "2016-12-05T21:29:29",
        "2016-13-05T21:29:29Z",
        "2016-12-05T25:29:29Z",
        "05-12-2016T21:29:29Z",
    ] {
        let execution = timestamp(text).await;
        assert_eq!(execution.history, ["ExecutionStarted", "WaitStateEntered", "EvaluationFailed", "ExecutionFailed"]);
        assert_eq!(execution.error.as_deref(), Some("States.QueryEvaluationError"));
        let cause = format!(
            "An error occurred while executing the state 'State' (entered at the event id #2). The Timestamp field cannot be \
             parsed as an ISO-8601 extended offset date-time format string: {text}"
        );
        assert_eq!(execution.cause, Some(cause));
    }
}

/// `evaluate_jsonata/test_base_evaluate_expressions.py::test_merge_with_dynamic_args`
#[tokio::test]
async fn merge_takes_parts_of_the_input() {
    let input = json!({"part1": {"hello": "world"}, "part2": {"foo": "bar"}});

    let execution = output(json!("{% $merge([$states.input.part1, $states.input.part2]) %}"), input).await;

    assert_eq!(execution.output, Some(json!({"hello": "world", "foo": "bar"})));
}
