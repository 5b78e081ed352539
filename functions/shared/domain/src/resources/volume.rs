//! What objects of the bundles keep in volumes on green: one entry an object. Volumes that start anew are made by green's drivers for the
//! claims, and go with these; shared ones are PersistentVolumes that keep their storage.

use crate::{
    Entry, Kind, Migration, PhaseError, Progress, ResourceKey, Side, Status,
    manifest::{
        Object, ObjectId, Prepared,
        volumes::{copies, is_claim, is_volume, removal::removal, shared},
    },
    plan::workloads::{Becomes, Volume, Workloads},
    ports::{Kubernetes, KubernetesApi, Ledger},
};
use serde_json::json;

/// The IAM actions of the calls made here: none beside those of the bundles. In Kubernetes, Bascule's role is an administrator of both
/// clusters.
pub const ACTIONS: &[&str] = &["eks:DescribeCluster", "sts:AssumeRole"];

/// How many names one message holds.
const NAMED: usize = 10;

/// What an object keeps in volumes on green.
#[must_use]
pub fn key(id: &ObjectId) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Volume, id.to_string())
}

/// Says what is about to be made, and puts the volumes of blue that are shared on green, for the same claims. Before any bundle, so that no
/// driver makes another volume for them.
///
/// # Errors
/// `Refused` where blue has no volume to share, or none that can be.
pub async fn ensure<P: Ledger + Kubernetes>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let plan = &migration.plan.workloads;
    if plan.volumes.is_empty() {
        return Ok(());
    }
    let known = ports.live_of(migration, Side::Green, Kind::Volume).await?;
    let mut is_new = known.iter().any(|entry| entry.status == Status::Intended);
    // Copies are made within the switch, and have entries of their own.
    let made = |volume: &&Volume| volume.becomes != Becomes::Snapshot;
    for Volume { id, becomes, .. } in plan.volumes.iter().filter(made) {
        let key = key(id);
        if !known.iter().any(|entry| entry.key == key) {
            is_new = true;
            ports.intend(migration, &key, json!({ "id": id, "becomes": becomes })).await?;
        }
    }
    if is_new && shares(plan) {
        let copies = copies(&ports.connect(&migration.input.blue.cluster).await?, plan).await?;
        let copies = copies.map_err(|faults| PhaseError::refused(faults.join("; ")))?;
        let copies = copies.into_iter().map(|copy| Prepared::new(copy, false)).collect::<Vec<_>>();
        let green = ports.connect(&migration.input.green.cluster).await?;
        let all: Vec<&Prepared> = copies.iter().collect();
        for applied in green.apply(&all, migration.deadline).await {
            applied?;
        }
    }
    Ok(())
}

/// Says that what asks for volumes is there.
///
/// # Errors
/// Those of the ledger only.
pub async fn made<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if migration.plan.workloads.volumes.is_empty() {
        return Ok(());
    }
    for entry in ports.live_of(migration, Side::Green, Kind::Volume).await? {
        if entry.status != Status::Present {
            ports.present(migration, &entry.key, &entry.key.name).await?;
        }
    }
    Ok(())
}

/// Whether any volume is shared.
#[must_use]
pub fn shares(plan: &Workloads) -> bool {
    plan.volumes.iter().any(|volume| volume.becomes == Becomes::Shared && !is_volume(&volume.id))
}

/// The volumes of blue that green gets as they are, or why some cannot be had.
///
/// # Errors
/// Whatever the API server answers.
pub async fn copies<A: KubernetesApi>(
    blue: &A,
    plan: &Workloads,
) -> Result<Result<Vec<Object>, Vec<String>>, PhaseError> {
    let claims = blue.list("v1", "PersistentVolumeClaim", None).await?;
    let volumes = blue.list("v1", "PersistentVolume", None).await?;
    let (copies, faults) = shared::copies(plan, &claims, &volumes);
    Ok(if faults.is_empty() { Ok(copies) } else { Err(faults) })
}

/// What of blue's volumes that are to be copied is not as the plan says.
///
/// # Errors
/// Whatever the API server answers.
pub async fn not_as_planned<A: KubernetesApi>(blue: &A, plan: &Workloads) -> Result<Vec<String>, PhaseError> {
    if plan.copies.is_empty() {
        return Ok(Vec::new());
    }
    let claims = blue.list("v1", "PersistentVolumeClaim", None).await?;
    let volumes = blue.list("v1", "PersistentVolume", None).await?;
    Ok(copies::found(plan, &claims, &volumes).1)
}

/// Deletes what was made anew for green, with what makes it: green's objects first that ask for volumes, then every claim of green whose
/// volume goes with it, and waits until the driver has deleted the volumes. What a class keeps is told in the audit. Shared volumes go with
/// the cluster, and their storage stays.
///
/// # Errors
/// `NotReady` with what is still there.
pub async fn ensure_absent<P: Ledger + Kubernetes>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let entries = ports.live_of(migration, Side::Green, Kind::Volume).await?;
    let anew: Vec<ObjectId> = entries
        .iter()
        .filter(|entry| entry.detail["becomes"] == json!(Becomes::Empty))
        .map(id)
        .collect::<Result<_, _>>()?;
    if !anew.is_empty() {
        remove(&ports.connect(&migration.input.green.cluster).await?, ports, migration, &anew).await?;
    }
    for entry in &entries {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

async fn remove<A: KubernetesApi, P: Ledger>(
    green: &A,
    ports: &P,
    migration: &Migration,
    anew: &[ObjectId],
) -> Result<(), PhaseError> {
    for id in anew.iter().filter(|id| !is_claim(id) && !is_volume(id)) {
        green.delete(id, None).await?;
    }
    let claims = green.list("v1", "PersistentVolumeClaim", None).await?;
    let volumes = green.list("v1", "PersistentVolume", None).await?;
    let pods = if claims.is_empty() { Vec::new() } else { green.list("v1", "Pod", None).await? };
    let found = removal(&claims, &volumes, &pods);
    for id in &found.delete {
        green.delete(id, None).await?;
    }
    if !found.waiting.is_empty() {
        let more = found.waiting.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = found.waiting[..found.waiting.len() - more].join(", ");
        return Err(PhaseError::not_ready(format!("green's volumes are being deleted by its driver: {named}{rest}")));
    }
    // A driver that was at work when its claim went tells of the volume a moment later.
    let gone = json!({ "volumes": "gone" });
    if ports.progress(migration, Progress::DeployWorkloads).await?.is_none_or(|progress| progress != gone) {
        ports.save_progress(migration, Progress::DeployWorkloads, gone).await?;
        return Err(PhaseError::not_ready("green has no volume of its own any more; looking once more"));
    }
    if !found.kept.is_empty() {
        ports.record(migration, "volumes left", json!({ "volumes": found.kept })).await?;
    }
    Ok(())
}

fn id(entry: &Entry) -> Result<ObjectId, PhaseError> {
    serde_json::from_value(entry.detail["id"].clone())
        .map_err(|error| PhaseError::conflict(format!("an entry of a volume cannot be read: {error}")))
}
