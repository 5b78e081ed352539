//! People, tokens, schedules and alarms in memory.

use super::{Crash, MemoryLedger};
use domain::{
    Migration, MigrationId, PhaseError, TaskToken,
    approval::{Answer, Asked, Question},
    ports::{Alarms, Approvals, Messages, Schedules, Signatures, Tokens, alarms::AlarmState, schedules::Appointment},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What the office remembers; open to assertions.
#[derive(Debug, Default)]
pub struct Desk {
    /// Questions by their names.
    pub asked: BTreeMap<&'static str, Asked>,
    /// Answers that Step Functions got, by token: the output or the error's name.
    pub answered: BTreeMap<String, String>,
    /// Schedules by their names.
    pub schedules: BTreeMap<String, Appointment>,
    /// Messages, subject and text.
    pub messages: Vec<(String, String)>,
    /// Alarms that are watched.
    pub watched: BTreeSet<String>,
    /// Alarms that are not OK.
    pub alarms: BTreeMap<String, AlarmState>,
}

/// A ledger, people, tokens, schedules and alarms in memory, crashing together.
#[derive(Debug, Clone, Default)]
pub struct Office {
    /// The ledger.
    pub ledger: MemoryLedger,
    desk: Arc<Mutex<Desk>>,
    pub(crate) clock: Arc<Mutex<jiff::Timestamp>>,
}

impl Office {
    /// What it remembers.
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the time.
    pub fn at(&self, now: jiff::Timestamp) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// When it crashes.
    #[must_use]
    pub const fn crash(&self) -> &Crash {
        &self.ledger.crash
    }

    fn act<T>(&self, change: impl FnOnce(&mut Desk) -> Result<T, PhaseError>) -> Result<T, PhaseError> {
        self.crash().alive()?;
        let answer = change(&mut self.desk())?;
        self.crash().point()?;
        Ok(answer)
    }
}

impl Approvals for Office {
    async fn ask(&self, _: &Migration, asked: &Asked) -> Result<(), PhaseError> {
        self.act(|desk| {
            if let Some(Asked { answer: Some(_), .. }) = desk.asked.get(asked.question.name()) {
                return Err(PhaseError::conflict("answered before"));
            }
            desk.asked.insert(asked.question.name(), asked.clone());
            Ok(())
        })
    }

    async fn asked(&self, _: &MigrationId, question: Question) -> Result<Option<Asked>, PhaseError> {
        self.act(|desk| Ok(desk.asked.get(question.name()).cloned()))
    }

    async fn answer(&self, _: &MigrationId, question: Question, answer: &Answer) -> Result<(), PhaseError> {
        self.act(|desk| match desk.asked.get_mut(question.name()) {
            None => Err(PhaseError::refused("never asked")),
            Some(Asked { answer: Some(known), .. }) if known.decision != answer.decision => {
                Err(PhaseError::conflict("answered otherwise"))
            }
            Some(asked) => {
                asked.answer.get_or_insert_with(|| answer.clone());
                Ok(())
            }
        })
    }

    async fn watchers(&self, alarm_arn: &str) -> Result<Vec<MigrationId>, PhaseError> {
        self.act(|desk| {
            let watched = desk.watched.contains(alarm_arn);
            Ok(desk.asked.values().filter(|_| watched).map(|asked| asked.id.clone()).collect())
        })
    }

    async fn watch(&self, _: &Migration, alarm_arns: &[String]) -> Result<(), PhaseError> {
        self.act(|desk| {
            desk.watched.extend(alarm_arns.iter().cloned());
            Ok(())
        })
    }

    async fn unwatch(&self, _: &MigrationId, alarm_arns: &[String]) -> Result<(), PhaseError> {
        self.act(|desk| {
            desk.watched.retain(|arn| !alarm_arns.contains(arn));
            Ok(())
        })
    }
}

impl Tokens for Office {
    async fn succeed(&self, token: &TaskToken, output: &Value) -> Result<bool, PhaseError> {
        self.act(|desk| {
            let first = !desk.answered.contains_key(token.reveal());
            desk.answered.entry(token.reveal().to_owned()).or_insert_with(|| output.to_string());
            Ok(first)
        })
    }

    async fn fail(&self, token: &TaskToken, error: &PhaseError) -> Result<bool, PhaseError> {
        self.act(|desk| {
            let first = !desk.answered.contains_key(token.reveal());
            desk.answered.entry(token.reveal().to_owned()).or_insert_with(|| error.condition.name().to_owned());
            Ok(first)
        })
    }
}

impl Schedules for Office {
    async fn schedule(&self, appointment: &Appointment) -> Result<(), PhaseError> {
        self.act(|desk| {
            desk.schedules.insert(appointment.name.clone(), appointment.clone());
            Ok(())
        })
    }

    async fn unschedule(&self, name: &str) -> Result<(), PhaseError> {
        self.act(|desk| {
            desk.schedules.remove(name);
            Ok(())
        })
    }
}

impl Messages for Office {
    async fn publish(&self, subject: &str, text: &str) -> Result<(), PhaseError> {
        self.act(|desk| {
            desk.messages.push((subject.to_owned(), text.to_owned()));
            Ok(())
        })
    }
}

impl Signatures for Office {
    async fn sign(&self, text: &str) -> Result<String, PhaseError> {
        self.act(|_| Ok(domain::digest::sha256_hex(text.as_bytes())))
    }

    async fn verify(&self, text: &str, signature: &str) -> Result<bool, PhaseError> {
        self.act(|_| Ok(domain::digest::sha256_hex(text.as_bytes()) == signature))
    }
}

impl Alarms for Office {
    async fn states(&self, arns: &[String]) -> Result<Vec<AlarmState>, PhaseError> {
        self.act(|desk| Ok(arns.iter().map(|arn| desk.alarms.get(arn).copied().unwrap_or(AlarmState::Ok)).collect()))
    }
}
