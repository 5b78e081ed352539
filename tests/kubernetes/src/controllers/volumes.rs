//! Stand-ins for the controllers of volumes and for the driver of Amazon EBS
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#lifecycle-of-a-volume-and-claim>). The binder gives a claim the volume that
//! is kept for it. The driver makes a volume for a claim of a class of its own, once a Pod has the claim where the class says so
//! (<https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode>): any Pod, where the real scheduler chooses a node first.
//! A claim that is in use stays until its Pods are gone
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection>), and its volume goes by its policy.
//! Volumes have no storage, since stand-in Pods write nothing.

use serde_json::{Value, json};

use super::pods;
use crate::{
    object,
    store::{Resource, Store},
    writes::Objects,
};

/// The finalizer that the admission of the real server gives to each new claim.
const PROTECTION: &str = "kubernetes.io/pvc-protection";
/// Who made a volume.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// The driver of Amazon EBS, and the provisioner whose work it does.
const DRIVERS: [&str; 2] = ["ebs.csi.aws.com", "kubernetes.io/aws-ebs"];

fn claims() -> Resource {
    Resource::core("persistentvolumeclaims")
}

fn volumes() -> Resource {
    Resource::core("persistentvolumes")
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object::text(object, pointer).unwrap_or_default()
}

/// A volume that the driver of Amazon EBS makes for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// The name of the PersistentVolume.
    pub name: String,
    /// The namespace of its claim.
    pub namespace: String,
    /// The name of its claim.
    pub claim: String,
    /// Its size, in GiB.
    pub gib: u32,
}

/// The volumes that the driver made and did not delete.
pub(crate) fn provisioned(store: &Store) -> Vec<Provisioned> {
    let all = store.all(&volumes()).into_iter();
    let own = all.filter(|volume| object::annotation(volume, PROVISIONED_BY).is_some_and(|by| DRIVERS.contains(&by)));
    let read = |volume: std::sync::Arc<Value>| Provisioned {
        name: object::name(&volume).to_owned(),
        namespace: text(&volume, "/spec/claimRef/namespace").to_owned(),
        claim: text(&volume, "/spec/claimRef/name").to_owned(),
        gib: text(&volume, "/spec/capacity/storage").trim_end_matches("Gi").parse().unwrap_or(1),
    };
    own.map(read).collect()
}

/// The driver says which volume of Amazon EBS is behind one that it made.
pub(crate) fn made(objects: &Objects, name: &str, handle: &str) {
    objects.modify(&volumes(), "", name, |volume| volume["spec"]["csi"]["volumeHandle"] = json!(handle));
}

pub(super) fn reconcile(objects: &Objects) {
    for claim in objects.store.all(&claims()) {
        protect(objects, &claim);
        if text(&claim, "/spec/volumeName").is_empty() || text(&claim, "/status/phase") != "Bound" {
            bind(objects, &claim);
        }
    }
    for volume in objects.store.all(&volumes()) {
        reclaim(objects, &volume);
    }
}

/// Whether a Pod names the claim; `placed` asks for one that is on a node and has not ended.
fn is_used(objects: &Objects, claim: &Value, placed: bool) -> bool {
    objects.store.all(&pods::resource()).iter().any(|pod| {
        let named = object::list(pod, "/spec/volumes").iter().any(|volume| {
            let ephemeral = format!("{}-{}", object::name(pod), text(volume, "/name"));
            text(volume, "/persistentVolumeClaim/claimName") == object::name(claim)
                || (volume["ephemeral"].is_object() && ephemeral == object::name(claim))
        });
        let on_node = !text(pod, "/spec/nodeName").is_empty() && !pods::has_ended(pod);
        named && object::namespace(pod) == object::namespace(claim) && (on_node || !placed)
    })
}

fn protect(objects: &Objects, claim: &Value) {
    let has = object::list(claim, "/metadata/finalizers").contains(&json!(PROTECTION));
    let change = |change: &dyn Fn(&mut Vec<Value>)| {
        objects.modify(&claims(), object::namespace(claim), object::name(claim), |claim| {
            let metadata = object::metadata(claim);
            object::default(metadata, "finalizers", json!([]));
            if let Some(finalizers) = metadata["finalizers"].as_array_mut() {
                change(finalizers);
            }
        });
    };
    match (object::is_terminating(claim), has) {
        (false, false) => change(&|finalizers| finalizers.push(json!(PROTECTION))),
        (true, true) if !is_used(objects, claim, true) => {
            change(&|finalizers| finalizers.retain(|finalizer| finalizer != PROTECTION));
        }
        _ => {}
    }
}

/// Whether a volume is kept for the claim, or bound to it.
fn is_of(volume: &Value, claim: &Value) -> bool {
    let same = |pointer: &str, value: &str| text(volume, pointer) == value;
    let uid = text(volume, "/spec/claimRef/uid");
    same("/spec/claimRef/namespace", object::namespace(claim))
        && same("/spec/claimRef/name", object::name(claim))
        && (uid.is_empty() || uid == object::uid(claim))
}

fn bind(objects: &Objects, claim: &Value) {
    if object::is_terminating(claim) {
        return;
    }
    let asked = text(claim, "/spec/volumeName");
    let all = objects.store.all(&volumes());
    let free = |volume: &Value| volume["spec"]["claimRef"].is_null();
    let kept = all.iter().find(|volume| is_of(volume, claim) || (object::name(volume) == asked && free(volume)));
    let Some(volume) = kept.cloned().or_else(|| provision(objects, claim)) else { return };
    let name = object::name(&volume).to_owned();
    objects.modify(&volumes(), "", &name, |volume| {
        volume["spec"]["claimRef"] = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": object::namespace(claim),
            "name": object::name(claim), "uid": object::uid(claim),
        });
    });
    objects.modify(&claims(), object::namespace(claim), object::name(claim), |claim| {
        claim["spec"]["volumeName"] = json!(name);
        let (modes, capacity) = (&volume["spec"]["accessModes"], &volume["spec"]["capacity"]);
        claim["status"] = json!({"phase": "Bound", "accessModes": modes, "capacity": capacity});
    });
}

fn provision(objects: &Objects, claim: &Value) -> Option<std::sync::Arc<Value>> {
    let class = text(claim, "/spec/storageClassName");
    let classes = Resource::new("storage.k8s.io", "storageclasses");
    let found = objects.store.get(&classes, "", class)?;
    let waits = text(&found, "/volumeBindingMode") == "WaitForFirstConsumer";
    let by_claim = text(claim, "/spec/volumeName").is_empty() && DRIVERS.contains(&text(&found, "/provisioner"));
    if !by_claim || (waits && !is_used(objects, claim, false)) {
        return None;
    }
    let policy = Some(text(&found, "/reclaimPolicy")).filter(|policy| !policy.is_empty()).unwrap_or("Delete");
    let uid = object::uid(claim);
    let capacity = claim.pointer("/spec/resources/requests").cloned().unwrap_or_else(|| json!({"storage": "1Gi"}));
    let made = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": format!("pvc-{uid}"), "annotations": {PROVISIONED_BY: DRIVERS[0]}},
        "spec": {
            "capacity": capacity, "accessModes": claim["spec"]["accessModes"], "persistentVolumeReclaimPolicy": policy,
            "storageClassName": class, "volumeMode": "Filesystem",
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": object::namespace(claim),
                "name": object::name(claim), "uid": uid,
            },
            "csi": {"driver": DRIVERS[0], "volumeHandle": format!("vol-{}", &uid[..uid.len().min(8)])},
        },
    });
    objects.make(&volumes(), "", made)
}

/// A volume whose claim is there is bound; one whose claim is gone is deleted by the driver that made it, or released.
fn reclaim(objects: &Objects, volume: &Value) {
    let uid = text(volume, "/spec/claimRef/uid");
    let claim =
        objects.store.get(&claims(), text(volume, "/spec/claimRef/namespace"), text(volume, "/spec/claimRef/name"));
    let phase = match claim {
        _ if uid.is_empty() => "Available",
        Some(claim) if object::uid(&claim) == uid => "Bound",
        _ if text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete"
            && object::annotation(volume, PROVISIONED_BY).is_some_and(|by| DRIVERS.contains(&by)) =>
        {
            objects.discard(&volumes(), volume);
            return;
        }
        _ => "Released",
    };
    pods::set_status(objects, &volumes(), volume, json!({"phase": phase}));
}
