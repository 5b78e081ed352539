//! Conversations with DynamoDB about the ledger
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>).

mod people;

use super::is_told;
use crate::scenario::{Answer, Scenario, answer, fault};
use domain::{
    Condition, Direction, Kind, Migration, MigrationId, PhaseError, ResourceKey, Side, Status,
    approval::{Answer as Given, Decision, Question},
    audit::Said,
    ports::{Approvals, Leases as _, Ledger, Migrations as _, migrations::Life},
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
    assert_eq!(event["Item"]["migration"]["S"], migration().id.as_str());
    assert_eq!(event["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(counter["Key"]["sk"]["S"], "META");
    assert_eq!(counter["ConditionExpression"], "seq = :seq AND direction = :direction AND fence = :fence");
    let values = &counter["ExpressionAttributeValues"];
    assert_eq!((&values[":seq"]["N"], &values[":fence"]["N"]), (&json!("41"), &json!("3")));
    assert_eq!(values[":direction"]["S"], "converge");
}

#[test]
fn what_phases_save_for_themselves_and_what_is_too_large_is_no_event() {
    for (what, size, expected) in [
        ("traffic moved", 2, true),
        ("validated", 100_000, true),
        ("validated", 100_001, false),
        ("progress of observe", 2, false),
    ] {
        assert_eq!(is_told(what, &"x".repeat(size)), expected, "{what} of {size}");
    }
}

#[tokio::test]
async fn a_late_writer_with_an_old_fence_or_the_other_direction_writes_nothing() {
    for (direction, fence, expected) in
        [("converge", 4, Condition::Conflict), ("undo", 3, Condition::TurnedBack), ("undo", 4, Condition::TurnedBack)]
    {
        let scenario = Scenario::of([nothing(), meta(direction, fence, 41)]);
        let error = scenario.account.intend(&migration(), &key(), Value::Null).await.unwrap_err();
        assert_eq!(error.condition, expected, "{direction} {fence}");
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
async fn a_lease_is_given_back_with_what_the_phase_waits_for_and_without_it_where_it_ended_well() {
    let scenario = Scenario::of([nothing(), nothing()]);
    let id = migration().id;
    let said = Said::of(Direction::Converge, &PhaseError::not_ready("CREATING"));
    scenario.account.release(&id, "validate", "request-1", Some(&said)).await.unwrap();
    scenario.account.release(&id, "validate", "request-1", None).await.unwrap();
    let (waits, well) = (scenario.json(0), scenario.json(1));
    let kept = waits["ExpressionAttributeValues"][":said"]["S"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(kept).unwrap(),
        json!({ "direction": "converge", "condition": "NotReady", "message": "CREATING" })
    );
    assert_eq!(waits["UpdateExpression"], "SET endedAt = :now, said = :said REMOVE holder, heldUntil");
    assert_eq!(well["UpdateExpression"], "SET endedAt = :now REMOVE holder, heldUntil, said");
}

/// The form of the answer: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>.
#[tokio::test]
async fn many_migrations_are_read_in_one_call_and_what_is_left_out_in_another() {
    let ids = ["c", "b", "a"].map(MigrationId::new);
    let item = |id: &str, life: &str| {
        json!({
            "pk": { "S": format!("MIGRATION#{id}") }, "sk": { "S": "META" }, "schema": { "N": "1" }, "life": { "S": life },
            "direction": { "S": "converge" }, "fence": { "N": "1" }, "seq": { "N": "7" }, "openedAt": { "S": "2026-01-01T00:00:00Z" },
        })
    };
    let table = "bascule-ledger";
    let key = json!({ "pk": { "S": "MIGRATION#a" }, "sk": { "S": "META" } });
    let first = json!({
        "Responses": { table: [item("b", "promoted")] }, "UnprocessedKeys": { table: { "Keys": [key], "ConsistentRead": true } },
    });
    let second = json!({ "Responses": { table: [item("a", "ended")] }, "UnprocessedKeys": {} });
    let scenario = Scenario::of([answer(200, first.to_string()), answer(200, second.to_string())]);
    let found = scenario.account.metas(&ids).await.unwrap();
    let found: Vec<_> = found.iter().map(|meta| meta.as_ref().map(|meta| (meta.id.as_str(), meta.life))).collect();
    assert_eq!(found, [None, Some(("b", Life::Promoted)), Some(("a", Life::Ended))]);
    let asked = &scenario.json(0)["RequestItems"][table];
    assert_eq!((asked["Keys"].as_array().map(Vec::len), &asked["ConsistentRead"]), (Some(3), &json!(true)));
    assert_eq!(scenario.json(1)["RequestItems"][table]["Keys"], json!([key]));
    assert!(Scenario::of([]).account.metas(&[]).await.unwrap().is_empty());
}

fn asked(number: u32) -> Value {
    json!({
        "pk": { "S": ID }, "sk": { "S": format!("APPROVAL#cleanup#{number:06}") }, "token": { "S": "t" }, "digest": { "S": "d" },
        "evidence": { "S": "{}" }, "deadline": { "S": "2026-01-02T00:00:00Z" },
    })
}

fn given() -> Given {
    Given {
        decision: Decision::Approved,
        by: "Ana".to_owned(),
        comment: String::new(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        caller: None,
    }
}

#[tokio::test]
async fn an_answer_that_came_second_is_a_conflict_and_is_not_tried_again() {
    let second = cancelled(&["ConditionalCheckFailed", "None", "None"]);
    let scenario = Scenario::of([meta("converge", 3, 41), item(&asked(1)), meta("converge", 3, 41), second]);
    let error = scenario.account.answer(&migration().id, (Question::Cleanup, 1), &given()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict, "{error}");
}

#[tokio::test]
async fn the_last_question_of_its_kind_counts_and_is_answered_under_its_number() {
    let all = answer(200, json!({ "Items": [asked(1), asked(2)] }).to_string());
    let scenario =
        Scenario::of([all, meta("converge", 3, 41), item(&asked(2)), meta("converge", 3, 41), answer(200, "{}")]);
    let found = scenario.account.asked(&migration().id, Question::Cleanup).await.unwrap().unwrap();
    assert_eq!(found.number, 2);
    scenario.account.answer(&migration().id, (Question::Cleanup, found.number), &given()).await.unwrap();
    let between = &scenario.json(0)["ExpressionAttributeValues"];
    assert_eq!(between[":from"]["S"], "APPROVAL#cleanup#000000");
    assert_eq!(between[":to"]["S"], "APPROVAL#cleanup$");
    let update = &scenario.json(4)["TransactItems"][0]["Update"];
    assert_eq!(update["Key"]["sk"]["S"], "APPROVAL#cleanup#000002");
    assert_eq!(update["ConditionExpression"], "attribute_exists(pk) AND attribute_not_exists(answer)");
}

/// META of an opened migration with the given form, and the parts of its plan behind it.
fn opened(schema: u32, parts: &[(String, &str)]) -> Answer {
    let migration = migration();
    let mut items = vec![json!({
        "pk": { "S": ID }, "sk": { "S": "META" }, "schema": { "N": schema.to_string() }, "life": { "S": "open" },
        "openedAt": { "S": "2026-01-01T00:00:00Z" }, "direction": { "S": "converge" }, "fence": { "N": "1" }, "seq": { "N": "1" },
        "digest": { "S": migration.plan.digest() }, "input": { "S": serde_json::to_string(&migration.input).unwrap() },
    })];
    items.extend(
        parts.iter().map(|(key, part)| json!({ "pk": { "S": ID }, "sk": { "S": key }, "part": { "S": part } })),
    );
    answer(200, json!({ "Items": items }).to_string())
}

#[tokio::test]
async fn parts_of_a_plan_that_never_counted_are_no_part_of_the_one_that_does() {
    let plan = migration().plan;
    let (text, digest) = (serde_json::to_string(&plan).unwrap(), plan.digest());
    let (first, second) = text.split_at(text.len() / 2);
    let part = |digest: &str, index: u32, text| (format!("PLAN#{digest}#{index:04}"), text);
    let orphan = "0".repeat(64);
    let parts = [part(&orphan, 0, "{"), part(&orphan, 1, "}"), part(&digest, 0, first), part(&digest, 1, second)];
    let scenario = Scenario::of([opened(1, &parts)]);
    let (_, found) = scenario.account.load(&migration().id, jiff::Timestamp::MAX).await.unwrap();
    assert_eq!(found.plan, plan);
}

#[tokio::test]
async fn what_a_later_version_wrote_is_refused() {
    let scenario = Scenario::of([opened(2, &[])]);
    let error = scenario.account.load(&migration().id, jiff::Timestamp::MAX).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("has the form 2"), "{error}");
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

fn lock(owner: &str, until: i64) -> Answer {
    item(
        &json!({ "pk": { "S": "LOCK" }, "sk": { "S": "LOCK" }, "owner": { "S": owner }, "until": { "N": until.to_string() } }),
    )
}

#[tokio::test]
async fn locks_that_last_are_left_alone_and_the_others_are_taken_again_unless_somebody_else_holds_them() {
    let now = jiff::Timestamp::now().as_second();
    let (own, year) = (migration().id.as_str().to_owned(), 365 * 86_400);
    let lasting = || lock(&own, now + year);
    let scenario = Scenario::of([lasting(), lasting(), lasting()]);
    scenario.account.keep_locks(&migration()).await.unwrap();
    assert_eq!(scenario.operations().len(), 3, "nothing is written");

    // One runs out, and one was removed when its time was over.
    let scenario = Scenario::of([lasting(), lock(&own, now + 60), nothing(), meta("converge", 3, 41), nothing()]);
    scenario.account.keep_locks(&migration()).await.unwrap();
    let sent = scenario.json(4);
    let items = sent["TransactItems"].as_array().unwrap();
    let keys: Vec<_> = items[..2].iter().map(|item| item["Put"]["Item"]["pk"]["S"].as_str().unwrap()).collect();
    assert_eq!(keys, ["LOCK#CLUSTER#green", "LOCK#STAGE#a#prod"]);
    let free = "attribute_not_exists(pk) OR #owner = :owner OR #until < :now";
    assert_eq!(items[0]["Put"]["ConditionExpression"], free);
    assert_eq!(items[2]["Put"]["Item"]["sk"]["S"], "EVENT#000000000042");

    let other = || lock("arn:other", now + year);
    let refused = cancelled(&["ConditionalCheckFailed", "None", "None"]);
    let scenario =
        Scenario::of([other(), lasting(), lasting(), meta("converge", 3, 41), refused, other(), lasting(), lasting()]);
    let error = scenario.account.keep_locks(&migration()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("the migration arn:other holds it"), "{error}");
}
