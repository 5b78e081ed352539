//! Server-side apply: the configuration is the complete set of fields that a manager wants to own
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).

use serde_json::Value;

use super::{
    fields::Fields,
    ownership::{self, Ownership, Writer},
};
use crate::{
    shape::{ListRule, Shape, item_key},
    status::{Cause, Status},
};

/// Merges `applied` into `live` for `writer`. Fields that it applied before and that are no longer in `applied` are removed
/// unless another manager owns them. Fields that other managers own with other values are conflicts; `force` takes them over.
pub(crate) fn apply(
    live: Option<&Value>,
    applied: &Value,
    writer: &Writer,
    force: bool,
    shape: Shape<'_>,
) -> Result<Value, Status> {
    let applied = without_nulls(applied);
    let mut wanted = ownership::ownable(&applied, shape);
    if writer.subresource == "status" {
        wanted = wanted.only("status");
    }
    let Some(live) = live else {
        let mut created = applied;
        let mut ownership = Ownership::default();
        ownership.set(writer, wanted);
        ownership.write(&mut created);
        return Ok(created);
    };
    let mut ownership = Ownership::of(live);
    let mut merged = merge(live, &applied, shape);

    let changed = ownership::without_system_fields(Fields::changed(Some(live), &merged, shape)).intersection(&wanted);
    let mut conflicts = Vec::new();
    for entry in ownership.0.iter().filter(|entry| !(entry.name == writer.name && entry.operation == "Apply")) {
        let fields = entry.fields.intersection(&changed).paths();
        conflicts.extend(fields.into_iter().map(|field| Cause {
            reason: "FieldManagerConflict",
            field,
            message: entry.describe(),
        }));
    }
    if !conflicts.is_empty() && !force {
        return Err(Status::apply_conflict(&conflicts));
    }
    ownership.take(writer, &changed);

    let before = ownership.entry(writer).map(|entry| entry.fields.clone()).unwrap_or_default();
    let others = ownership.of_others(writer);
    let given_up = before.difference(&wanted).difference(&others);
    let kept = others.union(&wanted);
    given_up.remove_from(&mut merged, &kept, shape);

    ownership.set(writer, wanted);
    ownership.keep_existing(&ownership::ownable(&merged, shape));
    ownership.write(&mut merged);
    Ok(merged)
}

/// `live` with the values of `applied`.
fn merge(live: &Value, applied: &Value, shape: Shape<'_>) -> Value {
    match (live, applied) {
        (Value::Object(before), Value::Object(after)) if !shape.is_atomic_map() => {
            let mut merged = before.clone();
            for (key, value) in after {
                let value = before.get(key).map_or_else(|| value.clone(), |live| merge(live, value, shape.field(key)));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Array(before), Value::Array(after)) => match shape.list_rule() {
            ListRule::Atomic => applied.clone(),
            ListRule::Set => {
                let new = after.iter().filter(|item| !before.contains(item));
                Value::Array(before.iter().chain(new).cloned().collect())
            }
            ListRule::Map(keys) => {
                let key = |item: &Value| item_key(item, &keys);
                let mut merged: Vec<Value> = Vec::with_capacity(after.len());
                for item in after {
                    let wanted = key(item);
                    let live = before.iter().find(|live| key(live) == wanted);
                    merged.push(live.map_or_else(|| item.clone(), |live| merge(live, item, shape.item())));
                }
                let applied: Vec<String> = after.iter().map(key).collect();
                merged.extend(before.iter().filter(|live| !applied.contains(&key(live))).cloned());
                Value::Array(merged)
            }
        },
        _ => applied.clone(),
    }
}

/// The first list with two items of the same key, as `sigs.k8s.io/structured-merge-diff` refuses it.
pub(crate) fn duplicate(value: &Value, shape: Shape<'_>, path: &str) -> Option<String> {
    match value {
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| duplicate(value, shape.field(name), &format!("{path}.{name}")))
        }
        Value::Array(items) => {
            if let ListRule::Map(keys) = shape.list_rule() {
                let all: Vec<String> = items.iter().map(|item| item_key(item, &keys)).collect();
                if let Some(twice) = all.iter().enumerate().find(|(at, key)| all[..*at].contains(key)) {
                    return Some(format!("{path}: duplicate entries for key [{}]", twice.1.trim_start_matches("k:")));
                }
            }
            let mut items = items.iter().enumerate();
            items.find_map(|(at, item)| duplicate(item, shape.item(), &format!("{path}[{at}]")))
        }
        _ => None,
    }
}

/// Removes null values from an applied configuration.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let present = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(present.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn writer(name: &str, operation: &'static str) -> Writer {
        Writer { name: name.to_owned(), operation, api_version: "apps/v1".to_owned(), subresource: String::new() }
    }

    fn shape() -> Shape<'static> {
        Shape::root("Deployment", None)
    }

    fn deployment(spec: &Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    }

    fn spec_of(object: &Value) -> &Value {
        &object["spec"]
    }

    #[test]
    fn a_field_no_longer_applied_is_removed_and_the_others_stay() {
        let a = writer("a", "Apply");
        let live = apply(None, &deployment(&json!({"replicas": 2, "paused": true})), &a, false, shape()).unwrap();
        let live = apply(Some(&live), &deployment(&json!({"replicas": 2})), &a, false, shape()).unwrap();
        assert_eq!(spec_of(&live), &json!({"replicas": 2}));
    }

    #[test]
    fn a_field_that_two_managers_apply_stays_until_both_give_it_up() {
        let (a, b) = (writer("a", "Apply"), writer("b", "Apply"));
        let live = apply(None, &deployment(&json!({"replicas": 2, "paused": true})), &a, false, shape()).unwrap();
        let live = apply(Some(&live), &deployment(&json!({"paused": true})), &b, false, shape()).unwrap();
        let live = apply(Some(&live), &deployment(&json!({"replicas": 2})), &a, false, shape()).unwrap();
        assert_eq!(spec_of(&live), &json!({"replicas": 2, "paused": true}));
        let live = apply(Some(&live), &deployment(&json!({"replicas": 2})), &b, false, shape()).unwrap();
        assert_eq!(spec_of(&live), &json!({"replicas": 2}));
    }

    #[test]
    fn another_value_for_an_owned_field_is_a_conflict_that_force_takes_over() {
        let (a, b) = (writer("a", "Apply"), writer("b", "Apply"));
        let live = apply(None, &deployment(&json!({"replicas": 2})), &a, false, shape()).unwrap();
        let conflict = apply(Some(&live), &deployment(&json!({"replicas": 3})), &b, false, shape()).unwrap_err();
        assert_eq!(conflict.message, "Apply failed with 1 conflict: conflict with \"a\": .spec.replicas");
        let live = apply(Some(&live), &deployment(&json!({"replicas": 3})), &b, true, shape()).unwrap();
        assert_eq!(spec_of(&live), &json!({"replicas": 3}));
        // Manager a no longer owns the field, so omitting it changes nothing.
        let live = apply(Some(&live), &deployment(&json!({})), &a, false, shape()).unwrap();
        assert_eq!(spec_of(&live), &json!({"replicas": 3}));
    }

    #[test]
    fn containers_ports_and_env_merge_by_their_keys() {
        let (a, b) = (writer("a", "Apply"), writer("b", "Apply"));
        let first = json!({"template": {"spec": {"containers": [{"name": "x", "image": "1",
            "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]}]}}});
        let second = json!({"template": {"spec": {"containers": [{"name": "x",
            "ports": [{"containerPort": 81}], "env": [{"name": "B", "value": "2"}]}]}}});
        let live = apply(None, &deployment(&first), &a, false, shape()).unwrap();
        let live = apply(Some(&live), &deployment(&second), &b, false, shape()).unwrap();
        let container = &live["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], "1");
        assert_eq!(container["ports"].as_array().unwrap().len(), 2);
        assert_eq!(container["env"].as_array().unwrap().len(), 2);
        let live = apply(Some(&live), &deployment(&json!({})), &b, false, shape()).unwrap();
        let container = &live["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["ports"], json!([{"containerPort": 80}]));
        assert_eq!(container["env"], json!([{"name": "A", "value": "1"}]));
    }

    #[test]
    fn an_update_takes_the_fields_it_changes_from_the_applier() {
        let (a, scaler) = (writer("a", "Apply"), writer("scaler", "Update"));
        let live = apply(None, &deployment(&json!({"replicas": 2, "paused": true})), &a, false, shape()).unwrap();
        let mut larger = live.clone();
        larger["spec"]["replicas"] = json!(5);
        ownership::record_update(Some(&live), &mut larger, &scaler, shape());
        let conflict = apply(Some(&larger), &deployment(&json!({"replicas": 2, "paused": true})), &a, false, shape());
        let message = conflict.unwrap_err().message;
        assert_eq!(message, "Apply failed with 1 conflict: conflict with \"scaler\" using apps/v1: .spec.replicas");
        // A manager that omits the field leaves it to the scaler.
        let live = apply(Some(&larger), &deployment(&json!({"paused": true})), &a, false, shape()).unwrap();
        assert_eq!(spec_of(&live), &json!({"replicas": 5, "paused": true}));
    }
}
