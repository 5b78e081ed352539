//! Strategic merge patch, which `kubectl apply` sends for built-in kinds: lists are merged by key, and directives in the patch
//! delete, replace and order items
//! (<https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md>).

use serde_json::{Map, Value};

use crate::shape::{ListRule, Shape};

/// Applies a strategic merge patch to a map.
pub(crate) fn merge(target: &mut Value, patch: &Value, shape: Shape<'_>) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut replacement = patch.clone();
            replacement.shift_remove("$patch");
            *target = Value::Object(replacement);
            return;
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array) {
        target.retain(|key, _| kept.iter().any(|kept| kept == key));
    }
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix("$deleteFromPrimitiveList/") {
            if let (Some(list), Some(gone)) = (target.get_mut(field).and_then(Value::as_array_mut), value.as_array()) {
                list.retain(|item| !gone.contains(item));
            }
        } else if key.starts_with('$') {
            // $setElementOrder is applied last, to the merged list.
        } else if value.is_null() {
            target.shift_remove(key);
        } else {
            field(target, key, value, shape.field(key));
        }
    }
    for (key, order) in patch {
        if let Some(field) = key.strip_prefix("$setElementOrder/")
            && let (Some(list), Some(order)) = (target.get_mut(field).and_then(Value::as_array_mut), order.as_array())
        {
            sort(list, order, &shape.field(field).list_rule());
        }
    }
}

fn field(target: &mut Map<String, Value>, key: &str, patch: &Value, shape: Shape<'_>) {
    match patch {
        Value::Object(_) => merge(target.entry(key).or_insert(Value::Null), patch, shape),
        Value::Array(items) => match shape.list_rule() {
            ListRule::Atomic => {
                target.insert(key.to_owned(), patch.clone());
            }
            rule => {
                let slot = target.entry(key).or_insert(Value::Array(Vec::new()));
                if !slot.is_array() {
                    *slot = Value::Array(Vec::new());
                }
                if let Some(list) = slot.as_array_mut() {
                    merge_list(list, items, &rule, shape);
                }
            }
        },
        scalar => {
            target.insert(key.to_owned(), scalar.clone());
        }
    }
}

fn merge_list(list: &mut Vec<Value>, patch: &[Value], rule: &ListRule, shape: Shape<'_>) {
    if patch.iter().any(|item| item["$patch"] == "replace") {
        *list = patch.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
        return;
    }
    // The merge key of a strategic patch is the first of the list's keys: a Service's port, without its protocol.
    let ListRule::Map(keys) = rule else {
        for item in patch {
            if !list.contains(item) {
                list.push(item.clone());
            }
        }
        return;
    };
    let Some(key) = keys.first() else { return };
    for item in patch {
        let same = |present: &Value| present.get(key) == item.get(key);
        if item["$patch"] == "delete" {
            list.retain(|present| !same(present));
        } else if let Some(present) = list.iter_mut().find(|present| same(present)) {
            merge(present, item, shape.item());
        } else {
            let mut added = Value::Object(Map::new());
            merge(&mut added, item, shape.item());
            list.push(added);
        }
    }
}

/// Orders items as in `order`. Items that it does not contain stay behind their predecessors.
fn sort(list: &mut [Value], order: &[Value], rule: &ListRule) {
    let wanted = |item: &Value| {
        order.iter().position(|one| match rule {
            ListRule::Map(keys) => keys.first().is_some_and(|key| one.get(key) == item.get(key)),
            _ => one == item,
        })
    };
    let mut rank = None;
    let mut ranks: Vec<(Option<usize>, Value)> = Vec::new();
    for item in list.iter() {
        rank = wanted(item).or(rank);
        ranks.push((rank, item.clone()));
    }
    ranks.sort_by_key(|(rank, _)| *rank);
    for (slot, (_, item)) in list.iter_mut().zip(ranks) {
        *slot = item;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(mut target: Value, patch: &Value) -> Value {
        merge(&mut target, patch, Shape::root("Deployment", None));
        target
    }

    #[test]
    fn containers_merge_by_name_and_keep_the_order_the_patch_asks_for() {
        let target = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]});
        let patch = json!({"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}],
            "containers": [{"name": "b", "image": "2"}, {"name": "c", "image": "1"}]});
        assert_eq!(
            patched(target, &patch),
            json!({"containers": [{"name": "c", "image": "1"}, {"name": "b", "image": "2"}, {"name": "a", "image": "1"}]})
        );
    }

    #[test]
    fn directives_delete_items_keys_and_primitives() {
        let target = json!({"containers": [{"name": "a"}, {"name": "b"}], "finalizers": ["x", "y"], "args": ["1", "2"],
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}});
        let patch = json!({"containers": [{"name": "a", "$patch": "delete"}], "$deleteFromPrimitiveList/finalizers": ["x"],
            "args": ["3"], "strategy": {"$retainKeys": ["type"], "type": "Recreate"}});
        assert_eq!(
            patched(target, &patch),
            json!({"containers": [{"name": "b"}], "finalizers": ["y"], "args": ["3"], "strategy": {"type": "Recreate"}})
        );
    }
}
