//! Volumes of Amazon EBS and their snapshots.

use crate::{PhaseError, Tags};
use std::future::Future;

/// Volumes and snapshots.
pub trait Snapshots: Sync {
    /// One volume; nothing where it does not exist.
    fn volume(&self, id: &str) -> impl Future<Output = Result<Option<EbsVolume>, PhaseError>> + Send;

    /// The volumes that carry all of these tags.
    fn volumes_tagged(&self, tags: &Tags) -> impl Future<Output = Result<Vec<EbsVolume>, PhaseError>> + Send;

    /// Makes a volume from a snapshot and gives its id. A repeated request with the same token gives the same volume.
    fn create_volume(&self, volume: &NewVolume) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Deletes a volume; does nothing where it is gone, `NotReady` while an instance has it.
    fn delete_volume(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The snapshots of this account that carry all of these tags.
    fn snapshots_tagged(&self, tags: &Tags) -> impl Future<Output = Result<Vec<Snapshot>, PhaseError>> + Send;

    /// Takes a snapshot of a volume as it is at this moment, and gives its id. EC2 has no token for it: a repeated request makes another one.
    fn create_snapshot(&self, volume_id: &str, tags: &Tags) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Deletes a snapshot; does nothing where it is gone.
    fn delete_snapshot(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// A volume (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EbsVolume {
    /// The id.
    pub id: String,
    /// `creating`, `available`, `in-use`, `deleting`, `deleted` or `error`.
    pub state: String,
    /// Its Availability Zone.
    pub zone: String,
    /// Its size, in GiB.
    pub gib: i32,
    /// Such as `gp3`.
    pub volume_type: String,
    /// Operations a second, where its type has them provisioned or shows them.
    pub iops: Option<i32>,
    /// MiB a second, of gp3.
    pub throughput: Option<i32>,
    /// The ARN of the KMS key that it is encrypted with, AWS's own or the user's.
    pub key_arn: Option<String>,
    /// The instances that have it.
    pub attached_to: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

/// A snapshot (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The id.
    pub id: String,
    /// `pending`, `completed`, `error` and others.
    pub state: String,
    /// Such as `34%`.
    pub progress: String,
}

/// What a new volume is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewVolume {
    /// The snapshot.
    pub snapshot_id: String,
    /// Its Availability Zone.
    pub zone: String,
    /// Its size, in GiB.
    pub gib: i32,
    /// Such as `gp3`.
    pub volume_type: String,
    /// Operations a second, for the types that take them.
    pub iops: Option<i32>,
    /// MiB a second, for gp3.
    pub throughput: Option<i32>,
    /// Its tags.
    pub tags: Tags,
    /// Makes a repeated request harmless.
    pub token: String,
}
