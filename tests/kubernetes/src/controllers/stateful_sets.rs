//! `StatefulSets`: Pods with ordinals, started and replaced in order
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/>).

use std::sync::Arc;

use serde_json::{Value, json};

use super::pods;
use crate::{object, store::Resource, writes::Objects};

const REVISION: &str = "controller-revision-hash";

fn resource() -> Resource {
    Resource::new("apps", "statefulsets")
}

pub(super) fn reconcile(objects: &Objects) {
    for set in objects.store.all(&resource()) {
        if !object::is_terminating(&set) {
            one(objects, &set);
        }
    }
}

fn one(objects: &Objects, set: &Value) {
    let wanted = object::number(set, "/spec/replicas").unwrap_or(1);
    let hash = pods::hash(&set["spec"]["template"]);
    let ordered = set["spec"]["podManagementPolicy"] != "Parallel";
    let owned = pods::owned_by(objects, set);
    let of = |ordinal: i64| owned.iter().find(|pod| ordinal_of(pod) == Some(ordinal));
    let mut waiting = false;
    for ordinal in 0..wanted {
        match of(ordinal) {
            None => {
                make(objects, set, ordinal, &hash);
                waiting = true;
            }
            Some(pod) if pods::has_ended(pod) => {
                objects.discard(&pods::resource(), pod);
                waiting = true;
            }
            Some(pod) => waiting |= !pods::is_ready(pod) || object::is_terminating(pod),
        }
        if waiting && ordered {
            break;
        }
    }
    let mut surplus: Vec<&Arc<Value>> =
        owned.iter().filter(|pod| ordinal_of(pod).is_some_and(|ordinal| ordinal >= wanted)).collect();
    surplus.sort_by_key(|pod| std::cmp::Reverse(ordinal_of(pod)));
    if let Some(last) = surplus.first().filter(|pod| !object::is_terminating(pod)) {
        objects.discard(&pods::resource(), last);
    }
    if !waiting && surplus.is_empty() && set["spec"]["updateStrategy"]["type"] != "OnDelete" {
        replace_outdated(objects, set, &owned, &hash);
    }
    status(objects, set, &hash);
}

/// Deletes the Pod with the highest ordinal that has an old template; it is recreated from the new one.
fn replace_outdated(objects: &Objects, set: &Value, owned: &[Arc<Value>], hash: &str) {
    let partition = object::number(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let outdated = owned.iter().filter(|pod| object::label(pod, REVISION) != Some(hash));
    let outdated = outdated.filter(|pod| ordinal_of(pod).is_some_and(|ordinal| ordinal >= partition));
    if let Some(pod) = outdated.max_by_key(|pod| ordinal_of(pod)) {
        objects.discard(&pods::resource(), pod);
    }
}

fn ordinal_of(pod: &Value) -> Option<i64> {
    object::name(pod).rsplit_once('-')?.1.parse().ok()
}

fn make(objects: &Objects, set: &Value, ordinal: i64, hash: &str) {
    let name = format!("{}-{ordinal}", object::name(set));
    let mut pod = pods::from_template(set, &set["spec"]["template"]);
    let metadata = object::metadata(&mut pod);
    metadata["name"] = json!(name);
    let labels = object::entry(metadata, "labels");
    labels["statefulset.kubernetes.io/pod-name"] = json!(name);
    labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
    labels[REVISION] = json!(hash);
    pod["spec"]["hostname"] = json!(name);
    pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    for template in object::list(set, "/spec/volumeClaimTemplates") {
        let claim = format!("{}-{name}", object::name(template));
        let mut made = template.clone();
        made["apiVersion"] = json!("v1");
        made["kind"] = json!("PersistentVolumeClaim");
        object::metadata(&mut made)["name"] = json!(claim);
        objects.make(&Resource::core("persistentvolumeclaims"), object::namespace(set), made);
        object::default(&mut pod["spec"], "volumes", json!([]));
        if let Some(volumes) = pod["spec"]["volumes"].as_array_mut() {
            volumes.push(json!({"name": object::name(template), "persistentVolumeClaim": {"claimName": claim}}));
        }
    }
    objects.make(&pods::resource(), object::namespace(set), pod);
}

fn status(objects: &Objects, set: &Value, hash: &str) {
    let owned = pods::owned_by(objects, set);
    let ready = pods::count(&owned, |pod| pods::is_ready(pod) && pods::is_active(pod));
    let updated = pods::count(&owned, |pod| object::label(pod, REVISION) == Some(hash) && pods::is_active(pod));
    let revision = format!("{}-{hash}", object::name(set));
    let complete = updated == object::number(set, "/spec/replicas").unwrap_or(1);
    let before = object::text(set, "/status/currentRevision").unwrap_or(&revision).to_owned();
    let current = if complete { revision.clone() } else { before };
    let status = json!({
        "observedGeneration": set["metadata"]["generation"], "replicas": pods::count(&owned, |pod| !pods::has_ended(pod)),
        "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": updated,
        "currentReplicas": if complete { updated } else { pods::count(&owned, |pod| pods::is_active(pod)) - updated },
        "currentRevision": current, "updateRevision": revision, "collisionCount": 0,
    });
    pods::set_status(objects, &resource(), set, status);
}
