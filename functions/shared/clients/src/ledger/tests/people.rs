//! What people type is counted, and what they read is no more than they are shown.

use super::{ID, cancelled, migration};
use crate::scenario::{Scenario, answer};
use domain::{
    Condition, PhaseError, Progress,
    approval::{Answer, Decision, Question, Tried},
    audit::Run,
    ports::{
        Approvals as _, Audit as _,
        audit::{Snapshot, Told},
    },
};
use serde_json::{Value, json};

const QUESTION: Tried = Tried::Answer(Question::Cleanup, 2);

/// The update in the transaction of this request.
fn update(scenario: &Scenario, request: usize) -> Value {
    let sent = scenario.json(request);
    assert_eq!(sent["TransactItems"].as_array().unwrap().len(), 1);
    sent["TransactItems"][0]["Update"].clone()
}

#[tokio::test]
async fn a_try_is_counted_in_its_window_or_opens_it() {
    let unmet = || cancelled(&["ConditionalCheckFailed"]);
    let done = || answer(200, "{}");
    for (answers, counted) in [
        (vec![done()], true),
        (vec![unmet(), done()], true),
        // Somebody else has just opened the window.
        (vec![unmet(), unmet(), done()], true),
        (vec![unmet(), unmet(), unmet()], false),
        // Another try at the same moment.
        (vec![cancelled(&["TransactionConflict"]), done()], true),
    ] {
        let count = answers.len();
        let scenario = Scenario::of(answers);
        assert_eq!(scenario.account.count_try(&migration().id, QUESTION, 7, 20).await, Ok(counted));
        assert_eq!(scenario.operations(), vec!["DynamoDB_20120810.TransactWriteItems"; count]);
    }
}

#[tokio::test]
async fn only_tries_of_the_same_window_count_and_no_item_is_made() {
    let scenario = Scenario::of([cancelled(&["ConditionalCheckFailed"]), answer(200, "{}")]);
    scenario.account.count_try(&migration().id, QUESTION, 7, 20).await.unwrap();
    let (more, first) = (update(&scenario, 0), update(&scenario, 1));
    assert_eq!(more["Key"], json!({ "pk": { "S": ID }, "sk": { "S": "APPROVAL#cleanup#000002" } }));
    assert_eq!(more["ConditionExpression"], "triesWindow = :window AND tries < :most");
    assert_eq!(
        (&more["ExpressionAttributeValues"][":most"]["N"], &more["UpdateExpression"]),
        (&json!("20"), &json!("SET tries = tries + :one"))
    );
    let condition = first["ConditionExpression"].as_str().unwrap();
    assert!(
        condition.starts_with("attribute_exists(pk) AND ") && condition.contains("triesWindow < :window"),
        "{condition}"
    );
    assert_eq!(first["ExpressionAttributeValues"], json!({ ":one": { "N": "1" }, ":window": { "N": "7" } }));
}

#[tokio::test]
async fn tries_of_deeds_have_an_item_of_their_own() {
    let scenario = Scenario::of([cancelled(&["ConditionalCheckFailed"]), answer(200, "{}")]);
    assert_eq!(scenario.account.count_try(&migration().id, Tried::Deed, 7, 20).await, Ok(true));
    let first = update(&scenario, 1);
    assert_eq!(first["Key"], json!({ "pk": { "S": ID }, "sk": { "S": "TRIES#deed" } }));
    assert_eq!(first["ConditionExpression"], "(attribute_not_exists(triesWindow) OR triesWindow < :window)");
}

fn voice(by: &str, at: &str) -> Answer {
    let (decision, comment) = (Decision::Approved, String::new());
    Answer { decision, by: by.to_owned(), comment, at: at.parse().unwrap(), caller: None }
}

#[tokio::test]
async fn each_person_who_says_yes_has_one_item() {
    let meta = || super::meta("converge", 3, 41);
    let question =
        || answer(200, json!({ "Item": { "pk": { "S": ID }, "sk": { "S": "APPROVAL#cleanup#000002" } } }).to_string());
    let scenario = Scenario::of([meta(), question(), meta(), answer(200, "{}")]);
    let ana = voice("Ana", "2026-01-01T00:00:00Z");
    scenario.account.speak(&migration().id, (Question::Cleanup, 2), &ana).await.unwrap();
    let put = scenario.json(3)["TransactItems"][0]["Put"]["Item"].clone();
    // SHA-256 of "ana", by sha256sum.
    let person = "24d4b96f58da6d4a8512313bbd02a28ebf0ca95dec6e4c86ef78ce7f01e788ac";
    assert_eq!(put["sk"]["S"], format!("VOICE#cleanup#000002#{person}"));
    assert_eq!(serde_json::from_str::<Answer>(put["voice"]["S"].as_str().unwrap()).unwrap(), ana);

    let nobody_asked = Scenario::of([meta(), answer(200, "{}")]);
    let refused = nobody_asked.account.speak(&migration().id, (Question::Cleanup, 2), &ana).await.unwrap_err();
    assert_eq!(refused.condition, Condition::Refused);
}

#[tokio::test]
async fn those_who_said_yes_are_read_in_the_order_in_which_they_did() {
    let item = |voice: &Answer| json!({ "pk": { "S": ID }, "sk": { "S": "VOICE" }, "voice": { "S": serde_json::to_string(voice).unwrap() } });
    let (ana, ben) = (voice("Ana", "2026-01-01T00:00:00Z"), voice("Ben", "2026-01-01T01:00:00Z"));
    let page = json!({ "Items": [item(&ben), item(&ana)], "Count": 2, "ScannedCount": 2 });
    let scenario = Scenario::of([answer(200, page.to_string())]);
    let found = scenario.account.voices(&migration().id, (Question::Cleanup, 2)).await.unwrap();
    assert_eq!(found, [ana, ben]);
    let values = scenario.json(0)["ExpressionAttributeValues"].clone();
    assert_eq!(
        (&values[":from"]["S"], &values[":to"]["S"]),
        (&json!("VOICE#cleanup#000002#"), &json!("VOICE#cleanup#000002#g"))
    );
}

fn event(seq: u64) -> Value {
    json!({
        "pk": { "S": ID }, "sk": { "S": format!("EVENT#{seq:012}") }, "schema": { "N": "1" }, "what": { "S": "asked" },
        "evidence": { "S": "{\"question\":\"cleanup\"}" }, "at": { "S": "2026-01-01T00:00:00Z" }, "by": { "S": "bascule-decide" },
    })
}

/// All of a migration, as DynamoDB answers the three questions: questions to people, META to RESOURCE, and the last events.
fn conversation(kept: &[Value], events: &Value) -> Scenario {
    let plan = serde_json::to_string(&migration().plan).unwrap();
    let digest = domain::digest::sha256_hex(plan.as_bytes());
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" }, "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
    });
    let mut items = vec![
        json!({
            "pk": { "S": ID }, "sk": { "S": "META" }, "life": { "S": "open" }, "openedAt": { "S": "2026-01-01T00:00:00Z" },
            "direction": { "S": "converge" }, "fence": { "N": "3" }, "seq": { "N": "9" }, "digest": { "S": digest },
            "input": { "S": input.to_string() },
        }),
        json!({ "pk": { "S": ID }, "sk": { "S": format!("PLAN#{digest}#0000") }, "part": { "S": plan } }),
    ];
    items.extend_from_slice(kept);
    let question = |number: u32| {
        json!({
            "pk": { "S": ID }, "sk": { "S": format!("APPROVAL#cleanup#{number:06}") }, "token": { "S": "t" },
            "digest": { "S": format!("d{number}") }, "evidence": { "S": "{}" }, "deadline": { "S": "2026-01-02T00:00:00Z" },
        })
    };
    Scenario::of([
        answer(200, json!({ "Items": [question(1), question(2)] }).to_string()),
        answer(200, json!({ "Items": items }).to_string()),
        answer(200, events.to_string()),
    ])
}

async fn told(scenario: &Scenario) -> Result<Snapshot, PhaseError> {
    match scenario.account.told(&migration().id, 2, jiff::Timestamp::MAX).await? {
        Some(Told::Opened(snapshot)) => Ok(*snapshot),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_last_events_are_read_from_the_end_in_one_request_and_come_in_order() {
    // There are more, and nobody asks for them.
    let page = json!({ "Items": [event(9), event(8)], "LastEvaluatedKey": { "pk": { "S": ID }, "sk": { "S": "EVENT#000000000008" } } });
    let scenario = conversation(&[], &page);
    let events = told(&scenario).await.unwrap().events;
    let seen: Vec<_> = events.iter().map(|event| (event.seq, event.what.as_str(), event.by.as_str())).collect();
    assert_eq!(seen, [(8, "asked", "bascule-decide"), (9, "asked", "bascule-decide")]);
    assert_eq!(events[0].evidence["question"], "cleanup");
    let sent = scenario.json(2);
    assert_eq!((&sent["ScanIndexForward"], &sent["Limit"]), (&json!(false), &json!(2)));
    assert_eq!(scenario.operations().len(), 3);
}

#[tokio::test]
async fn all_of_a_migration_is_told_and_a_phase_that_only_saved_something_has_not_run() {
    let phase = |name: &str, more: Value| {
        let mut item = json!({ "pk": { "S": ID }, "sk": { "S": format!("PHASE#{name}") } });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let items = [
        phase(
            "deploy-workloads",
            json!({ "startedAt": { "S": "2026-01-01T00:20:00Z" }, "attempts": { "N": "3" }, "holder": { "S": "h" } }),
        ),
        phase(
            "provision-nodes",
            json!({
                "startedAt": { "S": "2026-01-01T00:10:00Z" }, "endedAt": { "S": "2026-01-01T00:19:00Z" }, "attempts": { "N": "7" },
                "said": { "S": "{\"direction\":\"converge\",\"condition\":\"NotReady\",\"message\":\"CREATING\"}" },
            }),
        ),
        phase("validate-again", json!({ "progress": { "S": "{\"seen\":1}" } })),
        json!({
            "pk": { "S": ID }, "sk": { "S": "RESOURCE#green#Cluster#a" }, "status": { "S": "present" }, "detail": { "S": "null" },
        }),
    ];
    let snapshot = told(&conversation(&items, &json!({ "Items": [] }))).await.unwrap();
    let said = |run: &Run| run.said.as_ref().map(|said| said.message.clone());
    let seen: Vec<_> = snapshot
        .runs
        .iter()
        .map(|run| (run.phase.as_str(), run.attempts, run.running, run.ended_at.is_some(), said(run)))
        .collect();
    assert_eq!(
        seen,
        [("provision-nodes", 7, false, true, Some("CREATING".to_owned())), ("deploy-workloads", 3, true, false, None)]
    );
    assert_eq!(snapshot.progress, [(Progress::ValidateAgain, json!({ "seen": 1 }))].into());
    assert_eq!(snapshot.entries.iter().map(|entry| entry.key.name.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(snapshot.asked.iter().map(|asked| asked.digest.as_str()).collect::<Vec<_>>(), ["d2"]);
    assert_eq!((snapshot.meta.events, snapshot.migration.fence), (9, 3));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_told_with_its_key() {
    let mut broken = event(8);
    broken["at"] = json!({ "S": "yesterday" });
    let error = told(&conversation(&[], &json!({ "Items": [broken] }))).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("EVENT#000000000008"), "{error}");
}
