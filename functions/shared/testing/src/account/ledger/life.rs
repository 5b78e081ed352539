//! META, PLAN and LOCK items: the life of a migration.

use super::super::Account;
use super::{Record, Table};
use domain::ports::Migrations;
use domain::ports::migrations::{Life, Meta, Opening};
use domain::{Condition, Direction, Input, Migration, MigrationId, PhaseError, Plan, Problem, Refusal};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What a migration locks, with the JSON path of the field that names it.
fn locks(input: &Input) -> Vec<(String, String)> {
    let mut locks = vec![
        (format!("LOCK#CLUSTER#{}", input.blue.cluster), "$.blue.cluster".to_owned()),
        (format!("LOCK#CLUSTER#{}", input.green.cluster), "$.green.cluster".to_owned()),
    ];
    for (path, gateway) in input.gateway.placed() {
        locks.push((format!("LOCK#STAGE#{}#{}", gateway.api_id(), gateway.stage), format!("{path}.stage")));
    }
    locks
}

pub(super) fn lock(table: &mut Table, id: &MigrationId, input: &Input, now: Timestamp) {
    let until = input.longest_total().after(now);
    table.locks.extend(locks(input).into_iter().map(|(key, _)| (key, (id.clone(), until))));
}

/// The locks that somebody else holds, a message each.
fn holders(table: &Table, id: &MigrationId, input: &Input, now: Timestamp) -> Vec<Problem> {
    let held = locks(input).into_iter().filter_map(|(key, path)| Some((table.locks.get(&key)?, path)));
    held.filter(|((owner, until), _)| owner != id && *until >= now)
        .map(|((owner, _), path)| {
            let message =
                format!("the migration {owner} holds it; wait for its end, or start the rollback machine for it");
            Problem::new(path, message)
        })
        .collect()
}

impl Record {
    pub(super) fn turn_back(&mut self, now: Timestamp, by: &str) {
        self.append("turned back", json!({ "from": self.meta.life.name() }), now, by);
        self.meta.direction = Direction::Undo;
        self.meta.fence += 1;
    }
}

impl Account {
    fn life(&self, id: &MigrationId) -> Result<Meta, PhaseError> {
        self.look(|table| Ok(table.record(id)?.meta.clone()))
    }

    /// Moves a migration from one life to the next.
    fn change_life(&self, migration: &Migration, (from, to): (Life, Life)) -> Result<(), PhaseError> {
        let event = (to.name(), json!({ "outcome": null }));
        self.write_in(migration, Some(from), event, |record, _| record.meta.life = to)
    }

    fn begin(
        &self,
        opening: (&MigrationId, Option<Input>, Plan),
        meta: impl FnOnce(Meta) -> Meta,
        event: (&str, Value),
    ) -> Result<(), PhaseError> {
        let (id, input, plan) = opening;
        let by = self.function().name.clone();
        self.alter("dynamodb:TransactWriteItems", |table, now| {
            if table.migrations.contains_key(id) {
                return Ok(());
            }
            if let Some(input) = input.as_ref().filter(|input| !input.dry_run) {
                let held = holders(table, id, input, now);
                if !held.is_empty() {
                    return Err(PhaseError::conflict(Problem::list(&held)));
                }
                lock(table, id, input, now);
            }
            let meta = meta(Meta {
                id: id.clone(),
                life: Life::Open,
                direction: Direction::Converge,
                fence: 1,
                outcome: None,
                refusal: None,
                digest: String::new(),
                events: 0,
                opened_at: now,
            });
            let mut record = Record::new(meta, input, plan);
            record.append(event.0, event.1, now, &by);
            table.migrations.insert(id.clone(), record);
            Ok(())
        })
    }
}

/// A value as it is read back from the JSON that it is written as.
fn written<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> Result<T, PhaseError> {
    serde_json::to_value(value)
        .and_then(serde_json::from_value)
        .map_err(|error| PhaseError::refused(format!("the plan cannot be written: {error}")))
}

impl Migrations for Account {
    async fn meta(&self, id: &MigrationId) -> Result<Option<Meta>, PhaseError> {
        self.look(|table| Ok(table.migrations.get(id).map(Record::told)))
    }

    async fn metas(&self, ids: &[MigrationId]) -> Result<Vec<Option<Meta>>, PhaseError> {
        self.look(|table| Ok(ids.iter().map(|id| table.migrations.get(id).map(Record::told)).collect()))
    }

    async fn load(&self, id: &MigrationId, deadline: Timestamp) -> Result<(Meta, Migration), PhaseError> {
        self.look(|table| {
            let record = table.record(id)?;
            let input = record.input.clone();
            let migration = Migration {
                id: id.clone(),
                input: input.ok_or_else(|| PhaseError::refused("the input in the ledger: it was refused"))?,
                plan: record.plan.clone(),
                direction: record.meta.direction,
                fence: record.meta.fence,
                deadline,
                opened_at: record.meta.opened_at,
            };
            Ok((record.told(), migration))
        })
    }

    async fn open(&self, opening: &Opening) -> Result<(), PhaseError> {
        let Opening { id, input, plan } = opening;
        if self.meta(id).await?.is_some() {
            return Ok(());
        }
        let (input, plan) = (written(input)?, written(plan)?);
        let (digest, dry_run) = (plan.digest(), input.dry_run);
        let event = ("opened", json!({ "digest": digest, "dryRun": dry_run }));
        let meta = |meta| Meta {
            digest,
            life: if dry_run { Life::Ended } else { Life::Open },
            outcome: dry_run.then(|| "Planned".to_owned()),
            ..meta
        };
        self.begin((id, Some(input), plan), meta, event)
    }

    async fn refuse(&self, id: &MigrationId, _: &Value, refusal: &Refusal) -> Result<(), PhaseError> {
        let evidence = json!({ "condition": refusal.condition, "problems": refusal.problems });
        let meta = |meta| Meta {
            life: Life::Ended,
            outcome: Some("Refused".to_owned()),
            refusal: Some(refusal.clone()),
            ..meta
        };
        self.begin((id, None, Plan::default()), meta, ("refused", evidence))
    }

    async fn lock_holders(&self, id: &MigrationId, input: &Input) -> Result<Vec<Problem>, PhaseError> {
        let now = self.aws().now();
        self.look(|table| Ok(holders(table, id, input, now)))
    }

    async fn keep_locks(&self, migration: &Migration) -> Result<(), PhaseError> {
        let (id, input, now) = (&migration.id, &migration.input, self.aws().now());
        let needed = input.longest_cleanup().after(now);
        let lasting = |table: &Table| {
            let own =
                |(key, _): &(String, _)| table.locks.get(key).filter(|(owner, _)| owner == id).map(|(_, until)| *until);
            locks(input).iter().all(|lock| own(lock).is_some_and(|until| until >= needed))
        };
        if self.look(|table| Ok(lasting(table)))? {
            return Ok(());
        }
        let held = self.look(|table| Ok(holders(table, id, input, now)))?;
        if !held.is_empty() {
            return Err(PhaseError::conflict(Problem::list(&held)));
        }
        let until = input.longest_total().after(now);
        self.write_in(migration, None, ("kept the locks", json!({})), |_, all| {
            all.extend(locks(input).into_iter().map(|(key, _)| (key, (id.clone(), until))));
        })
    }

    async fn turn_back(&self, id: &MigrationId) -> Result<Meta, PhaseError> {
        let meta = self.life(id)?;
        if let Some(known) = turned(&meta) {
            return known.map(|()| meta);
        }
        let by = self.function().name.clone();
        let written = self.alter("dynamodb:TransactWriteItems", |table, now| {
            let record = table.record_mut(id)?;
            if (record.meta.direction, record.meta.fence, record.meta.life) != (meta.direction, meta.fence, meta.life) {
                return Err(PhaseError::conflict("the migration is another one now"));
            }
            record.turn_back(now, &by);
            Ok(())
        });
        match written {
            // Another way back, the end of the bake or a cleanup was faster.
            Err(error) if matches!(error.condition, Condition::Conflict | Condition::TurnedBack) => {
                let meta = self.life(id)?;
                let again = || Err(PhaseError::unavailable(format!("the life of {id} changed at the same time")));
                turned(&meta).map_or_else(again, |known| known.map(|()| meta))
            }
            Err(error) => Err(error),
            Ok(()) => self.life(id),
        }
    }

    async fn pass_bake(&self, migration: &Migration) -> Result<(), PhaseError> {
        match self.life(&migration.id)?.life {
            Life::Open => self.change_life(migration, (Life::Open, Life::Baked)),
            Life::Baked | Life::Promoted | Life::CleaningUp => Ok(()),
            Life::Ended => Err(PhaseError::refused("the migration is over: its bake cannot end well any more")),
        }
    }

    async fn promote(&self, migration: &Migration) -> Result<(), PhaseError> {
        match self.life(&migration.id)?.life {
            Life::Baked => self.change_life(migration, (Life::Baked, Life::Promoted)),
            Life::Promoted | Life::CleaningUp => Ok(()),
            life => Err(PhaseError::refused(format!(
                "the migration is {}, expected baked: it is promoted only after a bake that ended well",
                life.name()
            ))),
        }
    }

    async fn begin_cleanup(&self, migration: &Migration) -> Result<(), PhaseError> {
        match self.life(&migration.id)?.life {
            Life::CleaningUp => Ok(()),
            Life::Promoted => self.change_life(migration, (Life::Promoted, Life::CleaningUp)),
            life => Err(PhaseError::refused(format!(
                "the migration is {}, expected promoted: only after a bake that ended well is blue ever deleted",
                life.name()
            ))),
        }
    }

    async fn end(&self, migration: &Migration, outcome: &str) -> Result<(), PhaseError> {
        let life = self.life(&migration.id)?.life;
        if life == Life::Ended {
            return Ok(());
        }
        for (key, _) in locks(&migration.input) {
            self.look(|table| Ok(table.locks.get(&key).cloned()))?;
        }
        let event = (Life::Ended.name(), json!({ "outcome": outcome }));
        self.write_in(migration, Some(life), event, |record, locks| {
            record.meta.life = Life::Ended;
            record.meta.outcome = Some(outcome.to_owned());
            locks.retain(|_, (owner, _)| *owner != migration.id);
        })
    }
}

/// Whether a migration needs no turning, or cannot be turned; nothing where it is to be turned now.
pub(super) fn turned(meta: &Meta) -> Option<Result<(), PhaseError>> {
    match (meta.life, meta.direction) {
        (Life::Ended, _) | (_, Direction::Undo) => Some(Ok(())),
        (Life::CleaningUp, Direction::Converge) => {
            let why = "the cleanup of blue has started: there is no way back any more; green serves";
            Some(Err(PhaseError::refused(why)))
        }
        (Life::Open | Life::Baked | Life::Promoted, Direction::Converge) => None,
    }
}
