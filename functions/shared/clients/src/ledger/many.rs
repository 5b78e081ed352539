//! META of many migrations in one call
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).

use super::{Item, Ledger, text};
use crate::error::phase_error;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::{MigrationId, PhaseError, ports::migrations::Meta};
use std::{collections::HashMap, time::Duration};

/// How often what DynamoDB left out of an answer is asked for again.
const TRIES: u64 = 5;

/// What [`Meta`] is made of: not the input, which may be large. Some of the names are words of DynamoDB's own.
const FIELDS: [&str; 11] =
    ["pk", "sk", "schema", "life", "direction", "fence", "outcome", "refusal", "digest", "seq", "openedAt"];

impl Ledger {
    /// META of these migrations, in their order; nothing for those that the ledger does not know.
    ///
    /// # Errors
    /// `Unavailable` where DynamoDB keeps leaving some out.
    pub(super) async fn metas(&self, ids: &[MigrationId]) -> Result<Vec<Option<Meta>>, PhaseError> {
        let mut found = HashMap::new();
        let mut missing = if ids.is_empty() { None } else { Some(question(ids)?) };
        for attempt in 0..TRIES {
            let Some(question) = missing.take() else { break };
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            let answer = self.client.batch_get_item().request_items(&self.table, question).send().await;
            let mut answer = answer.map_err(|error| phase_error("reading the ledger", &error))?;
            let items = answer.responses.as_mut().and_then(|tables| tables.remove(&self.table)).unwrap_or_default();
            for item in items {
                let item = Item::known(item)?;
                found.insert(item.text("pk")?.to_owned(), item);
            }
            missing = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        }
        if missing.is_some() {
            return Err(PhaseError::unavailable(format!("reading the ledger: DynamoDB left items out {TRIES} times")));
        }
        let meta = |id: &MigrationId| found.get(&Self::partition(id)).map(|item: &Item| item.meta(id)).transpose();
        ids.iter().map(meta).collect()
    }
}

fn question(ids: &[MigrationId]) -> Result<KeysAndAttributes, PhaseError> {
    let names = (0..FIELDS.len()).map(|index| format!("#f{index}"));
    let mut question = KeysAndAttributes::builder()
        .consistent_read(true)
        .projection_expression(names.clone().collect::<Vec<_>>().join(", "))
        .set_expression_attribute_names(Some(names.zip(FIELDS.map(str::to_owned)).collect()));
    for id in ids {
        let key = HashMap::from([("pk".to_owned(), text(Ledger::partition(id))), ("sk".to_owned(), text("META"))]);
        question = question.keys(key);
    }
    question.build().map_err(super::incomplete)
}
