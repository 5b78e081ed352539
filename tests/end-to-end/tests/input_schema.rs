//! The schema that people edit their input with says what the domain's types say.

use domain::{Duration, Input};
use end_to_end::project;
use serde_json::{Map, Value, json};

const WORDS_FOR_PEOPLE: [&str; 5] = ["$schema", "title", "description", "examples", "format"];

/// The schema without what is only for people, its references resolved and choices written one way.
fn bare(schema: &Value, definitions: &Value) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut bare_object = Map::new();
    if let Some(name) = object.get("$ref").and_then(Value::as_str) {
        let target = bare(&definitions[name.rsplit('/').next().unwrap_or_default()], definitions);
        bare_object.extend(target.as_object().cloned().unwrap_or_default());
    }
    for (key, value) in object {
        match key.as_str() {
            "$ref" | "$defs" => {}
            key if WORDS_FOR_PEOPLE.contains(&key) => {}
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let properties = properties.map(|(name, schema)| (name.clone(), bare(schema, definitions))).collect();
                bare_object.insert(key.clone(), Value::Object(properties));
            }
            "items" => {
                bare_object.insert(key.clone(), bare(value, definitions));
            }
            "oneOf" => {
                let words = value.as_array().into_iter().flatten().map(|choice| choice["const"].clone()).collect();
                bare_object.insert("type".to_owned(), json!("string"));
                bare_object.insert("enum".to_owned(), Value::Array(words));
            }
            // An optional field may be null to serde; people leave it out.
            "type" if value.is_array() => {
                let kinds: Vec<&Value> =
                    value.as_array().into_iter().flatten().filter(|kind| *kind != "null").collect();
                bare_object.insert(key.clone(), json!(kinds[0]));
            }
            // The same for an optional object; one object or a list of some are two shapes.
            "anyOf" => {
                let shapes = value.as_array().into_iter().flatten().filter(|schema| schema["type"] != "null");
                let mut shapes: Vec<Value> = shapes.map(|schema| bare(schema, definitions)).collect();
                if shapes.len() == 1 {
                    bare_object.extend(shapes.remove(0).as_object().cloned().unwrap_or_default());
                } else {
                    bare_object.insert(key.clone(), Value::Array(shapes));
                }
            }
            "required" => {
                let mut names: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                names.sort_unstable();
                bare_object.insert(key.clone(), json!(names));
            }
            _ => {
                bare_object.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(bare_object)
}

fn of_the_types() -> Value {
    let schema =
        schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Input>().to_value();
    bare(&schema, &schema["$defs"])
}

fn of_the_file() -> Value {
    let schema = project::json("statemachine/input.schema.json");
    bare(&schema, &schema["$defs"])
}

/// Where the two differ, as JSON paths.
fn differences(path: &str, left: &Value, right: &Value, found: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            for key in left.keys().chain(right.keys().filter(|key| !left.contains_key(*key))) {
                let nothing = Value::Null;
                let (left, right) = (left.get(key).unwrap_or(&nothing), right.get(key).unwrap_or(&nothing));
                differences(&format!("{path}.{key}"), left, right, found);
            }
        }
        // What schemars says beyond JSON Schema's own words for an unsigned number.
        _ if path.ends_with(".minimum") && left.is_null() && right == &json!(0) => {}
        _ if left == right || (left.as_f64().is_some() && left.as_f64() == right.as_f64()) => {}
        _ => found.push(format!("{path}: the file says {left}, the types say {right}")),
    }
}

#[test]
fn the_schema_and_the_types_say_the_same() {
    let mut found = Vec::new();
    differences("$", &of_the_file(), &of_the_types(), &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_field_is_described() {
    fn look(path: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if !field["description"].as_str().is_some_and(|text| text.ends_with('.')) {
                found.push(format!("{path}.{name}"));
            }
            look(&format!("{path}.{name}"), field, found);
            look(&format!("{path}.{name}[]"), &field["items"], found);
        }
    }
    let mut found = Vec::new();
    look("$", &project::json("statemachine/input.schema.json"), &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_examples_are_read_without_a_problem() {
    let folder = project::root().join("statemachine/examples");
    let names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let example = project::json(&format!("statemachine/examples/{name}"));
        Input::read(&example).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
    }
}

#[test]
fn the_minimal_example_has_only_what_is_needed() {
    let schema = project::json("statemachine/input.schema.json");
    let minimal = project::json("statemachine/examples/minimal.json");
    let required: Vec<&str> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(minimal.as_object().unwrap().keys().collect::<Vec<_>>(), required);
}

#[test]
fn the_examples_of_durations_and_the_defaults_are_read() {
    let schema = project::json("statemachine/input.schema.json");
    let examples = schema["$defs"]["duration"]["examples"].as_array().unwrap();
    assert!(examples.iter().all(|example| example.as_str().unwrap().parse::<Duration>().is_ok()), "{examples:?}");
    let mut input = project::json("statemachine/examples/minimal.json");
    let read = Input::read(&input).unwrap();
    for (name, field) in schema["properties"].as_object().unwrap() {
        if let Some(default) = field.get("default") {
            input[name] = default.clone();
        }
    }
    assert_eq!(Input::read(&input).unwrap(), read, "the schema's defaults are the types' defaults");
}
