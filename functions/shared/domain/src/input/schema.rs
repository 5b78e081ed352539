//! Checks a value by the JSON Schema of the input, with every problem at once and its JSON path.

use crate::{Duration, Problem};
use regex_lite::Regex;
use serde_json::{Map, Value};

/// Holds `value` against the part of JSON Schema that the types of the input use, and answers what is sound of it: without
/// unknown and wrong fields, and with [`blank`] ones where something required is missing or wrong. Nothing where nothing is.
pub(super) fn check(path: &str, value: &Value, schema: &Value, problems: &mut Vec<Problem>) -> Option<Value> {
    let known = problems.len();
    match (kind(schema), value) {
        // An optional field, which serde takes as one that is left out.
        (_, Value::Null) if schema["type"].is_array() => {}
        (Some("object"), Value::Object(object)) => return Some(check_object(path, object, schema, problems)),
        (Some("array"), Value::Array(items)) => {
            if let Some(min) = schema["minItems"].as_u64()
                && (items.len() as u64) < min
            {
                problems.push(Problem::new(path, format!("found {} items, expected at least {min}", items.len())));
            }
            if let Some(max) = schema["maxItems"].as_u64()
                && (items.len() as u64) > max
            {
                problems.push(Problem::new(path, format!("found {} items, expected at most {max}", items.len())));
            }
            let schema = &schema["items"];
            let items = items.iter().enumerate().map(|(index, item)| {
                // Blank and not left out: what comes after it keeps its index.
                check(&format!("{path}[{index}]"), item, schema, problems).unwrap_or_else(|| blank(schema))
            });
            return Some(items.collect());
        }
        (Some("string"), Value::String(text)) => check_text(path, text, schema, problems),
        (Some("integer"), Value::Number(number)) => {
            let low = schema["minimum"].as_i64().unwrap_or(0);
            let high = schema["maximum"].as_i64().unwrap_or(i64::MAX);
            if !number.as_i64().is_some_and(|n| (low..=high).contains(&n)) {
                problems
                    .push(Problem::new(path, format!("found {number}, expected a whole number from {low} to {high}")));
            }
        }
        (Some("boolean"), Value::Bool(_)) => {}
        (Some(expected), found) => {
            problems.push(Problem::new(path, format!("found {}, expected {}", describe(found), article(expected))));
        }
        // One, or a list of several: what is found decides which of them it is to be.
        (None, found) if schema["anyOf"].is_array() => {
            let shapes = || schema["anyOf"].as_array().into_iter().flatten();
            if let Some(shape) = shapes().find(|shape| kind(shape) == Some(type_of(found))) {
                return check(path, found, shape, problems);
            }
            let expected = shapes().filter_map(kind).map(article).collect::<Vec<_>>().join(" or ");
            problems.push(Problem::new(path, format!("found {}, expected {expected}", describe(found))));
        }
        // A choice of words: schemars writes enums with documented variants as `oneOf` constants.
        (None, found) => check_choice(path, found, schema, problems),
    }
    (problems.len() == known).then(|| value.clone())
}

fn check_object(path: &str, object: &Map<String, Value>, schema: &Value, problems: &mut Vec<Problem>) -> Value {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let Value::Object(mut sound) = blank(schema) else { return Value::Null };
    for required in sound.keys().filter(|required| !object.contains_key(*required)) {
        let hint = properties[required]["description"].as_str().unwrap_or_default();
        problems.push(Problem::new(format!("{path}.{required}"), format!("missing; add it. {hint}").trim().to_owned()));
    }
    for (name, value) in object {
        let path = format!("{path}.{name}");
        let Some(schema) = properties.get(name) else {
            let known = properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("unknown field; remove it or mend its name, the fields here are {known}");
            problems.push(Problem::new(path, message));
            continue;
        };
        if let Some(value) = check(&path, value, schema, problems) {
            sound.insert(name.clone(), value);
        }
    }
    Value::Object(sound)
}

/// The type that people write: schemars adds `null` to that of an optional field.
fn kind(schema: &Value) -> Option<&str> {
    let kinds = &schema["type"];
    kinds.as_str().or_else(|| kinds.as_array()?.iter().filter_map(Value::as_str).find(|kind| *kind != "null"))
}

/// A value that says nothing: empty, or only with what the schema requires, empty as well.
pub(super) fn blank(schema: &Value) -> Value {
    match kind(schema) {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            Value::Object(required.map(|name| (name.to_owned(), blank(&schema["properties"][name]))).collect())
        }
        Some("array") => Value::Array(Vec::new()),
        Some("integer") => Value::from(0),
        Some("boolean") => Value::from(false),
        None if schema["anyOf"].is_array() => blank(&schema["anyOf"][0]),
        _ => Value::from(""),
    }
}

fn check_text(path: &str, text: &str, schema: &Value, problems: &mut Vec<Problem>) {
    let length = text.chars().count() as u64;
    let too_short = schema["minLength"].as_u64().is_some_and(|min| length < min);
    let too_long = schema["maxLength"].as_u64().is_some_and(|max| length > max);
    if too_short || too_long {
        problems.push(Problem::new(path, format!("found {length} characters, expected {}", range(schema))));
        return;
    }
    let Some(pattern) = schema["pattern"].as_str() else {
        return check_choice(path, &Value::from(text), schema, problems);
    };
    if pattern == Duration::PATTERN {
        if let Err(message) = text.parse::<Duration>() {
            problems.push(Problem::new(path, message));
        }
    } else if !Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)) {
        problems.push(Problem::new(path, format!("found {text:?}, expected the form {pattern}")));
    }
}

fn check_choice(path: &str, found: &Value, schema: &Value, problems: &mut Vec<Problem>) {
    let constants = schema["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
    let choices: Vec<&Value> = constants.chain(schema["enum"].as_array().into_iter().flatten()).collect();
    if !choices.is_empty() && !choices.contains(&found) {
        let words = choices.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        problems.push(Problem::new(path, format!("found {found}, expected {words}")));
    }
}

fn range(schema: &Value) -> String {
    match (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, max) => format!("at most {}", max.unwrap_or(u64::MAX)),
    }
}

/// The word of JSON Schema for the type of a value.
const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn article(kind: &str) -> &'static str {
    match kind {
        "object" => "an object",
        "array" => "an array",
        "string" => "a text",
        "integer" => "a whole number",
        _ => "a boolean",
    }
}
