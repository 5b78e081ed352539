//! How states fail and how executions begin and end.

use super::api::arn;
use super::definition::{Kind, Machine};
use super::engine::{StepFunctions, Thread, Why, Work};
use super::execution::{Execution, Status};
use super::failure::Failure;
use super::template::Seen;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use std::rc::Rc;

impl StepFunctions {
    /// Adds an event to the history and returns its id; none where the execution has ended, or ends since its history is
    /// full (<https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html>).
    pub(super) fn record(&mut self, thread: usize, event: &'static str) -> Option<usize> {
        let place = self.threads[thread].execution;
        let execution = &mut self.executions[place];
        if execution.stopped.is_some() {
            return None;
        }
        if execution.is_full() {
            // No state sees this one: "A retry or catch on `States.ALL` won't catch `States.Runtime` errors"
            // (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
            let cause = "The execution reached the maximum number of history events (25000).";
            self.end(place, Status::Failed, None, Some("States.Runtime".to_owned()), Some(cause.to_owned()));
            return None;
        }
        Some(execution.record(event))
    }

    /// The state has failed. The first retrier that names the error is asked, and no other: its retries are counted over the
    /// whole visit of the state, whatever other retriers did in between
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>, "Complex retry scenario").
    /// Then the catchers are.
    pub(super) fn fail(&mut self, thread: usize, failure: Failure) -> Option<()> {
        self.release(thread);
        self.threads[thread].epoch += 1;
        if failure.evaluation {
            self.record(thread, "EvaluationFailed")?;
        }
        let definition = self.definition(thread);
        let state = self.state_of(thread, &definition);
        if let Some(place) = state.retry.iter().position(|retrier| failure.matches(&retrier.errors)) {
            let retries = self.threads[thread].retries[place];
            if retries < state.retry[place].max_attempts {
                self.threads[thread].retries[place] += 1;
                let wait = Why::BackOff(state.retry[place].delay(retries), state.retry[place].jitter);
                self.push(thread, SignedDuration::ZERO, wait);
                return Some(());
            }
        }
        if matches!(state.kind, Kind::Parallel { .. }) {
            self.record(thread, "ParallelStateFailed")?;
        }
        let Some(catcher) = state.catch.iter().find(|catcher| failure.matches(&catcher.errors)) else {
            return self.give_up(thread, failure);
        };
        let output = failure.output();
        let mut scope = self.scope(thread, None, Some(("errorOutput", &output)));
        match self.evaluate(thread, &mut scope, output, (catcher.output.as_ref(), catcher.assign.as_ref())) {
            Ok(evaluated) => self.go_on(thread, evaluated, Some(catcher.next)),
            // What fails in a catcher fails the state for good.
            Err(failure) => {
                if failure.evaluation {
                    self.record(thread, "EvaluationFailed")?;
                }
                self.give_up(thread, failure)
            }
        }
    }

    /// No state handles the failure: the branch or the execution has failed.
    fn give_up(&mut self, thread: usize, failure: Failure) -> Option<()> {
        let this = &self.threads[thread];
        if let Some((parent, _)) = this.parent {
            return self.branch_failed(parent, failure);
        }
        let (execution, cause) = (this.execution, failure.cause.filter(|cause| !cause.is_empty()));
        self.end(execution, Status::Failed, None, failure.error, cause);
        None
    }

    /// Stops a thread and all that it waits for. A task, wait or parallel state in it is told as aborted where `tell` is set
    /// (recording: `test_error_output.py::test_parallel_catch_error`).
    pub(super) fn kill(&mut self, thread: usize, tell: bool) {
        if !std::mem::replace(&mut self.threads[thread].alive, false) {
            return;
        }
        self.threads[thread].epoch += 1;
        if let Work::Branches(branches) = std::mem::replace(&mut self.threads[thread].work, Work::Nothing) {
            for (branch, _) in branches {
                self.kill(branch, tell);
            }
        } else {
            self.release(thread);
        }
        let definition = self.definition(thread);
        if let (true, Some(aborted)) = (tell, self.state_of(thread, &definition).kind.aborted()) {
            self.record(thread, aborted);
        }
    }

    /// Begins an execution; `parent` is the thread that waits for it and its epoch.
    pub(super) fn begin(
        &mut self,
        machine: &str,
        definition: Rc<Machine>,
        name: &str,
        input: Value,
        parent: Option<(usize, u64)>,
    ) -> usize {
        let (start, timeout) = (definition.start, definition.timeout);
        let place = self.executions.len();
        let id = arn("execution", &format!("{machine}:{name}"));
        let context = json!({
            "Execution": {
                "Id": id,
                "Input": input,
                "Name": name,
                "RoleArn": "arn:aws:iam::123456789012:role/machine",
                "StartTime": self.now,
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": arn("stateMachine", machine), "Name": machine},
        });
        self.executions.push(Execution {
            arn: id,
            name: name.to_owned(),
            machine: machine.to_owned(),
            input: input.clone(),
            started: self.now,
            stopped: None,
            status: Status::Running,
            output: None,
            error: None,
            cause: None,
            history: vec!["ExecutionStarted"],
            visited: Vec::new(),
            definition,
            parent,
            root: self.threads.len(),
            context: Seen::new(&context),
        });
        let execution = &self.executions[place];
        self.api.book().executions.insert(execution.arn.clone(), (Status::Running, input.clone()));
        self.threads.push(Thread::new(place, None, start, input, Rc::default()));
        let root = self.threads.len() - 1;
        if let Some(timeout) = timeout {
            self.push(root, timeout, Why::ExecutionTimedOut(place));
        }
        self.push(root, SignedDuration::ZERO, Why::Enter);
        place
    }

    /// Ends an execution and wakes the task that waits for it.
    pub(super) fn end(
        &mut self,
        place: usize,
        status: Status,
        output: Option<Value>,
        error: Option<String>,
        cause: Option<String>,
    ) {
        let now = self.now;
        let execution = &mut self.executions[place];
        if execution.stopped.is_some() {
            return;
        }
        execution.record(status.last_event());
        (execution.status, execution.stopped) = (status, Some(now));
        (execution.output, execution.error, execution.cause) = (output, error, cause);
        let (root, parent) = (execution.root, execution.parent);
        let mut book = self.api.book();
        if let Some((status_in_book, _)) = book.executions.get_mut(&execution.arn) {
            *status_in_book = status;
        }
        book.stopped.insert(execution.arn.clone(), now);
        drop(book);
        self.kill(root, false);
        if let Some((parent, epoch)) = parent
            && self.threads[parent].epoch == epoch
        {
            self.push(parent, SignedDuration::ZERO, Why::NestedEnded(place));
        }
    }

    pub(super) fn time_out(&mut self, place: usize) {
        self.end(place, Status::TimedOut, None, None, None);
    }

    pub(super) fn abort(&mut self, place: usize, error: Option<String>, cause: Option<String>) {
        self.end(place, Status::Aborted, None, error, cause);
    }

    /// Lets go of a token or a nested execution. The latter is stopped with the task
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync>).
    fn release(&mut self, thread: usize) {
        match std::mem::replace(&mut self.threads[thread].work, Work::Nothing) {
            Work::Token(token) => {
                self.api.book().tokens.remove(&token);
                self.tokens.remove(&token);
            }
            Work::Nested(child) => self.abort(child, None, None),
            Work::Branches(_) | Work::Nothing => {}
        }
    }
}

impl Thread {
    pub(super) fn new(
        execution: usize,
        parent: Option<(usize, usize)>,
        state: usize,
        input: Value,
        variables: Rc<Map<String, Value>>,
    ) -> Self {
        Self {
            execution,
            parent,
            state,
            seen: Seen::new(&input),
            input,
            variables,
            alive: true,
            epoch: 0,
            beats: 0,
            heartbeat: None,
            entered: String::new(),
            entered_event: 0,
            retries: Vec::new(),
            work: Work::Nothing,
        }
    }
}
