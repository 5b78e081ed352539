//! Snapshots of blue's volumes of Amazon EBS, from which green's copies are made
//! (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-creating-snapshot.html>): one while the workload still runs, and one when it has
//! stopped, for which EBS only copies what changed since the former.

use crate::{
    Entry, Kind, Migration, PhaseError, ResourceKey, Side, Tags, names,
    ownership::tags,
    plan::workloads::Copied,
    ports::{Clock, Ledger, Snapshots},
    reconcile::{self, Waiting},
};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["ec2:CreateSnapshot", "ec2:DeleteSnapshot", "ec2:DescribeSnapshots"];

/// The tag that names the snapshot: EC2 has neither names nor tokens for snapshots.
const NAME: &str = "Name";

/// Characters of the name, well within those of a tag's value
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>).
const LONGEST_NAME: usize = 128;

/// When a snapshot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Moment {
    /// While what has the volume still runs. Nothing is made from it.
    Before,
    /// Once everything that has the volume has stopped.
    Stopped,
}

/// The snapshot of a volume of blue.
#[must_use]
pub fn key(copied: &Copied, moment: Moment) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Snapshot, format!("{} of {}, {moment}", copied.volume_id, copied.name()))
}

/// Takes the snapshot where it was not taken, and gives its id once it is complete.
///
/// # Errors
/// `NotReady` while EBS copies; `Unhealthy` where EBS could not.
pub async fn ensure<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    copied: &Copied,
    moment: Moment,
) -> Result<String, PhaseError> {
    let key = key(copied, moment);
    let own = own(migration, &key);
    let find = || find(ports, migration, &key);
    let detail = reconcile::intended(ports.now());
    if let Some(entry) = ports.live(migration, &key).await? {
        // There is no token that would keep a second request from making a second one.
        reconcile::settled(&entry, ports.now(), find).await?;
    }
    let id = reconcile::ensure(ports, migration, &key, detail, find, || ports.create_snapshot(&copied.volume_id, &own))
        .await?;
    let found = ports.snapshots_tagged(&own).await?.into_iter().find(|found| found.id == id);
    match found.as_ref().map(|found| (found.state.as_str(), found.progress.as_str())) {
        Some(("completed", _)) => Ok(id),
        Some(("error", _)) => Err(PhaseError::unhealthy(format!(
            "EBS could not take the snapshot {id} of {copied}: its state is error. Blue's volume is as it was"
        ))),
        Some((state, progress)) => {
            Err(PhaseError::not_ready(format!("the snapshot {id} of {copied} is {state}, {progress}")))
        }
        None => Err(PhaseError::not_ready(format!("the snapshot {id} of {copied} is not to be seen yet"))),
    }
}

/// The tags by which it is found again.
fn own(migration: &Migration, key: &ResourceKey) -> Tags {
    let mut own = tags(migration, key.side);
    own.insert(NAME.to_owned(), names::for_key(&migration.id, key, LONGEST_NAME));
    own
}

async fn find<P: Ledger + Snapshots>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
) -> Result<Option<String>, PhaseError> {
    let found = ports.snapshots_tagged(&own(migration, key)).await?.into_iter().map(|found| found.id).collect();
    reconcile::chosen(ports, migration, key, found).await
}

/// Deletes every snapshot that the ledger knows. What is in them is in blue's volumes and in green's.
///
/// # Errors
/// `NotReady` while EC2 may not show one yet, or still has one.
pub async fn remove_all<P: Ledger + Snapshots + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let mut waiting = Waiting::default();
    for entry in ports.live_of(migration, Side::Temporary, Kind::Snapshot).await? {
        waiting.take(remove(ports, migration, &entry).await)?;
    }
    waiting.finish()
}

async fn remove<P: Ledger + Snapshots + Clock>(
    ports: &P,
    migration: &Migration,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let find = || find(ports, migration, &entry.key);
    reconcile::ensure_settled_absent(ports, migration, entry, find, async |id| ports.delete_snapshot(&id).await).await
}
