//! The status page, by its link and by call.

use crate::people::{YES, asked, browse, coded, handled, link, query};
use domain::{
    Condition, MigrationId, Problem, Refusal,
    approval::{Link, StatusLink},
    ports::{Clock as _, Ledger as _, Migrations as _, Signatures as _, stage_metrics::Figures},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testing::{Account, Fault};

async fn signed(account: &Account, link: &StatusLink) -> String {
    let signature = account.sign(&link.text()).await.unwrap();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(link.parameters(&signature)).finish()
}

#[tokio::test]
async fn a_status_link_shows_and_decides_nothing() {
    let (account, migration, asked) = asked().await;
    let status = signed(&account, &StatusLink::new(&migration.id, account.now())).await;
    for method in ["GET", "HEAD"] {
        let (found, page) = browse(&account, method, &status, "").await;
        assert!(found == 200 && page.contains("shop-green is ready for people to look at"), "{found} {page}");
        assert!(!page.contains("<form") && !page.contains(asked.digest.as_str()));
    }
    // A form with the right code goes to the question's own link alone.
    let yes = coded(&account, &link(&asked), YES).await;
    assert_eq!(browse(&account, "POST", &status, &yes).await.0, 400);
    assert_eq!(account.question(&migration, "qualification").unwrap().answer, None);
}

#[tokio::test]
async fn a_status_link_that_is_late_or_edited_or_of_something_else_shows_nothing() {
    let (account, migration, asked) = asked().await;
    let good = StatusLink::new(&migration.id, account.now());
    let late = signed(&account, &StatusLink { expires: account.now().as_second() - 1, ..good.clone() }).await;
    assert_eq!(browse(&account, "GET", &late, "").await.0, 410);
    let status = signed(&account, &good).await;
    let signature = |query: &str| query.rsplit_once("signature=").unwrap().1.to_owned();
    let approval = query(&account, &link(&asked)).await;
    let mixed = status.replace(&signature(&status), &signature(&approval));
    let edited = status.replace("expires=1", "expires=2");
    for forged in [mixed, edited] {
        assert_eq!(browse(&account, "GET", &forged, "").await.0, 403, "{forged}");
    }
    // And its signature opens no question.
    let mixed = approval.replace(&signature(&approval), &signature(&status));
    assert_eq!(browse(&account, "GET", &mixed, "").await.0, 403);
}

#[tokio::test]
async fn a_migration_that_is_not_opened_yet_or_was_refused_has_a_page_too() {
    let (account, ..) = asked().await;
    let id = MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:early");
    let status = signed(&account, &StatusLink::new(&id, account.now())).await;
    let (found, page) = browse(&account, "GET", &status, "").await;
    assert!(found == 200 && page.contains("still looks at the account"), "{found} {page}");
    let problem = Problem::new("$.gateway.stage", "found <none>");
    account.refuse(&id, &json!({}), &Refusal::new(Condition::Refused, vec![problem])).await.unwrap();
    let (found, page) = browse(&account, "GET", &status, "").await;
    assert!(found == 200 && page.contains("<code>$.gateway.stage</code> found &lt;none&gt;"), "{found} {page}");
}

#[tokio::test]
async fn a_browser_asks_again_until_the_end_or_until_people_stop_it() {
    let (account, migration, _) = asked().await;
    let status = signed(&account, &StatusLink::new(&migration.id, account.now())).await;
    let refresh = async |query: &str| {
        let event = json!({
            "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": {}, "isBase64Encoded": false,
            "requestContext": { "http": { "method": "GET" }, "timeEpoch": 0 },
        });
        handled(&account, event).await.unwrap()["headers"]["refresh"].clone()
    };
    assert_eq!(refresh(&status).await, "10");
    assert_eq!(refresh(&format!("{status}&again=no")).await, Value::Null);
    account.end(&migration, "BlueServes").await.unwrap();
    assert_eq!(refresh(&status).await, Value::Null);
}

#[tokio::test]
async fn a_status_page_costs_the_same_however_long_the_audit_is() {
    let (account, migration, _) = asked().await;
    let status = signed(&account, &StatusLink::new(&migration.id, account.now())).await;
    for _ in 0..100 {
        account.record(&migration, "polled", json!({})).await.unwrap();
    }
    let look = async || {
        let (before, began) = (account.calls(), std::time::Instant::now());
        let (found, page) = browse(&account, "GET", &status, "").await;
        assert_eq!(found, 200);
        (account.calls() - before, page.len() / 1024, began.elapsed())
    };
    let (calls, size, _) = look().await;
    for _ in 0..4_900 {
        account.record(&migration, "polled", json!({})).await.unwrap();
    }
    let mut took = Vec::new();
    for _ in 0..40 {
        let again = look().await;
        assert!(again.0 == calls && again.1.abs_diff(size) <= 1, "{again:?} after {calls} {size}");
        took.push(again.2);
    }
    took.sort_unstable();
    // Beside what DynamoDB takes, which `cargo sandbox bench-page` measures too.
    assert!(
        calls <= 21 && size <= 64 && took[37] < std::time::Duration::from_millis(150),
        "{calls} {size} {:?}",
        took[37]
    );
}

#[tokio::test]
async fn the_list_shows_every_migration_and_decides_nothing() {
    let (account, migration, _) = asked().await;
    let early = MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:refused");
    let problem = Problem::new("$.gateway.stage", "found none");
    account.refuse(&early, &json!({}), &Refusal::new(Condition::Refused, vec![problem])).await.unwrap();
    let list = handled(&account, json!({ "show": "list-link" })).await.unwrap()["query"].as_str().unwrap().to_owned();
    let (found, page) = browse(&account, "GET", &list, "").await;
    for part in [">move</a></th>", "<td>Under way</td>", ">refused</a></th>", "<td>Refused</td>"] {
        assert!(found == 200 && page.contains(part), "{part} is not in {page}");
    }
    // A migration of the list, with its files, and nothing to do.
    let of = form_urlencoded::byte_serialize(migration.id.as_str().as_bytes()).collect::<String>();
    let one = format!("{list}&of={of}");
    assert!(page.contains(&one.replace('&', "&amp;")), "{page}");
    let (found, page) = browse(&account, "GET", &one, "").await;
    assert!(
        found == 200 && page.contains("is ready for people to look at") && !page.contains("do=roll-back"),
        "{page}"
    );
    assert!(page.contains(&format!("{}&amp;file=report.md", one.replace('&', "&amp;"))), "{page}");
    let form = "by=Eve&code=00000000";
    assert_eq!(browse(&account, "POST", &list, form).await.0, 400);
    assert_eq!(browse(&account, "POST", &format!("{one}&do=roll-back"), form).await.0, 400);
    assert!(account.people().rollbacks.is_empty());
    // Neither edited nor by the signature of a migration's own link.
    assert_eq!(browse(&account, "GET", &list.replace("expires=1", "expires=2"), "").await.0, 403);
    let status = signed(&account, &StatusLink::new(&migration.id, account.now())).await;
    let signature = |query: &str| query.rsplit_once("signature=").unwrap().1.to_owned();
    assert_eq!(browse(&account, "GET", &list.replace(&signature(&list), &signature(&status)), "").await.0, 403);
}

#[tokio::test]
async fn a_call_gets_a_link_and_the_files_that_the_page_has() {
    let (account, migration, _) = asked().await;
    let show = async |what: &str| handled(&account, json!({ "migrationId": migration.id, "show": what })).await;
    let link = show("status-link").await.unwrap()["query"].as_str().unwrap().to_owned();
    let (found, page) = browse(&account, "GET", &link, "").await;
    assert_eq!(found, 200);
    for file in ["report.html", "report.md", "plan.md", "plan.json", "audit.json"] {
        assert!(page.contains(&format!("file={file}\"")), "{file}");
        let (found, by_link) = browse(&account, "GET", &format!("{link}&file={file}"), "").await;
        let by_call = show(file).await.unwrap();
        assert_eq!((found, by_call["text"].as_str()), (200, Some(by_link.as_str())), "{file}");
    }
    assert_eq!(browse(&account, "GET", &format!("{link}&file=ledger"), "").await.0, 404);
    assert_eq!(show("ledger").await.unwrap_err().condition, Condition::InvalidInput);
    let unknown: Value = json!({ "migrationId": "arn:unknown", "show": "report.md" });
    assert_eq!(handled(&account, unknown).await.unwrap_err().condition, Condition::Refused);
    let decides = json!({ "migrationId": migration.id, "show": "report.md", "decision": "approved", "by": "Mallory" });
    assert_eq!(handled(&account, decides).await.unwrap_err().condition, Condition::InvalidInput);
    assert_eq!(account.question(&migration, "qualification").unwrap().answer, None);
}

#[tokio::test]
async fn the_report_asks_cloudwatch_about_productions_stage_and_nothing_else_does() {
    let (account, migration, _) = asked().await;
    let show = async |what: &str| {
        let shown = handled(&account, json!({ "migrationId": migration.id, "show": what })).await.unwrap();
        shown["text"].as_str().unwrap().to_owned()
    };
    let moved_at = account.now();
    account.record(&migration, "traffic moved", json!({ "share": 100, "from": 0 })).await.unwrap();
    account.wait(jiff::SignedDuration::from_mins(30));
    let edge = &migration.plan.edge;
    let figures = Figures { requests: Some(40.0), server_errors: Some(2.0), ..Figures::default() };
    let minute = moved_at + jiff::SignedDuration::from_mins(10);
    let minute = jiff::Timestamp::from_second(minute.as_second() / 60 * 60).unwrap();
    let of = (edge.api.name.clone(), edge.stage.name.clone());
    account.aws().stage_metrics.insert(of, BTreeMap::from([(minute, figures)]));
    let is_asked = || account.operations().contains(&"cloudwatch:GetMetricStatistics");
    let status = signed(&account, &StatusLink::new(&migration.id, account.now())).await;
    assert_eq!(browse(&account, "GET", &status, "").await.0, 200);
    for file in ["plan.md", "plan.json", "audit.json"] {
        show(file).await;
    }
    assert!(!is_asked());
    let stage = format!("| {}/{} |", edge.api.id, edge.stage.name);
    let row = async || {
        let report = show("report.md").await;
        report.lines().rfind(|line| line.starts_with(&stage)).map(str::to_owned)
    };
    let green = row().await.unwrap();
    assert!(is_asked() && green.contains("| shop-green | 40 | 2 (5.00 %) | missing |"), "{green}");
    // A report of the rest is better than none.
    let calls = account.calls();
    row().await;
    let last = account.operations()[calls..].iter().position(|call| *call == "cloudwatch:GetMetricStatistics").unwrap();
    account.fail_at(last + 1, Fault::Throttled);
    assert_eq!(row().await, None);
    assert_eq!(account.met(), Some("cloudwatch:GetMetricStatistics"));
}

#[tokio::test]
async fn the_status_link_leads_to_the_open_question_which_wants_the_code_of_its_own_message() {
    let (account, migration, asked) = asked().await;
    let status = signed(&account, &StatusLink::new(&migration.id, account.now())).await;
    let (_, page) = browse(&account, "GET", &status, "").await;
    assert!(page.contains("&amp;answer=open\">Answer: May shop-green take over from shop-blue?</a>"), "{page}");
    let event = json!({
        "version": "2.0", "rawPath": "/", "rawQueryString": format!("{status}&answer=open"), "headers": {}, "isBase64Encoded": false,
        "requestContext": { "http": { "method": "GET" }, "timeEpoch": 0 },
    });
    let led = handled(&account, event.clone()).await.unwrap();
    let location = led["headers"]["location"].as_str().unwrap();
    assert_eq!(
        (&led["statusCode"], location),
        (&json!(303), format!("/?{}", query(&account, &link(&asked)).await).as_str())
    );
    let wrong = coded(&account, &Link { digest: "other".to_owned(), ..link(&asked) }, YES).await;
    assert_eq!(browse(&account, "POST", location.trim_start_matches("/?"), &wrong).await.0, 403);
    // The list's link leads nowhere, and neither does this one once there is an answer.
    let list = handled(&account, json!({ "show": "list-link" })).await.unwrap()["query"].as_str().unwrap().to_owned();
    let of = form_urlencoded::byte_serialize(migration.id.as_str().as_bytes()).collect::<String>();
    assert_eq!(browse(&account, "GET", &format!("{list}&of={of}&answer=open"), "").await.0, 200);
    let yes = coded(&account, &link(&asked), YES).await;
    assert_eq!(browse(&account, "POST", &query(&account, &link(&asked)).await, &yes).await.0, 200);
    assert_eq!(handled(&account, event).await.unwrap()["statusCode"], 404);
}
