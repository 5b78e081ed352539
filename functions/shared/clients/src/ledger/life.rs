//! META and PLAN items: the life of a migration.

use super::{Cancellation, Item, Ledger, MetaChange, SCHEMA, incomplete, locks::locks, number, text};
use crate::{Account, error::phase_error};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{
    Condition, Direction, Input, Migration, MigrationId, PhaseError, Problem, Refusal,
    ports::{
        Migrations,
        migrations::{Life, Meta, Opening},
    },
};
use serde_json::{Value, json};

/// Characters of the plan in one item: DynamoDB takes 400 KB
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>), a character up to 4 bytes.
const PART: usize = 90_000;

/// What the keys of a plan's parts begin with.
pub(super) fn parts_of(digest: &str) -> String {
    format!("PLAN#{digest}#")
}

impl Ledger {
    pub(super) fn put(&self, pk: &str, sk: &str) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.table).item("pk", text(pk)).item("sk", text(sk)).item("schema", number(SCHEMA))
    }

    /// META as it begins, with the first EVENT of the audit.
    fn begin(
        &self,
        id: &MigrationId,
        life: Life,
        fields: &[(&str, Value)],
        what: &str,
        evidence: &Value,
    ) -> Result<Vec<TransactWriteItem>, PhaseError> {
        let pk = Self::partition(id);
        let mut meta = self
            .put(&pk, "META")
            .item("name", text(id.name()))
            .item("life", text(life.name()))
            .item("direction", text(Direction::Converge.to_string()))
            .item("fence", number(1))
            .item("seq", number(1))
            .item("openedAt", text(jiff::Timestamp::now().to_string()))
            .condition_expression("attribute_not_exists(pk)");
        for (name, value) in fields {
            meta = meta.item(*name, text(value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)));
        }
        Ok(vec![
            TransactWriteItem::builder().put(meta.build().map_err(incomplete)?).build(),
            self.event(&pk, 1, what, evidence)?,
        ])
    }

    /// One transaction; whether it was written (false where a condition failed).
    async fn transact(&self, items: Vec<TransactWriteItem>, context: &str) -> Result<bool, PhaseError> {
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(true),
            // Every condition here is the change's own: META and locks that must not be there yet.
            Err(error) => match Cancellation::of(&error, usize::MAX) {
                Some(Cancellation::Unmet) => Ok(false),
                Some(Cancellation::Collided) => {
                    Err(PhaseError::unavailable(format!("{context}: another write was under way")))
                }
                Some(Cancellation::Throttled) => Err(super::throttled(context)),
                None => Err(phase_error(context, &error)),
            },
        }
    }

    /// Moves a migration from one life to the next, with `changes` in the same transaction.
    async fn change_life(
        &self,
        migration: &Migration,
        (from, to): (Life, Life),
        outcome: Option<&str>,
        changes: &[TransactWriteItem],
    ) -> Result<(), PhaseError> {
        let mut meta = MetaChange {
            from: Some(from),
            assignments: ", life = :life".to_owned(),
            values: vec![(":life", text(to.name()))],
        };
        if let Some(outcome) = outcome {
            meta.assignments.push_str(", outcome = :outcome, endedAt = :ended");
            meta.values.push((":outcome", text(outcome)));
            meta.values.push((":ended", text(jiff::Timestamp::now().to_string())));
        }
        let owner = migration.owner();
        let event = (to.name(), json!({ "outcome": outcome }));
        self.write(&migration.id, owner, event, changes, meta).await
    }

    async fn required(&self, id: &MigrationId) -> Result<Meta, PhaseError> {
        let item: Option<Item> = self.get(&Self::partition(id), "META").await?;
        item.ok_or_else(|| PhaseError::refused(format!("the ledger has no migration {id}")))?.meta(id)
    }
}

impl Migrations for Account {
    async fn meta(&self, id: &MigrationId) -> Result<Option<Meta>, PhaseError> {
        let item = self.ledger()?.get(&Ledger::partition(id), "META").await?;
        item.map(|item| item.meta(id)).transpose()
    }

    async fn metas(&self, ids: &[MigrationId]) -> Result<Vec<Option<Meta>>, PhaseError> {
        self.ledger()?.metas(ids).await
    }

    async fn load(&self, id: &MigrationId, deadline: jiff::Timestamp) -> Result<(Meta, Migration), PhaseError> {
        self.loaded(id, deadline).await
    }

    async fn open(&self, opening: &Opening) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let Opening { id, input, plan } = opening;
        if self.meta(id).await?.is_some() {
            return Ok(());
        }
        let unwritable = |error| PhaseError::refused(format!("the plan cannot be written: {error}"));
        let text_of_plan = serde_json::to_string(plan).map_err(unwritable)?;
        let digest = plan.digest();
        let characters: Vec<char> = text_of_plan.chars().collect();
        for (index, part) in characters.chunks(PART).enumerate() {
            // Before META, whose digest makes them count: parts of another plan, which a crash left, never do.
            let put = ledger
                .put(&Ledger::partition(id), &format!("{}{index:04}", parts_of(&digest)))
                .item("part", text(part.iter().collect::<String>()))
                .build()
                .map_err(incomplete)?;
            ledger.transact(vec![TransactWriteItem::builder().put(put).build()], "writing the plan").await?;
        }
        let life = if input.dry_run { Life::Ended } else { Life::Open };
        let input_text = serde_json::to_string(input).map_err(unwritable)?;
        let mut fields = vec![("input", json!(input_text)), ("digest", json!(digest))];
        if input.dry_run {
            fields.push(("outcome", json!("Planned")));
        }
        let mut items =
            ledger.begin(id, life, &fields, "opened", &json!({ "digest": digest, "dryRun": input.dry_run }))?;
        if !input.dry_run {
            for (key, _) in locks(input) {
                items.push(ledger.lock(&key, id, input)?);
            }
        }
        if ledger.transact(items, "opening the migration").await? || self.meta(id).await?.is_some() {
            return Ok(());
        }
        let holders = ledger.lock_holders(id, input).await?;
        Err(PhaseError::conflict(Problem::list(&holders)))
    }

    async fn refuse(&self, id: &MigrationId, input: &Value, refusal: &Refusal) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let evidence = json!({ "condition": refusal.condition, "problems": refusal.problems });
        let fields = [
            ("input", json!(input.to_string())),
            ("outcome", json!("Refused")),
            ("refusal", json!(evidence.to_string())),
        ];
        let items = ledger.begin(id, Life::Ended, &fields, "refused", &evidence)?;
        ledger.transact(items, "keeping the refusal").await.map(|_| ())
    }

    async fn lock_holders(&self, id: &MigrationId, input: &Input) -> Result<Vec<Problem>, PhaseError> {
        self.ledger()?.lock_holders(id, input).await
    }

    async fn keep_locks(&self, migration: &Migration) -> Result<(), PhaseError> {
        self.ledger()?.keep_locks(migration).await
    }

    async fn turn_back(&self, id: &MigrationId) -> Result<Meta, PhaseError> {
        let ledger = self.ledger()?;
        let meta = ledger.required(id).await?;
        if let Some(known) = turned(&meta) {
            return known.map(|()| meta);
        }
        let owner = meta.owner();
        let change = MetaChange {
            from: Some(meta.life),
            assignments: ", direction = :undo, fence = :raised".to_owned(),
            values: vec![(":undo", text(Direction::Undo.to_string())), (":raised", number(meta.fence + 1))],
        };
        let event = ("turned back", json!({ "from": meta.life.name() }));
        match ledger.write(id, owner, event, &[], change).await {
            // Another way back, the end of the bake or a cleanup was faster.
            Err(error) if matches!(error.condition, Condition::Conflict | Condition::TurnedBack) => {
                let meta = ledger.required(id).await?;
                match turned(&meta) {
                    Some(known) => known.map(|()| meta),
                    None => {
                        Err(PhaseError::unavailable(format!("turning {id} back: its life changed at the same time")))
                    }
                }
            }
            Err(error) => Err(error),
            Ok(()) => ledger.required(id).await,
        }
    }

    async fn pass_bake(&self, migration: &Migration) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        match ledger.required(&migration.id).await?.life {
            Life::Open => ledger.change_life(migration, (Life::Open, Life::Baked), None, &[]).await,
            Life::Baked | Life::Promoted | Life::CleaningUp => Ok(()),
            Life::Ended => Err(PhaseError::refused("the migration is over: its bake cannot end well any more")),
        }
    }

    async fn promote(&self, migration: &Migration) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        match ledger.required(&migration.id).await?.life {
            Life::Baked => ledger.change_life(migration, (Life::Baked, Life::Promoted), None, &[]).await,
            Life::Promoted | Life::CleaningUp => Ok(()),
            life => Err(PhaseError::refused(format!(
                "the migration is {}, expected baked: it is promoted only after a bake that ended well",
                life.name()
            ))),
        }
    }

    async fn begin_cleanup(&self, migration: &Migration) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        match ledger.required(&migration.id).await?.life {
            Life::CleaningUp => Ok(()),
            Life::Promoted => ledger.change_life(migration, (Life::Promoted, Life::CleaningUp), None, &[]).await,
            life => Err(PhaseError::refused(format!(
                "the migration is {}, expected promoted: only after a bake that ended well is blue ever deleted",
                life.name()
            ))),
        }
    }

    async fn end(&self, migration: &Migration, outcome: &str) -> Result<(), PhaseError> {
        let ledger = self.ledger()?;
        let life = ledger.required(&migration.id).await?.life;
        if life == Life::Ended {
            return Ok(());
        }
        // In one transaction: a migration that has ended holds no lock, whenever this is interrupted.
        let mut unlocked = Vec::new();
        for (key, _) in locks(&migration.input) {
            unlocked.extend(ledger.unlock(&key, &migration.id).await?);
        }
        ledger.change_life(migration, (life, Life::Ended), Some(outcome), &unlocked).await
    }
}

/// Whether a migration needs no turning, or cannot be turned; nothing where it is to be turned now.
fn turned(meta: &Meta) -> Option<Result<(), PhaseError>> {
    match (meta.life, meta.direction) {
        (Life::Ended, _) | (_, Direction::Undo) => Some(Ok(())),
        (Life::CleaningUp, Direction::Converge) => Some(Err(PhaseError::refused(
            "the cleanup of blue has started: there is no way back any more; green serves. Build a new cluster with \
             another migration if green must go",
        ))),
        (Life::Open | Life::Baked | Life::Promoted, Direction::Converge) => None,
    }
}
