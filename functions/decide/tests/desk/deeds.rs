//! What people do on the status page: each thing with the code of the message, and only while it is possible.

use crate::people::{asked, browse};
use domain::{
    Migration, TaskToken,
    approval::{Asked, Question, code::MOST_TRIES},
    cut_short::CutShort,
    moved_cleanup::MovedCleanup,
    pause::Pause,
    ports::{Approvals as _, Clock as _, Migrations as _, schedules::When},
    resources::schedule::{self, Occasion},
    shift::Shift,
};
use serde_json::json;
use testing::{Account, Fault};

/// The query of the status link, and the form with its code.
async fn signed(account: &Account, migration: &Migration) -> (String, String) {
    let code = crate::people::status_code(account, migration).await;
    let query = crate::people::status_query(account, migration).await;
    (query, format!("by=Ana+Lima&comment=slow+%3Ccart%3E&code={code}"))
}

/// The bake waits, with a day to go.
async fn baking() -> (Account, Migration) {
    let (account, migration, _) = asked().await;
    let bake = Asked {
        id: migration.id.clone(),
        question: Question::Bake,
        number: 1,
        token: TaskToken::new("b"),
        digest: "d".to_owned(),
        evidence: json!({}),
        deadline: account.now().checked_add(jiff::SignedDuration::from_hours(24)).unwrap(),
        answer: None,
    };
    account.ask(&migration, &bake).await.unwrap();
    (account, migration)
}

/// Green serves, and a schedule is to delete blue.
async fn promoted() -> (Account, Migration) {
    let (account, migration, _) = asked().await;
    let later = When::At(account.now().checked_add(jiff::SignedDuration::from_hours(24)).unwrap());
    schedule::ensure(&account, &migration, Occasion::Cleanup, later, "arn:cleanup", json!({})).await.unwrap();
    account.pass_bake(&migration).await.unwrap();
    account.promote(&migration).await.unwrap();
    (account, migration)
}

#[tokio::test]
async fn the_status_page_offers_what_is_possible_and_a_visit_does_nothing() {
    let offered = async |account: &Account, migration: &Migration| {
        let (query, _) = signed(account, migration).await;
        let (_, page) = browse(account, "GET", &query, "").await;
        ["roll-back", "end-bake", "keep-blue", "move-cleanup"].map(|deed| page.contains(&format!("&amp;do={deed}\"")))
    };
    let (account, migration, _) = asked().await;
    assert_eq!(offered(&account, &migration).await, [true, false, false, false]);
    let (account, migration) = baking().await;
    assert_eq!(offered(&account, &migration).await, [true, true, false, false]);
    let (account, migration) = promoted().await;
    assert_eq!(offered(&account, &migration).await, [true, false, true, true]);
    let (query, form) = signed(&account, &migration).await;
    for method in ["GET", "HEAD"] {
        let (status, page) = browse(&account, method, &format!("{query}&do=roll-back"), &form).await;
        assert!(status == 200 && page.contains("<form method=\"post\">"), "{status} {page}");
        // The action is the page itself, and the code is nowhere on it.
        assert!(!page.contains(form.rsplit_once('=').unwrap().1), "{page}");
    }
    assert!(account.people().rollbacks.is_empty() && account.aws().schedules.len() == 1);
    account.end(&migration, "GreenServes").await.unwrap();
    assert_eq!(offered(&account, &migration).await, [false, false, false, false]);
}

#[tokio::test]
async fn a_way_back_is_started_once_with_who_asked_and_why() {
    let (account, migration) = baking().await;
    let (query, form) = signed(&account, &migration).await;
    let query = format!("{query}&do=roll-back");
    for _ in 0..2 {
        let (status, page) = browse(&account, "POST", &query, &form).await;
        assert!(status == 200 && page.contains("The way back is started"), "{status} {page}");
    }
    let started = account.people().rollbacks.clone();
    let input: Vec<_> = started.values().collect();
    let reason = "Ana Lima on the status page: slow <cart>";
    assert_eq!(input, [&json!({ "migrationId": migration.id, "reason": reason })]);
    // A name that Step Functions takes: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    assert!(started.keys().all(|name| name.len() <= 80));
    let events = account.events_of(&migration);
    let event = events.iter().find(|event| event.what == "asked for: roll-back").unwrap();
    assert_eq!((&event.evidence["by"], &event.evidence["comment"]), (&json!("Ana Lima"), &json!("slow <cart>")));
}

#[tokio::test]
async fn the_bake_is_cut_short_and_the_deletion_of_blue_is_taken_away() {
    let (account, migration) = baking().await;
    let (query, form) = signed(&account, &migration).await;
    assert_eq!(browse(&account, "POST", &format!("{query}&do=end-bake"), &form).await.0, 200);
    let cut = CutShort::saved(&account, &migration).await.unwrap().unwrap();
    assert_eq!((cut.at, cut.by.as_str()), (account.now(), "Ana Lima"));

    let (account, migration) = promoted().await;
    let (query, form) = signed(&account, &migration).await;
    assert_eq!(browse(&account, "POST", &format!("{query}&do=keep-blue"), &form).await.0, 200);
    assert!(account.aws().schedules.is_empty());
    let (status, page) = browse(&account, "POST", &format!("{query}&do=keep-blue"), &form).await;
    assert!(status == 409 && page.contains("Not possible now"), "{status} {page}");
}

#[tokio::test]
async fn the_deletion_of_blue_is_moved_as_far_as_the_locks_last_by_the_next_look() {
    let (account, migration) = promoted().await;
    let (query, form) = signed(&account, &migration).await;
    let deed = format!("{query}&do=move-cleanup");
    let local = |days: i64| {
        let time = account.now() + jiff::SignedDuration::from_hours(24 * days);
        time.strftime("%Y-%m-%dT%H:%M").to_string()
    };
    let (_, page) = browse(&account, "GET", &deed, "").await;
    assert!(page.contains("type=\"datetime-local\" required min=\"") && page.contains(&local(1)), "{page}");
    let sent =
        |at: &str| format!("{form}&{}", form_urlencoded::Serializer::new(String::new()).append_pair("at", at).finish());
    for wrong in ["", "tomorrow", "2026-13-01T00:00", "0000-01-01T00:00", &local(0), &local(-1), &local(365)] {
        let (status, page) = browse(&account, "POST", &deed, &sent(wrong)).await;
        assert!(status == 400 && page.contains("Nothing was done."), "{wrong}: {status}");
    }
    assert_eq!(MovedCleanup::saved(&account, &migration).await.unwrap(), None);
    assert_eq!(browse(&account, "POST", &deed, &sent(&local(2)).replace("code=", "code=0000")).await.0, 400);
    let (status, page) = browse(&account, "POST", &deed, &sent(&local(2))).await;
    assert!(status == 200 && page.contains("at the next look"), "{status} {page}");
    let moved = MovedCleanup::saved(&account, &migration).await.unwrap().unwrap();
    assert_eq!((moved.to.strftime("%Y-%m-%dT%H:%M").to_string(), moved.by.as_str()), (local(2), "Ana Lima"));
    let events = account.events_of(&migration);
    let event = events.iter().find(|event| event.what == "asked for: move-cleanup").unwrap();
    assert_eq!(event.evidence["to"], json!(moved.to));
    let (_, page) = browse(&account, "GET", &query, "").await;
    assert!(page.contains("The cleanup is moved to ") && page.contains("as Ana Lima asked"), "{page}");
    // Who keeps blue means it, whatever was asked before.
    assert_eq!(browse(&account, "POST", &format!("{query}&do=keep-blue"), &form).await.0, 200);
    assert_eq!(MovedCleanup::saved(&account, &migration).await.unwrap(), None);
    assert!(account.aws().schedules.is_empty());
    let (_, page) = browse(&account, "GET", &query, "").await;
    assert!(page.contains("Nothing deletes shop-blue") && page.contains("do=move-cleanup"), "{page}");
}

#[tokio::test]
async fn a_cleanup_that_is_about_to_begin_cannot_be_moved() {
    let (account, migration) = promoted().await;
    account.wait(jiff::SignedDuration::from_mins(24 * 60 - 14));
    let (query, form) = signed(&account, &migration).await;
    assert_eq!(browse(&account, "POST", &format!("{query}&do=move-cleanup"), &form).await.0, 409);
    assert_eq!(browse(&account, "POST", &format!("{query}&do=keep-blue"), &form).await.0, 200);
}

#[tokio::test]
async fn a_switch_is_paused_between_its_steps_and_let_go_on() {
    let (account, migration, _) = asked().await;
    let shift = |share| Shift { guarded: 0, share, started_at: account.now(), shifted_at: account.now() };
    shift(25).save(&account, &migration).await.unwrap();
    let (query, form) = signed(&account, &migration).await;
    for (deed, paused) in [("pause", true), ("go-on", false), ("pause", true)] {
        let url = format!("{query}&do={deed}");
        assert_eq!(browse(&account, "POST", &url, &form).await.0, 200);
        assert_eq!(Pause::saved(&account, &migration).await.unwrap().is_some(), paused, "{deed}");
        // Not twice.
        assert_eq!(browse(&account, "POST", &url, &form).await.0, 409);
    }
    let (_, page) = browse(&account, "GET", &query, "").await;
    assert!(page.contains("Paused by Ana Lima"), "{page}");
    shift(100).save(&account, &migration).await.unwrap();
    assert_eq!(browse(&account, "POST", &format!("{query}&do=go-on"), &form).await.0, 409);
}

#[tokio::test]
async fn who_has_the_link_alone_can_do_nothing() {
    let (account, migration) = baking().await;
    let (query, form) = signed(&account, &migration).await;
    let deed = format!("{query}&do=roll-back");
    let name = form.split_once("&code").unwrap().0;
    for (query, form, status) in [
        (&deed, name.to_owned(), 400),
        (&deed, format!("{name}&code=test"), 400),
        (&deed, format!("{name}&code=00000000"), 403),
        (&deed, form.replace("by=Ana+Lima", "by=+"), 400),
        (&deed, form.replace("slow", &"x".repeat(1_001)), 400),
        (&query, form.clone(), 400),
        (&format!("{query}&do=delete-everything"), form.clone(), 400),
        (&deed.replace("expires=1", "expires=2"), form.clone(), 403),
    ] {
        let (found, page) = browse(&account, "POST", query, &form).await;
        assert_eq!(found, status, "{query} {form}: {page}");
    }
    // The code of a question is none of the page's, and the other way round.
    let asked = account.question(&migration, "qualification").unwrap();
    let question = crate::people::link(&asked);
    let other = crate::people::coded(&account, &question, name).await;
    assert_eq!(browse(&account, "POST", &deed, &other).await.0, 403);
    let yes = form.replace("comment=", "decision=approved&comment=");
    assert_eq!(browse(&account, "POST", &crate::people::query(&account, &question).await, &yes).await.0, 403);
    assert!(account.people().rollbacks.is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_and_a_form_of_a_megabyte_do_nothing_even_with_the_code() {
    let (account, migration) = baking().await;
    let (query, form) = signed(&account, &migration).await;
    let deed = format!("{query}&do=roll-back");
    let long = form.replace("slow", &"x".repeat(1 << 20));
    for (headers, form, status) in [
        (json!({ "sec-fetch-site": "cross-site" }), &form, 403),
        (json!({ "origin": "https://evil.example.com" }), &form, 403),
        (json!({ "sec-fetch-site": "same-origin" }), &long, 413),
    ] {
        assert_eq!(crate::people::post(&account, &deed, &headers, form).await["statusCode"], status, "{headers}");
    }
    assert!(account.people().rollbacks.is_empty());
    assert!(account.events_of(&migration).iter().all(|event| !event.what.starts_with("asked for")));
}

#[tokio::test]
async fn codes_of_the_page_cannot_be_tried_without_end_and_the_question_is_not_closed_by_that() {
    let (account, migration, asked) = asked().await;
    let (query, form) = signed(&account, &migration).await;
    let deed = format!("{query}&do=roll-back");
    for _ in 0..MOST_TRIES {
        assert_eq!(browse(&account, "POST", &deed, "by=Eve&code=00000000").await.0, 403);
    }
    assert_eq!(browse(&account, "POST", &deed, &form).await.0, 429);
    let link = crate::people::link(&asked);
    let yes = crate::people::coded(&account, &link, crate::people::YES).await;
    assert_eq!(browse(&account, "POST", &crate::people::query(&account, &link).await, &yes).await.0, 200);
    account.wait(jiff::SignedDuration::from_mins(16));
    assert_eq!(browse(&account, "POST", &deed, &form).await.0, 200);
}

#[tokio::test]
async fn a_deed_that_met_a_fault_at_any_call_is_done_by_the_next_try() {
    for call in 1.. {
        let (account, migration) = promoted().await;
        let (query, form) = signed(&account, &migration).await;
        let deed = format!("{query}&do=keep-blue");
        account.fail_at(call, Fault::Killed);
        let (status, _) = browse(&account, "POST", &deed, &form).await;
        if account.met().is_none() {
            assert_eq!(status, 200);
            break;
        }
        account.start("decide");
        let (again, page) = browse(&account, "POST", &deed, &form).await;
        // Done before the fault, so that nothing is left to do.
        assert!(again == 200 || (again == 409 && account.aws().schedules.is_empty()), "{call}: {again} {page}");
        assert!(account.aws().schedules.is_empty(), "{call}");
    }
}
