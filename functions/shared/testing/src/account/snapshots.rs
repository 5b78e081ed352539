//! Amazon EBS: volumes that drivers made for claims, snapshots of them, and copies. A snapshot is complete, and a volume can be attached, after
//! [`Durations`](super::Durations) of theirs.

use super::time::Change;
use super::{Account, Aws};
use domain::manifest::workload;
use domain::plan::ebs::EbsDriver;
use domain::ports::Snapshots;
use domain::ports::network::{CLAIM_TAGS, ClaimedVolume, Stored};
use domain::ports::snapshots::{EbsVolume, NewVolume, Snapshot};
use domain::{PhaseError, Tags};
use serde_json::Value;

/// A snapshot of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The volume.
    pub volume_id: String,
    /// Whether an instance had the volume: what it had not written yet is not in the snapshot.
    pub of_attached: bool,
    /// Whether everything is copied.
    pub is_complete: bool,
    /// Tags.
    pub tags: Tags,
}

/// A volume that was made from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFrom {
    /// What was asked for.
    pub request: NewVolume,
    /// What the snapshot was.
    pub snapshot: Taken,
    /// Whether it can be attached.
    pub is_available: bool,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether tags hold all of these.
fn carries(tags: &Tags, wanted: &Tags) -> bool {
    wanted.iter().all(|(key, value)| tags.get(key) == Some(value))
}

impl Aws {
    /// The driver by which a cluster has a volume.
    fn driver_of(&self, id: &str) -> &str {
        let mut all = self.objects.values().flatten();
        let its =
            all.find(|(object, value)| object.kind == "PersistentVolume" && value["spec"]["csi"]["volumeHandle"] == id);
        its.map_or("", |(_, value)| text(&value["spec"]["csi"]["driver"]))
    }

    /// The clusters that have a volume, each with the claim's namespace and name there.
    fn claims_of(&self, id: &str) -> Vec<(&str, String, String)> {
        let all = self.objects.iter().flat_map(|(cluster, objects)| objects.iter().map(move |of| (cluster, of)));
        let volumes = all.filter(|(_, (object, value))| {
            object.kind == "PersistentVolume" && value["spec"]["csi"]["volumeHandle"] == id
        });
        let claim = |value: &Value| {
            let of = &value["spec"]["claimRef"];
            (text(&of["namespace"]).to_owned(), text(&of["name"]).to_owned())
        };
        volumes
            .map(|(cluster, (_, value))| {
                let (namespace, name) = claim(value);
                (cluster.as_str(), namespace, name)
            })
            .collect()
    }

    /// The Pods' nodes that have the volume: one for each workload that still has Pods.
    fn attached_to(&self, id: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (cluster, namespace, claim) in self.claims_of(id) {
            for (object, value) in self.objects.get(cluster).into_iter().flatten() {
                if object.namespace_or_default() != namespace || value["status"]["replicas"].as_i64().unwrap_or(0) == 0
                {
                    continue;
                }
                let templates = value["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
                let of_template = |template: &Value| {
                    claim.starts_with(&format!("{}-{}-", text(&template["metadata"]["name"]), object.name))
                };
                let pods = workload::pod_spec(&object.kind, value);
                let mut volumes = pods.and_then(|pods| pods["volumes"].as_array()).into_iter().flatten();
                let named = volumes.any(|volume| volume["persistentVolumeClaim"]["claimName"] == claim.as_str());
                if named || templates.clone().any(of_template) {
                    found.push(format!("i-of-{cluster}-{}", object.name));
                }
            }
        }
        found
    }

    /// A volume of EBS.
    fn ebs_volume(&self, id: &str) -> Option<EbsVolume> {
        let attached_to = self.attached_to(id);
        let unattached =
            if self.copies.get(id).is_some_and(|made| !made.is_available) { "creating" } else { "available" };
        let state = if attached_to.is_empty() { unattached } else { "in-use" }.to_owned();
        if let Some(made) = self.copies.get(id) {
            let NewVolume { zone, gib, volume_type, iops, throughput, tags, .. } = made.request.clone();
            return Some(EbsVolume {
                id: id.to_owned(),
                state,
                zone,
                gib,
                volume_type,
                iops,
                throughput,
                key_arn: self.volume_keys.get(&made.snapshot.volume_id).cloned(),
                attached_to,
                tags,
            });
        }
        self.volumes.contains_key(id).then(|| EbsVolume {
            id: id.to_owned(),
            state,
            zone: "eu-central-1a".to_owned(),
            gib: 10,
            volume_type: "gp3".to_owned(),
            iops: Some(3000),
            throughput: Some(125),
            key_arn: self.volume_keys.get(id).cloned(),
            tags: self.claim_tags(id),
            attached_to,
        })
    }

    /// The tags that a driver gives a volume: that of the add-on
    /// (<https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md>), and that of EKS Auto Mode, as far as what it may
    /// give says which
    /// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicyV2.html>).
    fn claim_tags(&self, id: &str) -> Tags {
        let mut tags = Tags::new();
        for (cluster, namespace, name) in self.claims_of(id) {
            let own = match self.driver_of(id) {
                "ebs.csi.eks.amazonaws.com" => {
                    [("ebs.csi.eks.amazonaws.com/cluster", "true"), ("eks:eks-cluster-name", cluster)]
                }
                _ => [("ebs.csi.aws.com/cluster", "true"), ("ebs.csi.aws.com/cluster-name", cluster)],
            };
            tags.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
            tags.insert(format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned());
            tags.extend(CLAIM_TAGS.map(str::to_owned).into_iter().zip([namespace, name]));
        }
        tags
    }

    /// The volumes of EBS that were made for claims of a cluster.
    pub(super) fn claimed(&self, cluster: &str) -> Vec<ClaimedVolume> {
        let of_cluster = format!("vol-{cluster}-");
        let ids = self.volumes.keys().filter(|handle| handle.starts_with(&of_cluster));
        let read = |id: &String| {
            let volume = self.ebs_volume(id)?;
            let (_, namespace, name) = self.claims_of(id).into_iter().find(|(of, ..)| *of == cluster)?;
            Some(ClaimedVolume {
                id: volume.id,
                gib: volume.gib,
                volume_type: volume.volume_type,
                claim: format!("{namespace}/{name}"),
                zone: volume.zone,
                is_attached: !volume.attached_to.is_empty(),
                iops: volume.iops,
                key_arn: volume.key_arn,
                drivers: EbsDriver::having(&volume.tags, cluster),
                is_multi_attach: false,
            })
        };
        ids.filter_map(read).collect()
    }

    /// What the volumes of a type have together.
    pub(super) fn stored(&self, volume_type: &str) -> Stored {
        let ids = self.volumes.keys().filter(|handle| handle.starts_with("vol-")).chain(self.copies.keys());
        let of_type = ids.filter_map(|id| self.ebs_volume(id)).filter(|volume| volume.volume_type == volume_type);
        of_type.fold(Stored::default(), |sum, volume| Stored {
            gib: sum.gib + i64::from(volume.gib),
            iops: sum.iops + i64::from(volume.iops.unwrap_or_default()),
        })
    }

    pub(super) fn snapshot_completed(&mut self, id: &str) {
        if let Some(taken) = self.snapshots.get_mut(id) {
            taken.is_complete = true;
        }
    }

    /// Where its key may not be used, the volume is gone again
    /// (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html#create-volume>).
    pub(super) fn volume_created(&mut self, id: &str) {
        let Some(made) = self.copies.get_mut(id) else { return };
        made.is_available = true;
        if self.volume_keys.get(&made.snapshot.volume_id).is_some_and(|key| self.unusable_keys.contains(key)) {
            self.copies.remove(id);
        }
    }
}

impl Snapshots for Account {
    async fn volume(&self, id: &str) -> Result<Option<EbsVolume>, PhaseError> {
        self.read("ec2:DescribeVolumes", |aws| aws.ebs_volume(id))
    }

    async fn volumes_tagged(&self, tags: &Tags) -> Result<Vec<EbsVolume>, PhaseError> {
        self.read("ec2:DescribeVolumes", |aws| {
            let copies = aws.copies.iter().filter(|(_, made)| carries(&made.request.tags, tags));
            copies.filter_map(|(id, _)| aws.ebs_volume(id)).collect()
        })
    }

    async fn create_volume(&self, volume: &NewVolume) -> Result<String, PhaseError> {
        self.change("ec2:CreateVolume", |aws| {
            if let Some((id, _)) = aws.copies.iter().find(|(_, made)| made.request.token == volume.token) {
                return Ok(id.clone());
            }
            let snapshot = aws.snapshots.get(&volume.snapshot_id).cloned();
            let snapshot = snapshot.ok_or_else(|| PhaseError::refused("InvalidSnapshot.NotFound"))?;
            if !snapshot.is_complete {
                return Err(PhaseError::refused(format!("IncorrectState: {} is pending", volume.snapshot_id)));
            }
            let is_trial = volume.tags.get("bascule:side").is_some_and(|side| side == "temporary");
            let what = if is_trial { "trial for" } else { "copy of" };
            let id = aws.create("VolumeCopy", "vol-", &format!("{what} {}", snapshot.volume_id));
            aws.copies.insert(id.clone(), MadeFrom { request: volume.clone(), snapshot, is_available: false });
            aws.later(|durations| durations.volume, Change::VolumeCreated(id.clone()));
            Ok(id)
        })
    }

    async fn delete_volume(&self, id: &str) -> Result<(), PhaseError> {
        self.change("ec2:DeleteVolume", |aws| {
            if !aws.attached_to(id).is_empty() {
                return Err(PhaseError::not_ready(format!("VolumeInUse: {id}")));
            }
            aws.copies.remove(id);
            aws.volumes.remove(id);
            Ok(())
        })
    }

    async fn snapshots_tagged(&self, tags: &Tags) -> Result<Vec<Snapshot>, PhaseError> {
        self.read("ec2:DescribeSnapshots", |aws| {
            let own = aws.snapshots.iter().filter(|(_, taken)| carries(&taken.tags, tags));
            let read = |(id, taken): (&String, &Taken)| Snapshot {
                id: id.clone(),
                state: if taken.is_complete { "completed" } else { "pending" }.to_owned(),
                progress: if taken.is_complete { "100%" } else { "34%" }.to_owned(),
            };
            own.map(read).collect()
        })
    }

    async fn create_snapshot(&self, volume_id: &str, tags: &Tags) -> Result<String, PhaseError> {
        self.change("ec2:CreateSnapshot", |aws| {
            let volume = aws.ebs_volume(volume_id).ok_or_else(|| PhaseError::refused("InvalidVolume.NotFound"))?;
            let id = aws.create("Snapshot", "snap-", tags.get("Name").map_or("", String::as_str));
            let taken = Taken {
                volume_id: volume_id.to_owned(),
                of_attached: !volume.attached_to.is_empty(),
                is_complete: false,
                tags: tags.clone(),
            };
            aws.snapshots.insert(id.clone(), taken);
            aws.later(|durations| durations.snapshot, Change::SnapshotCompleted(id.clone()));
            Ok(id)
        })
    }

    async fn delete_snapshot(&self, id: &str) -> Result<(), PhaseError> {
        self.change("ec2:DeleteSnapshot", |aws| {
            aws.snapshots.remove(id);
            Ok(())
        })
    }
}
