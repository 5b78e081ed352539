//! What every reconciler does with a resource: make it exist and known to the ledger, make it absent again, and wait for
//! several of them side by side.

use crate::{Condition, Kind, Migration, PhaseError, ResourceKey, Side, Status, ports::Ledger};
use serde_json::Value;
use std::future::Future;

/// Makes the thing at `key` exist, and gives its id.
///
/// Looks first (`find` must see only what carries this migration's name or tags, so that a create whose answer was lost
/// is found again), writes the intent before `create`, and the id after it. Running it again changes nothing.
///
/// # Errors
/// Whatever the ledger, `find` or `create` answer.
pub async fn ensure<L, F, C>(
    ledger: &L,
    migration: &Migration,
    key: &ResourceKey,
    detail: Value,
    find: impl FnOnce() -> F,
    create: impl FnOnce() -> C,
) -> Result<String, PhaseError>
where
    L: Ledger,
    F: Future<Output = Result<Option<String>, PhaseError>>,
    C: Future<Output = Result<String, PhaseError>>,
{
    let entry = ledger.entry(migration, key).await?;
    let known = entry.as_ref().is_some_and(|entry| entry.is_live());
    if known && let Some(id) = find().await? {
        let recorded = entry.is_some_and(|entry| entry.status == Status::Present && entry.id.as_deref() == Some(&id));
        if !recorded {
            ledger.present(migration, key, &id).await?;
        }
        return Ok(id);
    }
    if !known {
        ledger.intend(migration, key, detail).await?;
    }
    let id = create().await?;
    ledger.present(migration, key, &id).await?;
    Ok(id)
}

/// Makes the thing at `key` absent, where the ledger says that Bascule created it: what the ledger does not know is
/// never touched. `delete` is asked for until `find` no longer sees the thing; meanwhile the answer is `NotReady`.
///
/// # Errors
/// `NotReady` while AWS is still deleting; whatever the ledger, `find` or `delete` answer.
pub async fn ensure_absent<L, F, D>(
    ledger: &L,
    migration: &Migration,
    key: &ResourceKey,
    find: impl Fn() -> F,
    delete: impl FnOnce(String) -> D,
) -> Result<(), PhaseError>
where
    L: Ledger,
    F: Future<Output = Result<Option<String>, PhaseError>>,
    D: Future<Output = Result<(), PhaseError>>,
{
    let known = ledger.live(migration, key).await?.is_some();
    if !known {
        return Ok(());
    }
    if let Some(id) = find().await? {
        delete(id.clone()).await?;
        if find().await?.is_some() {
            return Err(PhaseError::not_ready(format!("deleting {} {} ({id})", key.side, key.kind)));
        }
    }
    ledger.absent(migration, key).await
}

/// Marks absent what AWS deleted together with a resource of this side and kind: see [`Kind::goes_with`].
///
/// # Errors
/// Those of the ledger only.
pub async fn gone_with<L: Ledger>(ledger: &L, migration: &Migration, side: Side, kind: Kind) -> Result<(), PhaseError> {
    for entry in ledger.entries(migration).await? {
        if entry.key.side == side && entry.key.kind.goes_with() == Some(kind) && entry.is_live() {
            ledger.absent(migration, &entry.key).await?;
        }
    }
    Ok(())
}

/// Several resources side by side: those that are waited for do not hold the others up.
#[derive(Debug, Default)]
pub struct Waiting(Vec<String>);

impl Waiting {
    /// Takes the result for one resource; any error but `NotReady` ends the step.
    ///
    /// # Errors
    /// The result's own, unless it is `NotReady`.
    pub fn take(&mut self, result: Result<(), PhaseError>) -> Result<(), PhaseError> {
        match result {
            Err(error) if error.condition == Condition::NotReady => {
                self.0.push(error.message);
                Ok(())
            }
            result => result,
        }
    }

    /// Ends well where nothing is waited for.
    ///
    /// # Errors
    /// `NotReady` with what is.
    pub fn finish(self) -> Result<(), PhaseError> {
        if self.0.is_empty() { Ok(()) } else { Err(PhaseError::not_ready(self.0.join("; "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told_together_and_any_other_error_at_once() {
        let mut waiting = Waiting::default();
        let denied = PhaseError::denied("no");
        assert_eq!(waiting.take(Err(PhaseError::not_ready("a is DELETING"))), Ok(()));
        assert_eq!(waiting.take(Err(denied.clone())), Err(denied));
        assert_eq!(waiting.take(Ok(())), Ok(()));
        assert_eq!(waiting.take(Err(PhaseError::not_ready("b is DELETING"))), Ok(()));
        assert_eq!(waiting.finish(), Err(PhaseError::not_ready("a is DELETING; b is DELETING")));
        assert_eq!(Waiting::default().finish(), Ok(()));
    }
}
