//! Workloads that run in one cluster only: suspended on one side and resumed on the other, with their original in the
//! ledger before they are touched. They go with their cluster.

mod stopped;

pub use stopped::remaining;

use crate::{
    Entry, Kind, Migration, PhaseError, ResourceKey, Side, Status,
    manifest::{ObjectId, hold},
    object::{actors::ends, patches::keeps},
    plan::workloads::Workload,
    ports::{KubernetesApi, Ledger},
};
use serde_json::{Value, json};

/// The IAM actions of the calls made here: none, Kubernetes is all that is asked.
pub const ACTIONS: &[&str] = &[];

/// The object on a side's cluster.
#[must_use]
pub fn key(side: Side, id: &ObjectId) -> ResourceKey {
    ResourceKey::new(side, Kind::Workload, id.to_string())
}

/// Keeps in the ledger how a hold on blue is, before any hold is touched: an autoscaler that is paused may change what it scales. A
/// Service is left alone: blue's clients still use its load balancer.
///
/// # Errors
/// `Conflict` where it can no longer be suspended.
pub async fn remember_on_blue<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    blue: &A,
    hold: &Workload,
) -> Result<(), PhaseError> {
    let id = &hold.id;
    let key = key(Side::Blue, id);
    if (id.kind == "Service" && id.group().is_empty()) || ports.live(migration, &key).await?.is_some() {
        return Ok(());
    }
    let Some(live) = blue.get(id).await? else {
        return Ok(());
    };
    let patches = hold::suspension(id, &live)
        .ok_or_else(|| PhaseError::conflict(format!("{id} on blue can no longer be suspended")))?;
    let detail = json!({ "hold": true, "id": id, "suspend": patches.suspend, "restore": patches.restore });
    ports.intend(migration, &key, detail).await
}

/// Suspends a hold on blue that the ledger remembers, again where somebody took that back.
///
/// # Errors
/// `Conflict` where its API does not keep the suspension.
pub async fn suspend_on_blue<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    blue: &A,
    hold: &Workload,
) -> Result<(), PhaseError> {
    let key = key(Side::Blue, &hold.id);
    let Some(entry) = ports.live(migration, &key).await? else {
        return Ok(());
    };
    suspend(blue, &hold.id, &entry.detail["suspend"]).await?;
    if entry.status != Status::Present {
        ports.present(migration, &key, &hold.id.to_string()).await?;
    }
    Ok(())
}

/// Suspends an object that is there and is not suspended.
async fn suspend<A: KubernetesApi>(api: &A, id: &ObjectId, patch: &Value) -> Result<(), PhaseError> {
    let Some(live) = api.get(id).await?.filter(|live| !keeps(live, patch)) else {
        return Ok(());
    };
    // An object that is being deleted is on its way already.
    if live["metadata"]["deletionTimestamp"].is_null() && !keeps(&api.patch(id, patch).await?, patch) {
        return Err(PhaseError::conflict(format!(
            "{id} cannot be suspended: its API does not keep {patch}. Its definition may be of a version that does not know the field; suspend it yourself"
        )));
    }
    Ok(())
}

/// Resumes a hold on green, at the scale that it had on blue. What ends by itself may be gone: an invocation that died after it had
/// resumed it leaves it to do its work and to be deleted for that.
///
/// # Errors
/// `Conflict` where green no longer has it, and it does not end by itself.
pub async fn resume_on_green<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    green: &A,
    hold: &Workload,
) -> Result<(), PhaseError> {
    let id = &hold.id;
    let key = key(Side::Green, id);
    let known = ports.live(migration, &key).await?;
    if known.as_ref().is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    let original = ports.live(migration, &self::key(Side::Blue, id)).await?;
    let as_on_blue = original.map(|entry| entry.detail["restore"].clone());
    let Some(live) = green.get(id).await? else {
        if !ends(id) {
            return Err(PhaseError::conflict(format!("{id} is gone from green since it was qualified")));
        }
        return if known.is_some() { ports.absent(migration, &key).await } else { Ok(()) };
    };
    let resume = as_on_blue.unwrap_or_else(|| hold.resume.clone());
    if known.is_none() {
        let mut suspended = live;
        hold::merge(&mut suspended, &resume);
        let suspend = hold::suspension(id, &suspended).map(|patches| patches.suspend);
        let detail = json!({ "hold": true, "id": id, "suspend": suspend, "resume": resume });
        ports.intend(migration, &key, detail).await?;
    }
    green.patch(id, &resume).await?;
    ports.present(migration, &key, &id.to_string()).await
}

/// The holds that the ledger knows as changed on a side.
///
/// # Errors
/// Only what the calls answer.
pub async fn held<P: Ledger>(ports: &P, migration: &Migration, side: Side) -> Result<Vec<Entry>, PhaseError> {
    let mut entries = ports.live_of(migration, side, Kind::Workload).await?;
    entries.retain(|entry| entry.detail["hold"] == true);
    Ok(entries)
}

/// Suspends a hold on green again.
///
/// # Errors
/// `Conflict` where its entry cannot be read.
pub async fn suspend_on_green<A: KubernetesApi>(green: &A, entry: &Entry) -> Result<(), PhaseError> {
    suspend(green, &id(entry)?, &entry.detail["suspend"]).await
}

/// Puts a hold on blue back exactly as it was. What has ended may be gone by now.
///
/// # Errors
/// `Conflict` where its entry cannot be read.
pub async fn restore_on_blue<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    blue: &A,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let id = id(entry)?;
    if blue.get(&id).await?.is_some() {
        blue.patch(&id, &entry.detail["restore"]).await?;
    }
    ports.absent(migration, &entry.key).await
}

/// Which object an entry of a hold is about.
///
/// # Errors
/// `Conflict` where the entry cannot be read.
pub fn id(entry: &Entry) -> Result<ObjectId, PhaseError> {
    serde_json::from_value(entry.detail["id"].clone())
        .map_err(|error| PhaseError::conflict(format!("an entry of a hold cannot be read: {error}")))
}
