//! APPROVAL and ALARM items.

use super::{COLLISIONS, Cancellation, Item, Ledger, MetaChange, SCHEMA, incomplete, number, text, throttled};
use crate::{Account, error::phase_error};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{
    Migration, MigrationId, PhaseError, TaskToken,
    approval::{Answer, Asked, Question, Tried},
    digest::sha256_hex,
    ports::Approvals,
};
use serde_json::json;
use std::time::Duration;

fn sort_key(question: Question, number: u32) -> String {
    format!("APPROVAL#{}#{number:06}", question.name())
}

/// What the sort keys of those begin with who said yes, before a hash of each person.
fn voices_of(question: Question, number: u32) -> String {
    format!("VOICE#{}#{number:06}#", question.name())
}

impl Item {
    pub(super) fn asked(&self, id: &MigrationId, question: Question) -> Result<Asked, PhaseError> {
        let number = self.text("sk")?.rsplit('#').next().and_then(|number| number.parse().ok());
        Ok(Asked {
            id: id.clone(),
            question,
            number: number.ok_or_else(|| self.broken("number"))?,
            token: TaskToken::new(self.text("token")?),
            digest: self.text("digest")?.to_owned(),
            evidence: self.json("evidence")?,
            deadline: self.time("deadline")?,
            answer: self.maybe("answer").map(|_| self.json::<Answer>("answer")).transpose()?,
        })
    }
}

impl Ledger {
    /// A write of no importance to the audit, in a transaction of its own. False where its condition does not hold.
    async fn unaudited(&self, change: TransactWriteItem) -> Result<bool, PhaseError> {
        for attempt in 0..COLLISIONS {
            match self.client.transact_write_items().transact_items(change.clone()).send().await {
                Ok(_) => return Ok(true),
                Err(error) => match Cancellation::of(&error, 1) {
                    Some(Cancellation::Unmet) => return Ok(false),
                    Some(Cancellation::Collided) => {
                        tokio::time::sleep(Duration::from_millis(5 + attempt * 11 % 40)).await;
                    }
                    Some(Cancellation::Throttled) => return Err(throttled("counting a try of the code")),
                    None => return Err(phase_error("counting a try of the code", &error)),
                },
            }
        }
        Err(PhaseError::unavailable(format!("the question was written by others {COLLISIONS} times in a row")))
    }
}

impl Approvals for Account {
    async fn ask(&self, migration: &Migration, asked: &Asked) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let put = Put::builder()
            .table_name(&ledger.table)
            .item("pk", text(Ledger::partition(&migration.id)))
            .item("sk", text(sort_key(asked.question, asked.number)))
            .item("schema", number(SCHEMA))
            .item("token", text(asked.token.reveal()))
            .item("digest", text(&asked.digest))
            .item("evidence", text(asked.evidence.to_string()))
            .item("deadline", text(asked.deadline.to_string()))
            .condition_expression("attribute_not_exists(answer)")
            .build()
            .map_err(incomplete)?;
        let change = TransactWriteItem::builder().put(put).build();
        let owner = migration.owner();
        let evidence = json!({
            "question": asked.question.name(), "number": asked.number, "digest": asked.digest, "deadline": asked.deadline,
        });
        ledger.write(&migration.id, owner, ("asked", evidence), &[change], MetaChange::default()).await
    }

    async fn asked(&self, id: &MigrationId, question: Question) -> Result<Option<Asked>, PhaseError> {
        let (first, last) = (sort_key(question, 0), format!("APPROVAL#{}$", question.name()));
        let items = self.ledger()?.between(&Ledger::partition(id), &first, &last).await?;
        items.last().map(|item| item.asked(id, question)).transpose()
    }

    async fn answer(
        &self,
        id: &MigrationId,
        (question, number): (Question, u32),
        answer: &Answer,
    ) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let written = serde_json::to_string(answer).map_err(|error| PhaseError::refused(error.to_string()))?;
        let update = aws_sdk_dynamodb::types::Update::builder()
            .table_name(&ledger.table)
            .key("pk", text(Ledger::partition(id)))
            .key("sk", text(sort_key(question, number)))
            .update_expression("SET answer = :answer")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(answer)")
            .expression_attribute_values(":answer", text(&written))
            .build()
            .map_err(incomplete)?;
        let meta = ledger.get(&Ledger::partition(id), "META").await?;
        let meta = meta.ok_or_else(|| PhaseError::refused(format!("the ledger has no migration {id}")))?.meta(id)?;
        let known = ledger.get(&Ledger::partition(id), &sort_key(question, number)).await?;
        match known.map(|item| item.asked(id, question)).transpose()? {
            None => {
                return Err(PhaseError::refused(format!("nobody asked about {} of {id}", question.name())));
            }
            Some(Asked { answer: Some(known), .. }) if known.decision == answer.decision => return Ok(()),
            Some(Asked { answer: Some(known), .. }) => {
                return Err(PhaseError::conflict(format!("{} by {} at {}", known.decision.name(), known.by, known.at)));
            }
            Some(_) => {}
        }
        let owner = meta.owner();
        let change = TransactWriteItem::builder().update(update).build();
        let evidence = json!({ "question": question.name(), "number": number, "answer": answer });
        ledger.write(id, owner, ("answered", evidence), &[change], MetaChange::default()).await
    }

    async fn speak(
        &self,
        id: &MigrationId,
        (question, number): (Question, u32),
        voice: &Answer,
    ) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let meta = ledger.get(&Ledger::partition(id), "META").await?;
        let meta = meta.ok_or_else(|| PhaseError::refused(format!("the ledger has no migration {id}")))?.meta(id)?;
        if ledger.get(&Ledger::partition(id), &sort_key(question, number)).await?.is_none() {
            return Err(PhaseError::refused(format!("nobody asked about {} of {id}", question.name())));
        }
        let written = serde_json::to_string(voice).map_err(|error| PhaseError::refused(error.to_string()))?;
        let put = Put::builder()
            .table_name(&ledger.table)
            .item("pk", text(Ledger::partition(id)))
            .item("sk", text(format!("{}{}", voices_of(question, number), sha256_hex(voice.person().as_bytes()))))
            .item("schema", super::number(SCHEMA))
            .item("voice", text(&written))
            .build()
            .map_err(incomplete)?;
        let change = TransactWriteItem::builder().put(put).build();
        let evidence = json!({ "question": question.name(), "number": number, "answer": voice });
        ledger.write(id, meta.owner(), ("one of several said yes", evidence), &[change], MetaChange::default()).await
    }

    async fn voices(&self, id: &MigrationId, (question, number): (Question, u32)) -> Result<Vec<Answer>, PhaseError> {
        let prefix = voices_of(question, number);
        let items = self.ledger()?.between(&Ledger::partition(id), &prefix, &format!("{prefix}g")).await?;
        let mut voices = items.iter().map(|item| item.json::<Answer>("voice")).collect::<Result<Vec<_>, _>>()?;
        voices.sort_by_key(|voice| voice.at);
        Ok(voices)
    }

    async fn count_try(&self, id: &MigrationId, tried: Tried, window: i64, most: u32) -> Result<bool, PhaseError> {
        let ledger = self.ledger()?;
        // A question has its item; the tries of deeds have one of their own, and not META, which every phase writes.
        let (sort_key, exists) = match tried {
            Tried::Answer(question, number) => (sort_key(question, number), "attribute_exists(pk) AND "),
            Tried::Deed => ("TRIES#deed".to_owned(), ""),
        };
        let key = (Ledger::partition(id), sort_key);
        // One more in this window; else the first in it; else one more in what somebody else has just begun.
        let more = ("SET tries = tries + :one", "triesWindow = :window AND tries < :most");
        let first = format!("{exists}(attribute_not_exists(triesWindow) OR triesWindow < :window)");
        let first = ("SET tries = :one, triesWindow = :window", first.as_str());
        for (assignment, condition) in [more, first, more] {
            let update = aws_sdk_dynamodb::types::Update::builder()
                .table_name(&ledger.table)
                .key("pk", text(&key.0))
                .key("sk", text(&key.1))
                .update_expression(assignment)
                .condition_expression(condition)
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":window", number(window));
            let update = if condition.contains(":most") {
                update.expression_attribute_values(":most", number(most))
            } else {
                update
            };
            let update = update.build().map_err(incomplete)?;
            if ledger.unaudited(TransactWriteItem::builder().update(update).build()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn watchers(&self, alarm_arn: &str) -> Result<Vec<MigrationId>, PhaseError> {
        let items = self.ledger()?.between(&format!("ALARM#{alarm_arn}"), "MIGRATION#", "MIGRATION$").await?;
        Ok(items
            .iter()
            .filter_map(|item| item.maybe("sk").and_then(|sk| sk.strip_prefix("MIGRATION#")))
            .map(MigrationId::new)
            .collect())
    }

    async fn watch(&self, migration: &Migration, alarm_arns: &[String]) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        for arn in alarm_arns {
            ledger
                .client
                .put_item()
                .table_name(&ledger.table)
                .item("pk", text(format!("ALARM#{arn}")))
                .item("sk", text(Ledger::partition(&migration.id)))
                .item("schema", number(SCHEMA))
                .item("expiresAt", number(migration.input.longest_total().after(jiff::Timestamp::now()).as_second()))
                .send()
                .await
                .map_err(|error| phase_error("watching an alarm", &error))?;
        }
        Ok(())
    }

    async fn unwatch(&self, id: &MigrationId, alarm_arns: &[String]) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        for arn in alarm_arns {
            ledger
                .client
                .delete_item()
                .table_name(&ledger.table)
                .key("pk", text(format!("ALARM#{arn}")))
                .key("sk", text(Ledger::partition(id)))
                .send()
                .await
                .map_err(|error| phase_error("ending the watch of an alarm", &error))?;
        }
        Ok(())
    }
}
