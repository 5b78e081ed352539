//! Plan and report in a bucket of people's.

use crate::people::handled;
use domain::{
    Migration,
    archive::Archive,
    ports::{Migrations as _, files::File},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testing::{Account, Fault, shop};

/// The shop's migration, with a bucket.
fn opened() -> (Account, Migration) {
    let (account, migration) = Account::opened(&shop::input()).unwrap();
    account.people().archive = Some(Archive { bucket: "records".to_owned(), prefix: "bascule/".to_owned() });
    (account, migration)
}

/// The event of <https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>.
fn ended(machine: &str, migration: &Migration) -> Value {
    json!({
        "version": "0",
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": format!("arn:aws:states:eu-central-1:123456789012:execution:{machine}:run"),
            "stateMachineArn": format!("arn:aws:states:eu-central-1:123456789012:stateMachine:{machine}"),
            "name": "run",
            "status": "SUCCEEDED",
            "input": json!({ "migrationId": migration.id }).to_string(),
        },
    })
}

/// As statemachine/events/audit-entry.schema.json has it.
fn opening(migration: &Migration) -> Value {
    json!({
        "source": "bascule",
        "detail-type": "Bascule audit entry",
        "detail": {
            "version": "1", "migration": migration.id, "entry": "EVENT#000000000001", "at": "2026-01-01T00:00:00Z",
            "by": "bascule-preflight", "what": "opened", "evidence": "{}",
        },
    })
}

/// What is in the bucket.
fn kept(account: &Account) -> BTreeMap<String, File> {
    account.people().files.iter().map(|(key, kept)| (key.clone(), kept.file.clone())).collect()
}

/// What the function shows under the names of these keys.
async fn shown(
    account: &Account,
    migration: &Migration,
    keys: impl Iterator<Item = &String>,
) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    for key in keys {
        let show = key.strip_prefix("bascule/move/").unwrap();
        let answer = handled(account, json!({ "migrationId": migration.id, "show": show })).await.unwrap();
        shown.insert(key.clone(), answer["text"].as_str().unwrap().to_owned());
    }
    shown
}

#[tokio::test]
async fn the_plan_is_filed_when_the_migration_is_opened_and_the_report_at_each_end() {
    let (account, migration) = opened();
    let answer = handled(&account, opening(&migration)).await.unwrap();
    assert_eq!(
        answer,
        json!({ "filed": ["s3://records/bascule/move/plan.md", "s3://records/bascule/move/plan.json"] })
    );
    handled(&account, ended("bascule-rollback", &migration)).await.unwrap();
    let files = kept(&account);
    let types: Vec<(&str, &str)> = files.iter().map(|(key, file)| (key.as_str(), file.media_type)).collect();
    assert_eq!(
        types,
        [
            ("bascule/move/plan.json", "application/json"),
            ("bascule/move/plan.md", "text/markdown"),
            ("bascule/move/report.html", "text/html"),
            ("bascule/move/report.md", "text/markdown"),
        ]
    );
    // Of a migration that goes on it says how long it has taken, and no time has passed.
    let texts: BTreeMap<String, String> = files.iter().map(|(key, file)| (key.clone(), file.text.clone())).collect();
    let shown = shown(&account, &migration, files.keys()).await;
    let differs: Vec<&String> = texts.keys().filter(|key| texts[*key] != shown[*key]).collect();
    assert!(differs.is_empty(), "{differs:?}");
}

#[tokio::test]
async fn a_later_report_takes_the_place_of_an_earlier_one_and_an_event_that_comes_twice_changes_nothing() {
    let (account, migration) = opened();
    handled(&account, ended("bascule-cleanup", &migration)).await.unwrap();
    let (first, key) = (kept(&account), "bascule/move/report.md");
    let migration = account.turned_back(&migration);
    account.end(&migration, "BlueServes").await.unwrap();
    handled(&account, ended("bascule-rollback", &migration)).await.unwrap();
    let last = kept(&account);
    assert!(!first[key].text.contains("turned back") && last[key].text.contains("turned back"), "{}", last[key].text);
    assert!(last.keys().eq(first.keys()));
    handled(&account, ended("bascule-rollback", &migration)).await.unwrap();
    assert!(kept(&account) == last, "{}", kept(&account)[key].text);
}

/// Two executions end at once, and what one function has read is old when it has written.
#[tokio::test]
async fn where_the_audit_goes_on_while_the_report_is_written_it_is_written_again() {
    let (account, migration) = opened();
    let before = account.calls();
    handled(&account, ended("bascule-migrate", &migration)).await.unwrap();
    let undisturbed = account.calls() - before;
    let (account, migration) = opened();
    account.meanwhile(undisturbed, Account::turn_all_back);
    handled(&account, ended("bascule-migrate", &migration)).await.unwrap();
    let report = account.people().files["bascule/move/report.md"].clone();
    assert!(report.times == 2 && report.file.text.contains("turned back"), "{}", report.file.text);
}

#[tokio::test]
async fn without_a_bucket_and_without_a_plan_nothing_is_asked_for_or_written() {
    let (account, migration) = Account::opened(&shop::input()).unwrap();
    let before = account.calls();
    assert_eq!(handled(&account, ended("bascule-migrate", &migration)).await, Ok(json!({ "filed": [] })));
    assert_eq!(account.calls(), before);

    let (account, migration) = opened();
    let mut stranger = ended("bascule-migrate", &migration);
    stranger["detail"]["input"] = "{}".into();
    assert_eq!(handled(&account, stranger).await, Ok(json!({ "filed": [] })));
    assert!(kept(&account).is_empty());
}

#[tokio::test]
async fn whatever_a_call_meets_the_next_try_files_everything() {
    let (account, migration) = opened();
    let before = account.calls();
    handled(&account, ended("bascule-migrate", &migration)).await.unwrap();
    let (calls, expected) = (account.calls() - before, kept(&account));
    for call in 1..=calls {
        for fault in [Fault::Killed, Fault::TimedOut, Fault::Throttled] {
            let (account, migration) = opened();
            account.fail_at(call, fault);
            assert!(handled(&account, ended("bascule-migrate", &migration)).await.is_err(), "{fault:?} at call {call}");
            account.mend();
            handled(&account, ended("bascule-migrate", &migration)).await.unwrap();
            assert!(kept(&account).keys().eq(expected.keys()), "{fault:?} at call {call}");
        }
    }
}

#[tokio::test]
async fn what_a_bucket_refuses_is_an_error_that_lambda_tries_again() {
    let (account, mut migration) = opened();
    account.people().archive = Some(Archive { bucket: "records".to_owned(), prefix: String::new() });
    migration.plan.account = "999999999999".to_owned();
    account.enter(&migration);
    let error = handled(&account, ended("bascule-migrate", &migration)).await.unwrap_err();
    assert!(error.message.contains("writing s3://records/move/plan.md"), "{error}");
}

/// Whoever has the URL of the page sends what they like in the request; Lambda puts it into an event of its own form.
#[tokio::test]
async fn no_request_of_the_function_url_files_anything() {
    let (account, migration) = opened();
    let mut event = ended("bascule-migrate", &migration);
    event["requestContext"] = json!({ "http": { "method": "POST" }, "timeEpoch": 0 });
    event["headers"] = json!({});
    event["isBase64Encoded"] = false.into();
    event["body"] = ended("bascule-migrate", &migration).to_string().into();
    let answer = handled(&account, event).await.unwrap();
    assert_eq!(answer["statusCode"], 400);
    assert!(kept(&account).is_empty());
}
