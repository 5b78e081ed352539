//! Where manifests name blue, and what such a name becomes on green: a controller on green that is told blue's name works on
//! blue's resources (kubernetes/autoscaler#8084: an autoscaler terminates the instances of another cluster's groups).

use crate::{input::Replacement, word};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

/// Every place of the object that holds one of these names as a word of its own, as `path (name)`. What the object is called is none:
/// names of Kubernetes objects name nothing in AWS. What is base64 in the object is looked into, and never shown.
#[must_use]
pub fn places(object: &Value, names: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut see = |path: &str, text: &str| {
        if !is_identity(path) {
            let there = names.iter().filter(|name| word::is_named(text, name));
            found.extend(there.map(|name| format!("{path} ({name})")));
        }
    };
    visit("", object, &mut see);
    for field in encoded_fields(object) {
        for (key, value) in object[*field].as_object().into_iter().flatten() {
            if let Some(text) = decoded(value) {
                see(&format!("{field}.{key}"), &text);
            }
        }
    }
    found.dedup();
    found
}

/// Puts green's word in the place of each of blue's, in values and in keys; what the object is called stays.
pub fn replace(object: &mut Value, replacements: &[Replacement]) {
    if replacements.is_empty() {
        return;
    }
    rewrite("", object, replacements);
    for field in encoded_fields(object) {
        for (_, value) in object.get_mut(*field).and_then(Value::as_object_mut).into_iter().flatten() {
            if let Some(text) = decoded(value).and_then(|text| renamed(&text, replacements)) {
                *value = STANDARD.encode(text).into();
            }
        }
    }
}

/// The text with each word of blue's replaced; `None` where it has none.
#[must_use]
pub fn renamed(text: &str, replacements: &[Replacement]) -> Option<String> {
    replacements.iter().fold(None, |done, Replacement { blue, green }| {
        word::renamed(done.as_deref().unwrap_or(text), blue, green).or(done)
    })
}

/// The fields whose values are base64 (<https://kubernetes.io/docs/concepts/configuration/secret/>,
/// <https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-object>).
fn encoded_fields(object: &Value) -> &'static [&'static str] {
    match (object["apiVersion"].as_str(), object["kind"].as_str()) {
        (Some("v1"), Some("Secret")) => &["data"],
        (Some("v1"), Some("ConfigMap")) => &["binaryData"],
        _ => &[],
    }
}

fn decoded(value: &Value) -> Option<String> {
    let joined: String = value.as_str()?.split_whitespace().collect();
    STANDARD.decode(joined).ok().and_then(|bytes| String::from_utf8(bytes).ok())
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

    #[test]
    fn what_is_encoded_in_a_secret_is_found_by_its_key_and_replaced() {
        let text = "clusters:\n- cluster: {server: https://shop-blue}\n";
        let mut secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" },
            "data": { "config.yaml": STANDARD.encode(text), "binary": STANDARD.encode([0xff, 0xfe]) },
            "stringData": { "plain": "of shop-blue" },
        });
        let names = ["shop-blue".into()];
        assert_eq!(places(&secret, &names), ["stringData.plain (shop-blue)", "data.config.yaml (shop-blue)"]);
        replace(&mut secret, &[Replacement { blue: "shop-blue".into(), green: "shop-green".into() }]);
        assert_eq!(places(&secret, &names), [""; 0]);
        assert_eq!(secret["data"]["config.yaml"], STANDARD.encode(text.replace("blue", "green")));
        assert_eq!(secret["data"]["binary"], STANDARD.encode([0xff, 0xfe]));
        let config =
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "binaryData": { "a": STANDARD.encode("shop-blue") } });
        assert_eq!(places(&config, &names), ["binaryData.a (shop-blue)"]);
        let other =
            json!({ "apiVersion": "example.com/v1", "kind": "Secret", "data": { "a": STANDARD.encode("shop-blue") } });
        assert_eq!(places(&other, &names), [""; 0]);
    }
}
