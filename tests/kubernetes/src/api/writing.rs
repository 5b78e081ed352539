//! Requests that change objects.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    answer::{self, Body, present},
    reading::{Filter, select},
    request::Call,
};
use crate::{
    deletion::{Deletion, Options},
    object,
    patching::{apply, json as json_patch, ownership::Writer, strategic},
    shape::Shape,
    status::Status,
    writes::{Manner, Objects, Part},
};

/// The content type of a server-side apply.
const APPLY: &str = "application/apply-patch";

/// The write options of a request.
pub(crate) fn manner(call: &Call, part: Part) -> Manner {
    let operation = if call.content_type.starts_with(APPLY) { "Apply" } else { "Update" };
    let agent = call.user_agent.split('/').next().unwrap_or_default();
    let name = call.query.get("fieldManager").unwrap_or(if agent.is_empty() { "unknown" } else { agent });
    Manner {
        writer: Writer {
            name: name.to_owned(),
            operation,
            api_version: call.kind.api_version(),
            subresource: if part == Part::Status { "status".to_owned() } else { String::new() },
        },
        dry_run: call.query.is_dry_run(),
        strict: call.query.get("fieldValidation") == Some("Strict"),
        part,
        owned: operation == "Apply",
    }
}

/// Creates an object in a collection.
pub(crate) fn create(objects: &Objects, call: &Call) -> Result<Response<Body>, Status> {
    let object = call.object()?;
    check_object(call, &object, false)?;
    if call.kind.namespaced && call.path.namespace.is_none() {
        return Err(Status::method_not_allowed());
    }
    let created = objects.create(&call.kind, call.namespace(), object, &manner(call, Part::Main))?;
    Ok(answer::json(StatusCode::CREATED, &present(&call.kind, &created, call.form)))
}

/// Replaces an object or its status.
pub(crate) fn replace(objects: &Objects, call: &Call, part: Part) -> Result<Response<Body>, Status> {
    let object = call.object()?;
    check_object(call, &object, true)?;
    let replaced =
        objects.put(&call.kind, call.namespace(), call.name(), &manner(call, part), |current| match current {
            Some(_) => Ok(object),
            None => Err(Status::not_found(&call.kind.group, &call.kind.plural, call.name())),
        })?;
    Ok(answer::json(StatusCode::OK, &present(&call.kind, &replaced, call.form)))
}

/// Checks that kind, name and namespace of the body match the path.
fn check_object(call: &Call, object: &Value, named: bool) -> Result<(), Status> {
    let wanted = (call.kind.api_version(), call.kind.kind.as_str());
    let text = |pointer| object::text(object, pointer).unwrap_or_default();
    if !object.is_object() {
        return Err(Status::bad_request("the body of the request is not an object"));
    }
    let (api_version, kind) = (text("/apiVersion"), text("/kind"));
    // Typed clients may omit apiVersion and kind.
    if (!api_version.is_empty() && api_version != wanted.0) || (!kind.is_empty() && kind != wanted.1) {
        return Err(Status::bad_request(format!(
            "{kind} in version {api_version:?} cannot be handled as a {}: the API version in the data ({api_version}) does not match the expected API version ({})",
            wanted.1, wanted.0
        )));
    }
    let (name, namespace) = (text("/metadata/name"), text("/metadata/namespace"));
    if named && !name.is_empty() && name != call.name() {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.name()
        )));
    }
    if call.kind.namespaced && !namespace.is_empty() && namespace != call.namespace() {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// Patches an object with one of the four patch types. Server-side apply creates the object if it does not exist.
pub(crate) fn patch(objects: &Objects, call: &Call, part: Part) -> Result<Response<Body>, Status> {
    let patch = call.object()?;
    let content_type = call.content_type.split(';').next().unwrap_or_default().trim();
    let manner = manner(call, part);
    let shape = Shape::root(&call.kind.kind, call.kind.schema.as_deref());
    let missing = || Status::not_found(&call.kind.group, &call.kind.plural, call.name());
    if content_type.starts_with(APPLY) {
        return server_side_apply(objects, call, &patch, &manner);
    }
    if !matches!(
        content_type,
        "application/json-patch+json" | "application/merge-patch+json" | "application/strategic-merge-patch+json"
    ) {
        return Err(Status::unsupported_media_type(format!(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml; got {content_type:?}"
        )));
    }
    if call.kind.custom && content_type == "application/strategic-merge-patch+json" {
        return Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml".to_owned(),
        ));
    }
    let patched = objects.put(&call.kind, call.namespace(), call.name(), &manner, |current| {
        let mut object = current.ok_or_else(missing)?.clone();
        match content_type {
            "application/json-patch+json" => json_patch::patch(&mut object, &patch).map_err(|why| Status {
                code: StatusCode::UNPROCESSABLE_ENTITY,
                reason: "Invalid",
                message: why,
                details: None,
            })?,
            "application/merge-patch+json" => json_patch::merge(&mut object, &patch),
            _ => strategic::merge(&mut object, &patch, shape),
        }
        Ok(object)
    })?;
    Ok(answer::json(StatusCode::OK, &present(&call.kind, &patched, call.form)))
}

fn server_side_apply(
    objects: &Objects,
    call: &Call,
    applied: &Value,
    manner: &Manner,
) -> Result<Response<Body>, Status> {
    if call.query.get("fieldManager").is_none() {
        return Err(Status::bad_request(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    check_object(call, applied, true)?;
    if !object::list(applied, "/metadata/managedFields").is_empty() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let shape = Shape::root(&call.kind.kind, call.kind.schema.as_deref());
    let exists = objects.store.get(&call.kind.resource(), call.namespace(), call.name()).is_some();
    if !exists {
        if manner.part == Part::Status {
            return Err(Status::not_found(&call.kind.group, &call.kind.plural, call.name()));
        }
        let created = apply::apply(None, &conforming(call, applied)?, &manner.writer, true, shape)?;
        let mut created = created;
        object::metadata(&mut created)["name"] = json!(call.name());
        match objects.create(&call.kind, call.namespace(), created, manner) {
            // Created concurrently: apply to the existing object instead.
            Err(status) if status.reason == "AlreadyExists" => {}
            other => return Ok(answer::json(StatusCode::CREATED, &present(&call.kind, &other?, call.form))),
        }
    }
    let force = call.query.is_true("force");
    let applied = conforming(call, applied)?;
    let merged = objects.put(&call.kind, call.namespace(), call.name(), manner, |current| {
        let current = current.ok_or_else(|| Status::not_found(&call.kind.group, &call.kind.plural, call.name()))?;
        apply::apply(Some(current), &applied, &manner.writer, force, shape)
    })?;
    Ok(answer::json(StatusCode::OK, &present(&call.kind, &merged, call.form)))
}

/// The applied configuration without unknown fields, so that managers do not own fields that are not stored. What a server-side
/// apply cannot read as its kind is answered with 500 (kubernetes/kubernetes#139253, #113482).
fn conforming(call: &Call, applied: &Value) -> Result<Value, Status> {
    let mut typed = applied.clone();
    let untyped = |why: String| {
        Status::unknown(format!(
            "failed to create typed patch object ({}/{}; {}, Kind={}): {why}",
            // As the manifest names it, which may leave it to the path.
            object::text(applied, "/metadata/namespace").unwrap_or_default(),
            call.name(),
            call.kind.api_version(),
            call.kind.kind
        ))
    };
    let unknown = match call.kind.schema.as_deref() {
        Some(schema) => crate::schema::prune(&mut typed, schema),
        None => crate::typed::prune(&call.kind, &mut typed).map_err(untyped)?,
    };
    if let Some(field) = unknown.first() {
        return Err(untyped(format!(".{field}: field not declared in schema")));
    }
    if let Some(found) = call.kind.schema.as_deref().and_then(|schema| crate::schema::mistyped(&typed, schema, "")) {
        return Err(untyped(found));
    }
    let shape = Shape::root(&call.kind.kind, call.kind.schema.as_deref());
    match apply::duplicate(&typed, shape, "") {
        Some(found) => Err(untyped(found)),
        None => Ok(typed),
    }
}

fn delete_options(call: &Call) -> Result<Options, Status> {
    let body = call.object()?;
    let query = |key: &str| call.query.get(key);
    let text = |pointer: &str| object::text(&body, pointer).map(str::to_owned);
    Ok(Options {
        grace_seconds: object::number(&body, "/gracePeriodSeconds")
            .or_else(|| query("gracePeriodSeconds").and_then(|seconds| seconds.parse().ok())),
        propagation: text("/propagationPolicy").or_else(|| query("propagationPolicy").map(str::to_owned)),
        uid: text("/preconditions/uid"),
        resource_version: text("/preconditions/resourceVersion"),
        dry_run: call.query.is_dry_run() || object::list(&body, "/dryRun").iter().any(|what| what == "All"),
    })
}

/// Deletes one object. The response is a success if it is deleted immediately, or else the object.
pub(crate) fn delete(objects: &Objects, call: &Call) -> Result<Response<Body>, Status> {
    let deletion = objects.delete(&call.kind, call.namespace(), call.name(), &delete_options(call)?)?;
    Ok(match deletion {
        Deletion::Pending(object) => answer::json(StatusCode::OK, &present(&call.kind, &object, call.form)),
        Deletion::Gone(object) => {
            let mut details = json!({"name": call.name(), "kind": call.kind.plural, "uid": object::uid(&object)});
            if !call.kind.group.is_empty() {
                details["group"] = json!(call.kind.group);
            }
            let success =
                json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
            answer::json(StatusCode::OK, &success)
        }
    })
}

/// Deletes the objects that a selector selects, and returns them.
pub(crate) fn delete_all(objects: &Objects, call: &Call) -> Result<Response<Body>, Status> {
    let options = delete_options(call)?;
    let (found, revision) = select(objects, call, &Filter::of(call)?);
    let mut items = Vec::new();
    for object in found {
        match objects.delete(&call.kind, object::namespace(&object), object::name(&object), &options) {
            Ok(Deletion::Gone(object) | Deletion::Pending(object)) => {
                items.push(present(&call.kind, &object, call.form));
            }
            // Deleted concurrently.
            Err(status) if status.code == StatusCode::NOT_FOUND => {}
            Err(status) => return Err(status),
        }
    }
    let list = json!({
        "kind": format!("{}List", call.kind.kind), "apiVersion": call.kind.api_version(),
        "metadata": {"resourceVersion": revision.to_string()}, "items": items,
    });
    Ok(answer::json(StatusCode::OK, &list))
}
