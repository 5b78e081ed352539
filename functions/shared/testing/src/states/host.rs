//! What a test provides for the machines to run on.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// One invocation of a Lambda function by a Task state.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The function: `Name` for `${NameArn}`, else what stands in `FunctionName`.
    pub function: String,
    /// The event, with the task token where the state puts it.
    pub payload: Value,
    /// The state that invokes it.
    pub state: String,
    /// ARN of the execution.
    pub execution: String,
    /// Retries of the state before this invocation.
    pub retries: u32,
    /// The virtual time.
    pub now: Timestamp,
}

/// Why an invocation or a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The function answered with an error, crashed (`Runtime.ExitError`) or timed out (`Sandbox.Timedout`). The cause is
    /// the JSON text of Lambda's error object.
    Function {
        /// Lambda's `errorType`, which retriers and catchers match.
        error_type: String,
        /// Lambda's `errorMessage`.
        message: String,
    },
    /// The service did not run it (`Lambda.TooManyRequestsException`, …). The cause is the message itself.
    Service {
        /// Name of the error.
        error: String,
        /// The message.
        message: String,
    },
}

impl Fault {
    /// An error of the function itself.
    pub fn function(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Function { error_type: error_type.into(), message: message.into() }
    }

    /// An error of the called service.
    pub fn service(error: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Service { error: error.into(), message: message.into() }
    }

    pub(super) fn into_parts(self) -> (String, String) {
        match self {
            Self::Function { error_type, message } => {
                let cause = json!({"errorType": error_type, "errorMessage": message}).to_string();
                (error_type, cause)
            }
            Self::Service { error, message } => (error, message),
        }
    }
}

/// How an invocation ended and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The function's answer.
    pub result: Result<Value, Fault>,
    /// Virtual time between call and answer. Its effects are there from the beginning.
    pub took: SignedDuration,
}

impl From<Result<Value, Fault>> for Answer {
    /// An answer that comes at once.
    fn from(result: Result<Value, Fault>) -> Self {
        Self { result, took: SignedDuration::ZERO }
    }
}

/// Functions, people and schedules around the machines. Whoever needs the API of Step Functions (task tokens, starting and
/// stopping executions) keeps a clone of [`Api`](super::Api).
pub trait Host {
    /// Runs one Lambda function. One invocation at a time, whole, also where branches run in parallel.
    fn invoke(&mut self, invocation: &Invocation) -> impl Future<Output = Answer>;

    /// Publishes to an SNS topic: its name (`Name` for `${NameArn}`), subject and text.
    fn publish(&mut self, topic: &str, subject: &str, message: &str) -> impl Future<Output = Result<(), Fault>>;

    /// When the host acts next by itself (a schedule, a person); none for never. A time in the past means now.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Acts, at the time that [`Host::due`] told. It must move `due` on.
    fn act(&mut self, now: Timestamp) -> impl Future<Output = ()> {
        let _ = now;
        std::future::ready(())
    }

    /// The wait before a retry with `JitterStrategy: FULL`, between zero and `longest`.
    fn jitter(&mut self, longest: SignedDuration) -> SignedDuration {
        longest
    }
}
