//! Task states: one attempt, and how it ends.

use super::api::arn;
use super::definition::{Kind, Resource, Task};
use super::engine::{StepFunctions, Why, Work};
use super::execution::Status;
use super::failure::Failure;
use super::flow::is_large;
use super::host::{Answer, Fault, Host, Invocation};
use super::template::Template;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// The fields of one attempt, evaluated.
struct Attempt {
    arguments: Value,
    timeout: Option<SignedDuration>,
    heartbeat: Option<SignedDuration>,
}

impl StepFunctions {
    /// Runs the task once, at the first try or at a retry. Each attempt has its own time-out and its own token.
    pub(super) async fn attempt<H: Host>(&mut self, thread: usize, host: &mut H) -> Option<()> {
        let definition = self.definition(thread);
        let state = self.state_of(thread, &definition);
        let Kind::Task(task) = &state.kind else { return None };
        let token = (task.resource == Resource::InvokeAndWait).then(|| self.token(thread));
        let attempt = match self.prepare(thread, task, &state.name, token.as_deref()) {
            Ok(attempt) => attempt,
            Err(failure) => return self.fail(thread, failure),
        };
        self.record(thread, "TaskScheduled")?;
        self.record(thread, "TaskStarted")?;
        self.threads[thread].epoch += 1;
        if let Some(timeout) = attempt.timeout {
            self.push(thread, timeout, Why::TimedOut);
        }
        self.threads[thread].heartbeat = attempt.heartbeat;
        let arguments = attempt.arguments;
        if task.resource == Resource::StartExecution {
            return self.start_nested(thread, &arguments);
        }
        if let Some(token) = token {
            self.api.book().tokens.insert(token.clone());
            self.tokens.insert(token.clone(), thread);
            self.threads[thread].work = Work::Token(token);
            self.watch_heartbeat(thread);
        }
        let this = &self.threads[thread];
        let text = |name: &str| arguments[name].as_str().unwrap_or_default();
        let answer = if task.resource == Resource::Publish {
            let published = host.publish(text("TopicArn"), text("Subject"), text("Message")).await;
            Answer::from(published.map(|()| json!({"MessageId": this.epoch.to_string()})))
        } else {
            let invocation = Invocation {
                function: text("FunctionName").to_owned(),
                payload: arguments["Payload"].clone(),
                state: state.name.clone(),
                execution: self.executions[this.execution].arn.clone(),
                retries: this.retries.iter().sum(),
                now: self.now,
            };
            host.invoke(&invocation).await
        };
        // Void where the token is answered or the execution is stopped meanwhile: such calls of the function are carried out
        // before the clock goes on.
        self.push(thread, answer.took, Why::Answered(answer.result));
        Some(())
    }

    fn prepare(&self, thread: usize, task: &Task, state: &str, token: Option<&str>) -> Result<Attempt, Failure> {
        let mut scope = self.scope(thread, token, None);
        let arguments = match &task.arguments {
            Some(arguments) => arguments.evaluate(&mut scope)?,
            None => self.threads[thread].input.clone(),
        };
        if is_large(&arguments) {
            return Err(Failure::large_data(state));
        }
        let mut seconds = |template: &Option<Template>| {
            let evaluate = |template: &Template| template.evaluate_as(&mut scope, "number", Value::as_i64);
            template.as_ref().map(evaluate).transpose().map(|seconds| seconds.map(SignedDuration::from_secs))
        };
        Ok(Attempt { arguments, timeout: seconds(&task.timeout)?, heartbeat: seconds(&task.heartbeat)? })
    }

    /// A token that no other attempt has.
    fn token(&self, thread: usize) -> String {
        let this = &self.threads[thread];
        format!("{}#{thread}.{}", self.executions[this.execution].arn, this.epoch)
    }

    pub(super) fn watch_heartbeat(&mut self, thread: usize) -> Option<()> {
        let this = &self.threads[thread];
        let (beats, heartbeat) = (this.beats, this.heartbeat?);
        self.push(thread, heartbeat, Why::HeartbeatMissed(beats));
        Some(())
    }

    /// The called service has answered.
    pub(super) fn answered(&mut self, thread: usize, result: Result<Value, Fault>) -> Option<()> {
        let waits = matches!(self.threads[thread].work, Work::Token(_));
        match result {
            Ok(_) if waits => self.record(thread, "TaskSubmitted").map(|_| ()),
            Ok(payload) => {
                let definition = self.definition(thread);
                let result = match &self.state_of(thread, &definition).kind {
                    Kind::Task(Task { resource: Resource::Invoke, .. }) => {
                        json!({"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200})
                    }
                    _ => payload,
                };
                self.succeed(thread, result)
            }
            Err(fault) => {
                let (error, cause) = fault.into_parts();
                self.record(thread, if waits { "TaskSubmitFailed" } else { "TaskFailed" })?;
                self.fail(thread, Failure::new(error, cause))
            }
        }
    }

    /// The task has a result.
    pub(super) fn succeed(&mut self, thread: usize, result: Value) -> Option<()> {
        if is_large(&result) {
            let definition = self.definition(thread);
            let Kind::Task(task) = &self.state_of(thread, &definition).kind else { return None };
            self.record(thread, "TaskFailed")?;
            return self.fail(thread, Failure::large_result(task.resource.service()));
        }
        self.record(thread, "TaskSucceeded")?;
        self.threads[thread].work = Work::Nothing;
        self.threads[thread].epoch += 1;
        self.pass(thread, Some(result))
    }

    fn start_nested(&mut self, thread: usize, arguments: &Value) -> Option<()> {
        let machine = arguments["StateMachineArn"].as_str().unwrap_or_default();
        let Some(definition) = self.machine(machine) else {
            self.record(thread, "TaskFailed")?;
            let cause = format!("State Machine Does Not Exist: '{}'", arn("stateMachine", machine));
            return self.fail(thread, Failure::new("StepFunctions.StateMachineDoesNotExistException", cause));
        };
        let generated = format!("nested-{}", self.executions.len());
        let name = arguments["Name"].as_str().unwrap_or(&generated);
        let input = Some(arguments["Input"].clone()).filter(|input| !input.is_null()).unwrap_or_else(|| json!({}));
        self.record(thread, "TaskSubmitted")?;
        let parent = (thread, self.threads[thread].epoch);
        let child = self.begin(machine, definition, name, input, Some(parent));
        self.threads[thread].work = Work::Nested(child);
        Some(())
    }

    /// The nested execution has ended. `.sync:2` gives its output as JSON; any other end is `States.TaskFailed` whose cause
    /// describes the execution, its input as text (recordings: `test_callback.py::test_start_execution_sync2` and
    /// `test_start_execution_sync_delegate_failure`).
    pub(super) fn nested_ended(&mut self, thread: usize, child: usize) -> Option<()> {
        self.threads[thread].work = Work::Nothing;
        let child = &self.executions[child];
        let mut described = json!({
            "ExecutionArn": child.arn,
            "Input": child.input,
            "InputDetails": {"Included": true},
            "Name": child.name,
            "StartDate": child.started.as_millisecond(),
            "StateMachineArn": arn("stateMachine", &child.machine),
            "Status": child.status.name(),
            "StopDate": child.stopped.map(jiff::Timestamp::as_millisecond),
        });
        if child.status == Status::Succeeded {
            described["Output"] = json!(child.output);
            described["OutputDetails"] = json!({"Included": true});
            return self.succeed(thread, described);
        }
        described["Input"] = json!(child.input.to_string());
        for (name, text) in [("Error", &child.error), ("Cause", &child.cause)] {
            if let Some(text) = text {
                described[name] = json!(text);
            }
        }
        self.record(thread, "TaskFailed")?;
        self.fail(thread, Failure::new("States.TaskFailed", described.to_string()))
    }
}
