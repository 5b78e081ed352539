//! What others than people do with a link: scanners that follow it and submit its form, pages of other sites, whoever found it, and
//! many at once. Nothing of that decides.

use crate::people::{NO, YES, answer, asked, browse, coded, handled, link, post, query};
use decide::settle;
use domain::{
    Condition,
    approval::{Answer, Asked, Decision, Link, Question, code::MOST_TRIES},
    ports::{Approvals as _, Clock as _},
};
use serde_json::{Value, json};
use testing::Account;

/// Nobody has answered, and nobody was told of an answer.
fn is_open(account: &Account, asked: &Asked) -> bool {
    let record = account.table().record(&asked.id).unwrap().clone();
    record.last_question("qualification").unwrap().answer.is_none() && answer(account).is_none()
}

#[tokio::test]
async fn a_scanner_that_submits_the_form_lacks_the_code() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let (_, page) = browse(&account, "GET", &query, "").await;
    let right = coded(&account, &link(&asked), "").await.replace("&code=", "");
    for text in [&page, &query] {
        assert!(!text.contains(&right) && !text.contains(&right.replace('-', "")), "{text}");
    }
    for (code, status) in [("", 400), ("test", 400), ("12345678", 403), ("0000-0000", 403), ("Q9W1DF0F", 403)] {
        for form in [YES, NO] {
            let (found, page) = browse(&account, "POST", &query, &format!("{form}&code={code}")).await;
            assert!(found == status && page.contains("Nothing was decided"), "{code}: {found} {page}");
        }
        let (found, _) = browse(&account, "POST", &query, YES).await;
        assert_eq!(found, 400, "without the field");
    }
    assert!(is_open(&account, &asked));
}

/// Link checkers, previews of chats and prefetching browsers send these
/// (<https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose>).
#[tokio::test]
async fn a_visit_of_whatever_kind_decides_nothing_and_does_nothing() {
    let (account, migration, asked) = asked().await;
    let (query, yes) = (query(&account, &link(&asked)).await, coded(&account, &link(&asked), YES).await);
    let status = crate::people::status_query(&account, &migration).await;
    let before = account.events_of(&migration).len();
    for query in [query.clone(), format!("{query}&{yes}"), status.clone(), format!("{status}&do=roll-back&{yes}")] {
        for method in ["GET", "HEAD"] {
            for purpose in ["", "prefetch"] {
                let event = json!({
                    "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": { "sec-purpose": purpose },
                    "body": yes, "isBase64Encoded": false, "requestContext": { "http": { "method": method }, "timeEpoch": 0 },
                });
                assert_eq!(handled(&account, event).await.unwrap()["statusCode"], 200, "{method} {query}");
            }
        }
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
            assert_eq!(browse(&account, method, &query, &yes).await.0, 400, "{method}");
        }
    }
    assert!(is_open(&account, &asked) && account.people().rollbacks.is_empty());
    assert_eq!(account.events_of(&migration).len(), before);
}

/// Every secret of a question and of a status page: the task token, the codes, and the signatures beside their own links.
#[tokio::test]
async fn no_page_file_or_event_holds_a_task_token_or_a_code() {
    let (account, migration, asked) = asked().await;
    let asked = Asked { token: domain::TaskToken::new("AQCEAAAAKgAAAAMAAAAA-a-token"), number: 2, ..asked };
    account.ask(&migration, &asked).await.unwrap();
    let (query, yes) = (query(&account, &link(&asked)).await, coded(&account, &link(&asked), YES).await);
    let status = crate::people::status_query(&account, &migration).await;
    let deed = crate::people::status_code(&account, &migration).await;
    let mut shown = Vec::new();
    let files = ["evidence.json", "plan.json", "plan.md", "report.md", "report.html", "audit.json"];
    for page in [query.clone(), status.clone(), format!("{status}&do=roll-back")] {
        shown.push(browse(&account, "GET", &page, "").await.1);
        for file in files {
            shown.push(browse(&account, "GET", &format!("{page}&file={file}"), "").await.1);
        }
    }
    shown.push(browse(&account, "POST", &query, &yes.replace("code=", "code=0")).await.1);
    shown.push(browse(&account, "POST", &query, &yes).await.1);
    let confirmed = format!("by=Ana&comment=&code={deed}");
    shown.push(browse(&account, "POST", &format!("{status}&do=roll-back"), &confirmed).await.1);
    shown.push(browse(&account, "GET", &status, "").await.1);
    for event in account.events_of(&migration) {
        shown.push(event.evidence.to_string());
    }
    let code = yes.rsplit_once("code=").unwrap().1.to_owned();
    for secret in [asked.token.reveal(), &code, &code.replace('-', ""), &deed, &deed.replace('-', "")] {
        assert!(!shown.iter().any(|text| text.contains(secret)), "{secret} is shown");
    }
    assert!(shown.len() > 20 && account.people().rollbacks.len() == 1);
}

#[tokio::test]
async fn who_mistypes_the_code_keeps_what_they_wrote() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let form = "by=Ana+%22Lima%22&comment=%3Cb%3Efine&decision=approved&code=00000000";
    let (_, page) = browse(&account, "POST", &query, form).await;
    assert!(page.contains(r#"value="Ana &quot;Lima&quot;""#) && page.contains("&lt;b&gt;fine</textarea>"), "{page}");
    assert!(page.contains(r#"role="alert""#) && !page.contains("00000000"), "{page}");
}

#[tokio::test]
async fn codes_cannot_be_tried_without_end_and_waiting_helps() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let yes = coded(&account, &link(&asked), YES).await;
    for _ in 0..MOST_TRIES {
        assert_eq!(browse(&account, "POST", &query, &format!("{YES}&code=00000000")).await.0, 403);
    }
    let before = account.calls();
    let (status, page) = browse(&account, "POST", &query, &yes).await;
    assert!(status == 429 && page.contains("AWS CLI"), "{status} {page}");
    assert!(is_open(&account, &asked));
    let signed = account.operations()[before..].iter().filter(|operation| **operation == "kms:GenerateMac").count();
    assert_eq!(signed, 0, "the code is not even made");
    // What has not the form of a code is no try: scanners type something into every field.
    account.wait(jiff::SignedDuration::from_mins(16));
    for _ in 0..=MOST_TRIES {
        assert_eq!(browse(&account, "POST", &query, &format!("{YES}&code=test")).await.0, 400);
    }
    assert_eq!(browse(&account, "POST", &query, &yes).await.0, 200);
}

#[tokio::test]
async fn a_link_or_a_code_of_another_question_or_with_one_field_edited_decides_nothing() {
    let (account, _, asked) = asked().await;
    let good = link(&asked);
    let (signed, yes) = (query(&account, &good).await, coded(&account, &good, YES).await);
    let cleanup = Link { question: Question::Cleanup, ..good.clone() };
    let (of_cleanup, code_of_cleanup) = (query(&account, &cleanup).await, coded(&account, &cleanup, YES).await);
    // Another approval's code, with the right link.
    assert_eq!(browse(&account, "POST", &signed, &code_of_cleanup).await.0, 403);
    // Another approval's signature, with the right parameters.
    let signature = |query: &str| query.rsplit_once("&signature=").unwrap().1.to_owned();
    let forged = signed.replace(&signature(&signed), &signature(&of_cleanup));
    assert_eq!(browse(&account, "POST", &forged, &yes).await.0, 403);
    // Each field edited, with the right signature and code.
    let later = asked.deadline.as_second() + 86_400;
    for other in [
        Link { migration: domain::MigrationId::new("arn:aws:states:eu-central-1:1:execution:m:other"), ..good.clone() },
        cleanup,
        Link { digest: "0".repeat(64), ..good.clone() },
        Link { expires: later, ..good.clone() },
    ] {
        let mut edited = form_urlencoded::Serializer::new(String::new());
        let edited = edited.extend_pairs(other.parameters(&signature(&signed))).finish();
        for method in ["GET", "POST"] {
            assert_eq!(browse(&account, method, &edited, &yes).await.0, 403, "{other:?}");
        }
    }
    assert!(is_open(&account, &asked));
}

#[tokio::test]
async fn nothing_is_decided_after_the_deadline_or_twice() {
    let (account, migration, asked) = asked().await;
    let (query, yes) = (query(&account, &link(&asked)).await, coded(&account, &link(&asked), YES).await);
    assert_eq!(browse(&account, "POST", &query, &yes).await.0, 200);
    // A replay is heard once, and changes nothing.
    let events = account.events_of(&migration).iter().filter(|event| event.what == "answered").count();
    assert_eq!(browse(&account, "POST", &query, &yes).await.0, 200);
    let again = account.events_of(&migration).iter().filter(|event| event.what == "answered").count();
    assert_eq!((events, again), (1, 1));

    let (account, _, asked) = crate::people::asked().await;
    account.go_to(asked.deadline.checked_add(jiff::SignedDuration::from_secs(1)).unwrap());
    assert_eq!(browse(&account, "POST", &query, &yes).await.0, 410);
    assert!(is_open(&account, &asked));
}

#[tokio::test]
async fn of_ten_answers_at_once_one_stands_and_the_execution_hears_that_one() {
    for first in [Decision::Approved, Decision::Rejected] {
        let (account, migration, asked) = asked().await;
        let other = if first == Decision::Approved { Decision::Rejected } else { Decision::Approved };
        let mut refused = 0;
        for number in 0..10 {
            // Each of them has read the question before any of them was stored.
            let known = asked.clone();
            let decision = if number % 2 == 0 { first } else { other };
            let (by, at) = (format!("person {number}"), account.now());
            let given = Answer { decision, by, comment: String::new(), at, caller: None };
            match settle(&account, &migration, &known, &given).await {
                Ok(settled) => assert_eq!((decision, settled.answer.by.as_str()), (first, "person 0")),
                Err(error) => {
                    assert_eq!((decision, error.condition), (other, Condition::Conflict));
                    refused += 1;
                }
            }
        }
        let stands = account.asked(&asked.id, Question::Qualification).await.unwrap().unwrap().answer.unwrap();
        assert_eq!((refused, stands.by.as_str(), stands.decision), (5, "person 0", first));
        assert_eq!(answer(&account), Some(format!(r#"{{"decision":"{}"}}"#, first.name())));
    }
}

#[tokio::test]
async fn a_page_of_another_site_cannot_answer_even_with_the_code() {
    let (account, _, asked) = asked().await;
    let (query, yes) = (query(&account, &link(&asked)).await, coded(&account, &link(&asked), YES).await);
    for headers in [json!({ "origin": "https://evil.example.com" }), json!({ "sec-fetch-site": "cross-site" })] {
        assert_eq!(post(&account, &query, &headers, &yes).await["statusCode"], 403);
    }
    assert!(is_open(&account, &asked));
    let own = json!({ "origin": "https://decide.example.com", "sec-fetch-site": "same-origin" });
    assert_eq!(post(&account, &query, &own, &yes).await["statusCode"], 200);
}

#[tokio::test]
async fn what_is_too_long_is_refused_and_not_cut() {
    let (account, _, asked) = asked().await;
    let (query, yes) = (query(&account, &link(&asked)).await, coded(&account, &link(&asked), YES).await);
    for (field, status, says) in [
        (format!("comment={}", "x".repeat(1 << 20)), 413, "shorten the comment"),
        (format!("comment={}", "x".repeat(1_001)), 400, "$.comment: found 1001 characters"),
        (format!("by={}", "x".repeat(101)), 400, "$.by: found 101 characters"),
    ] {
        let (found, page) = browse(&account, "POST", &query, &format!("{yes}&{field}")).await;
        assert!(found == status && page.contains(says), "{found}");
    }
    assert!(is_open(&account, &asked));
}

#[tokio::test]
async fn html_in_names_and_comments_is_text() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let form = "by=%3Cscript%3Ealert(1)%3C%2Fscript%3E&comment=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&decision=rejected";
    let form = coded(&account, &link(&asked), form).await;
    for (method, form) in [("POST", form.as_str()), ("GET", "")] {
        let (status, page) = browse(&account, method, &query, form).await;
        assert!(status == 200 && page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;img src=x"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    }
}

#[tokio::test]
async fn a_page_runs_no_script_asks_no_other_host_and_allows_its_own_style_alone() {
    let (account, _, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    let event = json!({
        "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": {}, "isBase64Encoded": false,
        "requestContext": { "http": { "method": "GET" }, "timeEpoch": 0 },
    });
    let answer = handled(&account, event).await.unwrap();
    let (page, headers) = (answer["body"].as_str().unwrap(), &answer["headers"]);
    let policy = headers["content-security-policy"].as_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(
        !page.contains("<script") && !page.contains("style=\"") && !page.contains("<link") && !page.contains(" src=")
    );
    assert_eq!(
        (&headers["cache-control"], &headers["x-content-type-options"]),
        (&json!("no-store"), &json!("nosniff"))
    );
}

#[tokio::test]
async fn the_files_of_a_link_are_saved_decide_nothing_and_hold_no_token() {
    let (account, migration, asked) = asked().await;
    let query = query(&account, &link(&asked)).await;
    for (file, kind, part) in [
        ("evidence.json", "application/json; charset=utf-8", "\"ready\": 4"),
        ("plan.json", "application/json; charset=utf-8", "\"migration\": "),
        ("plan.md", "text/markdown; charset=utf-8", "# Plan of "),
    ] {
        let event = json!({
            "version": "2.0", "rawPath": "/", "rawQueryString": format!("{query}&file={file}"), "headers": {},
            "isBase64Encoded": false, "requestContext": { "http": { "method": "GET" }, "timeEpoch": 0 },
        });
        let answer = handled(&account, event).await.unwrap();
        assert_eq!(answer["headers"]["content-type"], kind);
        assert_eq!(answer["headers"]["content-disposition"], format!("attachment; filename=\"{file}\""));
        let body = answer["body"].as_str().unwrap();
        assert!(body.contains(part) && !body.contains("\"token\""), "{body}");
    }
    assert_eq!(browse(&account, "GET", &format!("{query}&file=..%2Fsecret"), "").await.0, 404);
    let (_, plan) = browse(&account, "GET", &format!("{query}&file=plan.json"), "").await;
    assert_eq!(serde_json::from_str::<Value>(&plan).unwrap()["digest"], migration.plan.digest());
    assert!(is_open(&account, &asked));
}
