//! LOCK items: one migration per cluster and stage at a time.

use super::{Ledger, MetaChange, incomplete, number, text};
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use domain::{Condition, Input, Migration, MigrationId, PhaseError, Problem};
use serde_json::json;

/// What a migration locks, with the JSON path of the field that names it.
pub(super) fn locks(input: &Input) -> Vec<(String, String)> {
    let stages = input
        .gateway
        .placed()
        .map(|(path, gateway)| (format!("LOCK#STAGE#{}#{}", gateway.api_id(), gateway.stage), format!("{path}.stage")));
    let clusters = [
        (format!("LOCK#CLUSTER#{}", input.blue.cluster), "$.blue.cluster".to_owned()),
        (format!("LOCK#CLUSTER#{}", input.green.cluster), "$.green.cluster".to_owned()),
    ];
    clusters.into_iter().chain(stages).collect()
}

impl Ledger {
    /// A lock, where nobody holds it or its holder's time has passed.
    pub(super) fn lock(&self, key: &str, id: &MigrationId, input: &Input) -> Result<TransactWriteItem, PhaseError> {
        let now = jiff::Timestamp::now();
        let until = input.longest_total().after(now);
        let put = self
            .put(key, "LOCK")
            .item("owner", text(id.as_str()))
            .item("fence", number(1))
            .item("until", number(until.as_second()))
            .item("expiresAt", number(until.as_second()))
            .condition_expression("attribute_not_exists(pk) OR #owner = :owner OR #until < :now")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":owner", text(id.as_str()))
            .expression_attribute_values(":now", number(now.as_second()));
        Ok(TransactWriteItem::builder().put(put.build().map_err(incomplete)?).build())
    }

    /// What ends a lock, where this migration holds it.
    pub(super) async fn unlock(&self, key: &str, id: &MigrationId) -> Result<Option<TransactWriteItem>, PhaseError> {
        let lock = self.get(key, "LOCK").await?;
        if lock.is_none_or(|lock| lock.maybe("owner") != Some(id.as_str())) {
            return Ok(None);
        }
        let delete = Delete::builder()
            .table_name(&self.table)
            .key("pk", text(key))
            .key("sk", text("LOCK"))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(id.as_str()))
            .build()
            .map_err(incomplete)?;
        Ok(Some(TransactWriteItem::builder().delete(delete).build()))
    }

    /// Who else holds the locks that an input needs.
    pub(super) async fn lock_holders(&self, id: &MigrationId, input: &Input) -> Result<Vec<Problem>, PhaseError> {
        let mut problems = Vec::new();
        for (key, path) in locks(input) {
            let Some(lock) = self.get(&key, "LOCK").await? else {
                continue;
            };
            let (owner, until) = (lock.text("owner")?, lock.number("until")?);
            let now = jiff::Timestamp::now().as_second();
            if owner != id.as_str() && i64::try_from(until).is_ok_and(|until| until >= now) {
                problems.push(Problem::new(
                    path,
                    format!("the migration {owner} holds it; wait for its end, or start the rollback machine for it"),
                ));
            }
        }
        Ok(problems)
    }

    /// Takes those locks again that do not last for a cleanup which begins now.
    pub(super) async fn keep_locks(&self, migration: &Migration) -> Result<(), PhaseError> {
        let Migration { id, input, .. } = migration;
        let needed = input.longest_cleanup().after(jiff::Timestamp::now()).as_second();
        let mut taken = Vec::new();
        for (key, _) in locks(input) {
            let lock = self.get(&key, "LOCK").await?;
            let own = lock.filter(|lock| lock.maybe("owner") == Some(id.as_str()));
            let until = own.map(|lock| lock.number("until")).transpose()?;
            if until.is_none_or(|until| i64::try_from(until).is_ok_and(|until| until < needed)) {
                taken.push(self.lock(&key, id, input)?);
            }
        }
        if taken.is_empty() {
            return Ok(());
        }
        let event = ("kept the locks", json!({ "locks": taken.len() }));
        match self.write(id, migration.owner(), event, &taken, MetaChange::default()).await {
            Err(error) if error.condition == Condition::Conflict => {
                let holders = self.lock_holders(id, input).await?;
                Err(if holders.is_empty() { error } else { PhaseError::conflict(Problem::list(&holders)) })
            }
            written => written,
        }
    }
}
