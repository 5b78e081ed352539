//! Creating, changing and deleting objects, for requests and for the controllers alike: one place where metadata, defaults,
//! allocation, validation and ownership are dealt with.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::{
    defaults,
    kinds::{Kind, Kinds},
    object,
    patching::ownership::{self, Writer},
    random, schema,
    services::{self, Allocated},
    shape::Shape,
    status::{Cause, Status},
    store::{Decision, Resource, Store},
    typed, validation,
};

/// Which part of an object a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but the status, where that is a subresource.
    Main,
    /// Only the status.
    Status,
}

/// How a request wants its write done.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) writer: Writer,
    pub(crate) dry_run: bool,
    /// `fieldValidation=Strict`: unknown fields are errors.
    pub(crate) strict: bool,
    pub(crate) part: Part,
    /// A server-side apply has settled `managedFields` already.
    pub(crate) owned: bool,
}

/// The objects of a cluster and the rules for changing them.
pub(crate) struct Objects {
    pub(crate) store: Store,
    pub(crate) kinds: Kinds,
    /// Held while a Service is written: addresses and ports are unique among all of them.
    allocation: Mutex<()>,
}

impl Objects {
    pub(crate) fn new() -> Self {
        Self { store: Store::new(), kinds: Kinds::new(), allocation: Mutex::new(()) }
    }

    /// Creates an object.
    pub(crate) fn create(&self, kind: &Kind, namespace: &str, mut object: Value, manner: &Manner) -> Result<Arc<Value>, Status> {
        self.check_namespace(kind, namespace)?;
        let metadata = object::metadata(&mut object);
        if metadata["name"].as_str().is_none_or(str::is_empty)
            && let Some(prefix) = metadata["generateName"].as_str()
        {
            metadata["name"] = json!(format!("{prefix}{}", random::suffix::<5>()));
        }
        let name = object::name(&object).to_owned();
        self.put(kind, namespace, &name, manner, |current| match current {
            Some(_) => Err(Status::already_exists(&kind.group, &kind.plural, &name)),
            None if object["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()) => {
                Err(Status::bad_request("resourceVersion should not be set on objects to be created"))
            }
            None => Ok(object),
        })
    }

    /// Changes an object, or creates one where `change` makes something of nothing.
    pub(crate) fn put(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        manner: &Manner,
        change: impl FnOnce(Option<&Value>) -> Result<Value, Status>,
    ) -> Result<Arc<Value>, Status> {
        let service = kind.group.is_empty() && kind.kind == "Service";
        let _held = service.then(|| self.allocation.lock().unwrap_or_else(PoisonError::into_inner));
        let others = service.then(|| Allocated::besides(&self.store.all(&kind.resource()), namespace, name));
        let mut preview = None;
        let written = self.store.write(&kind.resource(), namespace, name, |current| {
            let wanted = change(current)?;
            let object = prepare(kind, namespace, name, wanted, current, others, manner)?;
            let decision = if manner.dry_run {
                preview = Some(Arc::new(object));
                Decision::Keep
            } else if is_finished(&object) {
                Decision::Remove(object)
            } else {
                Decision::Put(object)
            };
            Ok::<_, Status>(decision)
        })?;
        preview.or(written).ok_or_else(|| Status::not_found(&kind.group, &kind.plural, name))
    }

    fn check_namespace(&self, kind: &Kind, namespace: &str) -> Result<(), Status> {
        if !kind.namespaced {
            return Ok(());
        }
        match self.store.get(&Resource::core("namespaces"), "", namespace) {
            None => Err(Status::not_found("", "namespaces", namespace)),
            Some(found) if object::is_terminating(&found) => Err(Status::forbidden(
                format!("unable to create new content in namespace {namespace} because it is being terminated"),
                &kind.group,
                &kind.plural,
                "",
            )),
            Some(_) => Ok(()),
        }
    }

    /// A controller's change of an object that exists: no ownership, no validation, the whole object at once.
    pub(crate) fn modify(&self, resource: &Resource, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) -> Option<Arc<Value>> {
        let written = self.store.write(resource, namespace, name, |current| {
            let Some(current) = current else { return Ok(Decision::Keep) };
            let mut object = current.clone();
            change(&mut object);
            bump_generation(&mut object, current);
            Ok::<_, std::convert::Infallible>(if is_finished(&object) { Decision::Remove(object) } else { Decision::Put(object) })
        });
        match written {
            Ok(object) => object,
            Err(never) => match never {},
        }
    }

    /// A controller's creation of an object, with the defaults and checks that everybody's get. One that exists is left.
    pub(crate) fn make(&self, resource: &Resource, namespace: &str, object: Value) -> Option<Arc<Value>> {
        let kind = self.kinds.of(resource)?;
        let writer = Writer {
            name: "kube-controller-manager".to_owned(),
            operation: "Update",
            api_version: kind.api_version(),
            subresource: String::new(),
        };
        let manner = Manner { writer, dry_run: false, strict: false, part: Part::Main, owned: true };
        match self.create(&kind, namespace, object, &manner) {
            Ok(object) => Some(object),
            Err(status) if status.reason == "AlreadyExists" => None,
            Err(status) => {
                tracing::warn!(plural = kind.plural, namespace, status.message, "a controller's object was refused");
                None
            }
        }
    }
}

/// Makes of what a writer wants the object that is stored.
fn prepare(
    kind: &Kind,
    namespace: &str,
    name: &str,
    mut object: Value,
    current: Option<&Value>,
    others: Option<Allocated>,
    manner: &Manner,
) -> Result<Value, Status> {
    if let Some(current) = current {
        check_preconditions(kind, name, &object, current)?;
    }
    if manner.part == Part::Status
        && let Some(current) = current
    {
        let status = object::remove(&mut object, "status");
        let managed = object.pointer("/metadata/managedFields").cloned();
        object = current.clone();
        if let Some(status) = status {
            object["status"] = status;
        }
        if let Some(managed) = managed {
            object["metadata"]["managedFields"] = managed;
        }
    } else if kind.status {
        object::remove(&mut object, "status");
        if let Some(status) = current.and_then(|current| current.get("status")) {
            object["status"] = status.clone();
        }
    }
    object["apiVersion"] = json!(kind.api_version());
    object["kind"] = json!(kind.kind);
    stamp(kind, namespace, name, &mut object, current);
    conform(kind, name, &mut object, manner.strict)?;
    defaults::fill(kind, &mut object);
    let mut causes = others.map(|others| services::allocate(&mut object, current, others)).unwrap_or_default();
    causes.extend(validation::check(kind, &object, current));
    if !causes.is_empty() {
        return Err(Status::invalid(&kind.group, &kind.kind, name, &causes));
    }
    match current {
        Some(current) => bump_generation(&mut object, current),
        None => object["metadata"]["generation"] = json!(1),
    }
    if !manner.owned {
        ownership::record_update(current, &mut object, &manner.writer, Shape::root(&kind.kind, kind.schema.as_deref()));
    }
    Ok(object)
}

fn check_preconditions(kind: &Kind, name: &str, object: &Value, current: &Value) -> Result<(), Status> {
    let conflict = |why: &str| Err(Status::conflict(&kind.group, &kind.plural, name, why));
    let differs = |pointer: &str| {
        let wanted = object::text(object, pointer).filter(|text| !text.is_empty());
        wanted.is_some_and(|wanted| object::text(current, pointer) != Some(wanted))
    };
    if differs("/metadata/uid") {
        return conflict(&format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            object::uid(object),
            object::uid(current)
        ));
    }
    if differs("/metadata/resourceVersion") {
        return conflict("the object has been modified; please apply your changes to the latest version and try again");
    }
    Ok(())
}

/// Sets the metadata that is the API server's own.
fn stamp(kind: &Kind, namespace: &str, name: &str, object: &mut Value, current: Option<&Value>) {
    let metadata = object::metadata(object);
    for empty in ["labels", "annotations", "ownerReferences", "finalizers", "creationTimestamp", "deletionTimestamp"] {
        if metadata.get(empty).is_some_and(Value::is_null) {
            object::remove(metadata, empty);
        }
    }
    metadata["name"] = json!(name);
    if kind.namespaced {
        metadata["namespace"] = json!(namespace);
    } else {
        object::remove(metadata, "namespace");
    }
    let own = ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];
    for key in own {
        object::remove(metadata, key);
    }
    match current {
        Some(current) => {
            for key in own {
                if let Some(value) = current["metadata"].get(key) {
                    metadata[key] = value.clone();
                }
            }
        }
        None => {
            metadata["uid"] = json!(random::uid());
            metadata["creationTimestamp"] = json!(object::now());
        }
    }
}

/// Holds an object to its type or schema.
fn conform(kind: &Kind, name: &str, object: &mut Value, strict: bool) -> Result<(), Status> {
    let unknown = match kind.schema.as_deref() {
        Some(schema) => {
            let unknown = schema::prune(object, schema);
            schema::fill_defaults(object, schema);
            let causes: Vec<Cause> = schema::check(object, schema);
            if !causes.is_empty() {
                return Err(Status::invalid(&kind.group, &kind.kind, name, &causes));
            }
            unknown
        }
        None => typed::prune(kind, object).map_err(|error| {
            Status::bad_request(format!("{} in version {:?} cannot be handled as a {}: {error}", kind.kind, kind.version, kind.kind))
        })?,
    };
    if strict && !unknown.is_empty() {
        let fields: Vec<String> = unknown.iter().map(|field| format!("unknown field {field:?}")).collect();
        return Err(Status::bad_request(format!("strict decoding error: {}", fields.join(", "))));
    }
    Ok(())
}

/// A change of anything but metadata and status makes a new generation.
fn bump_generation(object: &mut Value, current: &Value) {
    let changed = {
        let content = |object: &Value| -> Vec<(String, Value)> {
            let map = object.as_object().into_iter().flatten();
            let content = map.filter(|(key, _)| !matches!(key.as_str(), "metadata" | "status" | "apiVersion" | "kind"));
            let mut content: Vec<_> = content.map(|(key, value)| (key.clone(), value.clone())).collect();
            content.sort_by(|(one, _), (other, _)| one.cmp(other));
            content
        };
        content(object) != content(current)
    };
    let generation = object::number(current, "/metadata/generation").unwrap_or(1);
    object["metadata"]["generation"] = json!(generation + i64::from(changed));
}

/// Whether an object that is being deleted has nothing left to wait for: no finalizer, and no grace period that its node or
/// its namespace's controller ends.
pub(crate) fn is_finished(object: &Value) -> bool {
    object::is_terminating(object)
        && object::list(object, "/metadata/finalizers").is_empty()
        && object::number(object, "/metadata/deletionGracePeriodSeconds").unwrap_or(0) == 0
        && !(object["kind"] == "Namespace" && !object::list(object, "/spec/finalizers").is_empty())
}
