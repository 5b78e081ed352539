//! Custom resource definitions, which become Established and served a moment after they are created
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>). As with
//! kube-apiserver, a client has to wait for Established before it creates custom resources.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{object, store::Resource, writes::Objects};

/// Time until a new definition is served; kube-apiserver takes about as long.
const ESTABLISHING: Duration = Duration::from_millis(200);

/// The state of each definition, by name.
#[derive(Default)]
pub(super) struct Definitions {
    known: HashMap<String, Known>,
}

struct Known {
    uid: String,
    since: Instant,
    /// The generation that is served.
    served: Option<i64>,
    resource: Resource,
}

fn resource() -> Resource {
    Resource::new("apiextensions.k8s.io", "customresourcedefinitions")
}

impl Definitions {
    pub(super) fn reconcile(&mut self, objects: &Objects) {
        let all = objects.store.all(&resource());
        let gone: Vec<String> = {
            let is_gone = |name: &str, known: &Known| {
                !all.iter().any(|one| object::name(one) == name && object::uid(one) == known.uid)
            };
            self.known.iter().filter(|(name, known)| is_gone(name, known)).map(|(name, _)| name.clone()).collect()
        };
        for name in gone {
            if let Some(known) = self.known.remove(&name) {
                objects.kinds.withdraw(&name);
                purge(objects, &known.resource);
            }
        }
        for definition in &all {
            self.one(objects, definition);
        }
    }

    fn one(&mut self, objects: &Objects, definition: &Value) {
        let text = |pointer: &str| object::text(definition, pointer).unwrap_or_default();
        let known = self.known.entry(object::name(definition).to_owned()).or_insert_with(|| Known {
            uid: object::uid(definition).to_owned(),
            since: Instant::now(),
            served: None,
            resource: Resource::new(text("/spec/group"), text("/spec/names/plural")),
        });
        let generation = object::number(definition, "/metadata/generation");
        if !object::has_condition(definition, "NamesAccepted") {
            accept(objects, definition);
        } else if known.since.elapsed() >= ESTABLISHING && known.served != generation {
            objects.kinds.serve(definition);
            known.served = generation;
            establish(objects, definition);
        }
    }
}

fn accept(objects: &Objects, definition: &Value) {
    let names = definition["spec"]["names"].clone();
    let stored: Vec<Value> = object::list(definition, "/spec/versions")
        .iter()
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    objects.modify(&resource(), "", object::name(definition), |definition| {
        let status = object::entry(definition, "status");
        status["acceptedNames"] = names;
        status["storedVersions"] = json!(stored);
        object::set_condition(status, "NamesAccepted", true, "NoConflicts", "no conflicts found");
        object::set_condition(status, "Established", false, "Installing", "the initial names have been accepted");
    });
}

fn establish(objects: &Objects, definition: &Value) {
    objects.modify(&resource(), "", object::name(definition), |definition| {
        let status = object::entry(definition, "status");
        object::set_condition(
            status,
            "Established",
            true,
            "InitialNamesAccepted",
            "the initial names have been accepted",
        );
    });
}

/// Deletes the custom resources of a deleted definition.
fn purge(objects: &Objects, resource: &Resource) {
    for object in objects.store.all(resource) {
        objects.modify(resource, object::namespace(&object), object::name(&object), |object| {
            let metadata = object::metadata(object);
            metadata["deletionTimestamp"] = json!(object::now());
            object::remove(metadata, "finalizers");
        });
    }
}
