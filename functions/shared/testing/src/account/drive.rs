//! Runs a phase as Step Functions does: again while it is not ready or AWS does not answer, and from the start where it was killed.

use super::{Account, Aws, Fault};
use domain::{Condition, Entry, Migration, PhaseError};
use serde_json::Value;

/// More tries than any phase needs here.
const TRIES: usize = 300;

/// What is left, without times and without what has happened on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// In AWS and in the clusters.
    pub aws: Aws,
    /// In the ledger.
    pub entries: Vec<Entry>,
    /// What was created on the way, sorted.
    pub creates: Vec<String>,
}

impl Account {
    /// Runs the phase until it ends.
    ///
    /// # Errors
    /// What the phase ends with, other than `NotReady` and `Unavailable`.
    pub async fn drive<T>(
        &self,
        migration: &Migration,
        phase: impl AsyncFn(&Self, &Migration) -> Result<T, PhaseError>,
    ) -> Result<T, PhaseError> {
        let mut last = PhaseError::not_ready("never tried");
        for _ in 0..TRIES {
            self.start("phase");
            match phase(self, migration).await {
                // Whatever a dead function says nobody hears.
                _ if self.is_dead() => {}
                Err(error) if error.condition == Condition::NotReady => {
                    self.pass();
                    last = error;
                }
                Err(error) if error.condition == Condition::Unavailable => last = error,
                ended => return ended,
            }
        }
        Err(last.during(format!("not ended after {TRIES} tries")))
    }

    /// Runs the phase from `start` undisturbed and twice, and then with every fault at each of its calls in turn: what is left is
    /// the same each time, which is the answer.
    ///
    /// # Errors
    /// What the phase ends with, or `Conflict` with the call and the fault after which something else was left.
    pub async fn survives<T>(
        start: impl AsyncFn() -> (Self, Migration),
        phase: impl AsyncFn(&Self, &Migration) -> Result<T, PhaseError>,
    ) -> Result<Left, PhaseError> {
        let (account, migration) = Box::pin(start()).await;
        let before = account.calls();
        Box::pin(account.drive(&migration, &phase)).await?;
        let (expected, calls) = (account.left(&migration), account.calls() - before);
        Box::pin(account.drive(&migration, &phase)).await.map_err(|error| error.during("the second run"))?;
        same(&account.left(&migration), &expected, "the second run")?;
        for call in 1..=calls {
            for fault in [Fault::Killed, Fault::TimedOut, Fault::Throttled] {
                let (account, migration) = Box::pin(start()).await;
                account.fail_at(call, fault);
                let ended = Box::pin(account.drive(&migration, &phase)).await;
                let told = format!("{fault:?} at call {call}, {}", account.met().unwrap_or("which was never made"));
                ended.map_err(|error| error.during(&told))?;
                same(&account.left(&migration), &expected, &told)?;
            }
        }
        Ok(expected)
    }

    /// What is left once everything has ended that is under way.
    #[must_use]
    pub fn left(&self, migration: &Migration) -> Left {
        let aws = self.aws().finished();
        let entries = self.entries_of(migration).into_iter();
        let entries = entries.map(|entry| Entry { detail: timeless(entry.detail), ..entry }).collect();
        let mut creates = aws.history.creates.clone();
        creates.sort();
        Left { aws: aws.contents(), entries, creates }
    }
}

fn same(found: &Left, expected: &Left, after: &str) -> Result<(), PhaseError> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    let (mut lines, mut others): (Vec<_>, Vec<_>) = (found.lines().collect(), expected.lines().collect());
    // Only where they differ, with a few lines around.
    let alike = lines.iter().zip(&others).take_while(|(a, b)| a == b).count().saturating_sub(6);
    lines.drain(..alike);
    others.drain(..alike);
    let alike = lines.iter().rev().zip(others.iter().rev()).take_while(|(a, b)| a == b).count().saturating_sub(3);
    lines.truncate(lines.len() - alike);
    others.truncate(others.len() - alike);
    Err(PhaseError::conflict(format!("{after} left\n{}\nexpected\n{}", lines.join("\n"), others.join("\n"))))
}

/// The value with every time masked.
#[must_use]
pub fn timeless(value: Value) -> Value {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => Value::String("a time".to_owned()),
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, timeless(value))).collect(),
        other => other,
    }
}
