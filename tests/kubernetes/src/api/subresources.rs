//! Subresources: `status`, `scale`, `finalize` of namespaces, and `eviction` and `log` of Pods.

use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{
    answer::{self, Body},
    request::Call,
    writing,
};
use crate::{
    deletion::Options,
    kinds::Scale,
    object,
    patching::json as json_patch,
    selector::Selector,
    status::Status,
    store::Resource,
    writes::{Objects, Part},
};

/// Answers a request for a subresource.
pub(crate) fn answer(objects: &Objects, method: &Method, call: &Call) -> Result<Response<Body>, Status> {
    let subresource = call.path.subresource.as_deref().unwrap_or_default();
    match (subresource, method) {
        ("status", &Method::GET) if call.kind.status => super::reading::get(objects, call),
        ("status", &Method::PUT) if call.kind.status => writing::replace(objects, call, Part::Status),
        ("status", &Method::PATCH) if call.kind.status => writing::patch(objects, call, Part::Status),
        ("scale", _) => {
            let scale = call.kind.scale.as_ref().ok_or_else(Status::no_such_path)?;
            self::scale(objects, method, call, scale)
        }
        ("finalize", &Method::PUT) if call.kind.plural == "namespaces" => writing::replace(objects, call, Part::Main),
        ("eviction", &Method::POST) if call.kind.plural == "pods" => evict(objects, call),
        ("log", &Method::GET) if call.kind.plural == "pods" => {
            super::reading::get(objects, call)?;
            // Stand-in Pods have no log.
            Ok(answer::whole(StatusCode::OK, "text/plain", ""))
        }
        ("status" | "finalize" | "eviction" | "log", _) => Err(Status::method_not_allowed()),
        _ => Err(Status::no_such_path()),
    }
}

/// The `Scale` object (autoscaling/v1) of an object.
fn scale_of(object: &Value, scale: &Scale) -> Value {
    let number = |pointer: &str| object::number(object, pointer).unwrap_or(0);
    let mut body = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"], "uid": object["metadata"]["uid"],
            "resourceVersion": object["metadata"]["resourceVersion"], "creationTimestamp": object["metadata"]["creationTimestamp"],
        },
        "spec": {"replicas": number(&scale.spec)},
        "status": {"replicas": number(&scale.status)},
    });
    match scale.selector.as_deref().and_then(|pointer| object.pointer(pointer)) {
        Some(Value::String(text)) => body["status"]["selector"] = json!(text),
        Some(selector @ Value::Object(_)) => {
            let labels = selector["matchLabels"].as_object().into_iter().flatten();
            let labels: Vec<String> =
                labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
            body["status"]["selector"] = json!(labels.join(","));
        }
        _ => {}
    }
    body
}

fn scale(objects: &Objects, method: &Method, call: &Call, scale: &Scale) -> Result<Response<Body>, Status> {
    let missing = || Status::not_found(&call.kind.group, &call.kind.plural, call.name());
    let change = match *method {
        Method::GET => {
            let found = objects.store.get(&call.kind.resource(), call.namespace(), call.name()).ok_or_else(missing)?;
            return Ok(answer::json(StatusCode::OK, &scale_of(&found, scale)));
        }
        Method::PUT | Method::PATCH => call.object()?,
        _ => return Err(Status::method_not_allowed()),
    };
    let mut manner = writing::manner(call, Part::Main);
    "scale".clone_into(&mut manner.writer.subresource);
    // Patches of all types apply to the Scale, whose only owned field is the number of replicas.
    manner.writer.operation = "Update";
    manner.owned = false;
    let scaled = objects.put(&call.kind, call.namespace(), call.name(), &manner, |current| {
        let current = current.ok_or_else(missing)?;
        let mut wanted = scale_of(current, scale);
        match (method, call.content_type.contains("json-patch")) {
            (&Method::PATCH, true) => json_patch::patch(&mut wanted, &change).map_err(Status::bad_request)?,
            (&Method::PATCH, false) => json_patch::merge(&mut wanted, &change),
            _ => wanted = change,
        }
        let replicas = object::number(&wanted, "/spec/replicas").unwrap_or(0);
        if replicas < 0 {
            let cause =
                crate::status::Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
            return Err(Status::invalid("autoscaling", "Scale", call.name(), &[cause]));
        }
        let mut object = current.clone();
        if let Some(version) = wanted.pointer("/metadata/resourceVersion") {
            object["metadata"]["resourceVersion"] = version.clone();
        }
        let (parent, last) = scale.spec.rsplit_once('/').unwrap_or(("", "replicas"));
        if let Some(parent) = object.pointer_mut(parent) {
            parent[last] = json!(replicas);
        }
        Ok(object)
    })?;
    Ok(answer::json(StatusCode::OK, &scale_of(&scaled, scale)))
}

/// Evicts a Pod, unless a disruption budget forbids it
/// (<https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/>).
fn evict(objects: &Objects, call: &Call) -> Result<Response<Body>, Status> {
    let body = call.object()?;
    let pod = objects.store.get(&Resource::core("pods"), call.namespace(), call.name());
    let pod = pod.ok_or_else(|| Status::not_found("", "pods", call.name()))?;
    let budgets = objects.store.list(&Resource::new("policy", "poddisruptionbudgets"), Some(call.namespace())).0;
    for budget in budgets.iter().filter(|budget| Selector::from_object(&budget["spec"]["selector"]).selects(&pod)) {
        let allowed = object::number(budget, "/status/disruptionsAllowed").unwrap_or(0);
        if allowed < 1 && object::has_condition(&pod, "Ready") {
            return Err(Status::disruption_budget(&format!(
                "The disruption budget {} needs more healthy pods",
                object::name(budget)
            )));
        }
    }
    let options = Options {
        grace_seconds: object::number(&body, "/deleteOptions/gracePeriodSeconds"),
        dry_run: call.query.is_dry_run(),
        ..Options::default()
    };
    objects.delete(&call.kind, call.namespace(), call.name(), &options)?;
    let success = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(answer::json(StatusCode::CREATED, &success))
}
