//! Garbage collection: deletes objects whose owners are gone, and handles foreground and orphan deletion
//! (<https://kubernetes.io/docs/concepts/architecture/garbage-collection/>).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    deletion::{FOREGROUND, ORPHAN},
    object,
    store::Resource,
    writes::Objects,
};

pub(super) fn reconcile(objects: &Objects) {
    let everything = objects.store.everything();
    let uids: HashSet<&str> = everything.iter().map(|(_, object)| object::uid(object)).collect();
    let mut dependents: HashMap<&str, Vec<&(Resource, Arc<Value>)>> = HashMap::new();
    for entry in &everything {
        for owner in object::list(&entry.1, "/metadata/ownerReferences") {
            dependents.entry(owner["uid"].as_str().unwrap_or_default()).or_default().push(entry);
        }
    }
    for (resource, object) in &everything {
        let owners = object::list(object, "/metadata/ownerReferences");
        let alive = owners.iter().any(|owner| owner["uid"].as_str().is_some_and(|uid| uids.contains(uid)));
        if !owners.is_empty() && !alive && !object::is_terminating(object) {
            objects.discard(resource, object);
        }
        if object::is_terminating(object) {
            let below = dependents.get(object::uid(object)).map_or(&[][..], Vec::as_slice);
            finish(objects, resource, object, below);
        }
    }
}

/// Removes the finalizer of an owner in foreground or orphan deletion once its dependents are deleted or released.
fn finish(objects: &Objects, resource: &Resource, owner: &Value, dependents: &[&(Resource, Arc<Value>)]) {
    let finalizers = object::list(owner, "/metadata/finalizers");
    if finalizers.contains(&json!(ORPHAN)) {
        for (resource, dependent) in dependents {
            objects.modify(resource, object::namespace(dependent), object::name(dependent), |dependent| {
                if let Some(owners) = dependent["metadata"]["ownerReferences"].as_array_mut() {
                    owners.retain(|reference| reference["uid"] != object::uid(owner));
                }
                if object::list(dependent, "/metadata/ownerReferences").is_empty() {
                    object::remove(object::metadata(dependent), "ownerReferences");
                }
            });
        }
        take_finalizer(objects, resource, owner, ORPHAN);
    } else if finalizers.contains(&json!(FOREGROUND)) {
        for (resource, dependent) in dependents.iter().filter(|(_, dependent)| !object::is_terminating(dependent)) {
            objects.discard(resource, dependent);
        }
        if dependents.is_empty() {
            take_finalizer(objects, resource, owner, FOREGROUND);
        }
    }
}

fn take_finalizer(objects: &Objects, resource: &Resource, object: &Value, finalizer: &str) {
    objects.modify(resource, object::namespace(object), object::name(object), |object| {
        if let Some(finalizers) = object["metadata"]["finalizers"].as_array_mut() {
            finalizers.retain(|present| present != finalizer);
        }
    });
}
