//! The bundles as a whole.

use super::manifest_path;
use domain::{Problem, manifest::Object};
use serde_json::json;
use std::collections::BTreeMap;

/// The same object twice would have two truths: the later one would win, silently.
pub(super) fn duplicates(all: &[(usize, Object)]) -> Vec<Problem> {
    let mut first: BTreeMap<(&str, &str, &str, &str), (usize, usize)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, object) in all {
        let here = (*index, object.document);
        if let Some((bundle, document)) = first.get(&object.id.identity()) {
            let message = format!(
                "{} (document {}) is in {} too (document {document}); keep one",
                object.id,
                object.document,
                manifest_path(*bundle)
            );
            problems.push(Problem::new(manifest_path(*index), message));
        } else {
            first.insert(object.id.identity(), here);
        }
    }
    problems
}

/// The object without what makes bundles large and tells preflight nothing: the schemas of definitions and the contents of
/// configuration.
pub(super) fn without_bulk(mut object: Object) -> Object {
    match object.id.kind.as_str() {
        "CustomResourceDefinition" => {
            let spec = &object.value["spec"];
            object.value["spec"] = json!({ "group": spec["group"], "names": spec["names"] });
        }
        "ConfigMap" | "Secret" => {
            if let Some(fields) = object.value.as_object_mut() {
                fields.retain(|name, _| !matches!(name.as_str(), "data" | "binaryData" | "stringData"));
            }
        }
        _ => {}
    }
    object
}
