//! Volumes of Amazon EBS and their snapshots.

use super::{filter, read_tags, specification, unless};
use crate::{
    Account,
    error::{self, phase_error},
};
use aws_sdk_ec2::types::{self, ResourceType};
use aws_smithy_runtime_api::{client::result::SdkError, http::Response};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::{
    PhaseError, Tags,
    ports::{
        Snapshots,
        snapshots::{EbsVolume, NewVolume, Snapshot},
    },
};

/// What EC2 answers while snapshots are being taken, of the volume or of many, or one was a moment ago
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>).
const TOO_MANY: [&str; 3] =
    ["ConcurrentSnapshotLimitExceeded", "PendingSnapshotLimitExceeded", "SnapshotCreationPerVolumeRateExceeded"];

/// What EC2 answers where a quota is used up, and the quota (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html>).
const USED_UP: [(&str, &str); 3] = [
    ("SnapshotLimitExceeded", "Snapshots per Region"),
    ("VolumeLimitExceeded", "storage of the volume's type"),
    ("MaxIOPSLimitExceeded", "IOPS of the volume's type"),
];

impl Account {
    async fn ebs_volumes(&self, filters: Vec<types::Filter>) -> Result<Vec<EbsVolume>, PhaseError> {
        // A filter, unlike a list of ids, is not refused for an id that does not exist.
        let volumes = self
            .ec2()
            .describe_volumes()
            .set_filters(Some(filters))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading volumes", &error))?;
        Ok(volumes.into_iter().map(read).collect())
    }
}

impl Snapshots for Account {
    async fn volume(&self, id: &str) -> Result<Option<EbsVolume>, PhaseError> {
        let found = self.ebs_volumes(vec![filter("volume-id", [id])]).await?;
        Ok(found.into_iter().find(|volume| volume.id == id))
    }

    async fn volumes_tagged(&self, tags: &Tags) -> Result<Vec<EbsVolume>, PhaseError> {
        let mut found = self.ebs_volumes(filters(tags)).await?;
        found.retain(|volume| carries(&volume.tags, tags));
        Ok(found)
    }

    async fn create_volume(&self, volume: &NewVolume) -> Result<String, PhaseError> {
        let context = format!("making a volume from {}", volume.snapshot_id);
        self.ec2()
            .create_volume()
            .client_token(&volume.token)
            .snapshot_id(&volume.snapshot_id)
            .availability_zone(&volume.zone)
            .size(volume.gib)
            .volume_type(volume.volume_type.as_str().into())
            .set_iops(volume.iops)
            .set_throughput(volume.throughput)
            .tag_specifications(specification(ResourceType::Volume, &volume.tags))
            .send()
            .await
            .map_err(|error| used_up(&context, &error))?
            .volume_id
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EC2 answered without an id")))
    }

    async fn delete_volume(&self, id: &str) -> Result<(), PhaseError> {
        let context = format!("deleting the volume {id}");
        match self.ec2().delete_volume().volume_id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error::code(&error) {
                "InvalidVolume.NotFound" => Ok(()),
                "VolumeInUse" | "IncorrectState" => {
                    Err(PhaseError::not_ready(format!("{context}: an instance has it, or EBS is still making it")))
                }
                _ => Err(phase_error(&context, &error)),
            },
        }
    }

    async fn snapshots_tagged(&self, tags: &Tags) -> Result<Vec<Snapshot>, PhaseError> {
        let snapshots = self
            .ec2()
            .describe_snapshots()
            .owner_ids("self")
            .set_filters(Some(filters(tags)))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading snapshots", &error))?;
        let own = snapshots.into_iter().filter(|snapshot| carries(&read_tags(snapshot.tags()), tags));
        let read = |snapshot: types::Snapshot| Snapshot {
            id: snapshot.snapshot_id.unwrap_or_default(),
            state: snapshot.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
            progress: snapshot.progress.unwrap_or_default(),
        };
        Ok(own.map(read).collect())
    }

    async fn create_snapshot(&self, volume_id: &str, tags: &Tags) -> Result<String, PhaseError> {
        let context = format!("taking a snapshot of {volume_id}");
        let request = self.ec2().create_snapshot().volume_id(volume_id).description("Bascule's, of what green gets");
        match request.tag_specifications(specification(ResourceType::Snapshot, tags)).send().await {
            Ok(answer) => answer
                .snapshot_id
                .ok_or_else(|| PhaseError::unavailable(format!("{context}: EC2 answered without an id"))),
            Err(error) if TOO_MANY.contains(&error::code(&error)) => {
                Err(PhaseError::not_ready(format!("{context}: others of it are being taken ({})", error::code(&error))))
            }
            Err(error) => Err(used_up(&context, &error)),
        }
    }

    async fn delete_snapshot(&self, id: &str) -> Result<(), PhaseError> {
        let answer = self.ec2().delete_snapshot().snapshot_id(id).send().await;
        unless(&["InvalidSnapshot.NotFound"], &format!("deleting the snapshot {id}"), answer).map(drop)
    }
}

/// The error, with what to do where a quota is used up.
fn used_up<E: ProvideErrorMetadata>(context: &str, error: &SdkError<E, Response>) -> PhaseError {
    let mut told = phase_error(context, error);
    let quota = USED_UP.iter().find(|(code, _)| *code == error::code(error));
    if let Some((_, quota)) = quota {
        told.message = format!(
            "{}. The quota of Amazon EBS that is used up is the {quota}: delete what nobody needs, or ask Service Quotas for more, and start a new migration",
            told.message.trim_end_matches('.')
        );
    }
    told
}

fn filters(tags: &Tags) -> Vec<types::Filter> {
    tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), [value])).collect()
}

/// EC2 takes `*` and `?` in a filter for any characters.
fn carries(tags: &Tags, wanted: &Tags) -> bool {
    wanted.iter().all(|(key, value)| tags.get(key) == Some(value))
}

fn read(volume: types::Volume) -> EbsVolume {
    let instances = volume.attachments().iter().filter_map(|attachment| attachment.instance_id());
    EbsVolume {
        attached_to: instances.map(str::to_owned).collect(),
        tags: read_tags(volume.tags()),
        id: volume.volume_id.unwrap_or_default(),
        state: volume.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        zone: volume.availability_zone.unwrap_or_default(),
        gib: volume.size.unwrap_or_default(),
        volume_type: volume.volume_type.map(|of| of.as_str().to_owned()).unwrap_or_default(),
        iops: volume.iops,
        throughput: volume.throughput,
        key_arn: volume.kms_key_id,
    }
}

#[cfg(test)]
mod tests;
