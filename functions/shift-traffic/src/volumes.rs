//! Volumes of Amazon EBS that green gets copies of: a first snapshot of each while everything runs, from which is tried that EBS makes a copy;
//! a last one once what has the volumes has stopped on blue, and from that the copy, before anything starts on green. Blue's volumes are only
//! read.

use domain::{
    Entry, Migration, PhaseError, Progress,
    input::OnAbort,
    manifest::{Prepared, volumes::copies},
    plan::workloads::Copied,
    ports::{Clock, Kubernetes, KubernetesApi, Ledger, Snapshots, snapshots::EbsVolume},
    reconcile::Waiting,
    resources::{
        snapshot::{self, Moment},
        volume_copy,
    },
};
use serde_json::{Value, json};

/// Takes a first snapshot of each volume and waits until it is complete: the last one then takes as long as what changed since. Then tries that
/// EBS makes a volume from it, since within the switch everything would stand still until it is clear that EBS does not.
///
/// # Errors
/// `Conflict` where blue no longer has what the plan says; `NotReady` while EBS copies; `Denied` and `Unhealthy` where EBS makes no volume.
pub async fn before<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes + Snapshots + Clock,
{
    if migration.plan.workloads.copies.is_empty() {
        return Ok(());
    }
    // Told before the volumes go, which are missing then as those are that EBS takes away.
    if ports.progress(migration, Progress::VolumesTried).await?.is_none() {
        try_all(ports, migration).await?;
        ports.save_progress(migration, Progress::VolumesTried, json!(true)).await?;
    }
    volume_copy::remove_trials(ports, migration).await
}

async fn try_all<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes + Snapshots + Clock,
{
    let blue = ports.connect(&migration.input.blue.cluster).await?;
    let (claims, volumes) = claimed(&blue).await?;
    let (found, faults) = copies::found(&migration.plan.workloads, &claims, &volumes);
    as_planned(&faults)?;
    let mut waiting = Waiting::default();
    for (copied, _) in found {
        waiting.take(try_out(ports, migration, copied).await)?;
    }
    waiting.finish()
}

async fn try_out<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    copied: &Copied,
) -> Result<(), PhaseError> {
    let snapshot = snapshot::ensure(ports, migration, copied, Moment::Before).await?;
    volume_copy::try_out(ports, migration, copied, &of_blue(ports, copied).await?, &snapshot).await
}

async fn of_blue<P: Snapshots>(ports: &P, copied: &Copied) -> Result<EbsVolume, PhaseError> {
    let volume = ports.volume(&copied.volume_id).await?;
    volume.ok_or_else(|| PhaseError::conflict(format!("the volume {copied} is gone from EBS")))
}

/// Gives green its copies, each as far as it can be at this moment. What was let go on green has its copies already.
///
/// # Errors
/// `Conflict` where blue no longer has what the plan says; `NotReady` while a volume is still attached or EBS copies.
pub async fn hand_over<P, A>(ports: &P, migration: &Migration, blue: &A, green: &A) -> Result<(), PhaseError>
where
    P: Ledger + Snapshots + Clock,
    A: KubernetesApi,
{
    let plan = &migration.plan.workloads;
    if plan.copies.is_empty() {
        return Ok(());
    }
    let entries = ports.entries(migration).await?;
    if plan.copies.iter().all(|copied| volume_copy::is_used(&entries, copied)) {
        return Ok(());
    }
    let (claims, volumes) = claimed(blue).await?;
    let (found, faults) = copies::found(plan, &claims, &volumes);
    as_planned(&faults)?;
    let mut waiting = Waiting::default();
    for (copied, on_blue) in found.into_iter().filter(|(copied, _)| !volume_copy::is_used(&entries, copied)) {
        waiting.take(copy(ports, migration, green, copied, on_blue).await)?;
    }
    waiting.finish()
}

async fn copy<P, A>(
    ports: &P,
    migration: &Migration,
    green: &A,
    copied: &Copied,
    on_blue: &Value,
) -> Result<(), PhaseError>
where
    P: Ledger + Snapshots + Clock,
    A: KubernetesApi,
{
    let volume = of_blue(ports, copied).await?;
    // Detached, it has everything that was written: what a node still holds back is written when it is unmounted.
    if !volume.attached_to.is_empty() {
        let by = volume.attached_to.join(", ");
        return Err(PhaseError::not_ready(format!("{copied} is still attached to {by}, where it is being unmounted")));
    }
    let snapshot = snapshot::ensure(ports, migration, copied, Moment::Stopped).await?;
    let id = volume_copy::ensure(ports, migration, copied, &volume, &snapshot).await?;
    let object = copies::persistent_volume(copied, on_blue, &id)
        .ok_or_else(|| PhaseError::conflict(format!("the PersistentVolume of {copied} cannot be written")))?;
    let object = Prepared::new(object, false);
    green.apply(&[&object], migration.deadline).await.into_iter().collect()
}

async fn claimed<A: KubernetesApi>(blue: &A) -> Result<(Vec<Value>, Vec<Value>), PhaseError> {
    let claims = blue.list("v1", "PersistentVolumeClaim", None).await?;
    Ok((claims, blue.list("v1", "PersistentVolume", None).await?))
}

fn as_planned(faults: &[String]) -> Result<(), PhaseError> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(PhaseError::conflict(format!(
        "{}. Nothing of it was touched; start a new migration, which sees what is there now",
        faults.join("; ")
    )))
}

/// Tells in the audit which copies stay, since what green's workloads wrote to them is nowhere else: blue's volumes are as they were when
/// its workloads stopped.
///
/// # Errors
/// Those of the ledger only.
pub async fn tell_kept<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if migration.plan.workloads.copies.is_empty() {
        return Ok(());
    }
    let entries: Vec<Entry> = ports.entries(migration).await?;
    let kept = volume_copy::kept(&migration.plan.workloads, &entries);
    if !kept.is_empty() {
        let told = |(copied, entry): &(&Copied, &Entry)| json!({ "volume": entry.id, "copyOf": copied.volume_id, "claim": copied.name(), "gib": copied.gib });
        let kept: Vec<Value> = kept.iter().map(told).collect();
        ports.record(migration, "volumes kept", json!({ "volumes": kept })).await?;
    }
    Ok(())
}

/// Deletes the snapshots, what is left of trials, and the copies that nothing on green was let go on. Where green is kept, its copies are kept with it.
///
/// # Errors
/// `NotReady` while EC2 may not show one yet.
pub async fn undo<P: Ledger + Snapshots + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    snapshot::remove_all(ports, migration).await?;
    volume_copy::remove_trials(ports, migration).await?;
    if migration.input.on_abort != OnAbort::Keep {
        volume_copy::remove_unused(ports, migration).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
