//! Answers to waiting tasks, on AWS Step Functions
//! (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>).

use crate::{Account, error::code, error::phase_error};
use aws_sdk_sfn::Client;
use domain::{
    PhaseError,
    ports::{Tokens, approvals::TaskToken},
};
use serde_json::Value;

/// Codes that mean that the task waits no more: it timed out, was answered, or its execution has ended.
const NOBODY_WAITS: [&str; 3] = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"];

/// `SendTaskFailure` takes a cause of at most 32,768 characters.
const LONGEST_CAUSE: usize = 32_000;

impl Tokens for Account {
    async fn succeed(&self, token: &TaskToken, output: &Value) -> Result<bool, PhaseError> {
        let client = Client::new(self.config());
        match client.send_task_success().task_token(token.reveal()).output(output.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(error) if NOBODY_WAITS.contains(&code(&error)) => Ok(false),
            Err(error) => Err(phase_error("answering the waiting task", &error)),
        }
    }

    async fn fail(&self, token: &TaskToken, error: &PhaseError) -> Result<bool, PhaseError> {
        let cause: String = error.message.chars().take(LONGEST_CAUSE).collect();
        let call = Client::new(self.config()).send_task_failure().task_token(token.reveal());
        match call.error(error.condition.name()).cause(cause).send().await {
            Ok(_) => Ok(true),
            Err(error) if NOBODY_WAITS.contains(&code(&error)) => Ok(false),
            Err(error) => Err(phase_error("failing the waiting task", &error)),
        }
    }
}
