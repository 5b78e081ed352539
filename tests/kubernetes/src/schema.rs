//! Pruning, defaults and validation of custom resources by the structural schema of their CRD
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>).
//!
//! Type, required, enum, bounds, lengths and `x-kubernetes-int-or-string` are checked; patterns, formats and CEL rules are
//! not.

use serde_json::{Map, Value};

use crate::status::Cause;

/// Removes fields that the schema does not have, and returns their paths.
pub(crate) fn prune(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut gone = Vec::new();
    if schema.is_object() {
        prune_at(object, schema, "", true, &mut gone);
    }
    gone
}

fn prune_at(value: &mut Value, schema: &Value, path: &str, root: bool, gone: &mut Vec<String>) {
    let root = root || schema["x-kubernetes-embedded-resource"] == true;
    let preserves = schema["x-kubernetes-preserve-unknown-fields"] == true;
    match value {
        Value::Object(map) => {
            let properties = schema["properties"].as_object();
            let additional = &schema["additionalProperties"];
            let keys: Vec<String> = map.keys().cloned().collect();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let known = properties.and_then(|properties| properties.get(&key));
                if root && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                    continue;
                }
                match (known, map.get_mut(&key)) {
                    (Some(schema), Some(value)) => prune_at(value, schema, &inner, false, gone),
                    (None, Some(value)) if additional.is_object() => prune_at(value, additional, &inner, false, gone),
                    _ if preserves || additional == &Value::Bool(true) => {}
                    _ => {
                        map.shift_remove(&key);
                        gone.push(inner);
                    }
                }
            }
        }
        Value::Array(list) => {
            for (at, item) in list.iter_mut().enumerate() {
                prune_at(item, &schema["items"], &format!("{path}[{at}]"), false, gone);
            }
        }
        _ => {}
    }
}

/// Fills in the schema's defaults.
pub(crate) fn fill_defaults(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(map) => {
            for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(default) = schema.get("default") {
                    let slot = map.entry(key.as_str()).or_insert_with(|| default.clone());
                    if slot.is_null() && schema["nullable"] != true {
                        *slot = default.clone();
                    }
                }
                if let Some(value) = map.get_mut(key) {
                    fill_defaults(value, schema);
                }
            }
            if schema["additionalProperties"].is_object() {
                map.values_mut().for_each(|value| fill_defaults(value, &schema["additionalProperties"]));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| fill_defaults(item, &schema["items"])),
        _ => {}
    }
}

/// The first field whose type is not the schema's, in the words of a server-side apply
/// (<https://github.com/kubernetes-sigs/structured-merge-diff/blob/master/typed/validate.go>).
pub(crate) fn mistyped(value: &Value, schema: &Value, path: &str) -> Option<String> {
    if value.is_null() || !schema.is_object() {
        return None;
    }
    if !has_type(value, schema) {
        let wanted = match schema["type"].as_str().unwrap_or_default() {
            "array" => "list",
            "object" => "map",
            "integer" | "number" => "numeric (int or float)",
            other => other,
        };
        return Some(format!("{path}: expected {wanted}, got {}", type_of(value)));
    }
    match value {
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let known = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
            mistyped(value, known, &format!("{path}.{key}"))
        }),
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(at, item)| mistyped(item, &schema["items"], &format!("{path}[{at}]")))
        }
        _ => None,
    }
}

/// All errors of `value` by the schema.
pub(crate) fn check(value: &Value, schema: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if schema.is_object() {
        check_at(value, schema, "", &mut causes);
    }
    causes
}

fn check_at(value: &Value, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && (schema["nullable"] == true || schema.get("type").is_none()) {
        return;
    }
    if !has_type(value, schema) {
        let wanted = schema["type"].as_str().unwrap_or_default();
        causes.push(Cause {
            reason: "FieldValueTypeInvalid",
            field: if path.is_empty() { "<nil>".to_owned() } else { path.to_owned() },
            message: format!(
                "Invalid value: {:?}: {path} in body must be of type {wanted}: {:?}",
                type_of(value),
                type_of(value)
            ),
        });
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", allowed.join(", "));
        causes.push(Cause { reason: "FieldValueNotSupported", field: path.to_owned(), message });
    }
    match value {
        Value::Object(map) => object(map, schema, path, causes),
        Value::Array(list) => {
            size(list.len(), schema, ["minItems", "maxItems"], value, path, causes);
            for (at, item) in list.iter().enumerate() {
                check_at(item, &schema["items"], &format!("{path}[{at}]"), causes);
            }
        }
        Value::String(text) => size(text.chars().count(), schema, ["minLength", "maxLength"], value, path, causes),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            if schema["minimum"].as_f64().is_some_and(|minimum| number < minimum) {
                let why = format!("{path} in body should be greater than or equal to {}", schema["minimum"]);
                causes.push(Cause::invalid(path, value, &why));
            }
            if schema["maximum"].as_f64().is_some_and(|maximum| number > maximum) {
                let why = format!("{path} in body should be less than or equal to {}", schema["maximum"]);
                causes.push(Cause::invalid(path, value, &why));
            }
        }
        _ => {}
    }
}

fn object(map: &Map<String, Value>, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !map.contains_key(required) {
            causes.push(Cause::required(&inner(required)));
        }
    }
    for (key, value) in map {
        let known = schema["properties"].as_object().and_then(|properties| properties.get(key));
        let additional = Some(&schema["additionalProperties"]).filter(|schema| schema.is_object());
        if let Some(schema) = known.or(additional) {
            check_at(value, schema, &inner(key), causes);
        }
    }
}

fn size(length: usize, schema: &Value, [least, most]: [&str; 2], value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let bound = |key: &str| schema[key].as_u64().and_then(|bound| usize::try_from(bound).ok());
    if bound(least).is_some_and(|bound| length < bound) {
        causes.push(Cause::invalid(
            path,
            value,
            &format!("{path} in body should have at least {} items or characters", schema[least]),
        ));
    }
    if bound(most).is_some_and(|bound| length > bound) {
        causes.push(Cause::invalid(
            path,
            value,
            &format!("{path} in body should have at most {} items or characters", schema[most]),
        ));
    }
}

fn has_type(value: &Value, schema: &Value) -> bool {
    if schema["x-kubernetes-int-or-string"] == true {
        return value.is_i64() || value.is_u64() || value.is_string();
    }
    match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        _ => true,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1}, "colour": {"type": "string", "default": "blue", "enum": ["blue", "green"]},
            "port": {"x-kubernetes-int-or-string": true},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }}}})
    }

    #[test]
    fn unknown_fields_are_pruned_but_not_where_the_schema_preserves_them() {
        let mut object = json!({"apiVersion": "a/v1", "metadata": {"name": "x"}, "other": 1,
            "spec": {"size": 1, "typo": true, "free": {"anything": 1}, "labels": {"a": "b"}}});
        assert_eq!(prune(&mut object, &schema()), ["other", "spec.typo"]);
        assert_eq!(object["spec"], json!({"size": 1, "free": {"anything": 1}, "labels": {"a": "b"}}));
        assert_eq!(object["metadata"]["name"], "x");
    }

    #[test]
    fn defaults_fill_what_is_missing() {
        let mut object = json!({"spec": {"size": 1}});
        fill_defaults(&mut object, &schema());
        assert_eq!(object["spec"]["colour"], "blue");
    }

    #[test]
    fn missing_mistyped_and_out_of_range_values_are_all_named() {
        let causes = check(&json!({"spec": {"colour": "red", "port": true, "labels": {"a": 1}}}), &schema());
        let fields: Vec<&str> = causes.iter().map(|cause| cause.field.as_str()).collect();
        assert_eq!(fields, ["spec.size", "spec.colour", "spec.port", "spec.labels.a"]);
        assert_eq!(check(&json!({"spec": {"size": 0}}), &schema()).len(), 1);
        assert!(check(&json!({"spec": {"size": 2, "port": "http"}}), &schema()).is_empty());
    }
}
