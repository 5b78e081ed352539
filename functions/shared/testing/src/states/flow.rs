//! Entering and leaving states, and the states that only direct the flow.

use super::definition::{Kind, Rule};
use super::engine::{StepFunctions, Why, Work};
use super::execution::Status;
use super::failure::Failure;
use super::template::{Scope, Seen, Template};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io;
use std::rc::Rc;

/// Most bytes of JSON that a state takes or gives: 256 KiB
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const MOST_BYTES: usize = 256 * 1024;

/// The output of a state and the new values of variables.
pub(super) struct Evaluated {
    output: Value,
    assigned: Option<Value>,
}

impl StepFunctions {
    /// Enters the thread's state. True where it is a task, which is still to be attempted.
    pub(super) fn enter(&mut self, thread: usize) -> Option<bool> {
        let definition = self.definition(thread);
        let state = self.state_of(thread, &definition);
        let event = self.record(thread, state.kind.entered())?;
        let now = self.now;
        let this = &mut self.threads[thread];
        (this.entered, this.entered_event) = (now.to_string(), event);
        this.retries = vec![0; state.retry.len()];
        self.executions[this.execution].visited.push(state.name.clone());
        match &state.kind {
            Kind::Task(_) => return Some(true),
            Kind::Parallel { .. } => {
                self.reopen(thread);
            }
            Kind::Pass | Kind::Succeed => self.pass(thread, None)?,
            Kind::WaitSeconds(seconds) => {
                let seconds = seconds.evaluate_as(&mut self.scope(thread, None, None), "number", Value::as_f64);
                let wait = |seconds| SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
                self.wait(thread, seconds.map(wait))?;
            }
            Kind::WaitTimestamp(timestamp) => {
                let mut scope = self.scope(thread, None, None);
                let text = timestamp.evaluate_as(&mut scope, "string", |value| value.as_str().map(str::to_owned));
                let until = text.and_then(|text| instant(&text).ok_or_else(|| scope.failure(&unreadable(&text))));
                let wait = until.map(|until| until.duration_since(self.now).max(SignedDuration::ZERO));
                self.wait(thread, wait)?;
            }
            Kind::Choice { rules, default } => self.choose(thread, rules, *default)?,
            Kind::Fail { error, cause } => {
                let mut scope = self.scope(thread, None, None);
                let mut text = |template: &Option<Template>| {
                    let evaluate = |template: &Template| {
                        template.evaluate_as(&mut scope, "string", |value| value.as_str().map(str::to_owned))
                    };
                    template.as_ref().map(evaluate).transpose()
                };
                let failure = text(error).and_then(|error| Ok(Failure::unnamed(error, text(cause)?)));
                self.fail(thread, failure.unwrap_or_else(|failure| failure))?;
            }
        }
        Some(false)
    }

    fn wait(&mut self, thread: usize, wait: Result<SignedDuration, Failure>) -> Option<()> {
        match wait {
            Ok(wait) => {
                self.push(thread, wait, Why::WaitOver);
                Some(())
            }
            Err(failure) => self.fail(thread, failure),
        }
    }

    /// Takes the first rule whose condition is true, else the default, whose output and variables are the state's own.
    fn choose(&mut self, thread: usize, rules: &[Rule], default: Option<usize>) -> Option<()> {
        let mut scope = self.scope(thread, None, None);
        for rule in rules {
            match rule.condition.evaluate_as(&mut scope, "boolean", Value::as_bool) {
                Ok(false) => {}
                Ok(true) => {
                    let input = self.threads[thread].input.clone();
                    return self.leave(
                        thread,
                        &mut scope,
                        input,
                        (rule.output.as_ref(), rule.assign.as_ref()),
                        Some(rule.next),
                    );
                }
                Err(failure) => return self.fail(thread, failure),
            }
        }
        let definition = self.definition(thread);
        let state = self.state_of(thread, &definition);
        if let Some(next) = default {
            let input = self.threads[thread].input.clone();
            self.leave(thread, &mut scope, input, (state.output.as_ref(), state.assign.as_ref()), Some(next))
        } else {
            let cause = scope.failure("No choice rule matched and there is no Default.").cause;
            self.fail(thread, Failure::new("States.NoChoiceMatched", cause.unwrap_or_default()))
        }
    }

    /// Leaves the state the ordinary way. The output is the result, or the input where the state has none, unless `Output`
    /// says otherwise.
    pub(super) fn pass(&mut self, thread: usize, result: Option<Value>) -> Option<()> {
        let definition = self.definition(thread);
        let state = self.state_of(thread, &definition);
        let mut scope = self.scope(thread, None, result.as_ref().map(|result| ("result", result)));
        let output = result.unwrap_or_else(|| self.threads[thread].input.clone());
        self.leave(thread, &mut scope, output, (state.output.as_ref(), state.assign.as_ref()), state.next)
    }

    /// Leaves the state with `value` where `Output` does not say otherwise, and what `Assign` assigns.
    fn leave(
        &mut self,
        thread: usize,
        scope: &mut Scope,
        value: Value,
        fields: (Option<&Template>, Option<&Template>),
        next: Option<usize>,
    ) -> Option<()> {
        match self.evaluate(thread, scope, value, fields) {
            Ok(evaluated) => self.go_on(thread, evaluated, next),
            Err(failure) => self.fail(thread, failure),
        }
    }

    /// Evaluates `Output` and `Assign`, in this order in `fields`.
    ///
    /// # Errors
    /// `States.QueryEvaluationError`, or `States.DataLimitExceeded` where the output is too large.
    pub(super) fn evaluate(
        &self,
        thread: usize,
        scope: &mut Scope,
        value: Value,
        (output, assign): (Option<&Template>, Option<&Template>),
    ) -> Result<Evaluated, Failure> {
        let assigned = assign.map(|assign| assign.evaluate(scope)).transpose()?;
        let output = output.map_or(Ok(value), |output| output.evaluate(scope))?;
        if is_large(&output) {
            return Err(Failure::large_data(&self.state_of(thread, &self.definition(thread)).name));
        }
        Ok(Evaluated { output, assigned })
    }

    /// Goes to the next state, or ends the thread. New values of variables are seen from the next state on
    /// (<https://states-language.net/#assigning-variables>).
    pub(super) fn go_on(&mut self, thread: usize, evaluated: Evaluated, next: Option<usize>) -> Option<()> {
        let definition = self.definition(thread);
        self.record(thread, self.state_of(thread, &definition).kind.exited())?;
        let this = &mut self.threads[thread];
        this.epoch += 1;
        this.work = Work::Nothing;
        if let Some(Value::Object(assigned)) = evaluated.assigned {
            Rc::make_mut(&mut this.variables).extend(assigned);
        }
        match (next, this.parent) {
            (Some(next), _) => {
                this.seen = Seen::new(&evaluated.output);
                (this.state, this.input) = (next, evaluated.output);
                self.push(thread, SignedDuration::ZERO, Why::Enter);
                Some(())
            }
            (None, Some((parent, place))) => self.branch_ended(thread, parent, place, evaluated.output),
            (None, None) => {
                let execution = this.execution;
                self.end(execution, Status::Succeeded, Some(evaluated.output), None, None);
                Some(())
            }
        }
    }

    /// What expressions of the state see. `more` is the result or error output with its name in `$states`.
    pub(super) fn scope(&self, thread: usize, token: Option<&str>, more: Option<(&str, &Value)>) -> Scope {
        let this = &self.threads[thread];
        let execution = &self.executions[this.execution];
        let state = &execution.definition.states[this.state];
        let mut visit = json!({"Name": state.name, "EnteredTime": this.entered});
        if matches!(state.kind, Kind::Task(_)) {
            visit["RetryCount"] = json!(this.retries.iter().sum::<u32>());
        }
        let mut context = execution.context.with("State", &visit);
        if let Some(token) = token {
            context = context.with("Task", &json!({"Token": token}));
        }
        Scope::new(&this.seen, &context, more, &this.variables, (&state.name, this.entered_event))
    }
}

/// RFC 3339 with `T` and an offset or `Z`.
fn instant(text: &str) -> Option<Timestamp> {
    text.contains('T').then(|| text.parse().ok()).flatten()
}

fn unreadable(text: &str) -> String {
    format!("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}")
}

/// Whether the JSON text has more bytes than a state may take or give.
pub(super) fn is_large(value: &Value) -> bool {
    struct Room(usize);
    impl io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Room(MOST_BYTES), value).is_err()
}
