//! People, and whoever waits for their answers.

use super::Account;
use domain::digest::sha256_hex;
use domain::ports::{Messages, Signatures, Tokens};
use domain::{PhaseError, TaskToken};
use serde_json::Value;
use std::collections::BTreeMap;

/// What people were sent, and what waiting tasks were answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct People {
    /// Messages: subject and text.
    pub messages: Vec<(String, String)>,
    /// Answers that Step Functions got, by token: the output, or the error's name.
    pub answered: BTreeMap<String, String>,
}

impl Account {
    /// Answers a token; false where nobody waits for it.
    fn answer_token(&self, token: &TaskToken, answer: Result<&Value, &PhaseError>) -> bool {
        let token = token.reveal();
        let told = match (&self.machines, answer) {
            (Some(machines), Ok(output)) => machines.send_task_success(token, output.clone()).is_ok(),
            (Some(machines), Err(error)) => {
                machines.send_task_failure(token, Some(error.condition.name()), Some(&error.message)).is_ok()
            }
            (None, _) => !self.people().answered.contains_key(token),
        };
        if told {
            let text = answer.map_or_else(|error| error.condition.name().to_owned(), Value::to_string);
            self.people().answered.insert(token.to_owned(), text);
        }
        told
    }
}

impl Tokens for Account {
    async fn succeed(&self, token: &TaskToken, output: &Value) -> Result<bool, PhaseError> {
        self.attempt("states:SendTaskSuccess", || Ok(self.answer_token(token, Ok(output))))
    }

    async fn fail(&self, token: &TaskToken, error: &PhaseError) -> Result<bool, PhaseError> {
        self.attempt("states:SendTaskFailure", || Ok(self.answer_token(token, Err(error))))
    }
}

impl Messages for Account {
    async fn publish(&self, subject: &str, text: &str) -> Result<(), PhaseError> {
        self.attempt("sns:Publish", || {
            self.people().messages.push((subject.to_owned(), text.to_owned()));
            Ok(())
        })
    }
}

impl Signatures for Account {
    async fn sign(&self, text: &str) -> Result<String, PhaseError> {
        self.attempt("kms:GenerateMac", || Ok(sha256_hex(format!("key {text}").as_bytes())))
    }

    async fn verify(&self, text: &str, signature: &str) -> Result<bool, PhaseError> {
        self.attempt("kms:VerifyMac", || Ok(sha256_hex(format!("key {text}").as_bytes()) == signature))
    }
}
