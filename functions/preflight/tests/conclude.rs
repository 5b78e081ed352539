//! The end of preflight, on a ledger in memory: every reason at once, under the right name, and kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Condition, Input, Migration, MigrationId, PhaseError, Problem, Reading, Refusal,
    plan::Found,
    ports::{
        Alarms, Migrations,
        alarms::AlarmState,
        migrations::{Meta, Opening},
    },
};
use preflight::{Findings, conclude};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

/// A ledger that only preflight writes to.
#[derive(Default)]
struct Book {
    /// The answers to who holds the locks, the next one last.
    holders: Mutex<Vec<Vec<Problem>>>,
    /// Whether another migration takes a lock just before this one would.
    is_late: bool,
    opened: Mutex<Vec<Opening>>,
    refused: Mutex<Vec<(Value, Refusal)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Migrations for Book {
    async fn meta(&self, _: &MigrationId) -> Result<Option<Meta>, PhaseError> {
        Ok(None)
    }

    async fn load(&self, _: &MigrationId, _: jiff::Timestamp) -> Result<(Meta, Migration), PhaseError> {
        Err(PhaseError::refused("not preflight's"))
    }

    async fn open(&self, opening: &Opening) -> Result<(), PhaseError> {
        if self.is_late {
            return Err(PhaseError::conflict("held"));
        }
        locked(&self.opened).push(opening.clone());
        Ok(())
    }

    async fn refuse(&self, _: &MigrationId, input: &Value, refusal: &Refusal) -> Result<(), PhaseError> {
        locked(&self.refused).push((input.clone(), refusal.clone()));
        Ok(())
    }

    async fn lock_holders(&self, _: &MigrationId, _: &Input) -> Result<Vec<Problem>, PhaseError> {
        Ok(locked(&self.holders).pop().unwrap_or_default())
    }

    async fn turn_back(&self, _: &MigrationId) -> Result<Meta, PhaseError> {
        Err(PhaseError::refused("not preflight's"))
    }

    async fn promote(&self, _: &Migration) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not preflight's"))
    }

    async fn begin_cleanup(&self, _: &Migration) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not preflight's"))
    }

    async fn end(&self, _: &Migration, _: &str) -> Result<(), PhaseError> {
        Err(PhaseError::refused("not preflight's"))
    }
}

impl Alarms for Book {
    async fn states(&self, arns: &[String]) -> Result<Vec<AlarmState>, PhaseError> {
        Ok(vec![AlarmState::Alarm; arns.len()])
    }
}

fn holder() -> Problem {
    Problem::new("$.blue.cluster", "the migration first holds it")
}

fn sound() -> Value {
    json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    })
}

/// What preflight answers to an input where this was found in the account.
async fn concluded(book: &Book, written: &Value, edge: Vec<Problem>) -> Result<(), PhaseError> {
    let reading = Reading::of(written);
    let input = reading.input.clone().unwrap();
    let mut findings = Findings {
        compute: Found::new(domain::plan::compute::Compute::default()),
        edge: Found::new(domain::plan::edge::Edge::default()),
        workloads: Found::new(domain::plan::workloads::Workloads::default()),
    };
    findings.edge.problems = edge;
    let id = MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:second");
    conclude(book, &id, &reading, &input, written, findings).await.map(drop)
}

#[tokio::test]
async fn a_sound_input_for_a_sound_account_is_opened() {
    let book = Book::default();
    concluded(&book, &sound(), Vec::new()).await.unwrap();
    assert_eq!((locked(&book.opened).len(), locked(&book.refused).len()), (1, 0));
}

#[tokio::test]
async fn what_is_wrong_with_the_input_and_with_the_account_is_told_and_kept_together() {
    let mut written = sound();
    written["extra"] = json!(1);
    written["gateway"] = json!({ "restApiId": "a1b2c3d4e5" });
    written["terraform"] = json!({});
    written["bake"] = json!({ "alarms": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a"] });
    let book = Book { holders: Mutex::new(vec![vec![holder()]]), ..Book::default() };
    let edge = vec![Problem::new("$.gateway.restApiId", "no link"), Problem::new("$.gateway.stage", "no such stage")];
    let error = concluded(&book, &written, edge).await.unwrap_err();
    let (kept, refusal) = locked(&book.refused).pop().unwrap();
    assert_eq!((error.condition, &kept), (Condition::InvalidInput, &written));
    assert_eq!(error, refusal.clone().into());
    let mut paths: Vec<_> = refusal.problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        ["$.bake.alarms[0]", "$.blue.cluster", "$.extra", "$.gateway.restApiId", "$.gateway.stage", "$.terraform"],
        "the stage that is missing is told once"
    );
}

#[tokio::test]
async fn a_lock_of_another_migration_is_a_conflict_whatever_else_was_found() {
    for edge in [Vec::new(), vec![Problem::new("$.gateway.stage", "has a canary")]] {
        let book = Book { holders: Mutex::new(vec![vec![holder()]]), ..Book::default() };
        let count = 1 + edge.len();
        let error = concluded(&book, &sound(), edge).await.unwrap_err();
        let (_, refusal) = locked(&book.refused).pop().unwrap();
        assert_eq!((error.condition, refusal.problems.len()), (Condition::Conflict, count));
    }
    let book = Book::default();
    let error = concluded(&book, &sound(), vec![Problem::new("$.gateway.stage", "has a canary")]).await.unwrap_err();
    assert_eq!(error, PhaseError::refused("$.gateway.stage: has a canary"));
}

#[tokio::test]
async fn a_lock_that_is_taken_while_preflight_looks_is_a_conflict_that_is_kept_too() {
    let book = Book { holders: Mutex::new(vec![vec![holder()], Vec::new()]), is_late: true, ..Book::default() };
    let error = concluded(&book, &sound(), Vec::new()).await.unwrap_err();
    assert_eq!(error, PhaseError::conflict("$.blue.cluster: the migration first holds it"));
    assert_eq!(locked(&book.refused).pop().unwrap().1.condition, Condition::Conflict);
}

#[tokio::test]
async fn a_lock_that_is_gone_again_is_no_refusal() {
    let book = Book { is_late: true, ..Book::default() };
    let error = concluded(&book, &sound(), Vec::new()).await.unwrap_err();
    assert_eq!((error.condition, locked(&book.refused).len()), (Condition::Unavailable, 0));
}
