//! Copies of volumes that green gets.

use super::Sight;
use domain::object::ObjectId;
use serde_json::Value;
use testing::Aws;
use testing::shop::{BLUE, GREEN};

/// What green gets copies of has all that blue wrote, and nothing of what has it runs on green before: copies are made once the volumes are
/// detached on blue.
pub(super) fn they_are_whole_and_come_before_what_has_them(sight: &Sight) -> Result<(), String> {
    // A volume by which is tried that EBS makes one is nobody's copy.
    let mut copies = sight.aws.copies.iter().filter(|(_, made)| made.request.tags["bascule:side"] == "green");
    if let Some((id, _)) = copies.find(|(_, made)| made.snapshot.of_attached) {
        return Err(format!("{id} was made from a snapshot of a volume in use"));
    }
    let Some(green) = sight.aws.objects.get(GREEN) else { return Ok(()) };
    for copied in &sight.record.plan.workloads.copies {
        let mut holders = copied.holders.iter().filter_map(|holder| green.get(holder));
        let runs = holders.any(|holder| holder["spec"]["replicas"] != 0);
        let mut volumes =
            green.iter().filter(|(id, _)| id.kind == "PersistentVolume").map(|(_, volume)| &volume["spec"]);
        let has = volumes.any(|spec| {
            let made = spec["csi"]["volumeHandle"].as_str().and_then(|handle| sight.aws.copies.get(handle));
            let of = &spec["claimRef"];
            made.is_some_and(|made| made.snapshot.volume_id == copied.volume_id && made.is_available)
                && (of["name"].as_str(), spec["persistentVolumeReclaimPolicy"].as_str())
                    == (Some(&copied.claim), Some("Retain"))
        });
        if runs && !has {
            return Err(format!("green runs without its copy of {copied}"));
        }
    }
    Ok(())
}

/// Green's driver is blue's, and may attach the copies under AWS's narrowest managed policies, and Kubernetes puts their Pods where it can: the tags of
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicyV2.html>,
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverPolicyV2.html> and
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverEKSClusterScopedPolicy.html>. None names blue.
pub(super) fn green_may_attach_them(sight: &Sight) -> Result<(), String> {
    let had: Vec<&Value> = volumes(&sight.witness.before, BLUE).collect();
    for spec in volumes(sight.aws, GREEN) {
        let handle = spec["csi"]["volumeHandle"].as_str().unwrap_or_default();
        let Some(made) = sight.aws.copies.get(handle) else { continue };
        let of_blue = had.iter().find(|had| had["csi"]["volumeHandle"] == made.snapshot.volume_id.as_str());
        if of_blue.is_none_or(|had| had["csi"]["driver"] != spec["csi"]["driver"]) {
            return Err(format!("green's driver of {handle} is not blue's: {spec}"));
        }
        let is_auto = spec["csi"]["driver"] == "ebs.csi.eks.amazonaws.com";
        let wanted: &[(&str, &str)] = if is_auto {
            &[("eks:eks-cluster-name", GREEN)]
        } else {
            &[("ebs.csi.aws.com/cluster", "true"), ("ebs.csi.aws.com/cluster-name", GREEN)]
        };
        let tags = &made.request.tags;
        let has_all = wanted.iter().all(|(key, value)| tags.get(*key).is_some_and(|found| found == value));
        let names_blue = tags.iter().any(|(key, value)| key.ends_with(&format!("/{BLUE}")) || value == BLUE);
        if !has_all || names_blue {
            return Err(format!("green's driver may not attach {handle}, which has {tags:?}"));
        }
        let nodes = spec["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"].as_array();
        let of_type = nodes.into_iter().flatten().any(|of| of["key"] == "eks.amazonaws.com/compute-type");
        if of_type != is_auto {
            return Err(format!("Pods that have {handle} go where nothing attaches it: {spec}"));
        }
    }
    Ok(())
}

/// The PersistentVolumes of a cluster.
fn volumes<'a>(aws: &'a Aws, cluster: &str) -> impl Iterator<Item = &'a Value> {
    let objects = aws.objects.get(cluster).into_iter().flatten();
    let volumes = objects.filter(|(id, _): &(&ObjectId, _)| id.kind == "PersistentVolume");
    volumes.map(|(_, volume)| &volume["spec"])
}
