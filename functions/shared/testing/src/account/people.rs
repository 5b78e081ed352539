//! People, and whoever waits for their answers.

use super::{Account, files::Kept};
use crate::states::Status;
use domain::archive::Archive;
use domain::digest::sha256_hex;
use domain::ports::executions::{MOST_RECENT, Recent, Standing};
use domain::ports::metrics::Metric;
use domain::ports::{Executions, Messages, Metrics, Signatures, Tokens};
use domain::{MigrationId, PhaseError, TaskToken};
use serde_json::Value;
use std::collections::BTreeMap;

/// What people were sent, and what waiting tasks were answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct People {
    /// Messages: subject and text.
    pub messages: Vec<(String, String)>,
    /// Where they want plans and reports to be kept.
    pub archive: Option<Archive>,
    /// What is kept there, by key.
    pub files: BTreeMap<String, Kept>,
    /// What was measured, in order.
    pub metrics: Vec<(Metric, f64)>,
    /// Whether nobody is subscribed to them.
    pub nobody_listens: bool,
    /// Answers that Step Functions got, by token: the output, or the error's name.
    pub answered: BTreeMap<String, String>,
    /// Executions of the rollback machine that functions started, by name, with their input.
    pub rollbacks: BTreeMap<String, Value>,
    /// How the migrate execution stands, where no machines run on the account.
    pub standing: Option<Standing>,
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

impl Executions for Account {
    async fn standing(&self, id: &MigrationId) -> Result<Option<Standing>, PhaseError> {
        self.attempt("states:DescribeExecution", || {
            let Some(machines) = &self.machines else { return Ok(self.people().standing.clone()) };
            let stopped = machines.stopped(id.as_str()).unwrap_or_default();
            Ok(machines.status(id.as_str()).ok().map(|status| match status {
                Status::Running => Standing::Running,
                Status::Succeeded => Standing::Succeeded,
                bad => Standing::Ended { status: bad.name().to_owned(), at: stopped },
            }))
        })
    }

    /// The migrations that the ledger knows, since the account in memory has no other list of executions.
    async fn recent(&self) -> Result<Vec<Recent>, PhaseError> {
        self.attempt("states:ListExecutions", || {
            let table = self.table();
            let mut recent: Vec<Recent> = table
                .migrations
                .iter()
                .map(|(id, record)| Recent {
                    id: id.clone(),
                    started_at: record.told().opened_at,
                    standing: Standing::Running,
                })
                .collect();
            recent.sort_by_key(|one| std::cmp::Reverse(one.started_at));
            recent.truncate(MOST_RECENT);
            Ok(recent)
        })
    }

    async fn start_rollback(&self, name: &str, input: &Value) -> Result<bool, PhaseError> {
        self.attempt("states:StartExecution", || {
            if let Some(machines) = &self.machines {
                return Ok(machines.start_execution("RollbackMachine", name, input.clone()).is_ok());
            }
            Ok(self.people().rollbacks.insert(name.to_owned(), input.clone()).is_none())
        })
    }
}

impl Messages for Account {
    async fn publish(&self, subject: &str, text: &str) -> Result<(), PhaseError> {
        self.attempt("sns:Publish", || {
            self.people().messages.push((subject.to_owned(), text.to_owned()));
            Ok(())
        })
    }

    async fn subscriptions(&self) -> Result<u64, PhaseError> {
        self.attempt("sns:GetTopicAttributes", || Ok(u64::from(!self.people().nobody_listens)))
    }
}

impl Metrics for Account {
    fn report(&self, _: &str, values: &[(Metric, f64)]) {
        self.people().metrics.extend_from_slice(values);
    }
}

impl Signatures for Account {
    async fn sign(&self, text: &str) -> Result<String, PhaseError> {
        self.attempt("kms:GenerateMac", || Ok(mac(text)))
    }

    async fn verify(&self, text: &str, signature: &str) -> Result<bool, PhaseError> {
        self.attempt("kms:VerifyMac", || Ok(mac(text) == signature))
    }
}

/// Of the form of an HMAC-SHA-256 in base64url.
fn mac(text: &str) -> String {
    sha256_hex(format!("key {text}").as_bytes())[..43].to_owned()
}
