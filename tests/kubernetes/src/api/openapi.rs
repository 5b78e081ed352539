//! `OpenAPI` v3 as far as clients need it for writes: the kinds, and that patches have the parameter `fieldValidation`, so that
//! kubectl leaves validation to the server
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#validation-for-unrecognized-or-duplicate-fields>).
//! Custom resources have the schema of their CRD. Built-in kinds have an open schema; their types are checked on writes.
//!
//! Version 2 is an empty document. kubectl requests it for kinds that version 3 does not contain, such as `ConfigMapList`, and
//! skips client-side validation of kinds that it does not describe.

use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    answer::{self, Body},
    discovery,
};
use crate::kinds::{Kind, Kinds};

/// `openapi.v2.Document` as a protocol buffer, the only format that clients read: `swagger` (field 1) is "2.0", `info` (field
/// 2) has title (1) and version (2), and all other fields are empty.
const VERSION_2: &[u8] = b"\x0a\x032.0\x12\x19\x0a\x0aKubernetes\x12\x0bunversioned";

/// Answers a request for an OpenAPI document; `None` for other paths.
pub(crate) fn answer(kinds: &Kinds, url: &str) -> Option<Response<Body>> {
    let parts: Vec<&str> = url.trim_matches('/').split('/').collect();
    let body = match parts.as_slice() {
        ["openapi", "v2"] => {
            let content_type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
            return Some(answer::whole(StatusCode::OK, content_type, VERSION_2));
        }
        ["openapi", "v3"] => index(kinds),
        ["openapi", "v3", "api", version] => document(kinds, "", version)?,
        ["openapi", "v3", "apis", group, version] => document(kinds, group, version)?,
        _ => return None,
    };
    Some(answer::json(StatusCode::OK, &body))
}

fn index(kinds: &Kinds) -> Value {
    let mut paths = serde_json::Map::new();
    for (group, versions) in discovery::groups(kinds) {
        for version in versions {
            let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
            paths.insert(path.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{path}")}));
        }
    }
    json!({"paths": paths})
}

fn document(kinds: &Kinds, group: &str, version: &str) -> Option<Value> {
    let kinds: Vec<_> = kinds.all().into_iter().filter(|kind| kind.group == group && kind.version == version).collect();
    if kinds.is_empty() {
        return None;
    }
    let (mut paths, mut schemas) = (serde_json::Map::new(), serde_json::Map::new());
    for kind in kinds {
        let base = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let base = if kind.namespaced { format!("{base}/namespaces/{{namespace}}") } else { base };
        paths.insert(format!("{base}/{}/{{name}}", kind.plural), object_path(&kind));
        let name = schema_name(&kind);
        schemas.insert(name, schema(&kind));
    }
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths, "components": {"schemas": schemas},
    }))
}

fn schema_name(kind: &Kind) -> String {
    let group = if kind.group.is_empty() { "core" } else { kind.group.as_str() };
    format!("io.k8s.{group}.{}.{}", kind.version, kind.kind)
}

fn group_version_kind(kind: &Kind) -> Value {
    json!({"group": kind.group, "version": kind.version, "kind": kind.kind})
}

fn schema(kind: &Kind) -> Value {
    let mut schema = match kind.schema.as_deref() {
        Some(schema) if schema.is_object() => schema.clone(),
        _ => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    };
    schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(kind)]);
    schema
}

fn object_path(kind: &Kind) -> Value {
    let parameter = |name: &str, place: &str, of: &str| json!({"name": name, "in": place, "schema": {"type": of, "uniqueItems": true}});
    let reference = json!({"$ref": format!("#/components/schemas/{}", schema_name(kind))});
    let responses = json!({"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}});
    let operation = |action: &str, parameters: Vec<Value>| {
        json!({
            "responses": responses, "parameters": parameters, "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": group_version_kind(kind),
        })
    };
    let writing = || {
        vec![
            parameter("dryRun", "query", "string"),
            parameter("fieldManager", "query", "string"),
            parameter("fieldValidation", "query", "string"),
        ]
    };
    let mut patching = writing();
    patching.push(parameter("force", "query", "boolean"));
    json!({
        "get": operation("get", Vec::new()),
        "put": operation("put", writing()),
        "patch": operation("patch", patching),
        "delete": operation("delete", vec![parameter("dryRun", "query", "string")]),
    })
}
