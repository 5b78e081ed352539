//! Conversations with DynamoDB about the ledger
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>).

use crate::scenario::{Answer, Scenario, answer, fault};
use domain::{
    Condition, Direction, Kind, Migration, ResourceKey, Side, Status,
    approval::{Answer as Given, Decision, Question},
    ports::{Approvals, Leases as _, Ledger},
};
use serde_json::{Value, json};

const ID: &str = "MIGRATION#arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move";

fn migration() -> Migration {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
    });
    Migration { fence: 3, ..testing::migration(&input).unwrap() }
}

fn item(item: &Value) -> Answer {
    answer(200, json!({ "Item": item }).to_string())
}

fn nothing() -> Answer {
    answer(200, "{}")
}

fn meta(direction: &str, fence: u64, seq: u64) -> Answer {
    item(&json!({
        "pk": { "S": ID }, "sk": { "S": "META" }, "life": { "S": "open" }, "openedAt": { "S": "2026-01-01T00:00:00Z" }, "direction": { "S": direction },
        "fence": { "N": fence.to_string() }, "seq": { "N": seq.to_string() },
    }))
}

fn cancelled(codes: &[&str]) -> Answer {
    let reasons: Vec<Value> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    answer(400, body.to_string())
}

fn key() -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Cluster, "green")
}

#[tokio::test]
async fn an_intent_is_one_transaction_with_its_event_under_the_owners_direction_and_fence() {
    let scenario = Scenario::of([nothing(), meta("converge", 3, 41), nothing()]);
    scenario.account.intend(&migration(), &key(), json!({ "name": "green" })).await.unwrap();
    let operations = scenario.operations();
    assert_eq!(operations[2], "DynamoDB_20120810.TransactWriteItems");
    assert_eq!(scenario.json(0)["ConsistentRead"], true);
    let sent = scenario.json(2);
    let items = sent["TransactItems"].as_array().unwrap();
    let (entry, event, counter) = (&items[0]["Put"], &items[1]["Put"], &items[2]["Update"]);
    assert_eq!(entry["Item"]["sk"]["S"], "RESOURCE#green#Cluster#green");
    assert_eq!(entry["Item"]["status"]["S"], "intended");
    assert_eq!(event["Item"]["sk"]["S"], "EVENT#000000000042");
    assert_eq!(event["Item"]["by"]["S"], "bascule-provision-edge");
    assert_eq!(event["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(counter["Key"]["sk"]["S"], "META");
    assert_eq!(counter["ConditionExpression"], "seq = :seq AND direction = :direction AND fence = :fence");
    let values = &counter["ExpressionAttributeValues"];
    assert_eq!((&values[":seq"]["N"], &values[":fence"]["N"]), (&json!("41"), &json!("3")));
    assert_eq!(values[":direction"]["S"], "converge");
}

#[tokio::test]
async fn a_late_writer_with_an_old_fence_or_the_other_direction_writes_nothing() {
    for (direction, fence) in [("converge", 4), ("undo", 3), ("undo", 4)] {
        let scenario = Scenario::of([nothing(), meta(direction, fence, 41)]);
        let error = scenario.account.intend(&migration(), &key(), Value::Null).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict, "{direction} {fence}");
        assert_eq!(scenario.operations().len(), 2, "nothing was sent after the read");
    }
}

#[tokio::test]
async fn a_writer_that_lost_reads_again_and_writes_under_the_next_number() {
    let lost = || cancelled(&["None", "None", "ConditionalCheckFailed"]);
    let scenario = Scenario::of([nothing(), meta("converge", 3, 41), lost(), meta("converge", 3, 42), nothing()]);
    scenario.account.intend(&migration(), &key(), Value::Null).await.unwrap();
    let sent = scenario.json(4);
    assert_eq!(sent["TransactItems"][1]["Put"]["Item"]["sk"]["S"], "EVENT#000000000043");
}

#[tokio::test]
async fn a_throttled_transaction_is_unavailable_and_a_denied_one_denied() {
    for (refusal, condition) in [
        (cancelled(&["None", "ThrottlingError", "None"]), Condition::Unavailable),
        (fault(400, "ProvisionedThroughputExceededException", "slow down"), Condition::Unavailable),
        (fault(400, "AccessDeniedException", "not authorized"), Condition::Denied),
    ] {
        let scenario = Scenario::of([nothing(), meta("converge", 3, 41), refusal]);
        let error = scenario.account.intend(&migration(), &key(), Value::Null).await.unwrap_err();
        assert_eq!(error.condition, condition, "{error}");
    }
}

#[tokio::test]
async fn what_is_intended_or_present_is_not_intended_again() {
    for status in ["intended", "present"] {
        let known = item(&json!({
            "sk": { "S": key().to_string() }, "status": { "S": status }, "detail": { "S": "{\"first\":1}" },
        }));
        let scenario = Scenario::of([known]);
        scenario.account.intend(&migration(), &key(), json!({ "second": 2 })).await.unwrap();
        assert_eq!(scenario.operations(), ["DynamoDB_20120810.GetItem"], "{status}");
    }
}

#[tokio::test]
async fn nothing_is_present_that_was_not_intended() {
    let scenario = Scenario::of([nothing()]);
    let error = scenario.account.present(&migration(), &key(), "arn").await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
}

#[tokio::test]
async fn entries_are_read_to_the_last_page() {
    let entry = |name: &str, status: &str| json!({ "sk": { "S": format!("RESOURCE#green#Cluster#{name}") }, "status": { "S": status }, "detail": { "S": "null" } });
    let more =
        json!({ "Items": [entry("a", "present")], "LastEvaluatedKey": { "pk": { "S": ID }, "sk": { "S": "a" } } });
    let last = json!({ "Items": [entry("b", "absent")] });
    let scenario = Scenario::of([answer(200, more.to_string()), answer(200, last.to_string())]);
    let found = scenario.account.entries(&migration()).await.unwrap();
    let found: Vec<_> = found.iter().map(|entry| (entry.key.name.as_str(), entry.status)).collect();
    assert_eq!(found, [("a", Status::Present), ("b", Status::Absent)]);
    assert_eq!(scenario.json(1)["ExclusiveStartKey"]["sk"]["S"], "a");
}

#[tokio::test]
async fn a_second_copy_of_a_phase_waits_for_the_lease() {
    let held = fault(400, "ConditionalCheckFailedException", "The conditional request failed");
    let scenario = Scenario::of([nothing(), held]);
    let until: jiff::Timestamp = "2026-01-01T00:02:00Z".parse().unwrap();
    let id = migration().id;
    scenario.account.lease(&id, "validate", "request-1", until).await.unwrap();
    let error = scenario.account.lease(&id, "validate", "request-2", until).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    let sent = scenario.json(0);
    assert_eq!(sent["Key"]["sk"]["S"], "PHASE#validate");
    assert_eq!(sent["ConditionExpression"], "attribute_not_exists(holder) OR holder = :holder OR heldUntil < :millis");
    assert_eq!(sent["ExpressionAttributeValues"][":until"]["N"], "1767225720000");
}

#[tokio::test]
async fn an_answer_that_came_second_is_a_conflict_and_is_not_tried_again() {
    let second = cancelled(&["ConditionalCheckFailed", "None", "None"]);
    let asked = item(&json!({
        "pk": { "S": ID }, "sk": { "S": "APPROVAL#qualification" }, "token": { "S": "t" }, "digest": { "S": "d" },
        "evidence": { "S": "{}" }, "deadline": { "S": "2026-01-02T00:00:00Z" },
    }));
    let scenario = Scenario::of([meta("converge", 3, 41), asked, meta("converge", 3, 41), second]);
    let given = Given {
        decision: Decision::Approved,
        by: "Ana".to_owned(),
        comment: String::new(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let error = scenario.account.answer(&migration().id, Question::Qualification, &given).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict, "{error}");
}

#[tokio::test]
async fn the_direction_of_an_undo_is_checked_by_every_write() {
    let undoing = Migration { direction: Direction::Undo, ..migration() };
    let known =
        item(&json!({ "sk": { "S": key().to_string() }, "status": { "S": "present" }, "detail": { "S": "null" } }));
    let scenario = Scenario::of([known, meta("undo", 3, 7), nothing()]);
    scenario.account.absent(&undoing, &key()).await.unwrap();
    let sent = scenario.json(2);
    assert_eq!(sent["TransactItems"][2]["Update"]["ExpressionAttributeValues"][":direction"]["S"], "undo");
    assert_eq!(sent["TransactItems"][0]["Put"]["Item"]["status"]["S"], "absent");
}
