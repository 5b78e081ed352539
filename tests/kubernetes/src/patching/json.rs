//! JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386).

use serde_json::Value;

/// Applies a merge patch: maps are merged, null removes a member, other values replace it.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(key);
        } else {
            merge(target.entry(key.as_str()).or_insert(Value::Null), value);
        }
    }
}

/// Applies the operations of a JSON patch in order.
///
/// # Errors
/// `operations` is not a list, or an operation is malformed or cannot be applied.
pub(crate) fn patch(target: &mut Value, operations: &Value) -> Result<(), String> {
    let operations = operations.as_array().ok_or("a JSON patch is a list of operations")?;
    for operation in operations {
        let text = |key: &str| operation[key].as_str().ok_or_else(|| format!("operation without {key}: {operation}"));
        let value = || operation.get("value").cloned().ok_or_else(|| format!("operation without value: {operation}"));
        let path = text("path")?;
        match text("op")? {
            "add" => add(target, path, value()?)?,
            "replace" => {
                *target.pointer_mut(path).ok_or_else(|| missing("replace", path))? = value()?;
            }
            "remove" => {
                take(target, path)?;
            }
            "move" => {
                let moved = take(target, text("from")?)?;
                add(target, path, moved)?;
            }
            "copy" => {
                let from = text("from")?;
                let copied = target.pointer(from).cloned().ok_or_else(|| missing("copy", from))?;
                add(target, path, copied)?;
            }
            "test" => {
                if target.pointer(path).unwrap_or(&Value::Null) != &value()? {
                    return Err(format!("testing value {path} failed: test failed"));
                }
            }
            other => return Err(format!("unexpected kind of operation: {other}")),
        }
    }
    Ok(())
}

fn missing(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing path: {path}: missing value")
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let Some((parent, last)) = split(path) else {
        *target = value;
        return Ok(());
    };
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(last, value);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let at = if last == "-" { Some(items.len()) } else { last.parse().ok().filter(|at| *at <= items.len()) };
            items.insert(at.ok_or_else(|| missing("add", path))?, value);
            Ok(())
        }
        _ => Err(missing("add", path)),
    }
}

fn take(target: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, last) = split(path).ok_or_else(|| missing("remove", path))?;
    let taken = match target.pointer_mut(parent) {
        Some(Value::Object(map)) => map.shift_remove(&last),
        Some(Value::Array(items)) => {
            last.parse().ok().filter(|at: &usize| *at < items.len()).map(|at| items.remove(at))
        }
        _ => None,
    };
    taken.ok_or_else(|| missing("remove", path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_changes_adds_and_removes_as_in_the_example_of_rfc_7386() {
        let mut target = json!({"title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"},
            "tags": ["example", "sample"], "content": "This will be unchanged"});
        let patch = json!({"title": "Hello!", "phoneNumber": "+01-123-456-7890", "author": {"familyName": null}, "tags": ["example"]});
        merge(&mut target, &patch);
        assert_eq!(
            target,
            json!({"title": "Hello!", "author": {"givenName": "John"}, "tags": ["example"],
                "content": "This will be unchanged", "phoneNumber": "+01-123-456-7890"})
        );
    }

    #[test]
    fn a_json_patch_does_its_operations_in_order_or_fails() {
        let mut target = json!({"a": {"b": [1, 2]}, "x/y": 1});
        let operations = json!([
            {"op": "test", "path": "/a/b/0", "value": 1},
            {"op": "add", "path": "/a/b/-", "value": 3},
            {"op": "add", "path": "/a/b/0", "value": 0},
            {"op": "remove", "path": "/x~1y"},
            {"op": "move", "from": "/a/b/1", "path": "/c"},
            {"op": "copy", "from": "/c", "path": "/d"},
            {"op": "replace", "path": "/d", "value": 9},
        ]);
        patch(&mut target, &operations).unwrap();
        assert_eq!(target, json!({"a": {"b": [0, 2, 3]}, "c": 1, "d": 9}));
        assert!(patch(&mut target, &json!([{"op": "remove", "path": "/nothing"}])).is_err());
        assert!(patch(&mut target, &json!([{"op": "test", "path": "/c", "value": 2}])).is_err());
    }
}
