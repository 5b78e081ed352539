//! Green is compared with blue while it bakes, through the two stages that hold their deployments; on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Invocation, Migration, PhaseError, Progress, Side, ports::Clock as _, resources::stage::keeper_name, shift::Shift,
};
use jiff::SignedDuration;
use observe::event::{Event, handle};
use serde_json::{Value, json};
use testing::{Account, shop};

/// The shop in its bake of three hours.
async fn baking(when: &str) -> (Account, Migration) {
    let input = shop::input_with(json!({
        "smoke": [{ "path": "/cart" }],
        "cutover": { "analysis": { "when": when, "samples": 40, "patience": "10m" } },
        "bake": { "duration": "3h" },
    }));
    let (account, migration) = Account::opened(&input).unwrap();
    account.prepare(&migration);
    let stage = (shop::API.to_owned(), "prod".to_owned());
    shop::G.clone_into(&mut account.aws().stages.get_mut(&stage).unwrap().deployment_id);
    for side in [Side::Blue, Side::Green] {
        answers(&account, &migration, side, 200);
    }
    let now = account.now();
    Shift { guarded: 1, share: 100, started_at: now, shifted_at: now }.save(&account, &migration).await.unwrap();
    handled(&account, json!({ "migrationId": migration.id, "step": "bake", "taskToken": "t" })).await.unwrap();
    (account, migration)
}

fn answers(account: &Account, migration: &Migration, side: Side, status: u16) {
    account.aws().answers.insert(format!("{}/{}/cart", shop::API, keeper_name(migration, side)), status);
}

async fn handled(account: &Account, event: Value) -> Result<(), PhaseError> {
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    Box::pin(handle(account, serde_json::from_value::<Event>(event).unwrap(), invocation)).await.map(drop)
}

/// The schedule of the bake calls so often, this many minutes apart.
async fn look(account: &Account, migration: &Migration, times: u32, minutes: i64) {
    for _ in 0..times {
        account.wait(SignedDuration::from_mins(minutes));
        handled(account, json!({ "migrationId": migration.id, "watch": "bake" })).await.unwrap();
    }
}

fn answer(account: &Account) -> Option<String> {
    account.people().answered.get("t").cloned()
}

fn told(account: &Account, migration: &Migration) -> Vec<String> {
    let events = account.events_of(migration);
    let told = events.iter().filter(|event| event.what == "green against blue");
    told.map(|event| event.evidence["findings"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_green_that_answers_as_blue_does_bakes_to_the_end_and_every_window_is_told() {
    let (account, migration) = baking("always").await;
    look(&account, &migration, 18, 10).await;
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
    let told = told(&account, &migration);
    assert!(told.len() == 2 && told[0].starts_with("successful with 100 % on green: blue 0 of "), "{told:?}");
}

#[tokio::test]
async fn a_green_that_begins_to_fail_breaks_the_bake() {
    let (account, migration) = baking("always").await;
    look(&account, &migration, 8, 10).await;
    answers(&account, &migration, Side::Green, 503);
    look(&account, &migration, 2, 1).await;
    assert_eq!(answer(&account).as_deref(), Some("GuardBreached"));
    let asked = account.question(&migration, "bake").unwrap().answer.unwrap();
    assert!(
        asked.by == "green against blue" && asked.comment.starts_with("green fails more often than blue"),
        "{asked:?}"
    );
    assert!(told(&account, &migration).last().unwrap().starts_with("failed with 100 % on green"));
}

#[tokio::test]
async fn missing_answers_hold_the_bake_and_then_send_traffic_back() {
    let (account, migration) = baking("always").await;
    for side in [Side::Blue, Side::Green] {
        answers(&account, &migration, side, 403);
    }
    look(&account, &migration, 1, 1).await;
    look(&account, &migration, 1, 179).await;
    assert_eq!(answer(&account), None, "held");
    look(&account, &migration, 1, 10).await;
    assert_eq!(answer(&account).as_deref(), Some("GuardBreached"));
    let comment = account.question(&migration, "bake").unwrap().answer.unwrap().comment;
    assert!(comment.starts_with("inconclusive: fewer than 40 samples of each side"), "{comment}");
}

#[tokio::test]
async fn production_is_not_given_back_to_a_blue_that_fails_and_people_are_told_once() {
    let (account, migration) = baking("always").await;
    answers(&account, &migration, Side::Blue, 503);
    look(&account, &migration, 3, 1).await;
    look(&account, &migration, 1, 177).await;
    look(&account, &migration, 3, 60).await;
    assert_eq!(answer(&account), None);
    let about = |subject: &&(String, String)| subject.0.contains("the bake cannot end");
    let messages = account.people().messages.clone();
    let messages: Vec<_> = messages.iter().filter(about).collect();
    assert!(messages.len() == 1 && messages[0].1.contains("shop-blue fails more than half"), "{messages:?}");
    // Blue is mended, and what it failed counts until it is less than half.
    answers(&account, &migration, Side::Blue, 200);
    look(&account, &migration, 7, 1).await;
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
}

#[tokio::test]
async fn nothing_is_compared_in_the_bake_of_a_straight_switch_unless_the_input_wants_it() {
    let (account, migration) = baking("in-steps").await;
    look(&account, &migration, 2, 1).await;
    assert_eq!(account.progress_of(&migration, Progress::Analysis), Value::Null);
    assert!(!account.operations().contains(&"execute-api:Invoke"));
}
