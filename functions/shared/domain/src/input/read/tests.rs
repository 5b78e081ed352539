use super::*;
use crate::Duration;
use serde_json::json;
use std::collections::BTreeSet;

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
    value["workloads"]["replace"] = json!([{ "blue": "shop-blue", "green": "g" }]);
    value["smoke"] = json!([{ "path": "/", "expect": 404 }, { "path": "/x" }]);
    value["cutover"] = json!({ "steps": [5, 25, 100], "stepDuration": "1m", "deadline": "1h", "alarms": ["arn"] });
    value["bake"] = json!({ "duration": "2h", "alarms": [] });
    value["approval"] = json!({ "timeout": "2d", "onTimeout": "approve" });
    value["onAbort"] = json!("keep");
    value["cleanup"] = json!({ "after": "1d", "approval": true });
    value["dryRun"] = json!(true);
    assert_eq!(input(&value).unwrap().smoke[1].expect, 200);
}

/// An optional object was read as left out: its schema has two types.
#[test]
fn what_people_write_is_what_is_read() {
    let mut value = five_lines();
    let size = json!({ "min": 0, "max": 3, "desired": 2 });
    let change = json!({ "name": "web", "instanceTypes": ["m7g.large"], "amiType": "AL2023_ARM_64_STANDARD", "scaling": size, "diskSize": 9, "subnetIds": ["s"] });
    value["green"]["nodeGroups"] = json!([change]);
    value["green"]["existing"] = json!(false);
    let read = serde_json::to_value(input(&value).unwrap()).unwrap();
    assert_eq!(read["green"], value["green"]);
}

#[test]
fn a_change_of_a_node_group_says_something_and_a_size_that_can_be() {
    let mut value = five_lines();
    value["green"]["nodeGroups"] = json!([
        { "name": "a" }, { "name": "b", "diskSize": 9 }, { "name": "b", "scaling": { "min": 3, "max": 4, "desired": 2 } },
        { "name": "c", "scaling": { "min": 1, "max": 4 } }, { "name": "d", "amiType": "CUSTOM", "instanceTypes": ["large"] },
    ]);
    let expected = ["[0]", "[2].name", "[2].scaling", "[3].scaling.desired", "[4].amiType", "[4].instanceTypes[0]"];
    let found: BTreeSet<String> = paths(&value).into_iter().collect();
    assert_eq!(found, expected.map(|path| format!("$.green.nodeGroups{path}")).into());
}

#[test]
fn nobody_says_yes_by_silence_where_several_people_must() {
    let mut value = five_lines();
    value["approval"] = json!({ "approvers": 2, "onTimeout": "approve" });
    assert_eq!(paths(&value), ["$.approval.onTimeout"]);
    value["approval"] = json!({ "approvers": 0 });
    assert_eq!(paths(&value), ["$.approval.approvers"]);
    value["approval"] = json!({ "approvers": 2 });
    assert_eq!(Input::read(&value).unwrap().approval.approvers, 2);
}

#[test]
fn a_price_is_of_something_that_green_has_and_is_given_once() {
    let mut value = five_lines();
    value["prices"] = json!([
        { "of": "m6i.large", "perHour": "0.0408" }, { "of": "m6i.large", "perHour": "0.05" },
        { "of": "lunch", "perHour": "12" }, { "of": "control-plane", "perHour": 0.1 },
    ]);
    assert_eq!(paths(&value), ["$.prices[2].of", "$.prices[3].perHour", "$.prices[1].of"]);
}

#[test]
fn all_problems_are_reported_at_once_with_their_paths() {
    let value = json!({
        "blue": { "cluster": "" },
        "green": { "name": "g", "version": 1.34 },
        "gateway": { "restApiId": 7, "stage": "prod" },
        "workloads": { "manifests": ["http://x"], "hold": ["pod/a/b"] },
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
            "$.green.version",
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
fn what_a_schema_says_and_what_it_cannot_say_are_told_together() {
    let mut value = five_lines();
    value["extra"] = json!(1);
    value["cutover"] = json!({ "steps": [50, 25], "deadline": "5 days" });
    value["bake"] = json!({ "duration": "31d" });
    let mut found = paths(&value);
    found.sort();
    assert_eq!(found, ["$.bake.duration", "$.cutover.deadline", "$.cutover.steps", "$.extra"]);
}

#[test]
fn a_rule_says_nothing_of_a_field_that_is_faulty_already() {
    let mut value = five_lines();
    value["cutover"] = json!({ "steps": [5, "all"], "stepDuration": "long", "deadline": "1m" });
    value["workloads"]["hosts"] = json!([{ "primary": 1, "temporary": 2 }]);
    let mut found = paths(&value);
    found.sort();
    let hosts = ["$.workloads.hosts[0].primary", "$.workloads.hosts[0].temporary"];
    assert_eq!(found[..2], ["$.cutover.stepDuration", "$.cutover.steps[1]"]);
    assert_eq!(found[2..], hosts);
}

#[test]
fn what_is_sound_of_an_input_is_read_in_spite_of_the_rest() {
    let reading = Reading::of(&json!({
        "blue": { "cluster": "shop-blue", "region": "eu-west-1" },
        "green": { "cluster": 7 },
        "workloads": { "manifests": ["s3://bucket/a.yaml", "b.yaml", "s3://bucket/c.yaml"] },
        "onAbort": "explode",
        "dryRun": true,
    }));
    let paths: BTreeSet<_> = reading.problems.iter().map(|problem| problem.path.as_str()).collect();
    let expected = ["$.blue.region", "$.gateway", "$.green.cluster", "$.onAbort", "$.workloads.manifests[1]"];
    assert_eq!(paths, expected.into());
    for (path, faulty) in [
        ("$.gateway.stage", true),
        ("$.green.cluster", true),
        ("$.green", false),
        ("$.blue.cluster", false),
        ("$.workloads.manifests[1]", true),
        ("$.workloads.manifests[10]", false),
    ] {
        assert_eq!(reading.is_faulty(path), faulty, "{path}");
    }
    let input = reading.input.unwrap();
    assert_eq!((input.blue.cluster.as_str(), input.green.cluster.as_str()), ("shop-blue", ""));
    assert_eq!((input.gateway.first().api_id(), input.dry_run), ("", true));
    assert_eq!(input.workloads.manifests, ["s3://bucket/a.yaml", "", "s3://bucket/c.yaml"]);
}

#[test]
fn every_pattern_of_the_schema_is_a_regular_expression() {
    fn patterns(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(object) => {
                found.extend(object.get("pattern").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| patterns(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| patterns(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    patterns(&schemars::schema_for!(Input).to_value(), &mut found);
    assert!(found.len() >= 6, "{found:?}");
    for pattern in found {
        regex_lite::Regex::new(&pattern).unwrap();
    }
}

#[test]
fn a_temporary_host_is_a_dns_name() {
    for (temporary, sound) in [
        ("green.example.com", true),
        ("green", true),
        ("https://green.example.com", false),
        ("Green.example.com", false),
        ("green_shop.example.com", false),
        ("green.example.com:8443", false),
        ("green.example.com ", false),
        ("*.example.com", false),
        ("-green.example.com", false),
        ("green..com", false),
    ] {
        let mut value = five_lines();
        value["workloads"]["hosts"] = json!([{ "primary": "shop.example.com", "temporary": temporary }]);
        assert_eq!(input(&value).is_ok(), sound, "{temporary:?}");
    }
}

#[test]
fn silence_means_yes_only_where_people_had_an_hour_to_say_no() {
    for (timeout, on_timeout, expected) in [
        ("59m", "approve", vec!["$.approval.timeout"]),
        ("0s", "approve", vec!["$.approval.timeout"]),
        ("1h", "approve", vec![]),
        ("1s", "abort", vec![]),
    ] {
        let mut value = five_lines();
        value["approval"] = json!({ "timeout": timeout, "onTimeout": on_timeout });
        let found: Vec<String> = Reading::of(&value).problems.into_iter().map(|problem| problem.path).collect();
        assert_eq!(found, expected, "{timeout} {on_timeout}");
    }
}
