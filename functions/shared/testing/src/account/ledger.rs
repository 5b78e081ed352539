//! The ledger's table, with the rules of the one on DynamoDB: a write is one transaction that checks direction and fence of META,
//! appends an EVENT and counts. A write with another fence or the other direction is refused.

mod approvals;
mod audit;
mod entries;
mod leases;
mod life;

use super::{Account, locked};
use domain::approval::{Answer, Asked};
pub use domain::audit::Event;
use domain::audit::Run;
use domain::ports::migrations::{Life, Meta};
use domain::{Entry, Input, Migration, MigrationId, PhaseError, Plan, Progress, ResourceKey};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it has of each migration.
    pub migrations: BTreeMap<MigrationId, Record>,
    /// LOCK items.
    pub locks: Locks,
    /// ALARM items: alarm and migration.
    pub watched: BTreeSet<(String, MigrationId)>,
}

/// LOCK items: who holds it and until when.
pub(super) type Locks = BTreeMap<String, (MigrationId, Timestamp)>;

/// The items of one migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// META.
    pub meta: Meta,
    /// What the user asked for; none where it was refused.
    pub input: Option<Input>,
    /// PLAN items, together.
    pub plan: Plan,
    /// RESOURCE items.
    pub entries: BTreeMap<ResourceKey, Entry>,
    /// The progress in PHASE items.
    pub progress: BTreeMap<Progress, Value>,
    /// The leases in PHASE items: who holds it and until when.
    pub leases: BTreeMap<String, (String, Timestamp)>,
    /// The runs in PHASE items.
    pub runs: BTreeMap<String, Run>,
    /// APPROVAL items, by question and number.
    pub approvals: BTreeMap<(&'static str, u32), Asked>,
    /// VOICE items, by question, number and person.
    pub voices: BTreeMap<(&'static str, u32, String), Answer>,
    /// Tries of the codes of APPROVAL items: the window, and how many in it.
    pub tries: BTreeMap<domain::approval::Tried, (i64, u32)>,
    /// EVENT items: the audit, in order.
    pub events: Vec<Event>,
}

impl Record {
    /// META as it is read: with the number of events.
    pub(super) fn told(&self) -> Meta {
        Meta { events: self.events.len() as u64, ..self.meta.clone() }
    }

    fn new(meta: Meta, input: Option<Input>, plan: Plan) -> Self {
        Self {
            meta,
            input,
            plan,
            entries: BTreeMap::new(),
            progress: BTreeMap::new(),
            leases: BTreeMap::new(),
            runs: BTreeMap::new(),
            approvals: BTreeMap::new(),
            voices: BTreeMap::new(),
            tries: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// The last question of this name, such as `cleanup`.
    #[must_use]
    pub fn last_question(&self, name: &str) -> Option<&Asked> {
        self.approvals.values().rfind(|asked| asked.question.name() == name)
    }

    fn append(&mut self, what: &str, evidence: Value, at: Timestamp, by: &str) {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Event { seq, what: what.to_owned(), evidence, at, by: by.to_owned() });
    }
}

fn unknown(id: &MigrationId) -> PhaseError {
    PhaseError::refused(format!("the ledger has no migration {id}"))
}

impl Table {
    /// What it has of a migration.
    ///
    /// # Errors
    /// `Refused` where it knows none of this id.
    pub fn record(&self, id: &MigrationId) -> Result<&Record, PhaseError> {
        self.migrations.get(id).ok_or_else(|| unknown(id))
    }

    fn record_mut(&mut self, id: &MigrationId) -> Result<&mut Record, PhaseError> {
        self.migrations.get_mut(id).ok_or_else(|| unknown(id))
    }
}

impl Account {
    /// The entries of a migration, in the order of their keys.
    #[must_use]
    pub fn entries_of(&self, migration: &Migration) -> Vec<Entry> {
        let table = self.table();
        table.record(&migration.id).map(|record| record.entries.values().cloned().collect()).unwrap_or_default()
    }

    /// The audit of a migration.
    #[must_use]
    pub fn events_of(&self, migration: &Migration) -> Vec<Event> {
        self.table().record(&migration.id).map(|record| record.events.clone()).unwrap_or_default()
    }

    /// What a phase saved of its progress; `null` where it saved nothing.
    #[must_use]
    pub fn progress_of(&self, migration: &Migration, which: Progress) -> Value {
        let table = self.table();
        let progress = table.record(&migration.id).ok().and_then(|record| record.progress.get(&which).cloned());
        progress.unwrap_or_default()
    }

    /// The last question of a migration of this name, such as `bake`.
    #[must_use]
    pub fn question(&self, migration: &Migration, name: &str) -> Option<Asked> {
        self.table().record(&migration.id).ok()?.last_question(name).cloned()
    }

    /// Opens a migration of this plan and input, as preflight does, without a call.
    pub fn enter(&self, migration: &Migration) {
        let now = self.aws().now();
        let meta = Meta {
            id: migration.id.clone(),
            life: Life::Open,
            direction: migration.direction,
            fence: migration.fence,
            outcome: None,
            refusal: None,
            digest: migration.plan.digest(),
            events: 0,
            opened_at: now,
        };
        let mut table = self.table();
        let record = Record::new(meta, Some(migration.input.clone()), migration.plan.clone());
        table.migrations.insert(migration.id.clone(), record);
        life::lock(&mut table, &migration.id, &migration.input, now);
    }

    /// Turns a migration back without a call, and gives it as phases of the way back are told of it.
    #[must_use]
    pub fn turned_back(&self, migration: &Migration) -> Migration {
        let now = self.aws().now();
        let meta = self.table().migrations.get_mut(&migration.id).map(|record| {
            record.turn_back(now, "");
            record.meta.clone()
        });
        let meta = meta.map(|meta| (meta.direction, meta.fence));
        let (direction, fence) = meta.unwrap_or((domain::Direction::Undo, migration.fence));
        Migration { direction, fence, ..migration.clone() }
    }

    /// Somebody turns every migration back that can be, without a call.
    pub fn turn_all_back(&self) {
        let now = self.aws().now();
        for record in self.table().migrations.values_mut() {
            if life::turned(&record.meta).is_none() {
                record.turn_back(now, "");
            }
        }
    }

    /// A call that reads.
    fn look<T>(&self, read: impl FnOnce(&Table) -> Result<T, PhaseError>) -> Result<T, PhaseError> {
        self.attempt("dynamodb:GetItem", || read(&self.table()))
    }

    /// A call that changes something beside META.
    fn alter<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&mut Table, Timestamp) -> Result<T, PhaseError>,
    ) -> Result<T, PhaseError> {
        let now = self.aws().now();
        self.attempt(operation, || change(&mut locked(&self.table), now))
    }

    /// One audited write of a migration: an event of this name and evidence, and the change.
    fn write(
        &self,
        migration: &Migration,
        what: &str,
        evidence: Value,
        change: impl FnOnce(&mut Record),
    ) -> Result<(), PhaseError> {
        self.write_in(migration, None, (what, evidence), |record, _| change(record))
    }

    /// The same where the migration is in this life, with what it does to the locks.
    fn write_in(
        &self,
        migration: &Migration,
        life: Option<Life>,
        (what, evidence): (&str, Value),
        change: impl FnOnce(&mut Record, &mut Locks),
    ) -> Result<(), PhaseError> {
        let by = self.function().name.clone();
        self.alter("dynamodb:TransactWriteItems", |table, now| {
            let record = table.migrations.get_mut(&migration.id).ok_or_else(|| unknown(&migration.id))?;
            migration.owner().owns(record.meta.owner())?;
            if life.is_some_and(|life| life != record.meta.life) {
                return Err(PhaseError::conflict(format!("the migration is {} now", record.meta.life.name())));
            }
            record.append(what, evidence, now, &by);
            change(record, &mut table.locks);
            Ok(())
        })
    }
}
