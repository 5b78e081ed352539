//! RESOURCE and EVENT items: what phases write.

use super::{Item, Ledger, MetaChange, SCHEMA, incomplete, number, text};
use crate::Account;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::{Entry, Migration, PhaseError, Progress, ResourceKey, Status, ports};
use serde_json::{Value, json};

fn sort_key(which: Progress) -> String {
    format!("PHASE#{}", which.name())
}

impl Item {
    pub(super) fn entry(&self) -> Result<Entry, PhaseError> {
        let status = self.text("status")?;
        let status =
            status.parse().map_err(|_| PhaseError::refused(format!("the ledger has an entry of status {status:?}")))?;
        Ok(Entry {
            key: self.text("sk")?.parse().map_err(PhaseError::refused)?,
            status,
            id: self.maybe("id").map(ToOwned::to_owned),
            detail: self.json("detail")?,
        })
    }
}

impl Ledger {
    fn put_entry(&self, pk: &str, entry: &Entry) -> Result<TransactWriteItem, PhaseError> {
        let put = Put::builder()
            .table_name(&self.table)
            .item("pk", text(pk))
            .item("sk", text(entry.key.to_string()))
            .item("schema", number(SCHEMA))
            .item("status", text(entry.status.name()))
            .item("detail", text(entry.detail.to_string()));
        let put = match &entry.id {
            Some(id) => put.item("id", text(id)),
            None => put,
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(incomplete)?).build())
    }

    async fn write_entry(&self, migration: &Migration, entry: &Entry) -> Result<(), PhaseError> {
        let change = self.put_entry(&Self::partition(&migration.id), entry)?;
        let evidence = json!({ "key": entry.key.to_string(), "id": entry.id, "detail": entry.detail });
        self.write(&migration.id, migration.owner(), (entry.status.name(), evidence), &[change], MetaChange::default())
            .await
    }
}

impl ports::Ledger for Account {
    async fn entry(&self, migration: &Migration, key: &ResourceKey) -> Result<Option<Entry>, PhaseError> {
        let item = self.ledger()?.get(&Ledger::partition(&migration.id), &key.to_string()).await?;
        item.map(|item| item.entry()).transpose()
    }

    async fn entries(&self, migration: &Migration) -> Result<Vec<Entry>, PhaseError> {
        // '$' is the character after '#', so this is every key that begins with "RESOURCE#".
        let items = self.ledger()?.between(&Ledger::partition(&migration.id), "RESOURCE#", "RESOURCE$").await?;
        items.iter().map(Item::entry).collect()
    }

    async fn intend(&self, migration: &Migration, key: &ResourceKey, detail: Value) -> Result<(), PhaseError> {
        match self.entry(migration, key).await? {
            Some(entry) if entry.is_live() => Ok(()),
            _ => {
                let entry = Entry { key: key.clone(), status: Status::Intended, id: None, detail };
                self.ledger()?.write_entry(migration, &entry).await
            }
        }
    }

    async fn present(&self, migration: &Migration, key: &ResourceKey, id: &str) -> Result<(), PhaseError> {
        let Some(entry) = self.entry(migration, key).await? else {
            return Err(PhaseError::conflict(format!("{key} was created without an intent in the ledger")));
        };
        if entry.status == Status::Present && entry.id.as_deref() == Some(id) {
            return Ok(());
        }
        let entry = Entry { status: Status::Present, id: Some(id.to_owned()), ..entry };
        self.ledger()?.write_entry(migration, &entry).await
    }

    async fn absent(&self, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
        match self.entry(migration, key).await? {
            Some(entry) if entry.is_live() => {
                let entry = Entry { status: Status::Absent, ..entry };
                self.ledger()?.write_entry(migration, &entry).await
            }
            _ => Ok(()),
        }
    }

    async fn record(&self, migration: &Migration, what: &str, evidence: Value) -> Result<(), PhaseError> {
        self.ledger()?.write(&migration.id, migration.owner(), (what, evidence), &[], MetaChange::default()).await
    }

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        let item = self.ledger()?.get(&Ledger::partition(&migration.id), &sort_key(which)).await?;
        match item {
            Some(item) if item.maybe("progress").is_some() => item.json("progress").map(Some),
            _ => Ok(None),
        }
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let update = Update::builder()
            .table_name(&ledger.table)
            .key("pk", text(Ledger::partition(&migration.id)))
            .key("sk", text(sort_key(which)))
            .update_expression("SET progress = :progress")
            .expression_attribute_values(":progress", text(progress.to_string()))
            .build()
            .map_err(incomplete)?;
        let change = TransactWriteItem::builder().update(update).build();
        let event = (format!("progress of {}", which.name()), progress);
        ledger.write(&migration.id, migration.owner(), (&event.0, event.1), &[change], MetaChange::default()).await
    }
}
