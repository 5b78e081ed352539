//! The API of Step Functions as Lambda functions and people call it.

use super::execution::Status;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why the API refused a call, under AWS's names of the errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiError {
    /// The token is unknown, or its task has been answered, has timed out or was stopped.
    TaskTimedOut,
    /// There is no machine of that name.
    StateMachineDoesNotExist,
    /// The name was used before for another input, or by an execution that has ended.
    ExecutionAlreadyExists,
    /// There is no execution of that ARN.
    ExecutionDoesNotExist,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for ApiError {}

/// A call that the interpreter carries out as soon as the function that made it has ended.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Start { machine: String, name: String, input: Value },
    Stop { arn: String, error: Option<String>, cause: Option<String> },
    Succeed { token: String, output: Value },
    Fail { token: String, error: Option<String>, cause: Option<String> },
    Heartbeat { token: String },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    pub(super) now: Timestamp,
    pub(super) machines: BTreeSet<String>,
    /// Status and input of every execution by its ARN.
    pub(super) executions: BTreeMap<String, (Status, Value)>,
    /// When those ended that have.
    pub(super) stopped: BTreeMap<String, Timestamp>,
    /// Tokens that a task waits for.
    pub(super) tokens: BTreeSet<String>,
    pub(super) requests: Vec<Request>,
}

/// Clones of it are the same account. Calls are judged at once and carried out in order, when the function that made them
/// has ended or, between steps, with the next step.
#[derive(Debug, Clone, Default)]
pub struct Api(Arc<Mutex<Book>>);

impl Api {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.book().clone())))
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.book().now
    }

    /// Tokens that tasks wait for.
    #[must_use]
    pub fn open_tokens(&self) -> Vec<String> {
        self.book().tokens.iter().cloned().collect()
    }

    /// `SendTaskSuccess`.
    ///
    /// # Errors
    /// `TaskTimedOut` where nobody waits for the token.
    pub fn send_task_success(&self, token: &str, output: Value) -> Result<(), ApiError> {
        self.answer(token, |token| Request::Succeed { token, output })
    }

    /// `SendTaskFailure`.
    ///
    /// # Errors
    /// `TaskTimedOut` where nobody waits for the token.
    pub fn send_task_failure(&self, token: &str, error: Option<&str>, cause: Option<&str>) -> Result<(), ApiError> {
        let (error, cause) = (error.map(str::to_owned), cause.map(str::to_owned));
        self.answer(token, |token| Request::Fail { token, error, cause })
    }

    /// `SendTaskHeartbeat`.
    ///
    /// # Errors
    /// `TaskTimedOut` where nobody waits for the token.
    pub fn send_task_heartbeat(&self, token: &str) -> Result<(), ApiError> {
        let mut book = self.book();
        if !book.tokens.contains(token) {
            return Err(ApiError::TaskTimedOut);
        }
        book.requests.push(Request::Heartbeat { token: token.to_owned() });
        Ok(())
    }

    /// `StartExecution`; the ARN of the execution. The same name and input while it runs are the same execution
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
    ///
    /// # Errors
    /// `StateMachineDoesNotExist`, or `ExecutionAlreadyExists` for the name of another execution.
    pub fn start_execution(&self, machine: &str, name: &str, input: Value) -> Result<String, ApiError> {
        let mut book = self.book();
        if !book.machines.contains(machine) {
            return Err(ApiError::StateMachineDoesNotExist);
        }
        let arn = arn("execution", &format!("{machine}:{name}"));
        match book.executions.get(&arn) {
            Some((Status::Running, known)) if *known == input => return Ok(arn),
            Some(_) => return Err(ApiError::ExecutionAlreadyExists),
            None => {}
        }
        book.executions.insert(arn.clone(), (Status::Running, input.clone()));
        book.requests.push(Request::Start { machine: machine.to_owned(), name: name.to_owned(), input });
        Ok(arn)
    }

    /// `StopExecution`; nothing for one that has ended.
    ///
    /// # Errors
    /// `ExecutionDoesNotExist`.
    pub fn stop_execution(&self, arn: &str, error: Option<&str>, cause: Option<&str>) -> Result<(), ApiError> {
        let mut book = self.book();
        let (status, _) = book.executions.get_mut(arn).ok_or(ApiError::ExecutionDoesNotExist)?;
        if *status == Status::Running {
            *status = Status::Aborted;
            let now = book.now;
            book.stopped.insert(arn.to_owned(), now);
            let (error, cause) = (error.map(str::to_owned), cause.map(str::to_owned));
            book.requests.push(Request::Stop { arn: arn.to_owned(), error, cause });
        }
        Ok(())
    }

    /// The status that `DescribeExecution` tells.
    ///
    /// # Errors
    /// `ExecutionDoesNotExist`.
    pub fn status(&self, arn: &str) -> Result<Status, ApiError> {
        self.book().executions.get(arn).map(|(status, _)| *status).ok_or(ApiError::ExecutionDoesNotExist)
    }

    /// The `stopDate` that `DescribeExecution` tells; nothing while the execution runs.
    #[must_use]
    pub fn stopped(&self, arn: &str) -> Option<Timestamp> {
        self.book().stopped.get(arn).copied()
    }

    /// The executions that have ended: ARN, status and input.
    #[must_use]
    pub fn ended(&self) -> Vec<(String, Status, Value)> {
        let book = self.book();
        let ended = book.executions.iter().filter(|(arn, _)| book.stopped.contains_key(*arn));
        ended.map(|(arn, (status, input))| (arn.clone(), *status, input.clone())).collect()
    }

    fn answer(&self, token: &str, request: impl FnOnce(String) -> Request) -> Result<(), ApiError> {
        let mut book = self.book();
        let token = book.tokens.take(token).ok_or(ApiError::TaskTimedOut)?;
        book.requests.push(request(token));
        Ok(())
    }
}

/// The ARN of a `stateMachine` or `execution`.
pub(super) fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:states:eu-central-1:123456789012:{kind}:{name}")
}
