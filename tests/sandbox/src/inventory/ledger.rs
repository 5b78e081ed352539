//! Bascule's ledger, read as the DynamoDB table that it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::Result;
use crate::inventory::Resource;

/// Every name and id that the ledger's resources have, with the best status that goes with it.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    known: BTreeMap<String, BTreeSet<String>>,
}

impl Ledger {
    /// Reads all items.
    ///
    /// # Errors
    /// When DynamoDB refuses.
    pub async fn read(aws: &Aws, table: &str) -> Result<Self> {
        let mut ledger = Self::default();
        let mut start = Value::Null;
        loop {
            let mut question = json!({"TableName": table, "ConsistentRead": true});
            if !start.is_null() {
                question["ExclusiveStartKey"] = start;
            }
            let mut page = aws.json("dynamodb", "DynamoDB_20120810.Scan", &question).await?;
            for item in page["Items"].as_array().into_iter().flatten() {
                ledger.take(item);
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(ledger);
            }
        }
    }

    /// What the ledger keeps of one key, such as `MIGRATION#arn`: its items' attributes as text, by sort key.
    ///
    /// # Errors
    /// When DynamoDB refuses.
    pub async fn items(aws: &Aws, table: &str, key: &str) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
        let question = json!({
            "TableName": table,
            "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": key}},
        });
        let answer = aws.json("dynamodb", "DynamoDB_20120810.Query", &question).await?;
        let attributes = |item: &Value| -> BTreeMap<String, String> {
            let all = item.as_object().into_iter().flatten();
            all.filter_map(|(name, value)| {
                let value = value["S"].as_str().or_else(|| value["N"].as_str())?;
                Some((name.clone(), value.to_owned()))
            })
            .collect()
        };
        let items = answer["Items"].as_array().into_iter().flatten().map(attributes);
        Ok(items.map(|item| (item.get("sk").cloned().unwrap_or_default(), item)).collect())
    }

    /// A ledger for tests: ids with their status.
    #[cfg(test)]
    pub(crate) fn listing(entries: &[(&str, &str)]) -> Self {
        let mut ledger = Self::default();
        for (id, status) in entries {
            ledger.known.entry((*id).to_owned()).or_default().insert((*status).to_owned());
        }
        ledger
    }

    fn take(&mut self, item: &Value) {
        let text = |field: &str| item[field]["S"].as_str().unwrap_or_default().to_owned();
        let key = text("sk");
        let mut parts = key.splitn(4, '#');
        if parts.next() != Some("RESOURCE") {
            return;
        }
        let name = parts.nth(2).unwrap_or_default().to_owned();
        for known in [name, text("id")] {
            if !known.is_empty() {
                self.known.entry(known).or_default().insert(text("status"));
            }
        }
    }

    fn statuses(&self, resource: &Resource) -> impl Iterator<Item = &BTreeSet<String>> {
        [&resource.id, &resource.name].into_iter().filter_map(|alias| self.known.get(alias))
    }

    /// Whether the ledger says that the resource is there.
    #[must_use]
    pub fn present(&self, resource: &Resource) -> bool {
        self.statuses(resource).any(|statuses| statuses.contains("present"))
    }

    /// Whether the ledger has ever heard of it.
    #[must_use]
    pub fn mentions(&self, resource: &Resource) -> bool {
        self.statuses(resource).next().is_some()
    }
}
