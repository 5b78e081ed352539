//! The bundles as a whole.

use super::manifest_path;
use domain::{
    Problem,
    digest::sha256_hex,
    manifest::{Object, hosts, refusal::needed_namespace},
};
use serde_json::{Map, Value, json};
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

/// Node ports that two Services ask for: an API server gives one to the first and refuses the second, which a trial of each by itself does not
/// show (<https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport>).
pub(super) fn node_ports(all: &[(usize, Object)]) -> Vec<Problem> {
    let mut taken: BTreeMap<(u64, String), &Object> = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, object) in all.iter().filter(|(_, object)| object.id.kind == "Service" && object.id.group().is_empty())
    {
        let spec = &object.value["spec"];
        let ports = spec["ports"].as_array().into_iter().flatten();
        let ports =
            ports.filter_map(|port| Some((port["nodePort"].as_u64()?, port["protocol"].as_str().unwrap_or("TCP"))));
        let checked = spec["healthCheckNodePort"].as_u64().map(|port| (port, "TCP"));
        for (port, protocol) in ports.chain(checked) {
            let other = *taken.entry((port, protocol.to_owned())).or_insert(object);
            if other.id.identity() != object.id.identity() {
                let message = format!(
                    "{} (document {}) asks for the node port {port}, which {} asks for too; give one of them another",
                    object.id, object.document, other.id
                );
                problems.push(Problem::new(manifest_path(*index), message));
            }
        }
    }
    problems
}

/// Objects that the input names and no bundle has.
pub(super) fn unknown_names(all: &[(usize, Object)], field: &str, names: &[String]) -> Vec<Problem> {
    let known: BTreeSet<String> =
        if names.is_empty() { BTreeSet::new() } else { all.iter().map(|(_, object)| object.id.to_string()).collect() };
    let unknown = names.iter().enumerate().filter(|(_, name)| !known.contains(*name));
    unknown
        .map(|(index, name)| {
            let message = format!(
                "{name} names nothing in the bundles; the names are Kind/namespace/name, with the namespace default where the manifest has none, or Kind/name"
            );
            Problem::new(format!("$.workloads.{field}[{index}]"), message)
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
            let is_certificate = hosts::is_certificate(&object);
            if let Some(fields) = object.value.as_object_mut() {
                // A certificate is shown to every client; its key is left out as the rest is.
                let keeps = |name: &str| is_certificate && name == "tls.crt";
                for field in ["data", "binaryData", "stringData"] {
                    if let Some(contents) = fields.get_mut(field).and_then(Value::as_object_mut) {
                        contents.retain(|name, _| keeps(name));
                    }
                    if fields.get(field).and_then(Value::as_object).is_none_or(Map::is_empty) {
                        fields.remove(field);
                    }
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_its_certificate_stays_and_nothing_else() {
        let left = |kind: &str, of: &str| {
            let contents = json!({ "tls.crt": "c", "tls.key": "k" });
            let value = json!({
                "apiVersion": "v1", "kind": kind, "metadata": { "name": "x" }, "type": of, "data": contents, "stringData": { "tls.key": "k" },
            });
            let value = without_bulk(Object::new(1, 1, value).unwrap()).value;
            assert!(value[LEFT_OUT].is_string());
            [value["data"].clone(), value["stringData"].clone()]
        };
        assert_eq!(left("Secret", "kubernetes.io/tls"), [json!({ "tls.crt": "c" }), Value::Null]);
        assert_eq!(left("Secret", "Opaque"), [Value::Null, Value::Null]);
        assert_eq!(left("ConfigMap", ""), [Value::Null, Value::Null]);
    }
}
