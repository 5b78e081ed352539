//! Prepares objects for storage: metadata, type, defaults, allocation, validation and field ownership.

use serde_json::{Value, json};

use crate::{
    defaults,
    kinds::Kind,
    object,
    patching::ownership,
    random, schema,
    services::{self, Allocated},
    shape::Shape,
    status::{Cause, Status},
    typed, validation,
    writes::{Manner, Part},
};

/// Turns the object of a request into the object that is stored.
pub(crate) fn prepare(
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

/// Sets the metadata that only the API server may set.
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
    let Some(current) = current else {
        metadata["uid"] = json!(random::uid());
        metadata["creationTimestamp"] = json!(object::now());
        return;
    };
    for key in own {
        if let Some(value) = current["metadata"].get(key) {
            metadata[key] = value.clone();
        }
    }
}

/// Checks and prunes an object by its type or schema.
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
            Status::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: {error}",
                kind.kind, kind.version, kind.kind
            ))
        })?,
    };
    if strict && !unknown.is_empty() {
        let fields: Vec<String> = unknown.iter().map(|field| format!("unknown field {field:?}")).collect();
        return Err(Status::bad_request(format!("strict decoding error: {}", fields.join(", "))));
    }
    Ok(())
}

/// Increments the generation if anything but metadata and status changed.
pub(crate) fn bump_generation(object: &mut Value, current: &Value) {
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

/// Whether an object that is being deleted can be removed: it has no finalizer, and no grace period that its node or the
/// namespace controller has to end.
pub(crate) fn is_finished(object: &Value) -> bool {
    let full_namespace = object["kind"] == "Namespace" && !object::list(object, "/spec/finalizers").is_empty();
    object::is_terminating(object)
        && object::list(object, "/metadata/finalizers").is_empty()
        && object::number(object, "/metadata/deletionGracePeriodSeconds").unwrap_or(0) == 0
        && !full_namespace
}
