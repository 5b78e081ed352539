//! Functions of all workload controllers: owned Pods, Pods from templates, template hashes.

use std::{hash::Hasher, sync::Arc};

use serde_json::{Value, json};

use crate::{object, store::Resource, writes::Objects};

/// The `pods` resource.
pub(crate) fn resource() -> Resource {
    Resource::core("pods")
}

/// The Pods that an owner controls and that have not terminated.
pub(super) fn owned_by(objects: &Objects, owner: &Value) -> Vec<Arc<Value>> {
    let (pods, _) = objects.store.list(&resource(), Some(object::namespace(owner)));
    let uid = object::uid(owner);
    pods.into_iter().filter(|pod| object::is_controlled_by(pod, uid)).collect()
}

/// Whether a Pod counts as a replica of its owner.
pub(crate) fn is_active(pod: &Value) -> bool {
    !object::is_terminating(pod) && !has_ended(pod)
}

/// Whether a Pod has Succeeded or Failed.
pub(crate) fn has_ended(pod: &Value) -> bool {
    matches!(object::text(pod, "/status/phase"), Some("Succeeded" | "Failed"))
}

/// Whether a Pod is Ready.
pub(crate) fn is_ready(pod: &Value) -> bool {
    object::has_condition(pod, "Ready")
}

/// A Pod from a template, owned by `owner`. The caller sets its name.
pub(super) fn from_template(owner: &Value, template: &Value) -> Value {
    let mut pod = template.clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    let metadata = object::metadata(&mut pod);
    metadata["generateName"] = json!(format!("{}-", object::name(owner)));
    metadata["ownerReferences"] = json!([object::owner_reference(owner)]);
    pod
}

/// A short hash of a Pod template that does not depend on the order of fields.
pub(super) fn hash(template: &Value) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hasher = std::hash::DefaultHasher::new();
    feed(template, &mut hasher);
    let mut number = hasher.finish();
    let mut text = String::new();
    for _ in 0..10 {
        let at = usize::try_from(number % ALPHABET.len() as u64).unwrap_or_default();
        text.push(char::from(ALPHABET[at]));
        number /= ALPHABET.len() as u64;
    }
    text
}

fn feed(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            entries.sort_by_key(|(key, _)| *key);
            hasher.write_u8(b'{');
            for (key, value) in entries {
                hasher.write(key.as_bytes());
                hasher.write_u8(b':');
                feed(value, hasher);
            }
            hasher.write_u8(b'}');
        }
        Value::Array(list) => {
            hasher.write_u8(b'[');
            for item in list {
                feed(item, hasher);
            }
            hasher.write_u8(b']');
        }
        scalar => {
            hasher.write(scalar.to_string().as_bytes());
            hasher.write_u8(b',');
        }
    }
}

/// A count, or a percentage of `total` such as `25%`, rounded up or down.
pub(super) fn share(value: &Value, total: i64, up: bool) -> i64 {
    match value.as_str().and_then(|text| text.strip_suffix('%')).and_then(|percent| percent.parse::<i64>().ok()) {
        Some(percent) if up => (total * percent + 99) / 100,
        Some(percent) => total * percent / 100,
        None => value.as_i64().unwrap_or(0),
    }
}

/// A count as a JSON number.
pub(super) fn count<'a, T: 'a>(items: impl IntoIterator<Item = T>, is: impl Fn(&T) -> bool) -> i64 {
    i64::try_from(items.into_iter().filter(|item| is(item)).count()).unwrap_or(i64::MAX)
}

/// Writes a status if it changed.
pub(super) fn set_status(objects: &Objects, resource: &Resource, of: &Value, status: Value) {
    if of["status"] != status {
        objects.modify(resource, object::namespace(of), object::name(of), |object| object["status"] = status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_the_order_of_fields_but_on_their_values() {
        let one: Value = serde_json::from_str(r#"{"a": 1, "b": {"c": [1, 2]}, "d": null}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b": {"c": [1, 2]}, "a": 1}"#).unwrap();
        assert_eq!(hash(&one), hash(&other));
        assert_ne!(hash(&one), hash(&json!({"a": 2, "b": {"c": [1, 2]}})));
    }

    #[test]
    fn shares_round_as_rolling_updates_do() {
        assert_eq!(share(&json!("25%"), 3, true), 1);
        assert_eq!(share(&json!("25%"), 3, false), 0);
        assert_eq!(share(&json!(2), 10, true), 2);
    }
}
