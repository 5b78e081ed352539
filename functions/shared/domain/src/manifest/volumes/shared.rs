//! Volumes on a file system that both clusters use: the PersistentVolumes of blue as green gets them
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume>).

use super::{Object, driver, text};
use crate::plan::workloads::{Becomes, Volume, Workloads};
use serde_json::{Value, json};

/// Why several clusters cannot use this volume at once; nothing where they can.
#[must_use]
pub fn not_shareable(spec: &Value) -> Option<String> {
    let csi = text(&spec["csi"]["driver"]);
    if spec["nfs"].is_object() || driver(csi).is_some_and(|driver| driver.is_file_system) {
        return None;
    }
    let kinds = ["awsElasticBlockStore", "hostPath", "local"];
    let found = kinds.into_iter().find(|kind| spec[*kind].is_object()).unwrap_or(csi);
    Some(format!(
        "is a volume of {found:?}, which is no file system that several clusters use at once (Amazon EFS, FSx, S3, NFS)"
    ))
}

/// Whether a volume is kept for a claim, by either's word.
#[must_use]
pub fn is_kept_for(volume: &Object, claim: &Object) -> bool {
    let reference = &volume.value["spec"]["claimRef"];
    let by_volume =
        text(&reference["name"]) == claim.id.name && text(&reference["namespace"]) == claim.id.namespace_or_default();
    by_volume || text(&claim.value["spec"]["volumeName"]) == volume.id.name
}

/// The volume's storage stays when the volume goes, and any claim of the name that it is kept for gets it.
pub fn keep(spec: &mut Value) {
    spec["persistentVolumeReclaimPolicy"] = json!("Retain");
    if let Some(claim) = spec["claimRef"].as_object_mut() {
        claim.retain(|field, _| matches!(field.as_str(), "apiVersion" | "kind" | "name" | "namespace"));
    }
}

/// Whether a claim of blue is one that an object of the bundles has: its own, or one of its templates
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage>).
#[must_use]
pub fn has_claim(volume: &Volume, claim: &Value) -> bool {
    let metadata = &claim["metadata"];
    let name = text(&metadata["name"]);
    if text(&metadata["namespace"]) != volume.id.namespace_or_default() {
        return false;
    }
    if super::is_claim(&volume.id) {
        return name == volume.id.name;
    }
    let mut templates = volume.claims.iter().map(|claim| format!("{}-{}-", claim.name, volume.id.name));
    volume.id.kind == "StatefulSet"
        && templates.any(|template| {
            name.strip_prefix(template.as_str())
                .is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

/// The volumes of blue that green gets as they are, and why some cannot be had: claims that are not bound, or to no file system. Volumes
/// that the bundles bring are not among them.
#[must_use]
pub fn copies(plan: &Workloads, claims: &[Value], volumes: &[Value]) -> (Vec<Object>, Vec<String>) {
    let (mut copies, mut faults) = (Vec::new(), Vec::new());
    let brought = |name: &str| plan.volumes.iter().any(|volume| super::is_volume(&volume.id) && volume.id.name == name);
    for shared in
        plan.volumes.iter().filter(|volume| volume.becomes == Becomes::Shared && !super::is_volume(&volume.id))
    {
        let mut own = claims.iter().filter(|claim| has_claim(shared, claim)).peekable();
        if own.peek().is_none() {
            faults.push(format!("{} has no claim on blue, so that there is no volume to share", shared.id));
        }
        for claim in own {
            let (name, volume) = (text(&claim["metadata"]["name"]), text(&claim["spec"]["volumeName"]));
            let Some(found) =
                volumes.iter().find(|found| !volume.is_empty() && text(&found["metadata"]["name"]) == volume)
            else {
                faults.push(format!("{}: the claim {name} of blue is not bound to a volume", shared.id));
                continue;
            };
            match not_shareable(&found["spec"]) {
                Some(why) => faults.push(format!("{}: the volume {volume} of the claim {name} {why}", shared.id)),
                None if brought(volume) => {}
                None => copies.extend(copy(found)),
            }
        }
    }
    (copies, faults)
}

fn copy(volume: &Value) -> Option<Object> {
    let mut spec = volume["spec"].clone();
    keep(&mut spec);
    let metadata = json!({ "name": volume["metadata"]["name"] });
    Object::new(0, 0, json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec }))
}
