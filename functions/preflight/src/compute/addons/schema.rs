//! Whether a configuration fits the version of the add-on that green gets: EKS checks it against a JSON schema when the add-on is
//! created, after the cluster exists (terraform-aws-modules/terraform-aws-eks#3520).

use serde_json::{Map, Value};

/// How many misfits are told.
const TOLD: usize = 5;

/// What of `value` does not fit the schema, as far as the schema says it with types, properties, items, enumerations and references
/// within itself.
pub(super) fn misfits(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found.truncate(TOLD);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let Some(schema) = resolve(root, schema) else { return };
    let place = if path.is_empty() { "it" } else { path };
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        found.push(format!("{place} is {value}, expected one of {}", Value::from(allowed.clone())));
    }
    if let Some(wanted) = schema.get("type")
        && !of_type(wanted, value)
    {
        found.push(format!("{place} is {value}, expected {wanted}"));
        return;
    }
    match value {
        Value::Object(fields) => object(root, schema, fields, path, found),
        Value::Array(items) => {
            if let Some(of_items) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check(root, of_items, item, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}

fn object(root: &Value, schema: &Map<String, Value>, fields: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    let none = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let others = schema.get("additionalProperties");
    let patterns = schema.contains_key("patternProperties");
    for (name, value) in fields {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match known.get(name).or(others) {
            Some(Value::Bool(false)) if !patterns => found.push(format!("{path} is not known")),
            Some(schema @ Value::Object(_)) => check(root, schema, value, &path, found),
            _ => {}
        }
    }
}

/// The schema itself, or what it refers to within its document (`#/definitions/…`).
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    let mut schema = schema.as_object()?;
    for _ in 0..8 {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
        schema = root.pointer(reference.strip_prefix('#')?)?.as_object()?;
    }
    None
}

fn of_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => true,
    };
    match wanted {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // In the form that EKS answers: https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html
    #[test]
    fn what_the_schema_does_not_know_or_wants_otherwise_is_told_with_its_place() {
        let schema = json!({
            "$ref": "#/definitions/Coredns",
            "definitions": {
                "Coredns": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "replicaCount": { "type": "integer" },
                        "computeType": { "type": "string", "enum": ["ec2", "fargate"] },
                        "tolerations": { "type": "array", "items": { "type": "object" } },
                        "resources": { "$ref": "#/definitions/Resources" },
                        "nodeSelector": { "type": "object", "additionalProperties": { "type": "string" } },
                    },
                },
                "Resources": { "type": "object", "additionalProperties": false, "properties": { "limits": {} } },
            },
        });
        for (value, expected) in [
            (
                json!({ "replicaCount": 3, "resources": { "limits": { "cpu": "1" } }, "nodeSelector": { "a": "b" } }),
                vec![],
            ),
            (json!({ "replicaCount": "3" }), vec![r#"replicaCount is "3", expected "integer""#]),
            (json!({ "replicas": 3 }), vec!["replicas is not known"]),
            (json!({ "resources": { "limit": {} } }), vec!["resources.limit is not known"]),
            (json!({ "computeType": "gpu" }), vec![r#"computeType is "gpu", expected one of ["ec2","fargate"]"#]),
            (json!({ "tolerations": [1] }), vec![r#"tolerations[0] is 1, expected "object""#]),
            (json!({ "nodeSelector": { "a": 1 } }), vec![r#"nodeSelector.a is 1, expected "string""#]),
        ] {
            assert_eq!(misfits(&schema, &value), expected, "{value}");
        }
    }
}
