//! Two merge patches (RFC 7396): one that changes an object, one that puts it back exactly as it was found.

use serde_json::{Map, Value};

/// A change and its way back.
#[derive(Debug, Clone, PartialEq)]
pub struct Patches {
    /// Suspends.
    pub suspend: Value,
    /// Puts back.
    pub restore: Value,
}

impl Patches {
    /// Sets each field to its value. What was not there goes again, with the parents that the field brought; annotations and labels go
    /// one by one, since others write theirs beside them.
    #[must_use]
    pub fn setting(object: &Value, fields: &[(&[&str], Value)]) -> Self {
        let (mut suspend, mut restore) = (Value::Null, Value::Null);
        for (path, value) in fields {
            put(&mut suspend, path, value.clone());
            let (depth, found) = depth(object, path);
            let kept = if path.first() == Some(&"metadata") { path.len() } else { path.len().min(depth + 1) };
            put(&mut restore, &path[..kept], found.cloned().unwrap_or_default());
        }
        Self { suspend, restore }
    }
}

/// How many fields of the path are there, and the last one's value where all are.
fn depth<'a>(object: &'a Value, path: &[&str]) -> (usize, Option<&'a Value>) {
    let mut value = object;
    for (index, name) in path.iter().enumerate() {
        match value.get(*name) {
            Some(found) => value = found,
            None => return (index, None),
        }
    }
    (path.len(), Some(value))
}

fn put(target: &mut Value, path: &[&str], value: Value) {
    let Some((name, rest)) = path.split_first() else {
        *target = value;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Some(fields) = target.as_object_mut() {
        put(fields.entry((*name).to_owned()).or_insert(Value::Null), rest, value);
    }
}

/// Whether the object has everything that the patch sets, and nothing that it takes away.
#[must_use]
pub fn keeps(object: &Value, patch: &Value) -> bool {
    match patch {
        Value::Object(fields) => fields.iter().all(|(name, patch)| keeps(&object[name.as_str()], patch)),
        patch => object == patch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_change_brought_goes_with_it_and_what_others_have_stays() {
        for (object, path, value, suspend, restore) in [
            (
                json!({}),
                &["spec", "runPolicy", "suspend"][..],
                json!(true),
                json!({ "spec": { "runPolicy": { "suspend": true } } }),
                json!({ "spec": null }),
            ),
            (
                json!({ "spec": { "runPolicy": {} } }),
                &["spec", "runPolicy", "suspend"],
                json!(true),
                json!({ "spec": { "runPolicy": { "suspend": true } } }),
                json!({ "spec": { "runPolicy": { "suspend": null } } }),
            ),
            (
                json!({ "metadata": {} }),
                &["metadata", "annotations", "a/b"],
                json!("x"),
                json!({ "metadata": { "annotations": { "a/b": "x" } } }),
                json!({ "metadata": { "annotations": { "a/b": null } } }),
            ),
            (
                json!({ "spec": { "replicas": 3 } }),
                &["spec", "replicas"],
                json!(0),
                json!({ "spec": { "replicas": 0 } }),
                json!({ "spec": { "replicas": 3 } }),
            ),
        ] {
            let patches = Patches::setting(&object, &[(path, value)]);
            assert_eq!((&patches.suspend, &patches.restore), (&suspend, &restore));
            assert!(!keeps(&object, &suspend) && keeps(&suspend, &suspend));
        }
    }

    #[test]
    fn what_a_patch_takes_away_must_be_gone() {
        let patch = json!({ "spec": { "type": "NodePort", "loadBalancerClass": null } });
        assert!(keeps(&json!({ "spec": { "type": "NodePort", "ports": [] } }), &patch));
        assert!(!keeps(&json!({ "spec": { "type": "NodePort", "loadBalancerClass": "x" } }), &patch));
        assert!(!keeps(&Value::Null, &patch));
    }
}
