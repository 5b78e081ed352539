//! Green is compared with blue after each step, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Migration, Outcome, PhaseError, Progress, Side,
    plan::edge::{Canary, Stage},
    ports::Clock as _,
    resources::stage::keeper_name,
    shift::Shift,
};
use jiff::SignedDuration;
use observe::guard;
use serde_json::{Value, json};
use testing::{Account, Fault, shop};

/// The shop with a tenth of its traffic on green.
async fn shifted(analysis: Value) -> (Account, Migration) {
    let input = shop::input_with(json!({
        "smoke": [{ "path": "/cart" }, { "path": "/" }],
        "cutover": { "steps": [10, 100], "stepDuration": "5m", "deadline": "1h", "analysis": analysis },
    }));
    let (account, migration) = Account::opened(&input).unwrap();
    account.prepare(&migration);
    let now = account.now();
    Shift { guarded: 0, share: 10, started_at: now, shifted_at: now }.save(&account, &migration).await.unwrap();
    let stages = [Side::Blue, Side::Green].map(|side| keeper_name(&migration, side));
    for stage in stages {
        for path in ["/cart", "/"] {
            answers(&account, &stage, path, 200);
        }
    }
    (account, migration)
}

fn answers(account: &Account, stage: &str, path: &str, status: u16) {
    account.aws().answers.insert(format!("{}/{stage}{path}", shop::API), status);
}

/// The guard looks, this many minutes later.
async fn look(account: &Account, migration: &Migration, minutes: i64) -> Result<Outcome, PhaseError> {
    account.wait(SignedDuration::from_mins(minutes));
    let share = Shift::saved(account, migration).await?.unwrap().share;
    let canary = Canary { deployment_id: shop::G.to_owned(), percent: f64::from(share), ..Canary::default() };
    let (own, canary) = match share {
        100 => (shop::G, None),
        _ => (migration.plan.edge.deployment_b(), Some(canary)),
    };
    let stage = Stage { name: "prod".to_owned(), deployment_id: own.to_owned(), canary, ..Stage::default() };
    guard::converge(account, migration, &[Some(stage)], account.now()).await
}

fn told(account: &Account, migration: &Migration) -> Vec<String> {
    let events = account.events_of(migration);
    let told = events.iter().filter(|event| event.what == "green against blue");
    told.map(|event| event.evidence["findings"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_step_passes_with_enough_samples_of_a_green_that_answers_as_blue_does() {
    let (account, migration) = shifted(json!({ "samples": 40 })).await;
    assert_eq!(look(&account, &migration, 1).await.unwrap_err().condition, Condition::NotReady);
    assert_eq!(account.progress_of(&migration, Progress::Analysis)["green"]["samples"], 20);
    look(&account, &migration, 4).await.unwrap();
    let found = told(&account, &migration);
    assert!(found[0].starts_with("successful with 10 % on green: blue 0 of 40 failed"), "{found:?}");
    assert_eq!(Shift::saved(&account, &migration).await.unwrap().unwrap().guarded, 1);
}

#[tokio::test]
async fn a_green_that_fails_sends_traffic_back_before_the_step_is_over() {
    let (account, migration) = shifted(json!({})).await;
    answers(&account, &keeper_name(&migration, Side::Green), "/cart", 503);
    answers(&account, &keeper_name(&migration, Side::Green), "/", 404);
    let error = look(&account, &migration, 1).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("green fails more often than blue: blue 0 of 20 failed"), "{error}");
    assert!(told(&account, &migration)[0].starts_with("failed with 10 % on green"));
}

#[tokio::test]
async fn too_few_samples_hold_a_step_and_then_send_traffic_back() {
    let (account, migration) = shifted(json!({ "samples": 1000, "patience": "10m" })).await;
    let held = look(&account, &migration, 5).await.unwrap_err();
    assert_eq!(held.condition, Condition::NotReady);
    assert!(held.message.contains("inconclusive: fewer than 1000 samples"), "{held}");
    assert_eq!(look(&account, &migration, 9).await.unwrap_err().condition, Condition::NotReady);
    assert!(told(&account, &migration).is_empty());
    assert_eq!(look(&account, &migration, 1).await.unwrap_err().condition, Condition::GuardBreached);
    assert!(told(&account, &migration)[0].starts_with("inconclusive with 10 % on green"));
}

#[tokio::test]
async fn refusals_of_api_gateway_are_missing_data() {
    let (account, migration) = shifted(json!({ "samples": 20, "patience": "0s" })).await;
    for path in ["/cart", "/"] {
        answers(&account, &keeper_name(&migration, Side::Green), path, 403);
    }
    let error = look(&account, &migration, 5).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("fewer than 20 samples of each side: blue 0 of 0 failed"), "{error}");
}

#[tokio::test]
async fn each_step_begins_with_no_samples_and_none_is_taken_where_nothing_is_compared() {
    let (account, migration) = shifted(json!({ "samples": 20 })).await;
    look(&account, &migration, 5).await.unwrap();
    let at = account.now();
    Shift { guarded: 1, share: 100, started_at: at, shifted_at: at }.save(&account, &migration).await.unwrap();
    assert_eq!(look(&account, &migration, 1).await.unwrap_err().condition, Condition::NotReady);
    let progress = account.progress_of(&migration, Progress::Analysis);
    assert_eq!((&progress["guarded"], &progress["blue"]["samples"]), (&json!(1), &json!(20)));

    let (account, migration) = shifted(json!({ "when": "never" })).await;
    look(&account, &migration, 5).await.unwrap();
    assert_eq!(account.progress_of(&migration, Progress::Analysis), Value::Null);
}

#[tokio::test]
async fn an_analysis_that_met_a_fault_at_any_call_goes_on_where_it_was() {
    let before = async || shifted(json!({ "samples": 20 })).await;
    let (undisturbed, migration) = before().await;
    let calls = undisturbed.calls();
    look(&undisturbed, &migration, 5).await.unwrap();
    for call in 1..=undisturbed.calls() - calls {
        for fault in [Fault::Killed, Fault::Throttled] {
            let (account, migration) = before().await;
            account.fail_at(call, fault);
            if look(&account, &migration, 5).await.is_err() {
                account.start("observe");
                look(&account, &migration, 0).await.unwrap();
            }
            let guarded = Shift::saved(&account, &migration).await.unwrap().unwrap().guarded;
            assert_eq!(guarded, 1, "{fault:?} at {call}");
        }
    }
}
