//! Green's copies of blue's volumes of Amazon EBS, made from snapshots while what has them stands still within the switch. A copy that
//! green's workloads may have written to is never deleted: what they wrote is nowhere else.

use crate::{
    Entry, Kind, Migration, PhaseError, ResourceKey, Side, Status, Tags,
    names::client_token,
    ownership::{COPY_OF, clone_tags, tags},
    plan::workloads::{Copied, Workloads},
    ports::{
        Clock, Ledger, Snapshots,
        snapshots::{EbsVolume, NewVolume},
    },
    reconcile::{self, Waiting},
};
use serde_json::json;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["ec2:CreateVolume", "ec2:DeleteVolume", "ec2:DescribeVolumes"];

/// The types whose operations a second are provisioned
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>); EC2 shows some for others too.
const WITH_IOPS: [&str; 3] = ["gp3", "io1", "io2"];

/// Green's copy of a volume of blue.
#[must_use]
pub fn key(copied: &Copied) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::VolumeCopy, format!("{} of {}", copied.name(), copied.volume_id))
}

/// The volume that shows, for a moment, that EBS makes a copy.
fn trial_key(copied: &Copied) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::VolumeCopy, format!("trial for {} of {}", copied.name(), copied.volume_id))
}

/// Makes the copy of blue's volume from its snapshot, in the same zone and with all that blue's has, and gives its id once it can be
/// attached. Beside blue's tags it has those by which green's driver may attach it.
///
/// # Errors
/// `NotReady` while EBS makes it; `Unhealthy` where EBS could not; `Denied` where EBS took it away again.
pub async fn ensure<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    copied: &Copied,
    blue: &EbsVolume,
    snapshot_id: &str,
) -> Result<String, PhaseError> {
    made(ports, migration, &key(copied), clone_tags(migration, &blue.tags), (copied, blue), snapshot_id).await
}

/// Makes a volume from a snapshot of blue's as the copy will be made: a key that may not be used and a quota that is used up show before
/// anything stands still. [`remove_trials`] deletes it.
///
/// # Errors
/// Those of [`ensure`].
pub async fn try_out<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    copied: &Copied,
    blue: &EbsVolume,
    snapshot_id: &str,
) -> Result<(), PhaseError> {
    let (key, own) = (trial_key(copied), tags(migration, Side::Temporary));
    made(ports, migration, &key, own, (copied, blue), snapshot_id).await.map(drop)
}

/// Makes a volume under these tags like blue's, and gives its id once it can be attached.
async fn made<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
    mut all: Tags,
    (copied, blue): (&Copied, &EbsVolume),
    snapshot_id: &str,
) -> Result<String, PhaseError> {
    all.insert(COPY_OF.to_owned(), blue.id.clone());
    all.extend(copied.driver.tags(&migration.plan.compute.green.name));
    let request = NewVolume {
        snapshot_id: snapshot_id.to_owned(),
        zone: blue.zone.clone(),
        gib: blue.gib,
        volume_type: blue.volume_type.clone(),
        iops: blue.iops.filter(|_| WITH_IOPS.contains(&blue.volume_type.as_str())),
        throughput: blue.throughput.filter(|_| blue.volume_type == "gp3"),
        tags: all,
        token: client_token(&migration.id, key.side, key.kind, &key.name),
    };
    let find = || find(ports, migration, key, &blue.id);
    if let Some(entry) = ports.live(migration, key).await?.filter(|entry| entry.status == Status::Present) {
        reconcile::settled(&entry, ports.now(), find).await?;
        if find().await?.is_none() {
            return Err(taken_away(&entry, copied, blue));
        }
    }
    let mut detail = reconcile::intended(ports.now());
    detail["of"] = json!(blue.id);
    let id = reconcile::ensure(ports, migration, key, detail, find, || ports.create_volume(&request)).await?;
    match ports.volume(&id).await?.as_ref().map(|found| found.state.as_str()) {
        Some("available" | "in-use") => Ok(id),
        Some("error") => Err(PhaseError::unhealthy(format!(
            "EBS could not make {id} from {snapshot_id}, a copy of {copied}: its state is error. Blue's volume is as it was"
        ))),
        Some(state) => Err(PhaseError::not_ready(format!("{id}, a copy of {copied}, is {state}"))),
        None => Err(PhaseError::not_ready(format!("{id}, a copy of {copied}, is not to be seen"))),
    }
}

/// Where the key may not be used, EBS takes the volume away again, and says so only in its events
/// (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html#create-volume>).
fn taken_away(entry: &Entry, copied: &Copied, blue: &EbsVolume) -> PhaseError {
    let id = entry.id.as_deref().unwrap_or_default();
    let key = blue.key_arn.as_deref().unwrap_or("the one of this Region's encryption by default");
    PhaseError::denied(format!(
        "EBS took {id}, a copy of {copied}, away again, as it does where the KMS key may not be used ({key}): let its policy allow the role of bascule-shift-traffic kms:CreateGrant, \
         kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext and kms:ReEncrypt*, by itself or by IAM, and see that it is enabled. Blue's volume is as it was"
    ))
}

async fn find<P: Ledger + Snapshots>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
    of: &str,
) -> Result<Option<String>, PhaseError> {
    let mut own: Tags = tags(migration, key.side);
    own.insert(COPY_OF.to_owned(), of.to_owned());
    let found = ports.volumes_tagged(&own).await?.into_iter();
    let there = found.filter(|found| !matches!(found.state.as_str(), "deleting" | "deleted"));
    reconcile::chosen(ports, migration, key, there.map(|found| found.id).collect()).await
}

/// Whether what has the volume was ever let go on green, as far as the ledger says: before it is, the ledger knows.
#[must_use]
pub fn is_used(entries: &[Entry], copied: &Copied) -> bool {
    let holders: Vec<String> = copied.holders.iter().map(ToString::to_string).collect();
    let mut held =
        entries.iter().filter(|entry| entry.is_of(Side::Green, Kind::Workload) && entry.detail["hold"] == true);
    held.any(|entry| holders.contains(&entry.key.name))
}

/// The copies that a way back leaves, each with its entry: those that green's workloads may have written to.
#[must_use]
pub fn kept<'a>(plan: &'a Workloads, entries: &'a [Entry]) -> Vec<(&'a Copied, &'a Entry)> {
    let copies = plan.copies.iter().filter(|copied| is_used(entries, copied));
    let entry = |copied: &Copied| {
        let key = key(copied);
        entries.iter().find(|entry| entry.key == key && entry.is_live())
    };
    copies.filter_map(|copied| Some((copied, entry(copied)?))).collect()
}

/// Deletes the volumes by which it was tried that EBS makes one.
///
/// # Errors
/// `NotReady` while EC2 may not show one yet, or still has one.
pub async fn remove_trials<P: Ledger + Snapshots + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let mut waiting = Waiting::default();
    for entry in ports.live_of(migration, Side::Temporary, Kind::VolumeCopy).await? {
        waiting.take(remove(ports, migration, &entry).await)?;
    }
    waiting.finish()
}

/// Deletes the copies that nothing on green was ever let go on: what is in them is in blue's volumes.
///
/// # Errors
/// `NotReady` while EC2 may not show one yet, or still has one.
pub async fn remove_unused<P: Ledger + Snapshots + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    if migration.plan.workloads.copies.is_empty() {
        return Ok(());
    }
    let entries = ports.entries(migration).await?;
    let mut waiting = Waiting::default();
    let copies = entries.iter().filter(|entry| entry.is_of(Side::Green, Kind::VolumeCopy) && entry.is_live());
    let kept = kept(&migration.plan.workloads, &entries);
    for entry in copies.filter(|entry| !kept.iter().any(|(_, kept)| kept.key == entry.key)) {
        waiting.take(remove(ports, migration, entry).await)?;
    }
    waiting.finish()
}

async fn remove<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let of = entry.detail["of"].as_str().unwrap_or_default();
    let find = || find(ports, migration, &entry.key, of);
    reconcile::ensure_settled_absent(ports, migration, entry, find, async |id| ports.delete_volume(&id).await).await
}
