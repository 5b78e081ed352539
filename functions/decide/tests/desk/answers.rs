//! Questions, answers, and what becomes of both.

use crate::people::{NO, YES, answer, asked, browse, coded, handled, link, query};
use domain::{
    Condition, Migration, TaskToken,
    approval::{Asked, Link, NOBODY, Question, WAY_BACK},
    ports::{Approvals as _, Clock as _, schedules::When},
    resources::schedule::{self, Occasion},
    withdraw::withdraw,
};
use serde_json::{Value, json};
use testing::Fault;

#[tokio::test]
async fn a_link_shows_the_question_and_decides_nothing() {
    for method in ["GET", "HEAD"] {
        let (account, _, asked) = asked().await;
        let query = query(&account, &link(&asked)).await;
        // Mail scanners follow links, with whatever they like in the body.
        let yes = coded(&account, &link(&asked), YES).await;
        let (status, page) = browse(&account, method, &query, &yes).await;
        assert_eq!((status, page.matches("name=\"decision\"").count(), answer(&account)), (200, 2, None), "{page}");
    }
}

#[tokio::test]
async fn a_form_decides_once() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let yes = coded(&account, &link(&asked), YES).await;
    let (status, page) = browse(&account, "POST", &query, &yes).await;
    assert!(status == 200 && page.contains("Approved</strong> by Ana Lima"), "{status} {page}");
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
    let no = coded(&account, &link(&asked), NO).await;
    let (status, page) = browse(&account, "POST", &query, &no).await;
    assert!(status == 409 && page.contains("approved by Ana Lima"), "{status} {page}");
    let (status, page) = browse(&account, "GET", &query, "").await;
    assert!(status == 200 && page.contains("Approved</strong> by Ana Lima") && !page.contains("<form"), "{page}");
}

#[tokio::test]
async fn a_link_that_is_forged_late_or_out_of_date_gets_no_question() {
    let (account, migration, asked) = asked().await;
    let good = link(&asked);
    let signed = query(&account, &good).await;
    let unasked = query(&account, &Link { question: Question::Cleanup, ..good.clone() }).await;
    let other = query(&account, &Link { digest: "0".repeat(64), ..good.clone() }).await;
    let expired = query(&account, &Link { expires: account.now().as_second() - 1, ..good.clone() }).await;
    let yes = coded(&account, &good, YES).await;
    let unknown = query(&account, &Link { migration: domain::MigrationId::new("arn:unknown"), ..good }).await;
    for (method, query, form, status, part) in [
        ("GET", "", "", 400, "Open the whole link"),
        ("DELETE", signed.as_str(), "", 400, "Open the whole link"),
        ("POST", signed.as_str(), "by=Ana", 400, "Open the whole link"),
        ("POST", signed.as_str(), &format!("{yes}&by=+"), 400, "say who decides"),
        ("POST", &signed.replace("signature=", "signature=x"), yes.as_str(), 400, "Open the whole link"),
        ("POST", &signed.replace("qualification", "cleanup"), yes.as_str(), 403, "signature does not fit"),
        ("POST", &signed.replace("expires=1", "expires=2"), yes.as_str(), 403, "signature does not fit"),
        ("POST", &expired, yes.as_str(), 410, "has expired"),
        ("POST", &unasked, yes.as_str(), 404, "not open"),
        ("POST", &other, yes.as_str(), 409, "has changed"),
        ("POST", &unknown, yes.as_str(), 409, "no migration"),
    ] {
        let (found, page) = browse(&account, method, query, form).await;
        assert_eq!(found, status, "{method} {query} {form}: {page}");
        assert!(page.contains(part), "{method} {query} {form}: {page}");
    }
    assert_eq!((answer(&account), account.question(&migration, "qualification").unwrap().answer), (None, None));
}

/// The payload of a call about the qualification, with other fields.
fn call(migration: &Migration, fields: &Value) -> Value {
    let digest = Asked::digest_of(&migration.plan.digest(), &json!({ "ready": 4 }));
    let mut call = json!({ "migrationId": migration.id, "approvalId": "qualification", "digest": digest });
    call.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    call
}

#[tokio::test]
async fn a_call_decides_as_the_form_does() {
    let (account, migration, _) = asked().await;
    let yes = call(&migration, &json!({ "decision": "approved", "by": "ana" }));
    let expected = json!({ "decision": "approved", "by": "ana", "heard": true });
    assert_eq!(handled(&account, yes.clone()).await, Ok(expected));
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
    assert!(handled(&account, yes).await.is_ok(), "the same answer again");
    let no = call(&migration, &json!({ "decision": "rejected", "by": "ben" }));
    assert_eq!(handled(&account, no).await.unwrap_err().condition, Condition::Conflict);
}

#[tokio::test]
async fn a_call_that_says_nothing_or_about_nothing_is_refused() {
    let (account, migration, _) = asked().await;
    for (fields, condition, part) in [
        (json!({ "by": "ana" }), Condition::InvalidInput, "$.decision: missing"),
        (json!({ "decision": "approved" }), Condition::InvalidInput, "$.by: missing"),
        (json!({ "decision": "perhaps", "by": "ana" }), Condition::InvalidInput, "the call cannot be read"),
        (
            json!({ "approvalId": "bake", "decision": "approved", "by": "ana" }),
            Condition::InvalidInput,
            "found \"bake\"",
        ),
        (json!({ "approvalId": "cleanup", "decision": "approved", "by": "ana" }), Condition::Refused, "nobody asked"),
        (json!({ "digest": null, "decision": "approved", "by": "ana" }), Condition::InvalidInput, "$.digest: missing"),
        (json!({ "digest": "e", "decision": "approved", "by": "ana" }), Condition::Refused, "$.digest: found e"),
        (
            json!({ "migrationId": "arn:unknown", "decision": "approved", "by": "ana" }),
            Condition::Refused,
            "no migration",
        ),
        (json!({ "decision": "approved", "by": "ana", "extra": 1 }), Condition::InvalidInput, "unknown field `extra`"),
    ] {
        let error = handled(&account, call(&migration, &fields)).await.unwrap_err();
        assert_eq!(error.condition, condition, "{fields}");
        assert!(error.message.contains(part), "{fields}: {error}");
    }
    assert_eq!(answer(&account), None);
}

#[tokio::test]
async fn the_deadline_answers_when_it_is_over_and_nobody_has() {
    let (account, migration, question) = asked().await;
    let deadline = call(&migration, &json!({ "timeout": true }));
    let early = handled(&account, deadline.clone()).await.unwrap_err();
    assert_eq!((early.condition, answer(&account)), (Condition::Refused, None));
    account.go_to(question.deadline);
    let expected = json!({ "decision": "rejected", "by": NOBODY, "heard": true });
    assert_eq!(handled(&account, deadline).await, Ok(expected));
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"rejected"}"#));

    let (account, migration, question) = asked().await;
    let yes = call(&migration, &json!({ "decision": "approved", "by": "ana" }));
    handled(&account, yes).await.unwrap();
    account.go_to(question.deadline);
    let deadline = call(&migration, &json!({ "timeout": true }));
    let expected = json!({ "decision": "approved", "by": "ana", "heard": false });
    assert_eq!(handled(&account, deadline).await, Ok(expected));
}

#[tokio::test]
async fn the_deadline_of_an_earlier_question_answers_nothing_and_is_removed() {
    let (account, migration, question) = asked().await;
    let every = When::Every { minutes: 5, from: question.deadline, until: jiff::Timestamp::MAX };
    let first = Occasion::Deadline(Question::Qualification, 1);
    schedule::ensure(&account, &migration, first, every, "arn:decide", json!({})).await.unwrap();
    let (number, token) = (2, TaskToken::new("t2"));
    account.ask(&migration, &Asked { number, token, ..question.clone() }).await.unwrap();
    account.go_to(question.deadline);
    let deadline = call(&migration, &json!({ "timeout": true, "number": 1 }));
    assert_eq!(handled(&account, deadline).await, Ok(json!({ "superseded": true })));
    assert_eq!((account.people().answered.len(), account.aws().schedules.len()), (0, 0));
}

#[tokio::test]
async fn a_visit_tells_the_execution_what_it_did_not_hear() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let yes = coded(&account, &link(&asked), YES).await;
    // Stored, and killed before Step Functions was told: verify, load, asked, count, the code, and the answer.
    account.fail_at(6, Fault::Killed);
    let (status, _) = browse(&account, "POST", &query, &yes).await;
    assert_eq!((status, account.met(), answer(&account)), (503, Some("dynamodb:TransactWriteItems"), None));
    account.start("decide");
    let (status, page) = browse(&account, "GET", &query, "").await;
    assert_eq!((status, answer(&account).as_deref()), (200, Some(r#"{"decision":"approved"}"#)));
    assert!(page.contains("Approved</strong> by Ana Lima") && page.contains("has heard of it now"), "{page}");
    let (_, page) = browse(&account, "GET", &query, "").await;
    assert!(page.contains("does not wait for it") && !page.contains("<form"), "{page}");
}

#[tokio::test]
async fn a_page_of_a_migration_that_was_turned_back_says_so_whatever_was_answered() {
    for said in [None, Some(YES)] {
        let (account, migration, asked) = asked().await;
        let query = query(&account, &link(&asked)).await;
        if let Some(form) = said {
            let form = coded(&account, &link(&asked), form).await;
            browse(&account, "POST", &query, &form).await;
        }
        let back = account.turned_back(&migration);
        withdraw(&account, &back.id).await.unwrap();
        for (method, form) in [("GET", ""), ("POST", NO)] {
            let (status, page) = browse(&account, method, &query, form).await;
            assert!(status == 410 && page.contains("was turned back") && !page.contains("<form"), "{method}: {page}");
        }
        let yes = call(&migration, &json!({ "decision": "approved", "by": "ana" }));
        assert_eq!(handled(&account, yes).await.unwrap_err().condition, Condition::Refused);
        let stored = account.question(&migration, "qualification").unwrap().answer.unwrap();
        assert_eq!(stored.by, if said.is_some() { "Ana Lima" } else { WAY_BACK });
        let told = answer(&account);
        assert_eq!(told.as_deref(), Some(if said.is_some() { r#"{"decision":"approved"}"# } else { "TurnedBack" }));
    }
}

#[tokio::test]
async fn kms_is_asked_about_nothing_that_cannot_be_a_link() {
    let (account, _, asked) = asked().await;
    let late = Link { expires: account.now().as_second() - 1, ..link(&asked) };
    let (late, good) = (query(&account, &late).await, query(&account, &link(&asked)).await);
    let before = account.calls();
    let unsigned = good.split("&signature=").next().unwrap().to_owned();
    for forged in [late, good.replace("digest=", "digest=zz"), format!("{unsigned}&signature=short"), unsigned] {
        browse(&account, "GET", &forged, "").await;
        browse(&account, "POST", &forged, YES).await;
    }
    assert_eq!(account.operations().get(before..), Some(&[][..]));
}

#[tokio::test]
async fn the_audit_has_the_identity_that_signed_the_request() {
    let (account, migration, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let arn = "arn:aws:iam::111122223333:user/ana";
    let yes = coded(&account, &link(&asked), YES).await;
    let event = json!({
        "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": {}, "body": yes, "isBase64Encoded": false,
        "requestContext": { "http": { "method": "POST" }, "timeEpoch": 0, "authorizer": { "iam": { "userArn": arn } } },
    });
    handled(&account, event).await.unwrap();
    let audit = account.events_of(&migration);
    let answered = audit.iter().find(|event| event.what == "answered").unwrap();
    assert_eq!(answered.evidence["answer"]["caller"], arn);
}

/// The shop where two people must say yes.
async fn two() -> (testing::Account, Migration, Asked) {
    let (account, migration, asked) = asked().await;
    let mut record = account.table().record(&migration.id).unwrap().clone();
    let mut input = record.input.clone().unwrap();
    input.approval.approvers = 2;
    record.input = Some(input);
    account.table().migrations.insert(migration.id.clone(), record);
    (account, migration, asked)
}

#[tokio::test]
async fn where_two_people_must_say_yes_the_same_one_counts_once() {
    let (account, migration, asked) = two().await;
    let query = query(&account, &link(&asked)).await;
    let (_, page) = browse(&account, "GET", &query, "").await;
    assert!(page.contains("2 people must say yes") && page.contains("Nobody has said yes yet"), "{page}");
    for by in ["Ana+Lima", "+ana+lima+"] {
        let yes = coded(&account, &link(&asked), &format!("by={by}&comment=&decision=approved")).await;
        let (status, page) = browse(&account, "POST", &query, &yes).await;
        assert!(status == 200 && page.contains("1 more person must say yes"), "{status} {page}");
        assert_eq!((answer(&account), account.question(&migration, "qualification").unwrap().answer), (None, None));
    }
    // A visit shows who has, and decides nothing.
    let (_, page) = browse(&account, "GET", &query, "").await;
    assert!(page.contains("Yes so far: ana lima") && answer(&account).is_none(), "{page}");
    let missing = call(&migration, &json!({ "decision": "approved", "by": "ANA LIMA" }));
    assert_eq!(handled(&account, missing).await.unwrap()["missing"], 1);
    let ben = call(&migration, &json!({ "decision": "approved", "by": "Ben" }));
    let expected = json!({ "decision": "approved", "by": "ANA LIMA, Ben", "heard": true });
    assert_eq!(handled(&account, ben).await, Ok(expected));
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
}

#[tokio::test]
async fn one_no_is_enough_and_half_a_yes_is_none_at_the_deadline() {
    let (account, migration, _) = two().await;
    handled(&account, call(&migration, &json!({ "decision": "approved", "by": "ana" }))).await.unwrap();
    handled(&account, call(&migration, &json!({ "decision": "rejected", "by": "ana" }))).await.unwrap();
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"rejected"}"#));

    let (account, migration, asked) = two().await;
    handled(&account, call(&migration, &json!({ "decision": "approved", "by": "ana" }))).await.unwrap();
    account.go_to(asked.deadline);
    let expected = json!({ "decision": "rejected", "by": NOBODY, "heard": true });
    assert_eq!(handled(&account, call(&migration, &json!({ "timeout": true }))).await, Ok(expected));
}

#[tokio::test]
async fn the_last_yes_that_met_a_fault_at_any_call_is_completed_by_a_visit_or_the_deadline() {
    for by_deadline in [false, true] {
        for number in 1.. {
            let (account, migration, asked) = two().await;
            handled(&account, call(&migration, &json!({ "decision": "approved", "by": "ana" }))).await.unwrap();
            account.fail_at(number, Fault::Killed);
            let ben = call(&migration, &json!({ "decision": "approved", "by": "ben" }));
            let said = handled(&account, ben).await;
            if account.met().is_none() {
                assert!(said.is_ok() && number > 4, "{said:?}");
                break;
            }
            account.start("decide");
            let spoke = account.table().record(&migration.id).unwrap().voices.len() == 2;
            if by_deadline {
                account.go_to(asked.deadline);
                handled(&account, call(&migration, &json!({ "timeout": true }))).await.unwrap();
                let expected = if spoke { "approved" } else { "rejected" };
                assert!(answer(&account).unwrap().contains(expected), "{number}");
            } else {
                let query = query(&account, &link(&asked)).await;
                browse(&account, "GET", &query, "").await;
                assert_eq!(answer(&account).is_some(), spoke, "{number}");
            }
        }
    }
}
