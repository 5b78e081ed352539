//! Kubernetes objects as data, and their identity
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/>).

pub mod actors;
pub mod autoscalers;
mod kinds;
pub mod patches;
mod prepared;

pub use kinds::{is_built_in, is_of};
use kinds::{is_cluster_wide, is_namespaced};
pub use prepared::Prepared;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The namespace of an object that names none, as `kubectl apply` chooses it.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Whether every cluster has this namespace by itself
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces>).
#[must_use]
pub fn is_initial_namespace(name: &str) -> bool {
    matches!(name, "default" | "kube-system" | "kube-public" | "kube-node-lease")
}

/// Which object: the key under which an API server keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectId {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// Absent for what has none, and for custom resources that do not name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectId {
    /// The API group, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The namespace, or the one that an object without a namespace gets where its kind has namespaces.
    #[must_use]
    pub fn namespace_or_default(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// What makes it the same object for an API server, whatever the version it is written in.
    #[must_use]
    pub fn identity(&self) -> (&str, &str, &str, &str) {
        (self.group(), &self.kind, self.namespace_or_default(), &self.name)
    }
}

/// `Kind/namespace/name` as in the input, `Kind/name` where there is no namespace.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// One object of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Which.
    pub id: ObjectId,
    /// Which document of the stream it is in, from 1.
    pub document: usize,
    /// The line at which that document begins, from 1.
    pub line: usize,
    /// The manifest.
    pub value: Value,
}

impl Object {
    /// The object in `value`, `None` where it lacks an apiVersion, a kind or a name.
    #[must_use]
    pub fn new(document: usize, line: usize, value: Value) -> Option<Self> {
        let id = identify(&value).ok()?;
        Some(Self { id, document, line, value })
    }
}

/// A document that holds no object, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Which document of the stream, from 1.
    pub document: usize,
    /// The line at which the fault is, or the document begins, from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (document, line) = (self.document, self.line);
        write!(f, "document {document}, line {line}: {}", self.message)
    }
}

/// The objects of one document: lists are flattened (`List`, and `RoleList` and its like, whose items may leave out
/// what the list says), empty documents have none.
///
/// # Errors
/// Where a document is no object, or an object lacks its apiVersion, kind or name.
pub fn objects(document: usize, line: usize, value: Value) -> Result<Vec<Object>, Vec<Unreadable>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for mut value in flatten(value) {
        drop_namespace(&mut value);
        match identify(&value) {
            Ok(id) => found.push(Object { id, document, line, value }),
            Err(message) => problems.push(Unreadable { document, line, message }),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn flatten(mut value: Value) -> Vec<Value> {
    if value.is_null() {
        return Vec::new();
    }
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    // Kubernetes writes a list without items as `items: null`; a custom resource whose kind ends so has a name.
    let nameless = value["metadata"]["name"].is_null();
    let is_list = value["items"].is_array() || (value["items"].is_null() && nameless);
    let Some(item_kind) = kind.strip_suffix("List").filter(|_| is_list) else {
        return vec![value];
    };
    let api_version = value["apiVersion"].clone();
    let Value::Array(items) = value["items"].take() else {
        return Vec::new();
    };
    items
        .into_iter()
        .flat_map(|mut item| {
            // Only a typed list says of what kind its items are.
            if let (Some(item), false) = (item.as_object_mut(), item_kind.is_empty()) {
                default_text(item, "kind", &Value::from(item_kind));
                default_text(item, "apiVersion", &api_version);
            }
            flatten(item)
        })
        .collect()
}

fn drop_namespace(value: &mut Value) {
    let wide =
        value["kind"].as_str().is_some_and(is_cluster_wide) && value["apiVersion"].as_str().is_some_and(is_built_in);
    if wide && let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
}

fn default_text(object: &mut Map<String, Value>, name: &str, value: &Value) {
    if !object.contains_key(name) {
        object.insert(name.to_owned(), value.clone());
    }
}

fn identify(value: &Value) -> Result<ObjectId, String> {
    if !value.is_object() {
        return Err("found something that is no mapping, expected a Kubernetes object".to_owned());
    }
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let missing: Vec<&str> =
        [("apiVersion", &value["apiVersion"]), ("kind", &value["kind"]), ("metadata.name", &value["metadata"]["name"])]
            .into_iter()
            .filter(|(_, found)| text(found).is_none())
            .map(|(name, _)| name)
            .collect();
    if !missing.is_empty() {
        let of = text(&value["metadata"]["name"])
            .or_else(|| text(&value["kind"]))
            .map_or_else(String::new, |of| format!(" of {of}"));
        return Err(format!(
            "found no {}{of}, expected a Kubernetes object with apiVersion, kind and metadata.name",
            missing.join(", no ")
        ));
    }
    let kind = text(&value["kind"]).unwrap_or_default();
    let api_version = text(&value["apiVersion"]).unwrap_or_default();
    let namespace = text(&value["metadata"]["namespace"]).or_else(|| {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let built_in = is_built_in(&api_version) && is_namespaced(&kind);
        let known = || actors::is_namespaced(group, &kind) || autoscalers::is_namespaced(group, &kind);
        (built_in || known()).then(|| DEFAULT_NAMESPACE.to_owned())
    });
    Ok(ObjectId { name: text(&value["metadata"]["name"]).unwrap_or_default(), api_version, kind, namespace })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(value: Value) -> Vec<String> {
        let found = objects(1, 1, value).unwrap();
        found.iter().map(|object| object.id.to_string()).collect()
    }

    #[test]
    fn an_object_is_named_as_the_input_names_it() {
        let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" } });
        assert_eq!(names(deployment), ["Deployment/default/web"]);
        let role =
            json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "r" } });
        assert_eq!(names(role), ["ClusterRole/r"]);
    }

    #[test]
    fn lists_are_flattened_and_their_items_know_their_kind() {
        let list = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [
            { "metadata": { "name": "a", "namespace": "x" } },
            { "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": { "name": "b" } },
        ] });
        assert_eq!(names(list), ["Role/x/a", "Role/default/b"]);
        let mixed = json!({ "apiVersion": "v1", "kind": "List", "items": [
            { "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s" } },
            { "apiVersion": "v1", "kind": "List", "items": [{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" } }] },
        ] });
        assert_eq!(names(mixed), ["Service/default/s", "Pod/default/p"]);
    }

    #[test]
    fn a_custom_resource_that_ends_in_list_is_no_list() {
        let allow = json!({ "apiVersion": "example.com/v1", "kind": "AllowList", "metadata": { "name": "a" } });
        assert_eq!(names(allow), ["AllowList/a"]);
    }

    #[test]
    fn a_list_without_items_holds_nothing() {
        for items in [Value::Null, json!([])] {
            assert!(names(json!({ "apiVersion": "v1", "kind": "ConfigMapList", "items": items })).is_empty());
            assert!(names(json!({ "apiVersion": "v1", "kind": "List", "items": items })).is_empty());
        }
    }

    #[test]
    fn what_is_cluster_wide_loses_a_namespace_that_was_written_on_it() {
        let metadata = json!({ "name": "r", "namespace": "shop" });
        let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata });
        assert_eq!(objects(1, 1, role).unwrap()[0].value["metadata"], json!({ "name": "r" }));
        let other = json!({ "apiVersion": "example.com/v1", "kind": "Node", "metadata": metadata });
        assert_eq!(names(other), ["Node/shop/r"]);
    }

    #[test]
    fn an_empty_document_holds_nothing() {
        assert!(names(Value::Null).is_empty());
    }

    #[test]
    fn what_is_no_object_is_told_with_its_document_and_line() {
        for (value, expected) in [
            (json!("text"), "document 3, line 20: found something that is no mapping"),
            (json!({ "kind": "Service" }), "document 3, line 20: found no apiVersion, no metadata.name of Service"),
            (
                json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "generateName": "p-" } }),
                "document 3, line 20: found no metadata.name",
            ),
            (
                json!({ "apiVersion": "v1", "kind": "List", "items": [{}] }),
                "document 3, line 20: found no apiVersion, no kind",
            ),
        ] {
            let problems = objects(3, 20, value).unwrap_err();
            let message = problems[0].to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
