//! Reads an input and collects every problem, instead of ending at the first as serde does: the schema that users see is also what
//! the input is checked against, then the rules that a schema cannot say.

use super::{Input, LONGEST_CUTOVER, LONGEST_WAIT};
use crate::{Duration, Problem};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub(super) fn input(value: &Value) -> Result<Input, Vec<Problem>> {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<Input>()
        .to_value();
    let mut problems = Vec::new();
    check("$", value, &schema, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut track = serde_path_to_error::Track::new();
    let read = Input::deserialize_from(value, &mut track)
        .map_err(|error| vec![Problem::new(format!("$.{}", track.path()), error.to_string())])?;
    let problems = rules(&read);
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

impl Input {
    fn deserialize_from(value: &Value, track: &mut serde_path_to_error::Track) -> Result<Self, serde_json::Error> {
        <Self as serde::Deserialize>::deserialize(serde_path_to_error::Deserializer::new(value, track))
    }
}

/// Holds `value` against the part of JSON Schema that the types above use.
fn check(path: &str, value: &Value, schema: &Value, problems: &mut Vec<Problem>) {
    match (schema["type"].as_str(), value) {
        (Some("object"), Value::Object(object)) => check_object(path, object, schema, problems),
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
            for (index, item) in items.iter().enumerate() {
                check(&format!("{path}[{index}]"), item, &schema["items"], problems);
            }
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
        // A choice of words: schemars writes enums with documented variants as `oneOf` constants.
        (None, found) => check_choice(path, found, schema, problems),
    }
}

fn check_object(path: &str, object: &Map<String, Value>, schema: &Value, problems: &mut Vec<Problem>) {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(required) {
            let hint = properties[required]["description"].as_str().unwrap_or_default();
            problems.push(Problem::new(format!("{path}.{required}"), format!("missing. {hint}").trim().to_owned()));
        }
    }
    for (name, value) in object {
        let path = format!("{path}.{name}");
        match properties.get(name) {
            Some(schema) => check(&path, value, schema, problems),
            // Read here and refused by preflight, which says why.
            None if path == "$.terraform" => {}
            None => {
                let known = properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                problems.push(Problem::new(path, format!("unknown field; the fields here are {known}")));
            }
        }
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
    } else if !matches(pattern, text) {
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

/// The patterns of the types above, matched by hand: a regular expression engine would be half a megabyte of Lambda.
fn matches(pattern: &str, text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match pattern {
        "^[0-9A-Za-z][A-Za-z0-9_-]*$" => {
            text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(word)
        }
        "^[A-Za-z0-9_-]+$" => !text.is_empty() && text.chars().all(word),
        "^1\\.[0-9]{2}$" => {
            text.strip_prefix("1.").is_some_and(|minor| minor.len() == 2 && minor.bytes().all(|b| b.is_ascii_digit()))
        }
        "^s3://[^/]+/.+$" => text
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty()),
        "^/" => text.starts_with('/'),
        "^(CronJob|Job|Deployment|StatefulSet|DaemonSet|Service)/[^/]+/[^/]+$" => {
            let parts: Vec<&str> = text.split('/').collect();
            matches!(parts[..], [kind, namespace, name]
                if ["CronJob", "Job", "Deployment", "StatefulSet", "DaemonSet", "Service"].contains(&kind)
                    && !namespace.is_empty() && !name.is_empty())
        }
        _ => false,
    }
}

fn range(schema: &Value) -> String {
    match (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, max) => format!("at most {}", max.unwrap_or(u64::MAX)),
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

/// What a schema cannot say.
fn rules(input: &Input) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |path: &str, message: String| problems.push(Problem::new(path, message));
    if input.blue.cluster == input.green.cluster {
        refuse("$.green.cluster", format!("found blue's name {:?}, expected another", input.green.cluster));
    }
    let steps = &input.cutover.steps;
    if !steps.is_sorted_by(|a, b| a < b) || steps.last() != Some(&100) {
        refuse("$.cutover.steps", format!("found {steps:?}, expected rising percentages that end with 100"));
    }
    let watching = input.cutover.step_duration.as_secs().saturating_mul(steps.len() as u64);
    if input.cutover.deadline.as_secs() < watching {
        refuse(
            "$.cutover.deadline",
            format!("found {}, expected at least the {watching} seconds that the steps take", input.cutover.deadline),
        );
    }
    for (path, duration, longest) in [
        ("$.approval.timeout", input.approval.timeout, LONGEST_WAIT),
        ("$.bake.duration", input.bake.duration, LONGEST_WAIT),
        ("$.cleanup.after", input.cleanup.after, LONGEST_WAIT),
        ("$.cutover.deadline", input.cutover.deadline, LONGEST_CUTOVER),
    ] {
        if duration > longest {
            refuse(path, format!("found {duration}, expected at most {longest}"));
        }
    }
    for (path, duration) in
        [("$.approval.timeout", input.approval.timeout), ("$.cutover.deadline", input.cutover.deadline)]
    {
        if duration.as_secs() == 0 {
            refuse(path, "found 0, expected more".to_owned());
        }
    }
    let mut hosts = BTreeSet::new();
    for (index, host) in input.workloads.hosts.iter().enumerate() {
        for (name, value) in [("primary", &host.primary), ("temporary", &host.temporary)] {
            if !hosts.insert(value.as_str()) {
                refuse(&format!("$.workloads.hosts[{index}].{name}"), format!("{value:?} is named twice"));
            }
        }
    }
    for (index, hold) in input.workloads.hold.iter().enumerate() {
        if input.workloads.run.contains(hold) {
            refuse(&format!("$.workloads.hold[{index}]"), format!("{hold} cannot be both held and run"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn five_lines() -> Value {
        json!({
            "blue": { "cluster": "shop-blue" },
            "green": { "cluster": "shop-green" },
            "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
            "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
        })
    }

    fn paths(value: &Value) -> Vec<String> {
        input(value).unwrap_err().into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn five_lines_are_enough() {
        let read = input(&five_lines()).unwrap();
        assert_eq!(read.cutover.steps, [100]);
        assert_eq!(read.approval.timeout, Duration::from_days(7));
        assert!(!read.dry_run);
    }

    #[test]
    fn every_field_can_be_given() {
        let mut value = five_lines();
        value["green"] = json!({ "cluster": "g", "version": "1.34", "subnetIds": ["subnet-1", "subnet-2"] });
        value["workloads"]["hosts"] = json!([{ "primary": "a.example", "temporary": "b.example" }]);
        value["workloads"]["hold"] = json!(["CronJob/default/nightly"]);
        value["smoke"] = json!([{ "path": "/", "expect": 404 }, { "path": "/x" }]);
        value["cutover"] = json!({ "steps": [5, 25, 100], "stepDuration": "1m", "deadline": "1h", "alarms": ["arn"] });
        value["bake"] = json!({ "duration": "2h", "alarms": [] });
        value["approval"] = json!({ "timeout": "2d", "onTimeout": "approve" });
        value["onAbort"] = json!("keep");
        value["cleanup"] = json!({ "after": "1d", "approval": true });
        value["dryRun"] = json!(true);
        assert_eq!(input(&value).unwrap().smoke[1].expect, 200);
    }

    #[test]
    fn all_problems_are_reported_at_once_with_their_paths() {
        let value = json!({
            "blue": { "cluster": "" },
            "green": { "name": "g" },
            "gateway": { "restApiId": 7, "stage": "prod" },
            "workloads": { "manifests": ["http://x"], "hold": ["Pod/a/b"] },
            "bake": { "duration": "2 hours" },
            "onAbort": "explode",
            "smoke": [{ "path": "/", "expect": 99 }, { "path": "x" }],
            "extra": 1,
        });
        let mut found = paths(&value);
        found.sort();
        assert_eq!(
            found,
            [
                "$.bake.duration",
                "$.blue.cluster",
                "$.extra",
                "$.gateway.restApiId",
                "$.green.cluster",
                "$.green.name",
                "$.onAbort",
                "$.smoke[0].expect",
                "$.smoke[1].path",
                "$.workloads.hold[0]",
                "$.workloads.manifests[0]",
            ]
        );
    }

    #[test]
    fn what_is_not_an_object_is_refused_as_a_whole() {
        assert_eq!(paths(&json!([])), ["$"]);
        assert_eq!(paths(&Value::Null), ["$"]);
    }

    #[test]
    fn rules_that_no_schema_says_are_checked_too() {
        let mut value = five_lines();
        value["green"]["cluster"] = json!("shop-blue");
        value["cutover"] = json!({ "steps": [50, 25], "stepDuration": "2h", "deadline": "1h" });
        value["bake"] = json!({ "duration": "31d" });
        assert_eq!(paths(&value), ["$.green.cluster", "$.cutover.steps", "$.cutover.deadline", "$.bake.duration"]);
    }

    #[test]
    fn every_pattern_of_the_schema_is_one_that_is_matched_by_hand() {
        fn patterns(schema: &Value, found: &mut Vec<String>) {
            match schema {
                Value::Object(object) => {
                    if let Some(pattern) = object.get("pattern").and_then(Value::as_str) {
                        found.push(pattern.to_owned());
                    }
                    object.values().for_each(|value| patterns(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| patterns(value, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        patterns(&schemars::schema_for!(Input).to_value(), &mut found);
        assert!(found.len() >= 6, "{found:?}");
        let example = |pattern: &str| match pattern {
            Duration::PATTERN => "1h",
            "^1\\.[0-9]{2}$" => "1.34",
            "^s3://[^/]+/.+$" => "s3://b/k",
            "^/" => "/",
            p if p.starts_with("^(CronJob") => "Job/a/b",
            _ => "abc",
        };
        for pattern in found.iter().filter(|p| *p != Duration::PATTERN) {
            assert!(matches(pattern, example(pattern)), "{pattern}");
        }
    }
}
