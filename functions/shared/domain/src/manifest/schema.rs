//! A custom resource against the schema of its definition, before any API server knows the definition: the structural part of OpenAPI v3 that
//! definitions may use
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>),
//! unknown fields included, as kubectl has the server look for them. Rules in CEL and formats are left to the server.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// The schema of a version that the definition serves; `None` where it serves none such.
#[must_use]
pub fn of<'a>(definition: &'a Value, version: &str) -> Option<&'a Value> {
    let versions = definition["spec"]["versions"].as_array()?;
    let served = versions.iter().find(|served| served["name"] == version && served["served"] == true)?;
    Some(&served["schema"]["openAPIV3Schema"])
}

/// Everything that an API server with this definition would refuse in the object, each with its path.
#[must_use]
pub fn faults(schema: &Value, object: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut checked = object.clone();
    if let Some(fields) = checked.as_object_mut() {
        // Every object has these, whatever its schema says of them.
        fields.retain(|name, _| !matches!(name.as_str(), "apiVersion" | "kind" | "metadata"));
    }
    if schema.is_object() {
        check("", &checked, schema, true, &mut faults);
    }
    faults
}

/// Values of a logical junctor (`anyOf` and its like) are checked without `structural`: it names what is known only in part.
fn check(path: &str, value: &Value, schema: &Value, structural: bool, faults: &mut Vec<String>) {
    let mut fault =
        |message: String| faults.push(format!("{}: {message}", if path.is_empty() { "the object" } else { path }));
    if value.is_null() {
        // The server drops it, or takes the default.
        return;
    }
    let int_or_string = schema["x-kubernetes-int-or-string"] == true;
    let found = type_of(value);
    match schema["type"].as_str() {
        _ if int_or_string && !matches!(found, "integer" | "string") => {
            return fault(format!("found {found}, expected an integer or a string"));
        }
        Some(wanted) if !int_or_string && wanted != found && !(wanted == "number" && found == "integer") => {
            return fault(format!("found {found}, expected {wanted}"));
        }
        _ => {}
    }
    if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.contains(value)) {
        let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
        fault(format!("found {value}, expected one of {}", choices.join(", ")));
    }
    match value {
        Value::String(text) => bounds(text.chars().count(), schema, "minLength", "maxLength", "characters", &mut fault),
        Value::Array(items) => bounds(items.len(), schema, "minItems", "maxItems", "items", &mut fault),
        Value::Object(fields) => bounds(fields.len(), schema, "minProperties", "maxProperties", "fields", &mut fault),
        Value::Number(number) => number_bounds(number.as_f64().unwrap_or_default(), schema, &mut fault),
        _ => {}
    }
    if let (Some(text), Some(pattern)) = (value.as_str(), schema["pattern"].as_str())
        && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        fault(format!("found {text:?}, expected the form {pattern}"));
    }
    match value {
        Value::Object(fields) => check_fields(path, fields, schema, structural, faults),
        Value::Array(items) => check_items(path, items, schema, structural, faults),
        _ => {}
    }
    junctors(path, value, schema, faults);
}

fn check_fields(path: &str, fields: &Map<String, Value>, schema: &Value, structural: bool, faults: &mut Vec<String>) {
    let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let properties = schema["properties"].as_object();
    let property = |name: &str| properties.and_then(|properties| properties.get(name));
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let has_default = property(name).is_some_and(|schema| schema.get("default").is_some());
        if fields.get(name).is_none_or(Value::is_null) && !has_default && !(path.is_empty() && name == "metadata") {
            faults.push(format!("{}: missing, and required", inner(name)));
        }
    }
    let embedded = schema["x-kubernetes-embedded-resource"] == true;
    let others = &schema["additionalProperties"];
    let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true || *others == true;
    for (name, value) in fields {
        if embedded && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        if let Some(schema) = property(name) {
            check(&inner(name), value, schema, structural, faults);
        } else if others.is_object() {
            check(&inner(name), value, others, structural, faults);
        } else if structural && !keeps && !value.is_null() {
            faults.push(format!("{}: unknown field", inner(name)));
        }
    }
}

fn check_items(path: &str, items: &[Value], schema: &Value, structural: bool, faults: &mut Vec<String>) {
    if schema["items"].is_object() {
        for (index, item) in items.iter().enumerate() {
            check(&format!("{path}[{index}]"), item, &schema["items"], structural, faults);
        }
    }
    // https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
    let keys: Vec<&str> = match schema["x-kubernetes-list-type"].as_str() {
        Some("map") => {
            schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        }
        Some("set") => Vec::new(),
        _ => return,
    };
    let key = |item: &Value| -> Vec<Value> {
        let default = |name: &str| schema["items"]["properties"][name]["default"].clone();
        let part = |name: &&str| if item[*name].is_null() { default(name) } else { item[*name].clone() };
        if keys.is_empty() { vec![item.clone()] } else { keys.iter().map(part).collect() }
    };
    let all: Vec<Vec<Value>> = items.iter().map(key).collect();
    for (index, key) in all.iter().enumerate().filter(|(index, key)| all[..*index].contains(key)) {
        let told: Vec<String> = key.iter().map(ToString::to_string).collect();
        faults.push(format!("{path}[{index}]: {} stands in the list twice", told.join(" ")));
    }
}

/// What `allOf`, `anyOf`, `oneOf` and `not` say of the value.
fn junctors(path: &str, value: &Value, schema: &Value, faults: &mut Vec<String>) {
    let fits = |schema: &Value| {
        let mut faults = Vec::new();
        check(path, value, schema, false, &mut faults);
        faults.is_empty()
    };
    let name = if path.is_empty() { "the object" } else { path };
    for schema in schema["allOf"].as_array().into_iter().flatten() {
        check(path, value, schema, false, faults);
    }
    if schema["anyOf"].as_array().is_some_and(|any| !any.iter().any(fits)) {
        faults.push(format!("{name}: fits none of the schemas of anyOf"));
    }
    if schema["oneOf"].as_array().is_some_and(|one| one.iter().filter(|schema| fits(schema)).count() != 1) {
        faults.push(format!("{name}: does not fit exactly one of the schemas of oneOf"));
    }
    if schema["not"].is_object() && fits(&schema["not"]) {
        faults.push(format!("{name}: fits the schema of not"));
    }
}

fn bounds(found: usize, schema: &Value, min: &str, max: &str, of: &str, fault: &mut impl FnMut(String)) {
    let found = u64::try_from(found).unwrap_or(u64::MAX);
    if let Some(min) = schema[min].as_u64().filter(|min| found < *min) {
        fault(format!("found {found} {of}, expected at least {min}"));
    }
    if let Some(max) = schema[max].as_u64().filter(|max| found > *max) {
        fault(format!("found {found} {of}, expected at most {max}"));
    }
}

fn number_bounds(found: f64, schema: &Value, fault: &mut impl FnMut(String)) {
    let is = |name: &str| schema[name] == true;
    if let Some(min) =
        schema["minimum"].as_f64().filter(|min| found < *min || (is("exclusiveMinimum") && found <= *min))
    {
        fault(format!("found {found}, expected at least {min}"));
    }
    if let Some(max) =
        schema["maximum"].as_f64().filter(|max| found > *max || (is("exclusiveMaximum") && found >= *max))
    {
        fault(format!("found {found}, expected at most {max}"));
    }
    if let Some(of) = schema["multipleOf"].as_f64().filter(|of| *of > 0.0 && (found / of).fract() != 0.0) {
        fault(format!("found {found}, expected a multiple of {of}"));
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        // `3.0` is an integer to Kubernetes too.
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition() -> Value {
        let schema = json!({
            "type": "object", "required": ["spec"],
            "properties": {
                "apiVersion": { "type": "string" }, "kind": { "type": "string" }, "metadata": { "type": "object" },
                "spec": { "type": "object", "required": ["size", "mode"], "properties": {
                    "size": { "type": "integer", "minimum": 1, "maximum": 9 },
                    "mode": { "type": "string", "enum": ["a", "b"], "default": "a" },
                    "name": { "type": "string", "pattern": "^[a-z]+$", "maxLength": 5 },
                    "port": { "x-kubernetes-int-or-string": true },
                    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                    "raw": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                    "template": { "type": "object", "x-kubernetes-embedded-resource": true, "properties": { "spec": { "type": "object" } } },
                    "ports": { "type": "array", "maxItems": 2, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"], "items": {
                        "type": "object", "properties": { "port": { "type": "integer" }, "protocol": { "type": "string", "default": "TCP" } },
                    } },
                    "either": { "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "string" } }, "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] },
                } },
            },
        });
        json!({ "spec": { "versions": [
            { "name": "v1", "served": true, "schema": { "openAPIV3Schema": schema } },
            { "name": "v1beta1", "served": false, "schema": { "openAPIV3Schema": schema } },
        ] } })
    }

    fn faults_of(spec: &Value) -> Vec<String> {
        let object = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w", "labels": {} }, "spec": spec });
        faults(of(&definition(), "v1").unwrap(), &object)
    }

    #[test]
    fn what_is_sound_has_no_faults() {
        for spec in [
            json!({ "size": 3 }),
            json!({ "size": 3.0, "mode": "b", "name": "abc", "port": "http", "labels": { "x": "y" }, "raw": { "any": [1] }, "unknown": null }),
            json!({ "size": 1, "port": 80, "template": { "apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {} } }),
            json!({ "size": 1, "ports": [{ "port": 1 }, { "port": 1, "protocol": "UDP" }], "either": { "a": "x" } }),
        ] {
            assert_eq!(faults_of(&spec), [""; 0], "{spec}");
        }
    }

    #[test]
    fn what_the_server_would_refuse_is_told_with_its_path() {
        for (spec, expected) in [
            (json!({}), "spec.size: missing, and required"),
            (json!({ "size": "3" }), "spec.size: found string, expected integer"),
            (json!({ "size": 1.5 }), "spec.size: found number, expected integer"),
            (json!({ "size": 10 }), "spec.size: found 10, expected at most 9"),
            (json!({ "size": 1, "mode": "c" }), "spec.mode: found \"c\", expected one of \"a\", \"b\""),
            (json!({ "size": 1, "name": "A" }), "spec.name: found \"A\", expected the form ^[a-z]+$"),
            (json!({ "size": 1, "name": "abcdef" }), "spec.name: found 6 characters, expected at most 5"),
            (json!({ "size": 1, "port": true }), "spec.port: found boolean, expected an integer or a string"),
            (json!({ "size": 1, "labels": { "x": 1 } }), "spec.labels.x: found integer, expected string"),
            (json!({ "size": 1, "sise": 1 }), "spec.sise: unknown field"),
            (json!({ "size": 1, "template": { "status": {} } }), "spec.template.status: unknown field"),
            (
                json!({ "size": 1, "ports": [{ "port": 1 }, { "port": 1, "protocol": "TCP" }] }),
                "spec.ports[1]: 1 \"TCP\" stands in the list twice",
            ),
            (
                json!({ "size": 1, "ports": [{ "port": 1 }, { "port": 2 }, { "port": 3 }] }),
                "spec.ports: found 3 items, expected at most 2",
            ),
            (
                json!({ "size": 1, "either": { "a": "x", "b": "y" } }),
                "spec.either: does not fit exactly one of the schemas of oneOf",
            ),
        ] {
            assert_eq!(faults_of(&spec), [expected]);
        }
    }

    #[test]
    fn all_faults_are_told_and_a_misplaced_field_is_one() {
        let object = json!({ "apiVersion": "example.com/v1", "kind": "Widget", "size": 1, "spec": { "mode": 1 } });
        let mut found = faults(of(&definition(), "v1").unwrap(), &object);
        found.sort();
        assert_eq!(
            found,
            ["size: unknown field", "spec.mode: found integer, expected string", "spec.size: missing, and required",]
        );
    }

    #[test]
    fn a_version_that_is_not_served_has_no_schema() {
        assert!(of(&definition(), "v1beta1").is_none());
        assert!(of(&definition(), "v2").is_none());
    }
}
