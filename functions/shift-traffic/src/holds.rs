//! Workloads that run in one cluster only move with the traffic: suspended on blue, then resumed on green as they were on
//! blue. And before any traffic moves: both sides still run what was qualified.

use domain::{
    Entry, Migration, PhaseError, Side,
    manifest::ObjectId,
    plan::workloads::Workload,
    ports::{Clock, Kubernetes, KubernetesApi, Ledger, Snapshots},
    release,
    resources::workload,
};

use crate::volumes;

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

/// Suspends the holds on blue, with the originals of all in the ledger before one is touched, waits until everything of theirs has
/// stopped and green has copies of their volumes, and resumes them on green at blue's scale, autoscalers after what they scale. To be called
/// when green has all of the traffic, until it ends well.
///
/// # Errors
/// `NotReady` while something of a hold still runs on blue, or a volume is being copied.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes + Snapshots + Clock,
{
    let holds: Vec<&Workload> = migration.plan.workloads.holds().collect();
    if holds.is_empty() {
        return Ok(());
    }
    let blue = ports.connect(&migration.input.blue.cluster).await?;
    for hold in &holds {
        workload::remember_on_blue(ports, migration, &blue, hold).await?;
    }
    let mut suspended = Vec::new();
    for hold in &holds {
        workload::suspend_on_blue(ports, migration, &blue, hold).await?;
        if !is_service(&hold.id) {
            suspended.push(&hold.id);
        }
    }
    stopped("blue", &blue, &suspended).await?;
    let green = ports.connect(&migration.input.green.cluster).await?;
    volumes::hand_over(ports, migration, &blue, &green).await?;
    for hold in holds.iter().rev() {
        workload::resume_on_green(ports, migration, &green, hold).await?;
    }
    Ok(())
}

/// Suspends the holds on green again, autoscalers before what they scale, waits until everything of theirs has stopped, and puts blue's
/// back exactly as they were.
///
/// # Errors
/// `NotReady` while something of a hold still runs on green.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let order = |entry: &Entry| migration.plan.workloads.holds().position(|hold| hold.id.to_string() == entry.key.name);
    let mut on_green = workload::held(ports, migration, Side::Green).await?;
    on_green.sort_by_key(order);
    if !on_green.is_empty() {
        let green = ports.connect(&migration.input.green.cluster).await?;
        for entry in &on_green {
            workload::suspend_on_green(&green, entry).await?;
        }
        let ids = on_green.iter().map(workload::id).collect::<Result<Vec<_>, _>>()?;
        stopped("green", &green, &ids.iter().collect::<Vec<_>>()).await?;
        volumes::tell_kept(ports, migration).await?;
        for entry in &on_green {
            ports.absent(migration, &entry.key).await?;
        }
    }
    let mut on_blue = workload::held(ports, migration, Side::Blue).await?;
    on_blue.sort_by_key(order);
    if !on_blue.is_empty() {
        let blue = ports.connect(&migration.input.blue.cluster).await?;
        for entry in on_blue.iter().rev() {
            workload::restore_on_blue(ports, migration, &blue, entry).await?;
        }
    }
    Ok(())
}

fn is_service(id: &ObjectId) -> bool {
    id.kind == "Service" && id.group().is_empty()
}

/// Whether nothing of these works any more on a side, looked at when all of them are suspended.
async fn stopped<A: KubernetesApi>(side: &str, api: &A, ids: &[&ObjectId]) -> Result<(), PhaseError> {
    let mut running = Vec::new();
    for id in ids {
        running.extend(workload::remaining(api, id).await?);
    }
    if running.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::not_ready(format!("waiting for holds to stop on {side}: {}", running.join(", "))))
    }
}

#[cfg(test)]
mod tests;
