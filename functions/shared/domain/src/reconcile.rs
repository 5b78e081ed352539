//! The two moves of every reconciler: make a thing exist that the ledger knows, and make it absent again.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side, Status,
    names::client_token,
    ownership::clone_tags,
    plan::compute::Addon,
    ports::{Addons, Ledger},
};
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

/// Makes green's clone of an add-on exist.
///
/// # Errors
/// Whatever the ledger or EKS answer.
pub async fn ensure_addon<P: Addons + Ledger>(
    ports: &P,
    migration: &Migration,
    addon: &Addon,
) -> Result<(), PhaseError> {
    let green = &migration.plan.compute.green.name;
    let key = ResourceKey::new(Side::Green, Kind::Addon, &addon.name);
    let tags = clone_tags(migration, &addon.tags);
    let token = client_token(&migration.id, Side::Green, Kind::Addon, &addon.name);
    let find = || async { Ok(ports.addon(green, &addon.name).await?.map(|found| found.arn)) };
    ensure(ports, migration, &key, Value::Null, find, || ports.create_addon(green, addon, &tags, &token)).await?;
    Ok(())
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
