//! A migration as the ledger has it, for the tests of what is made of it.

use super::*;
use domain::{
    Direction, Kind, MigrationId, ResourceKey, Side, Status, TaskToken,
    approval::{Answer, Decision},
    plan::estimate::Cost,
    ports::migrations::Life,
};
use serde_json::json;

/// Green is being built: a node group is on its way.
pub(crate) fn sight() -> Sight {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
        "bake": { "duration": "1d", "alarms": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx"] },
        "cleanup": { "after": "3d", "approval": true },
    });
    let mut migration = testing::migration(&input).unwrap();
    migration.plan.estimate.costs = vec![Cost { of: "control-plane".into(), count: 1, per_hour: "0.10".parse().ok() }];
    let began: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let later = |minutes| began + jiff::SignedDuration::from_mins(minutes);
    let run = |phase: &str, from, to: Option<i64>, attempts| Run {
        phase: phase.to_owned(),
        started_at: later(from),
        ended_at: to.map(later),
        attempts,
        running: to.is_none(),
        said: None,
    };
    let event = |seq, what: &str, evidence| Event {
        seq,
        at: later(i64::try_from(seq).unwrap()),
        by: "bascule-provision-nodes".to_owned(),
        what: what.to_owned(),
        evidence,
    };
    let entry = |side, kind, name: &str, status, id: Option<&str>| Entry {
        key: ResourceKey::new(side, kind, name),
        status,
        id: id.map(str::to_owned),
        detail: serde_json::Value::Null,
    };
    Sight {
        meta: Meta {
            id: MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move"),
            life: Life::Open,
            direction: Direction::Converge,
            fence: 1,
            outcome: None,
            refusal: None,
            digest: "d1".to_owned(),
            events: 3,
            opened_at: began,
        },
        migration,
        runs: vec![run("provision-control-plane", 1, Some(11), 41), run("provision-nodes", 11, None, 5)],
        events: vec![
            event(2, "intended", json!({ "key": "RESOURCE#green#NodeGroup#general" })),
            event(3, "traffic moved", json!({ "share": 25 })),
        ],
        shift: None,
        paused: None,
        cut_short: None,
        moved: None,
        way_back: None,
        hindrance: Hindrance::default(),
        asked: Vec::new(),
        entries: vec![
            entry(Side::Green, Kind::Cluster, "green", Status::Present, Some("arn:green")),
            entry(Side::Blue, Kind::AccessEntry, "bascule", Status::Absent, None),
        ],
        now: later(720),
    }
}

/// A question until 3 January.
pub(crate) fn asked(question: Question) -> Asked {
    Asked {
        id: MigrationId::new("arn"),
        question,
        number: 1,
        token: TaskToken::new("s3cret-token"),
        digest: "0123".to_owned(),
        evidence: json!({}),
        deadline: "2026-01-03T00:00:00Z".parse().unwrap(),
        answer: None,
    }
}

/// A yes, with a comment that is no Markdown and no HTML.
pub(crate) fn yes() -> Answer {
    Answer {
        decision: Decision::Approved,
        by: "Ana".to_owned(),
        comment: "<b>fine</b> | *really*".to_owned(),
        at: "2026-01-01T06:00:00Z".parse().unwrap(),
        caller: None,
    }
}
