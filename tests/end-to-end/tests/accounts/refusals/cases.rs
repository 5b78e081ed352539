//! Inputs that are refused, and what people must be told.

use sandbox::world::GREEN;
use sandbox::world::flaws::{BROKEN, CANDIDATE, EDITED_PATH, Flaws, TAKEN};
use serde_json::{Value, json};

/// One input.
pub(crate) struct Case {
    /// The execution's name.
    pub(crate) name: &'static str,
    pub(crate) input: Value,
    /// The error that the execution ends under.
    pub(crate) error: &'static str,
    /// Every JSON path that is named, each with words of what is wrong or to be done.
    pub(crate) told: Vec<(&'static str, &'static str)>,
}

/// The input with one thing after the other set; paths as those of [`Value::pointer`].
fn with(good: &Value, changes: Vec<(&str, Value)>) -> Value {
    let mut input = good.clone();
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        match input.pointer_mut(parent).unwrap() {
            Value::Array(items) => items.push(value),
            parent => parent[field] = value,
        }
    }
    input
}

const CLUSTER: &str = "see `aws eks list-clusters`";
const TAKEN_NAME: &str = "choose another name or delete it";
const CANARY: &str = "promote or delete it first";
const EDITS: &str = "Deploy or discard them first";
const YAML: &str = "mend it and upload it again";

#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn cases(good: &Value, flaws: &Flaws) -> Vec<Case> {
    vec![
        Case {
            name: "unknown-fields",
            input: with(
                good,
                vec![("/region", json!("eu-west-1")), ("/green/name", json!("x")), ("/bake/forever", json!(true))],
            ),
            error: "InvalidInput",
            told: vec![
                ("$.region", "unknown field; remove it or mend its name"),
                ("$.green.name", "the fields here are cluster, "),
                ("$.bake.forever", "the fields here are "),
            ],
        },
        Case {
            name: "missing-fields",
            input: json!({ "blue": {}, "gateway": { "stage": "prod" }, "workloads": { "manifests": [] } }),
            error: "InvalidInput",
            told: vec![
                ("$.blue.cluster", "missing; add it"),
                ("$.green", "missing; add it"),
                ("$.gateway.restApiId", "missing; add it"),
                ("$.workloads.manifests", "expected at least 1"),
            ],
        },
        Case {
            name: "no-object",
            input: json!("replace shop-blue"),
            error: "InvalidInput",
            told: vec![("$", "found a text, expected an object")],
        },
        Case {
            name: "no-such-cluster",
            input: with(good, vec![("/blue/cluster", json!("shop-bleu"))]),
            error: "Refused",
            told: vec![("$.blue.cluster", CLUSTER)],
        },
        Case {
            name: "name-taken",
            input: with(good, vec![("/green/cluster", json!(TAKEN))]),
            error: "Refused",
            told: vec![("$.green.cluster", TAKEN_NAME)],
        },
        Case {
            name: "no-link",
            input: with(good, vec![("/gateway/restApiId", json!(flaws.unlinked_api))]),
            error: "Refused",
            told: vec![("$.gateway.restApiId", "name the API whose integrations reach blue")],
        },
        Case {
            name: "canary",
            input: with(good, vec![("/gateway/stage", json!(CANDIDATE))]),
            error: "Refused",
            told: vec![("$.gateway.stage", CANARY)],
        },
        Case {
            name: "undeployed-edits",
            input: with(good, vec![("/gateway/restApiId", json!(flaws.edited_api))]),
            error: "Refused",
            told: vec![("$.gateway.stage", EDITS), ("$.gateway.stage", EDITED_PATH)],
        },
        Case {
            name: "no-yaml",
            input: with(good, vec![("/workloads/manifests/-", json!(BROKEN))]),
            error: "Refused",
            told: vec![("$.workloads.manifests[4]", YAML), ("$.workloads.manifests[4]", "no YAML")],
        },
        Case {
            name: "an-account-with-many-flaws",
            input: with(
                good,
                vec![
                    ("/blue/cluster", json!("shop-bleu")),
                    ("/green/cluster", json!(TAKEN)),
                    ("/gateway/restApiId", json!(flaws.edited_api)),
                    ("/gateway/stage", json!(CANDIDATE)),
                    ("/workloads/manifests/-", json!(BROKEN)),
                    ("/workloads/hold/-", json!("CronJob/default/nightly")),
                    (
                        "/terraform",
                        json!([{ "bucket": "shop-states", "key": "a", "lock": { "useLockfile": true }, "adopt": {} }]),
                    ),
                ],
            ),
            error: "Refused",
            told: vec![
                ("$.blue.cluster", CLUSTER),
                ("$.green.cluster", TAKEN_NAME),
                ("$.gateway.stage", CANARY),
                ("$.gateway.stage", EDITS),
                ("$.workloads.manifests[4]", YAML),
                ("$.workloads.hold[2]", "names nothing in the bundles"),
                ("$.terraform[0].bucket", "NoSuchBucket"),
            ],
        },
        Case {
            name: "an-input-and-an-account-with-many-flaws",
            input: with(
                good,
                vec![
                    ("/region", json!("eu-west-1")),
                    ("/blue", json!({})),
                    ("/green/cluster", json!(TAKEN)),
                    ("/gateway/restApiId", json!(flaws.edited_api)),
                    ("/gateway/stage", json!(CANDIDATE)),
                    ("/workloads/manifests/-", json!(BROKEN)),
                    ("/workloads/hold/-", json!("web")),
                    ("/cutover/steps", json!([50, 25])),
                    ("/cleanup/after", json!("31d")),
                    ("/bake/duration", json!("a while")),
                ],
            ),
            error: "InvalidInput",
            told: vec![
                ("$.region", "unknown field"),
                ("$.blue.cluster", "missing; add it"),
                ("$.green.cluster", TAKEN_NAME),
                ("$.gateway.stage", CANARY),
                ("$.gateway.stage", EDITS),
                ("$.workloads.manifests[4]", YAML),
                ("$.workloads.hold[2]", "expected the form"),
                ("$.cutover.steps", "expected rising percentages"),
                ("$.cleanup.after", "expected at most 30d"),
                ("$.bake.duration", ""),
            ],
        },
    ]
}

/// Another migration while `first` runs on the same blue cluster: only the cluster is held.
pub(crate) fn of_the_same_cluster(good: &Value) -> Value {
    let changes = vec![("/green/cluster", json!("shop-other")), ("/gateway/stage", json!("preview"))];
    with(good, changes)
}

/// Another migration of the same stage, from other clusters.
pub(crate) fn of_the_same_stage(good: &Value) -> Value {
    with(good, vec![("/blue/cluster", json!(TAKEN)), ("/green/cluster", json!("shop-other"))])
}

/// Another migration that would build the cluster that the first one builds, for another stage of another API.
pub(crate) fn of_the_same_green(good: &Value, flaws: &Flaws) -> Value {
    let changes = vec![
        ("/blue/cluster", json!(TAKEN)),
        ("/green/cluster", json!(GREEN)),
        ("/gateway/restApiId", json!(flaws.edited_api)),
    ];
    with(good, changes)
}
