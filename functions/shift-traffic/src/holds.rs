//! Workloads that run in one cluster only move with the traffic: suspended on blue, then resumed on green as they were on
//! blue. And before any traffic moves: both sides still run what was qualified.

use domain::{
    Kind, Migration, PhaseError, ResourceKey, Side, Status,
    manifest::{ObjectId, hold},
    plan::workloads::Workload,
    ports::{Kubernetes, KubernetesApi, Ledger},
    release,
};
use serde_json::{Value, json};

/// No traffic moves while a release is on one side only.
///
/// # Errors
/// `Conflict` with the names of the workloads that changed on one side only.
pub async fn compare<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let changed = release::one_sided(ports, migration).await?;
    if changed.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::conflict(format!(
            "released since green was qualified, on one side only: {}. Release it on the other side too, or roll it back; then start a new migration",
            changed.join("; ")
        )))
    }
}

/// Suspends the holds on blue, each with its original in the ledger before it is touched, waits until their Pods are gone, and
/// resumes them on green at blue's scale. To be called when green has all of the traffic, until it ends well.
///
/// # Errors
/// `NotReady` while Pods of a hold still run on blue.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let holds: Vec<&Workload> = migration.plan.workloads.holds().collect();
    if holds.is_empty() {
        return Ok(());
    }
    let blue = ports.connect(&migration.input.blue.cluster).await?;
    let mut running = Vec::new();
    for hold in &holds {
        running.extend(suspend_on_blue(ports, migration, &blue, hold).await?);
    }
    all_gone("blue", &running)?;
    let green = ports.connect(&migration.input.green.cluster).await?;
    for hold in &holds {
        resume_on_green(ports, migration, &green, hold).await?;
    }
    Ok(())
}

/// Suspends the holds on green again, waits until their Pods are gone, and puts blue's back exactly as they were.
///
/// # Errors
/// `NotReady` while Pods of a hold still run on green.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let entries = ports.entries(migration).await?;
    let of = |side: Side| {
        entries.iter().filter(move |entry| {
            entry.key.side == side
                && entry.key.kind == Kind::Workload
                && entry.is_live()
                && entry.detail["hold"] == true
        })
    };
    if of(Side::Green).next().is_some() {
        let green = ports.connect(&migration.input.green.cluster).await?;
        let mut running = Vec::new();
        for entry in of(Side::Green) {
            let id = id(&entry.detail)?;
            if green.get(&id).await?.is_some() {
                let live = green.patch(&id, &entry.detail["suspend"]).await?;
                running.extend(remaining(&id, &live));
            }
        }
        all_gone("green", &running)?;
        for entry in of(Side::Green) {
            ports.absent(migration, &entry.key).await?;
        }
    }
    if of(Side::Blue).next().is_some() {
        let blue = ports.connect(&migration.input.blue.cluster).await?;
        for entry in of(Side::Blue) {
            let id = id(&entry.detail)?;
            // A Job that has ended may be gone by now.
            if blue.get(&id).await?.is_some() {
                blue.patch(&id, &entry.detail["restore"]).await?;
            }
            ports.absent(migration, &entry.key).await?;
        }
    }
    Ok(())
}

fn key(side: Side, id: &ObjectId) -> ResourceKey {
    ResourceKey::new(side, Kind::Workload, id.to_string())
}

fn id(detail: &Value) -> Result<ObjectId, PhaseError> {
    serde_json::from_value(detail["id"].clone())
        .map_err(|error| PhaseError::conflict(format!("an entry of a hold cannot be read: {error}")))
}

/// A Service's load balancer is held on green only: blue's clients still use blue's.
fn is_service(workload: &Workload) -> bool {
    workload.id.kind == "Service"
}

/// Suspends one hold and answers what of it still runs.
async fn suspend_on_blue<P: Ledger, A: KubernetesApi>(
    ports: &P,
    migration: &Migration,
    blue: &A,
    hold: &Workload,
) -> Result<Option<String>, PhaseError> {
    let id = &hold.id;
    if is_service(hold) {
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
        let patches = hold::suspension(&id.kind, &live)
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

async fn resume_on_green<P: Ledger, A: KubernetesApi>(
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
    let resume = as_on_blue.unwrap_or_else(|| resumed(hold));
    if known.is_none() {
        let mut suspended = live;
        hold::merge(&mut suspended, &resume);
        let suspend = hold::suspension(&id.kind, &suspended).map(|patches| patches.suspend);
        let detail = json!({ "hold": true, "id": id, "suspend": suspend, "resume": resume });
        ports.intend(migration, &key, detail).await?;
    }
    green.patch(id, &resume).await?;
    ports.present(migration, &key, &id.to_string()).await
}

/// How a hold runs that blue does not have: as its manifest says.
fn resumed(hold: &Workload) -> Value {
    match hold.id.kind.as_str() {
        "Service" => json!({ "spec": { "type": "LoadBalancer" } }),
        "DaemonSet" => {
            json!({ "spec": { "template": { "spec": { "nodeSelector": { hold::HELD_NODE_LABEL: null } } } } })
        }
        "CronJob" | "Job" => json!({ "spec": { "suspend": false } }),
        _ => json!({ "spec": { "replicas": hold.replicas } }),
    }
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
        _ => count("replicas"),
    };
    // A suspension that the controller has not seen yet says nothing about its Pods.
    let seen = count("observedGeneration") >= live["metadata"]["generation"].as_i64().unwrap_or(0)
        || matches!(id.kind.as_str(), "Job" | "CronJob");
    if pods > 0 {
        Some(format!("{id} still has {pods}"))
    } else if seen {
        None
    } else {
        Some(format!("{id} is not suspended yet"))
    }
}

fn all_gone(side: &str, running: &[String]) -> Result<(), PhaseError> {
    if running.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::not_ready(format!("waiting for Pods of holds to end on {side}: {}", running.join(", "))))
    }
}

#[cfg(test)]
mod tests;
