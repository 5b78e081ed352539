//! Where manifests name blue, and what such a name becomes on green: a controller on green that is told blue's name works on
//! blue's resources (kubernetes/autoscaler#8084: an autoscaler terminates the instances of another cluster's groups).

use crate::{input::Replacement, names};
use serde_json::{Map, Value};

/// Every place of the object that holds one of these names as a word of its own, as `path (name)`. What the object is called is none:
/// names of Kubernetes objects name nothing in AWS.
#[must_use]
pub fn places(object: &Value, names: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    visit("", object, &mut |path, text| {
        if !is_identity(path) {
            let there = names.iter().filter(|name| names::is_named(text, name));
            found.extend(there.map(|name| format!("{path} ({name})")));
        }
    });
    found.dedup();
    found
}

/// Puts green's word in the place of each of blue's, in values and in keys; what the object is called stays.
pub fn replace(object: &mut Value, replacements: &[Replacement]) {
    if !replacements.is_empty() {
        rewrite("", object, replacements);
    }
}

fn is_identity(path: &str) -> bool {
    matches!(path, "metadata.name" | "metadata.namespace" | "apiVersion" | "kind")
}

fn visit(path: &str, value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(path, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(&format!("{path}[{index}]"), item, see);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = joined(path, name);
                see(&path, name);
                visit(&path, value, see);
            }
        }
        _ => {}
    }
}

fn rewrite(path: &str, value: &mut Value, replacements: &[Replacement]) {
    match value {
        Value::String(text) if !is_identity(path) => {
            if let Some(renamed) = renamed(text, replacements) {
                *text = renamed;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                rewrite(&format!("{path}[{index}]"), item, replacements);
            }
        }
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            let rewritten = old.into_iter().map(|(name, mut value)| {
                rewrite(&joined(path, &name), &mut value, replacements);
                (renamed(&name, replacements).unwrap_or(name), value)
            });
            *fields = rewritten.collect::<Map<_, _>>();
        }
        _ => {}
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The text with each word of blue's replaced; `None` where it has none.
fn renamed(text: &str, replacements: &[Replacement]) -> Option<String> {
    replacements.iter().fold(None, |done, Replacement { blue, green }| {
        names::renamed(done.as_deref().unwrap_or(text), blue, green).or(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn autoscaler() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "shop-blue", "labels": { "cluster/shop-blue": "" } },
            "spec": { "containers": [{ "command": ["--auto-discovery=tag=k8s.io/cluster-autoscaler/shop-blue", "--title=shop-blue-2"] }] },
        })
    }

    #[test]
    fn blue_is_found_in_values_and_keys_and_not_in_longer_words_or_in_the_name_of_the_object() {
        let found = places(&autoscaler(), &["shop-blue".into(), "sg-1".into()]);
        assert_eq!(
            found,
            ["metadata.labels.cluster/shop-blue (shop-blue)", "spec.containers[0].command[0] (shop-blue)"]
        );
    }

    #[test]
    fn what_is_replaced_names_blue_no_more() {
        let mut object = autoscaler();
        replace(&mut object, &[Replacement { blue: "shop-blue".into(), green: "shop-green".into() }]);
        assert_eq!(places(&object, &["shop-blue".into()]), [""; 0]);
        assert_eq!(object["metadata"], json!({ "name": "shop-blue", "labels": { "cluster/shop-green": "" } }));
        assert_eq!(
            object["spec"]["containers"][0]["command"],
            json!(["--auto-discovery=tag=k8s.io/cluster-autoscaler/shop-green", "--title=shop-blue-2"])
        );
    }
}
