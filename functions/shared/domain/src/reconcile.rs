//! What every reconciler does with a resource: make it exist and known to the ledger, make it absent again, and wait for
//! several of them side by side.

use crate::{
    Condition, Entry, Kind, Migration, PhaseError, ResourceKey, Side, Status,
    ports::{Clock, Ledger},
    word,
};
use serde_json::{Value, json};
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

/// For how long AWS may not show what was created (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
const SETTLING: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// What the entry of something keeps that AWS may not show at once: when it was intended.
#[must_use]
pub fn intended(now: jiff::Timestamp) -> Value {
    json!({ "intendedAt": now })
}

/// Waits where something is not to be seen that may have been created a moment ago: it would be forgotten and left behind.
///
/// # Errors
/// `NotReady` until what the entry stands for is old enough to be seen.
pub async fn settled<F>(entry: &Entry, now: jiff::Timestamp, find: impl FnOnce() -> F) -> Result<(), PhaseError>
where
    F: Future<Output = Result<Option<String>, PhaseError>>,
{
    let at = entry.detail["intendedAt"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let is_new = at.is_some_and(|at| now.duration_since(at) < SETTLING);
    if is_new && find().await?.is_none() {
        return Err(PhaseError::not_ready(format!("{} may have been created and is not to be seen yet", entry.key)));
    }
    Ok(())
}

/// The error of a call that names what this migration created a moment ago: `NotReady` where AWS answers that one of these ids does
/// not exist, since not all of AWS has heard of it (hashicorp/packer#3627,
/// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
pub fn unless_new<'a>(error: PhaseError, ids: impl IntoIterator<Item = &'a String>) -> PhaseError {
    let absent = ["NotFound", "not found", "does not exist"].iter().any(|text| error.message.contains(text));
    let named = || ids.into_iter().any(|id| word::is_named(&error.message, id));
    if error.condition == Condition::Refused && absent && named() {
        return PhaseError::not_ready(format!("{}; it was created a moment ago", error.message));
    }
    error
}

/// Of several things under the name of the one at `key`, the one that the ledger knows, or else the first. A create that had no
/// answer in time may be carried out after the look for it, and its retry as well.
///
/// # Errors
/// Those of the ledger only.
pub async fn chosen<L: Ledger>(
    ledger: &L,
    migration: &Migration,
    key: &ResourceKey,
    found: Vec<String>,
) -> Result<Option<String>, PhaseError> {
    if found.len() < 2 {
        return Ok(found.into_iter().next());
    }
    let known = ledger.entry(migration, key).await?.and_then(|entry| entry.id);
    Ok(known.filter(|known| found.contains(known)).or_else(|| found.into_iter().next()))
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

/// Makes the thing of an entry absent, as [`ensure_absent`], where AWS may not show it yet that Bascule made it: see [`settled`].
///
/// # Errors
/// `NotReady` until the entry is old enough for its thing to be seen, and while AWS is still deleting.
pub async fn ensure_settled_absent<P, F, D>(
    ports: &P,
    migration: &Migration,
    entry: &Entry,
    find: impl Fn() -> F,
    delete: impl FnOnce(String) -> D,
) -> Result<(), PhaseError>
where
    P: Ledger + Clock,
    F: Future<Output = Result<Option<String>, PhaseError>>,
    D: Future<Output = Result<(), PhaseError>>,
{
    settled(entry, ports.now(), &find).await?;
    ensure_absent(ports, migration, &entry.key, find, delete).await
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
    fn only_what_was_created_a_moment_ago_is_awaited_where_aws_does_not_know_it() {
        let new = ["sg-0a1".to_owned()];
        let answer = |text: &str| unless_new(PhaseError::refused(text), &new).condition;
        for (text, expected) in [
            ("InvalidGroup.NotFound: The security group 'sg-0a1' does not exist", Condition::NotReady),
            ("InvalidGroup.NotFound: The security group 'sg-0a12' does not exist", Condition::Refused),
            ("InvalidParameterException: The security group sg-0a1 is not in the VPC", Condition::Refused),
        ] {
            assert_eq!(answer(text), expected, "{text}");
        }
        let denied = PhaseError::denied("sg-0a1 does not exist");
        assert_eq!(unless_new(denied.clone(), &new), denied);
    }

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
