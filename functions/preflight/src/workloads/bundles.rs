//! The bundles as a whole.

use super::manifest_path;
use domain::{
    Problem,
    digest::sha256_hex,
    manifest::{Object, refusal::needed_namespace},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What stands for the contents that were left out: two objects with other contents are not the same.
const LEFT_OUT: &str = "bascule.io/left-out";

/// The same object twice would have two truths: the later one would win, silently. Where both say the same it is one
/// (kubernetes-sigs/kustomize#2747).
pub(super) fn duplicates(all: &[(usize, Object)]) -> Vec<Problem> {
    let mut first: BTreeMap<(&str, &str, &str, &str), (usize, &Object)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, object) in all {
        if let Some((bundle, other)) = first.get(&object.id.identity()) {
            if object.value == other.value {
                continue;
            }
            let message = format!(
                "{} (document {}) is in {} too (document {}), and says something else there; keep one",
                object.id,
                object.document,
                manifest_path(*bundle),
                other.document
            );
            problems.push(Problem::new(manifest_path(*index), message));
        } else {
            first.insert(object.id.identity(), (*index, object));
        }
    }
    problems
}

/// Namespaces that objects are in and no bundle brings.
pub(super) fn missing_namespaces(all: &[(usize, Object)]) -> Vec<Problem> {
    let made: BTreeSet<&str> = all
        .iter()
        .filter(|(_, object)| object.id.kind == "Namespace")
        .map(|(_, object)| object.id.name.as_str())
        .collect();
    let mut missing: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (index, object) in all {
        if let Some(namespace) = needed_namespace(object).filter(|namespace| !made.contains(namespace)) {
            missing.entry(namespace).or_insert((*index, 0)).1 += 1;
        }
    }
    missing
        .into_iter()
        .map(|(namespace, (index, count))| {
            let message = format!("{count} objects are in the namespace {namespace}, which no bundle has: green will not have it. Add the Namespace to a bundle");
            Problem::new(manifest_path(index), message)
        })
        .collect()
}

/// The object without what makes bundles large and tells preflight nothing: the schemas of definitions and the contents of
/// configuration, of which a digest stays.
pub(super) fn without_bulk(mut object: Object) -> Object {
    match object.id.kind.as_str() {
        "CustomResourceDefinition" => {
            let spec = &object.value["spec"];
            let versions = spec["versions"].as_array().into_iter().flatten();
            let versions: Vec<Value> =
                versions.map(|version| json!({ "name": version["name"], "served": version["served"] })).collect();
            object.value["spec"] = json!({
                "group": spec["group"], "names": spec["names"], "versions": versions, LEFT_OUT: digest(spec),
            });
        }
        "ConfigMap" | "Secret" => {
            let left_out = digest(&object.value);
            if let Some(fields) = object.value.as_object_mut() {
                fields.retain(|name, _| !matches!(name.as_str(), "data" | "binaryData" | "stringData"));
                fields.insert(LEFT_OUT.to_owned(), left_out.into());
            }
        }
        _ => {}
    }
    object
}

fn digest(value: &Value) -> String {
    sha256_hex(value.to_string().as_bytes())
}
