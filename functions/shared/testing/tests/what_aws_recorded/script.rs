//! A host whose functions answer by a script, and small machines.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::VecDeque;
use testing::states::{Answer, Api, Execution, Fault, Host, Invocation, Machine, StepFunctions};

pub(crate) const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// What is done with the last task token that a function was given.
pub(crate) enum Act {
    Succeed(Value),
    Fail(Option<&'static str>, Option<&'static str>),
    Heartbeat,
    Stop,
}

/// Functions answer in this order, the last answer again and again. Acts happen so many seconds after the start.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) answers: VecDeque<Answer>,
    pub(crate) acts: VecDeque<(i64, Act)>,
    pub(crate) calls: Vec<Invocation>,
    pub(crate) api: Api,
}

impl Script {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Result<Value, Fault>>) -> Self {
        Self { answers: answers.into_iter().map(Answer::from).collect(), ..Self::default() }
    }

    /// A function that answers with nothing, and acts on its token.
    pub(crate) fn acting(acts: impl IntoIterator<Item = (i64, Act)>) -> Self {
        Self { acts: acts.into_iter().collect(), ..Self::answering([Ok(json!({}))]) }
    }
}

impl Host for Script {
    async fn invoke(&mut self, invocation: &Invocation) -> Answer {
        self.calls.push(invocation.clone());
        let answer = self.answers.pop_front().unwrap();
        if self.answers.is_empty() {
            self.answers.push_back(answer.clone());
        }
        answer
    }

    async fn publish(&mut self, _: &str, _: &str, _: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        self.acts.front().map(|(seconds, _)| START + SignedDuration::from_secs(*seconds))
    }

    async fn act(&mut self, _: Timestamp) {
        let (_, act) = self.acts.pop_front().unwrap();
        let execution = "arn:aws:states:eu-central-1:123456789012:execution:Machine:test";
        let token = self.calls.last().and_then(|call| call.payload["token"].as_str()).unwrap_or_default();
        let answer = match act {
            Act::Succeed(output) => self.api.send_task_success(token, output),
            Act::Fail(error, cause) => self.api.send_task_failure(token, error, cause),
            Act::Heartbeat => self.api.send_task_heartbeat(token),
            Act::Stop => self.api.stop_execution(execution, None, None),
        };
        assert_eq!(answer, Ok(()));
    }
}

/// Runs `Machine` to its end; `others` are machines that it may start.
pub(crate) async fn run_among(
    machine: Value,
    others: Vec<(&str, Value)>,
    input: Value,
    script: &mut Script,
) -> Execution {
    let mut aws = StepFunctions::new(START);
    for (name, definition) in others.into_iter().chain([("Machine", machine)]) {
        aws.create(name, Machine::parse(&definition.to_string()).unwrap());
    }
    script.api = aws.api();
    let arn = aws.api().start_execution("Machine", "test", input).unwrap();
    aws.run(script).await;
    aws.execution(&arn).unwrap().clone()
}

pub(crate) async fn run(machine: Value, input: Value, script: &mut Script) -> Execution {
    run_among(machine, Vec::new(), input, script).await
}

/// A machine that starts at `start`.
pub(crate) fn machine(start: &str, states: Value) -> Value {
    let mut machine = json!({"QueryLanguage": "JSONata", "StartAt": start});
    machine["States"] = states;
    machine
}

/// A state with more fields.
pub(crate) fn with(mut state: Value, more: Value) -> Value {
    if let (Value::Object(state), Value::Object(more)) = (&mut state, more) {
        state.extend(more);
    }
    state
}

/// `lambda:invoke` with these fields.
pub(crate) fn lambda(more: Value) -> Value {
    let task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "Function", "Payload": {"foo": "foobar"}},
    });
    with(task, more)
}

/// `lambda:invoke.waitForTaskToken` with these fields.
pub(crate) fn waiting(more: Value) -> Value {
    let task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": "Function", "Payload": {"token": "{% $states.context.Task.Token %}"}},
    });
    with(task, more)
}

/// A Pass state that ends.
pub(crate) fn end() -> Value {
    json!({"Type": "Pass", "End": true})
}

/// A machine with one state, which ends it.
pub(crate) fn only(state: Value) -> Value {
    machine("State", json!({"State": with(state, json!({"End": true}))}))
}

pub(crate) fn exception() -> Result<Value, Fault> {
    Err(Fault::function("Exception", "Some exception was raised."))
}

/// The error output of [`exception`].
pub(crate) fn caught_exception() -> Value {
    let cause = json!({"errorType": "Exception", "errorMessage": "Some exception was raised."});
    json!({"Error": "Exception", "Cause": cause.to_string()})
}
