//! The store: objects in memory, with one revision for the whole cluster and a log of changes for each resource, like etcd of
//! a real API server (<https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>).

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::watch;

/// Number of changes in the log of a resource. A watch from before the oldest one gets 410 Gone.
const LOG: usize = 1024;

/// The key of a kind in the store, independent of its version: group and plural.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Resource {
    /// The API group, empty for the core group.
    pub(crate) group: String,
    /// The plural, such as `deployments`.
    pub(crate) plural: String,
}

impl Resource {
    pub(crate) fn new(group: &str, plural: &str) -> Self {
        Self { group: group.to_owned(), plural: plural.to_owned() }
    }

    /// A resource of the core group.
    pub(crate) fn core(plural: &str) -> Self {
        Self::new("", plural)
    }
}

/// The type of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Added,
    Modified,
    Deleted,
}

/// One entry of the log.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) event: Event,
    /// The object after the change; for a deletion its last state, with the revision of the deletion.
    pub(crate) object: Arc<Value>,
    /// The object before the change.
    pub(crate) previous: Option<Arc<Value>>,
}

/// The requested revision is older than the log.
#[derive(Debug)]
pub(crate) struct Gone;

/// The decision of a write about an object.
pub(crate) enum Decision {
    /// Store this object.
    Put(Value),
    /// Delete the object; its last state.
    Remove(Value),
    /// Leave the object unchanged.
    Keep,
}

#[derive(Default)]
struct Table {
    objects: BTreeMap<(String, String), Arc<Value>>,
    log: VecDeque<Change>,
    /// The revision of the newest entry that was dropped from the log.
    forgotten: u64,
    changed: Option<watch::Sender<u64>>,
}

#[derive(Default)]
struct State {
    revision: u64,
    tables: HashMap<Resource, Table>,
}

/// All objects of a cluster.
pub(crate) struct Store {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl Store {
    pub(crate) fn new() -> Self {
        // Revision 0 means "any" in requests, so revisions start later.
        Self { state: Mutex::new(State { revision: 1, ..State::default() }), changed: watch::channel(1).0 }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No change of the state can panic half-way, so the state is consistent even if the lock is poisoned.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cluster's revision.
    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// A receiver that wakes on every change in the cluster.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// A receiver that wakes on every change of one resource.
    pub(crate) fn changes_of(&self, resource: &Resource) -> watch::Receiver<u64> {
        let mut state = self.lock();
        let table = state.tables.entry(resource.clone()).or_default();
        table.changed.get_or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// One object.
    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let state = self.lock();
        state.tables.get(resource)?.objects.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// All objects of a resource in one or all namespaces, ordered by namespace and name, and the revision of this state.
    pub(crate) fn list(&self, resource: &Resource, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let state = self.lock();
        let objects = state.tables.get(resource).map(|table| match namespace {
            None => table.objects.values().cloned().collect(),
            Some(namespace) => table
                .objects
                .range((namespace.to_owned(), String::new())..)
                .take_while(|((of, _), _)| of == namespace)
                .map(|(_, object)| object.clone())
                .collect(),
        });
        (objects.unwrap_or_default(), state.revision)
    }

    /// All objects of a resource in the cluster.
    pub(crate) fn all(&self, resource: &Resource) -> Vec<Arc<Value>> {
        self.list(resource, None).0
    }

    /// All objects in a namespace, with their resource.
    pub(crate) fn contents(&self, namespace: &str) -> Vec<(Resource, Arc<Value>)> {
        let state = self.lock();
        let mut contents = Vec::new();
        for (resource, table) in &state.tables {
            let of_namespace = table.objects.iter().filter(|((of, _), _)| of == namespace);
            contents.extend(of_namespace.map(|(_, object)| (resource.clone(), object.clone())));
        }
        contents
    }

    /// All objects, with their resource.
    pub(crate) fn everything(&self) -> Vec<(Resource, Arc<Value>)> {
        let state = self.lock();
        let tables = state.tables.iter();
        tables
            .flat_map(|(resource, table)| table.objects.values().map(|object| (resource.clone(), object.clone())))
            .collect()
    }

    /// Passes the object of a name, or `None`, to `decide` and applies the decision atomically. Returns the object
    /// afterwards. A write that changes nothing creates no new revision.
    pub(crate) fn write<E>(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        decide: impl FnOnce(Option<&Value>) -> Result<Decision, E>,
    ) -> Result<Option<Arc<Value>>, E> {
        let mut state = self.lock();
        let revision = state.revision + 1;
        let key = (namespace.to_owned(), name.to_owned());
        let table = state.tables.entry(resource.clone()).or_default();
        let current = table.objects.get(&key).cloned();
        let (event, mut object) = match decide(current.as_deref())? {
            Decision::Keep => return Ok(current),
            Decision::Put(object) => {
                if current.as_deref().is_some_and(|current| same(current, &object)) {
                    return Ok(current);
                }
                (if current.is_some() { Event::Modified } else { Event::Added }, object)
            }
            Decision::Remove(object) => (Event::Deleted, object),
        };
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        let object = Arc::new(object);
        if event == Event::Deleted {
            table.objects.remove(&key);
        } else {
            table.objects.insert(key, object.clone());
        }
        table.log.push_back(Change { revision, event, object: object.clone(), previous: current });
        if table.log.len() > LOG
            && let Some(oldest) = table.log.pop_front()
        {
            table.forgotten = oldest.revision;
        }
        if let Some(changed) = &table.changed {
            changed.send_replace(revision);
        }
        state.revision = revision;
        // Still under the lock, so that receivers see revisions in order.
        self.changed.send_replace(revision);
        Ok(Some(object))
    }

    /// The changes of a resource after a revision, and the revision up to which they are complete.
    pub(crate) fn changes_since(&self, resource: &Resource, revision: u64) -> Result<(Vec<Change>, u64), Gone> {
        let state = self.lock();
        let Some(table) = state.tables.get(resource) else { return Ok((Vec::new(), state.revision)) };
        if revision < table.forgotten {
            return Err(Gone);
        }
        let newer = table.log.iter().rev().take_while(|change| change.revision > revision).cloned();
        let mut changes: Vec<Change> = newer.collect();
        changes.reverse();
        Ok((changes, state.revision))
    }
}

/// Whether two states of an object differ only in the revision and the times of managed fields.
fn same(current: &Value, new: &Value) -> bool {
    let strip = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.shift_remove("resourceVersion");
            for entry in metadata.get_mut("managedFields").and_then(Value::as_array_mut).into_iter().flatten() {
                crate::object::remove(entry, "time");
            }
        }
        object
    };
    strip(current) == strip(new)
}
