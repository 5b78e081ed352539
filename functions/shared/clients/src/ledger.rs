//! The ledger on DynamoDB: one table, keys `pk` and `sk`
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>).
//!
//! Every write is one transaction that appends an EVENT, counts META's `seq` up and checks its direction and fence. The
//! counter makes writers of one migration collide; the loser reads META again and tries again.

mod approvals;
mod audit;
mod cancellation;
mod entries;
mod item;
mod lease;
mod life;
mod load;
mod locks;
mod many;
#[cfg(test)]
mod tests;

use crate::{Account, error::phase_error};
use aws_sdk_dynamodb::{
    Client,
    types::{Put, TransactWriteItem, Update},
};
use cancellation::Cancellation;
use domain::{MigrationId, Owner, PhaseError, ports::migrations::Life};
use item::{Item, number, text};
use serde_json::Value;
use std::time::Duration;

/// How often a write that lost against another writer of the same migration is tried again.
const COLLISIONS: u64 = 25;

/// The version of the items' form.
const SCHEMA: u64 = 1;

impl Account {
    fn ledger(&self) -> Result<Ledger, PhaseError> {
        Ok(Ledger {
            client: Client::new(self.config()),
            table: self.setting("BASCULE_LEDGER_TABLE")?.to_owned(),
            function: self.optional_setting("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default().to_owned(),
        })
    }
}

struct Ledger {
    client: Client,
    table: String,
    /// Who writes, for the audit.
    function: String,
}

/// Bytes of evidence that go into an event: EventBridge takes entries of 256 KB
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html>).
const LARGEST_EVIDENCE: usize = 100_000;

/// Whether an entry of the audit becomes an event: the pipe of infra/template.yaml takes those that name their migration. What a phase
/// saves for itself is nobody else's business.
fn is_told(what: &str, evidence: &str) -> bool {
    !what.starts_with("progress of ") && evidence.len() <= LARGEST_EVIDENCE
}

impl Ledger {
    fn partition(id: &MigrationId) -> String {
        format!("MIGRATION#{id}")
    }

    async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, PhaseError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| phase_error("reading the ledger", &error))?;
        answer.item.map(Item::known).transpose()
    }

    /// Every item of the partition with a sort key between the two, inclusive.
    async fn between(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Item>, PhaseError> {
        let pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading the ledger", &error))?;
        pages.into_iter().map(Item::known).collect()
    }

    /// One audited write: `changes`, the EVENT and META's counter, all or nothing. `meta` extends the update of META:
    /// an update expression's further assignments and their values.
    async fn write(
        &self,
        id: &MigrationId,
        owner: Owner,
        event: (&str, Value),
        changes: &[TransactWriteItem],
        meta: MetaChange,
    ) -> Result<(), PhaseError> {
        let pk = Self::partition(id);
        for attempt in 0..COLLISIONS {
            let found = self.get(&pk, "META").await?.ok_or_else(|| {
                PhaseError::refused(format!(
                    "the ledger has no migration {id}; was it started by the migrate state machine?"
                ))
            })?;
            let fence = found.number("fence")?;
            owner.owns(Owner { direction: found.direction()?, fence })?;
            if let Some(expected) = meta.from
                && found.text("life")? != expected.name()
            {
                return Err(PhaseError::conflict(format!(
                    "the migration is {} now, expected {}; nothing was written",
                    found.text("life")?,
                    expected.name()
                )));
            }
            let seq = found.number("seq")?;
            // The changes come first: the reasons of a cancelled transaction are in this order.
            let mut items = changes.to_vec();
            items.push(self.event(&pk, seq + 1, event.0, &event.1)?);
            items.push(self.count(&pk, owner, seq, &meta)?);
            match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
                Ok(_) => return Ok(()),
                Err(error) => match Cancellation::of(&error, changes.len()) {
                    // Two branches of a Parallel write to one META: step aside for a moment, each for another one.
                    Some(Cancellation::Collided) => {
                        tokio::time::sleep(Duration::from_millis(5 + (fence * 7 + seq * 13 + attempt * 11) % 40)).await;
                    }
                    Some(Cancellation::Unmet) => {
                        return Err(PhaseError::conflict(format!(
                            "{}: the ledger has something else by now; nothing was written",
                            event.0
                        )));
                    }
                    Some(Cancellation::Throttled) => return Err(throttled("writing the ledger")),
                    None => return Err(phase_error("writing the ledger", &error)),
                },
            }
        }
        Err(PhaseError::unavailable(format!("the ledger's META was written by others {COLLISIONS} times in a row")))
    }

    fn event(&self, pk: &str, seq: u64, what: &str, evidence: &Value) -> Result<TransactWriteItem, PhaseError> {
        let evidence = evidence.to_string();
        let mut put = Put::builder()
            .table_name(&self.table)
            .item("pk", text(pk))
            .item("sk", text(format!("EVENT#{seq:012}")))
            .item("schema", number(SCHEMA))
            .item("what", text(what))
            .item("at", text(jiff::Timestamp::now().to_string()))
            .item("by", text(&self.function));
        if is_told(what, &evidence) {
            put = put.item("migration", text(pk.trim_start_matches("MIGRATION#")));
        }
        let put = put.item("evidence", text(evidence)).condition_expression("attribute_not_exists(pk)");
        Ok(TransactWriteItem::builder().put(put.build().map_err(incomplete)?).build())
    }

    fn count(&self, pk: &str, owner: Owner, seq: u64, meta: &MetaChange) -> Result<TransactWriteItem, PhaseError> {
        let mut condition = "seq = :seq AND direction = :direction AND fence = :fence".to_owned();
        if meta.from.is_some() {
            condition.push_str(" AND life = :from");
        }
        let mut update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text("META"))
            .update_expression(format!("SET seq = :next{}", meta.assignments))
            .condition_expression(condition)
            .expression_attribute_values(":next", number(seq + 1))
            .expression_attribute_values(":seq", number(seq))
            .expression_attribute_values(":direction", text(owner.direction.to_string()))
            .expression_attribute_values(":fence", number(owner.fence));
        if let Some(from) = meta.from {
            update = update.expression_attribute_values(":from", text(from.name()));
        }
        for (name, value) in &meta.values {
            update = update.expression_attribute_values(*name, value.clone());
        }
        Ok(TransactWriteItem::builder().update(update.build().map_err(incomplete)?).build())
    }
}

/// Further assignments of META in the transaction of a write, each beginning with a comma.
#[derive(Debug, Default)]
struct MetaChange {
    /// The life that META must have for the write; none where the write does not depend on it.
    from: Option<Life>,
    assignments: String,
    values: Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)>,
}

fn incomplete(error: impl std::fmt::Display) -> PhaseError {
    PhaseError::refused(format!("a ledger write could not be built: {error}"))
}

fn throttled(context: &str) -> PhaseError {
    PhaseError::unavailable(format!("{context}: DynamoDB throttled the transaction"))
}
