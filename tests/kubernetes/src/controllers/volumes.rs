//! Volume claims: binds each to a new volume, as a dynamic provisioner does
//! (<https://kubernetes.io/docs/concepts/storage/dynamic-provisioning/>). Volumes have no
//! storage, since stand-in Pods write nothing.

use serde_json::json;

use super::pods;
use crate::{object, store::Resource, writes::Objects};

pub(super) fn reconcile(objects: &Objects) {
    let claims = Resource::core("persistentvolumeclaims");
    for claim in objects.store.all(&claims) {
        if claim["spec"]["volumeName"].is_string() || object::is_terminating(&claim) {
            continue;
        }
        let volume = format!("pvc-{}", object::uid(&claim));
        let capacity = claim.pointer("/spec/resources/requests").cloned().unwrap_or_else(|| json!({"storage": "1Gi"}));
        let modes = claim["spec"]["accessModes"].clone();
        let made = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": volume},
            "spec": {
                "capacity": capacity, "accessModes": modes, "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": claim["spec"]["storageClassName"].as_str().unwrap_or_default(), "volumeMode": "Filesystem",
                "claimRef": {
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": object::namespace(&claim),
                    "name": object::name(&claim), "uid": object::uid(&claim),
                },
                "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": format!("vol-{}", &object::uid(&claim)[..8])},
            },
        });
        objects.make(&Resource::core("persistentvolumes"), "", made);
        objects.modify(&claims, object::namespace(&claim), object::name(&claim), |claim| {
            claim["spec"]["volumeName"] = json!(volume);
            claim["status"] = json!({"phase": "Bound", "accessModes": modes, "capacity": capacity});
        });
    }
    let volumes = Resource::core("persistentvolumes");
    for volume in objects.store.all(&volumes) {
        let text = |pointer: &str| object::text(&volume, pointer).unwrap_or_default();
        let claim = objects.store.get(&claims, text("/spec/claimRef/namespace"), text("/spec/claimRef/name"));
        let bound = claim.is_some_and(|claim| object::uid(&claim) == text("/spec/claimRef/uid"));
        let made_here = text("/spec/csi/driver") == "ebs.csi.aws.com" && object::name(&volume).starts_with("pvc-");
        if bound {
            pods::set_status(objects, &volumes, &volume, json!({"phase": "Bound"}));
        } else if made_here && text("/spec/persistentVolumeReclaimPolicy") == "Delete" {
            objects.discard(&volumes, &volume);
        }
    }
}
