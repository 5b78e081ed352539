//! Conversations with S3 and DynamoDB: answers of
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html> and
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>.

use crate::scenario::{Answer, Scenario, answer, fault};
use domain::Condition;
use domain::ports::TerraformStates;
use domain::ports::terraform_states::{Only, Stored};
use serde_json::json;

const KEY: &str = "env:/green/network.tfstate";

fn refused(status: u16, code: &str) -> Answer {
    answer(status, format!("<Error><Code>{code}</Code><Message>no</Message><RequestId>1</RequestId></Error>"))
}

#[tokio::test]
async fn a_state_is_read_whole_with_its_entity_tag() {
    let scenario = Scenario::of([answer(200, "{}").header("ETag", "\"a-2\""), refused(404, "NoSuchKey")]);
    let found = scenario.account.state("states", KEY).await;
    assert_eq!(found, Ok(Some(Stored { bytes: b"{}".into(), etag: "\"a-2\"".to_owned() })));
    assert_eq!(scenario.account.state("states", KEY).await, Ok(None));
    assert_eq!(scenario.lines()[0], "GET /states/env%3A/green/network.tfstate?x-id=GetObject");
}

#[tokio::test]
async fn what_may_not_be_read_is_denied_and_a_bucket_that_is_missing_is_refused() {
    for (status, code, condition) in [
        (403, "AccessDenied", Condition::Denied),
        (404, "NoSuchBucket", Condition::Refused),
        (503, "SlowDown", Condition::Unavailable),
    ] {
        let error = Scenario::of([refused(status, code)]).account.state("states", KEY).await.unwrap_err();
        assert_eq!(error.condition, condition, "{code}");
        assert!(error.message.contains("s3://states/env:/green/network.tfstate"), "{error}");
    }
}

#[tokio::test]
async fn a_state_is_written_only_over_the_one_that_was_read_and_a_lock_only_where_there_is_none() {
    let scenario = Scenario::of([answer(200, ""), answer(200, "")]);
    let account = &scenario.account;
    let matched = Only::IfMatch("\"a-2\"".to_owned());
    assert_eq!(account.put_state("states", KEY, Some("alias/states"), matched, b"{}".into()).await, Ok(true));
    assert_eq!(account.put_state("states", "a.tflock", None, Only::IfAbsent, b"{}".into()).await, Ok(true));
    assert_eq!(scenario.headers("if-match"), ["\"a-2\"", ""]);
    assert_eq!(scenario.headers("if-none-match"), ["", "*"]);
    assert_eq!(scenario.headers("x-amz-server-side-encryption"), ["aws:kms", ""]);
    assert_eq!(scenario.headers("x-amz-server-side-encryption-aws-kms-key-id"), ["alias/states", ""]);
    assert_eq!(scenario.headers("content-type"), ["application/json", "application/json"]);
}

#[tokio::test]
async fn a_condition_that_does_not_hold_writes_nothing_and_a_concurrent_write_is_tried_again() {
    for (status, code, expected) in [
        (412, "PreconditionFailed", Ok(false)),
        (404, "NoSuchKey", Ok(false)),
        (409, "ConditionalRequestConflict", Err(Condition::Unavailable)),
        (403, "AccessDenied", Err(Condition::Denied)),
        (404, "NoSuchBucket", Err(Condition::Refused)),
    ] {
        let scenario = Scenario::of([refused(status, code)]);
        let matched = Only::IfMatch("\"a\"".to_owned());
        let answer = scenario.account.put_state("states", KEY, None, matched, b"{}".into()).await;
        assert_eq!(answer.map_err(|error| error.condition), expected, "{code}");
    }
}

#[tokio::test]
async fn a_lock_file_is_deleted_only_while_it_is_the_one_that_was_read() {
    let scenario = Scenario::of([answer(204, ""), refused(412, "PreconditionFailed"), refused(404, "NoSuchKey")]);
    for _ in 0..3 {
        assert_eq!(scenario.account.delete_state("states", "a.tflock", "\"a\"").await, Ok(()));
    }
    assert_eq!(scenario.headers("if-match"), ["\"a\""; 3]);
    assert_eq!(scenario.lines()[0], "DELETE /states/a.tflock?x-id=DeleteObject");
}

#[tokio::test]
async fn locks_and_digests_are_the_items_of_terraforms_backend() {
    let lock = r#"{"Item":{"LockID":{"S":"states/a"},"Info":{"S":"{\"ID\":\"1\"}"}}}"#;
    let digest = r#"{"Item":{"LockID":{"S":"states/a-md5"},"Digest":{"S":"900150983cd24fb0d6963f7d28e17f72"}}}"#;
    let scenario = Scenario::new(&[(200, "{}"), (200, lock), (200, "{}"), (200, digest), (200, "{}"), (200, "{}")]);
    let account = &scenario.account;
    assert_eq!(account.put_state_lock("locks", "states/a", "{\"ID\":\"1\"}").await, Ok(true));
    assert_eq!(account.state_lock("locks", "states/a").await, Ok(Some("{\"ID\":\"1\"}".to_owned())));
    assert_eq!(account.put_state_digest("locks", "states/a-md5", "ff").await, Ok(()));
    let found = account.state_digest("locks", "states/a-md5").await;
    assert_eq!(found, Ok(Some("900150983cd24fb0d6963f7d28e17f72".to_owned())));
    assert_eq!(account.state_digest("locks", "states/b-md5").await, Ok(None));
    assert_eq!(account.delete_state_lock("locks", "states/a", "{\"ID\":\"1\"}").await, Ok(()));
    let taken = scenario.json(0);
    assert_eq!(taken["Item"], json!({ "LockID": { "S": "states/a" }, "Info": { "S": "{\"ID\":\"1\"}" } }));
    assert_eq!(taken["ConditionExpression"], "attribute_not_exists(LockID)");
    assert_eq!(scenario.json(1)["ConsistentRead"], true);
    assert_eq!(scenario.json(2)["Item"], json!({ "LockID": { "S": "states/a-md5" }, "Digest": { "S": "ff" } }));
    let given = scenario.json(5);
    assert_eq!(
        (&given["Key"], &given["ConditionExpression"]),
        (&json!({ "LockID": { "S": "states/a" } }), &json!("Info = :info"))
    );
}

#[tokio::test]
async fn a_lock_that_is_held_is_no_error() {
    let unmet = || fault(400, "ConditionalCheckFailedException", "The conditional request failed");
    let scenario = Scenario::of([unmet(), unmet()]);
    assert_eq!(scenario.account.put_state_lock("locks", "states/a", "{}").await, Ok(false));
    assert_eq!(scenario.account.delete_state_lock("locks", "states/a", "{}").await, Ok(()));
}
