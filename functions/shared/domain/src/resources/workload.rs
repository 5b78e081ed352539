//! Workloads that run in one cluster only: suspended on one side and resumed on the other, with their original in the
//! ledger before they are touched. They go with their cluster.

use crate::{
    Entry, Kind, Migration, PhaseError, ResourceKey, Side, Status,
    manifest::{ObjectId, hold},
    object::is_built_in,
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

/// Suspends a hold on blue. Answers what of it still runs. A Service is left alone: blue's clients still use its load
/// balancer.
///
/// # Errors
/// `Conflict` where it can no longer be suspended.
pub async fn suspend_on_blue<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    blue: &A,
    hold: &Workload,
) -> Result<Option<String>, PhaseError> {
    let id = &hold.id;
    if id.kind == "Service" && id.group().is_empty() {
        return Ok(None);
    }
    let Some(live) = blue.get(id).await? else {
        return Ok(None);
    };
    let key = key(Side::Blue, id);
    let known = ports.live(migration, &key).await?;
    if known.as_ref().is_some_and(|entry| entry.status == Status::Present) {
        return Ok(remaining(id, &live));
    }
    if known.is_none() {
        let patches = hold::suspension(id, &live)
            .ok_or_else(|| PhaseError::conflict(format!("{id} on blue can no longer be suspended")))?;
        let detail = json!({ "hold": true, "id": id, "suspend": patches.suspend, "restore": patches.restore });
        ports.intend(migration, &key, detail.clone()).await?;
    }
    // What the ledger has is the original: what lives may be suspended already by an invocation that crashed.
    let entry = ports.entry(migration, &key).await?;
    let suspend = entry.map(|entry| entry.detail["suspend"].clone()).unwrap_or_default();
    let live = blue.patch(id, &suspend).await?;
    ports.present(migration, &key, &id.to_string()).await?;
    Ok(remaining(id, &live))
}

/// Resumes a hold on green, at the scale that it had on blue.
///
/// # Errors
/// `Conflict` where green no longer has it. A Job may have ended and gone.
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
        return if id.kind == "Job" {
            Ok(())
        } else {
            Err(PhaseError::conflict(format!("{id} is gone from green since it was qualified")))
        };
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

/// Suspends a hold on green again. Answers what of it still runs.
///
/// # Errors
/// `Conflict` where its entry cannot be read.
pub async fn suspend_on_green<A: KubernetesApi>(green: &A, entry: &Entry) -> Result<Option<String>, PhaseError> {
    let id = id(&entry.detail)?;
    if green.get(&id).await?.is_none() {
        return Ok(None);
    }
    let live = green.patch(&id, &entry.detail["suspend"]).await?;
    Ok(remaining(&id, &live))
}

/// Puts a hold on blue back exactly as it was. A Job that has ended may be gone by now.
///
/// # Errors
/// `Conflict` where its entry cannot be read.
pub async fn restore_on_blue<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    blue: &A,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let id = id(&entry.detail)?;
    if blue.get(&id).await?.is_some() {
        blue.patch(&id, &entry.detail["restore"]).await?;
    }
    ports.absent(migration, &entry.key).await
}

fn id(detail: &Value) -> Result<ObjectId, PhaseError> {
    serde_json::from_value(detail["id"].clone())
        .map_err(|error| PhaseError::conflict(format!("an entry of a hold cannot be read: {error}")))
}

/// What of a suspended object still works, in words.
fn remaining(id: &ObjectId, live: &Value) -> Option<String> {
    let status = &live["status"];
    let count = |name: &str| status[name].as_i64().unwrap_or(0);
    let pods = match id.kind.as_str() {
        "DaemonSet" => count("currentNumberScheduled"),
        "Job" => count("active"),
        // Jobs that a CronJob has started end by themselves.
        "CronJob" => i64::try_from(status["active"].as_array().map_or(0, Vec::len)).unwrap_or(i64::MAX),
        "Service" => {
            let balancers = status["loadBalancer"]["ingress"].as_array().map_or(0, Vec::len);
            return (balancers > 0).then(|| format!("{id} still has its load balancer"));
        }
        // Custom resources name what they have started in many ways.
        _ => count("replicas").max(i64::try_from(status["active"].as_array().map_or(0, Vec::len)).unwrap_or(i64::MAX)),
    };
    // KEDA says when it has paused (https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling).
    let mut conditions = status["conditions"].as_array().filter(|_| id.group() == "keda.sh").into_iter().flatten();
    if conditions.any(|condition| condition["type"] == "Paused" && condition["status"] != "True") {
        return Some(format!("{id} is not paused yet"));
    }
    // A suspension that the controller has not seen yet says nothing about its Pods.
    let seen = count("observedGeneration") >= live["metadata"]["generation"].as_i64().unwrap_or(0)
        || matches!(id.kind.as_str(), "Job" | "CronJob")
        || (!is_built_in(&id.api_version) && status["observedGeneration"].is_null());
    if pods > 0 {
        Some(format!("{id} still has {pods}"))
    } else if seen {
        None
    } else {
        Some(format!("{id} is not suspended yet"))
    }
}
