//! APPROVAL and ALARM items.

use super::super::Account;
use domain::approval::{Answer, Asked, Question, Tried};
use domain::ports::Approvals;
use domain::{Migration, MigrationId, PhaseError};
use serde_json::json;

impl Approvals for Account {
    async fn ask(&self, migration: &Migration, asked: &Asked) -> Result<(), PhaseError> {
        let key = (asked.question.name(), asked.number);
        let known = self.table().record(&migration.id)?.approvals.get(&key).cloned();
        if known.is_some_and(|known| known.answer.is_some()) {
            return self.alter("dynamodb:TransactWriteItems", |_, _| {
                Err(PhaseError::conflict("asked: the ledger has something else by now; nothing was written"))
            });
        }
        let evidence =
            json!({ "question": key.0, "number": key.1, "digest": asked.digest, "deadline": asked.deadline });
        self.write(migration, "asked", evidence, |record| {
            record.approvals.insert(key, asked.clone());
        })
    }

    async fn asked(&self, id: &MigrationId, question: Question) -> Result<Option<Asked>, PhaseError> {
        self.look(|table| {
            Ok(table.migrations.get(id).and_then(|record| record.last_question(question.name())).cloned())
        })
    }

    async fn answer(
        &self,
        id: &MigrationId,
        (question, number): (Question, u32),
        answer: &Answer,
    ) -> Result<(), PhaseError> {
        let by = self.function().name.clone();
        self.alter("dynamodb:TransactWriteItems", |table, now| {
            let record = table.record_mut(id)?;
            let Some(asked) = record.approvals.get_mut(&(question.name(), number)) else {
                return Err(PhaseError::refused(format!("nobody asked about {} of {id}", question.name())));
            };
            match &asked.answer {
                Some(known) if known.decision == answer.decision => return Ok(()),
                Some(known) => {
                    let known = format!("{} by {} at {}", known.decision.name(), known.by, known.at);
                    return Err(PhaseError::conflict(known));
                }
                None => asked.answer = Some(answer.clone()),
            }
            let evidence = json!({ "question": question.name(), "number": number, "answer": answer });
            record.append("answered", evidence, now, &by);
            Ok(())
        })
    }

    async fn speak(
        &self,
        id: &MigrationId,
        (question, number): (Question, u32),
        voice: &Answer,
    ) -> Result<(), PhaseError> {
        let by = self.function().name.clone();
        self.alter("dynamodb:TransactWriteItems", |table, now| {
            let record = table.record_mut(id)?;
            if !record.approvals.contains_key(&(question.name(), number)) {
                return Err(PhaseError::refused(format!("nobody asked about {} of {id}", question.name())));
            }
            record.voices.insert((question.name(), number, voice.person()), voice.clone());
            let evidence = json!({ "question": question.name(), "number": number, "answer": voice });
            record.append("one of several said yes", evidence, now, &by);
            Ok(())
        })
    }

    async fn voices(&self, id: &MigrationId, (question, number): (Question, u32)) -> Result<Vec<Answer>, PhaseError> {
        self.look(|table| {
            let of_question = table.record(id)?.voices.iter();
            let of_question = of_question.filter(|((name, which, _), _)| (*name, *which) == (question.name(), number));
            let mut voices: Vec<Answer> = of_question.map(|(_, voice)| voice.clone()).collect();
            voices.sort_by_key(|voice| voice.at);
            Ok(voices)
        })
    }

    async fn count_try(&self, id: &MigrationId, tried: Tried, window: i64, most: u32) -> Result<bool, PhaseError> {
        self.alter("dynamodb:TransactWriteItems", |table, _| {
            let record = table.record_mut(id)?;
            let counted = record.tries.entry(tried).or_default();
            if counted.0 < window {
                *counted = (window, 0);
            }
            let counts = counted.0 == window && counted.1 < most;
            counted.1 += u32::from(counts);
            Ok(counts)
        })
    }

    async fn watchers(&self, alarm_arn: &str) -> Result<Vec<MigrationId>, PhaseError> {
        self.look(|table| {
            let watching = table.watched.iter().filter(|(arn, _)| arn == alarm_arn);
            Ok(watching.map(|(_, id)| id.clone()).collect())
        })
    }

    async fn watch(&self, migration: &Migration, alarm_arns: &[String]) -> Result<(), PhaseError> {
        for arn in alarm_arns {
            self.alter("dynamodb:PutItem", |table, _| {
                table.watched.insert((arn.clone(), migration.id.clone()));
                Ok(())
            })?;
        }
        Ok(())
    }

    async fn unwatch(&self, id: &MigrationId, alarm_arns: &[String]) -> Result<(), PhaseError> {
        for arn in alarm_arns {
            self.alter("dynamodb:DeleteItem", |table, _| {
                table.watched.remove(&(arn.clone(), id.clone()));
                Ok(())
            })?;
        }
        Ok(())
    }
}
