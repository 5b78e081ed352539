//! How volumes that were made for green go: by their claims, whose provisioner deletes them
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming>). A claim stays for as long as a Pod on a node has it
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection>).

use super::{ObjectId, text};
use serde_json::{Value, json};

/// Who made a volume for a claim (<https://kubernetes.io/docs/reference/labels-annotations-taints/#pv-kubernetes-io-provisioned-by>).
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// What a cluster still has of volumes that were made for it, and what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removal {
    /// Claims, Pods that have some, and the StatefulSets of those, to be deleted.
    pub delete: Vec<ObjectId>,
    /// What is there and is to go, in words.
    pub waiting: Vec<String>,
    /// Volumes whose class keeps them.
    pub kept: Vec<Value>,
}

/// What is left of the volumes of a cluster, given everything that it has.
#[must_use]
pub fn removal(claims: &[Value], volumes: &[Value], pods: &[Value]) -> Removal {
    let mut found = Removal::default();
    let goes = |volume: &&Value| text(&volume["spec"]["persistentVolumeReclaimPolicy"]) == "Delete" && is_made(volume);
    for volume in volumes {
        let (name, spec) = (text(&volume["metadata"]["name"]), &volume["spec"]);
        let handle = text(&spec["csi"]["volumeHandle"]);
        if goes(&volume) {
            let status = &volume["status"];
            let more = status["message"].as_str().map(|message| format!(": {message}")).unwrap_or_default();
            found.waiting.push(format!("PersistentVolume/{name} ({handle}, {}{more})", text(&status["phase"])));
        } else if is_made(volume) {
            let claim = &spec["claimRef"];
            let claim = format!("{}/{}", text(&claim["namespace"]), text(&claim["name"]));
            found.kept.push(json!({ "volume": handle, "size": spec["capacity"]["storage"], "claim": claim }));
        }
    }
    let is_going = |claim: &&Value| {
        let volume = text(&claim["spec"]["volumeName"]);
        !volumes.iter().any(|of| text(&of["metadata"]["name"]) == volume)
            || volumes.iter().filter(goes).any(|of| text(&of["metadata"]["name"]) == volume)
    };
    let going: Vec<&Value> = claims.iter().filter(is_going).collect();
    for claim in &going {
        let id = identified("v1", "PersistentVolumeClaim", &claim["metadata"]);
        found.waiting.push(id.to_string());
        if claim["metadata"]["deletionTimestamp"].is_null() {
            found.delete.push(id);
        }
    }
    // One that is on no node yet keeps no claim.
    let runs = |pod: &&Value| pod["spec"]["nodeName"].is_string() && pod["metadata"]["deletionTimestamp"].is_null();
    for pod in pods.iter().filter(runs) {
        if going.iter().any(|claim| has(pod, claim)) {
            let stop = stopped_with(pod);
            if !found.delete.contains(&stop) {
                found.delete.push(stop);
            }
        }
    }
    found
}

fn is_made(volume: &Value) -> bool {
    volume["metadata"]["annotations"][PROVISIONED_BY].is_string()
}

/// Whether a Pod has this claim, by its name or as that of an ephemeral volume
/// (<https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#persistentvolumeclaim-naming>).
fn has(pod: &Value, claim: &Value) -> bool {
    let (metadata, claim) = (&pod["metadata"], &claim["metadata"]);
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let mut names = volumes.filter_map(|volume| {
        let named = volume["persistentVolumeClaim"]["claimName"].as_str().map(str::to_owned);
        let ephemeral = || format!("{}-{}", text(&metadata["name"]), text(&volume["name"]));
        named.or_else(|| volume["ephemeral"].is_object().then(ephemeral))
    });
    metadata["namespace"] == claim["namespace"] && names.any(|name| name == text(&claim["name"]))
}

/// What ends a Pod for good: the deletion of its StatefulSet, which would make the claim anew, and of the Pod itself otherwise: its
/// successor is not scheduled while its claim goes.
fn stopped_with(pod: &Value) -> ObjectId {
    let metadata = &pod["metadata"];
    let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    let mut sets = owners.filter(|owner| owner["kind"] == "StatefulSet");
    match sets.next() {
        Some(set) => {
            let api_version = text(&set["apiVersion"]).to_owned();
            ObjectId { name: text(&set["name"]).to_owned(), ..identified(&api_version, "StatefulSet", metadata) }
        }
        None => identified("v1", "Pod", metadata),
    }
}

fn identified(api_version: &str, kind: &str, metadata: &Value) -> ObjectId {
    ObjectId {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: metadata["namespace"].as_str().map(str::to_owned),
        name: text(&metadata["name"]).to_owned(),
    }
}
