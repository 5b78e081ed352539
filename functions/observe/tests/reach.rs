//! A step counts as done once answers of production's stage show that it has reached it, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{Condition, Migration, Outcome, PhaseError, Progress, plan::edge::Stage, ports::Clock as _, shift::Shift};
use jiff::SignedDuration;
use observe::{guard, reach};
use serde_json::json;
use testing::{
    Account, Fault,
    shop::{self, two_apis},
};

/// The shop when its stage was just given deployment G; its Pods answer with the name of their cluster.
async fn switched() -> (Account, Migration) {
    let marker = json!({ "path": "/cart", "blue": "shop-blue", "green": "shop-green", "inARow": 5 });
    let cutover = json!({ "stepDuration": "5m", "analysis": { "patience": "10m" }, "marker": marker });
    let (account, migration) = Account::opened(&shop::input_with(json!({ "cutover": cutover }))).unwrap();
    account.prepare(&migration);
    let now = account.now();
    Shift { guarded: 0, share: 100, started_at: now, shifted_at: now }.save(&account, &migration).await.unwrap();
    (account, migration)
}

/// What requests to production's stage meet, whatever the control plane says.
fn serves(account: &Account, deployment: &str) {
    let stage = (shop::API.to_owned(), "prod".to_owned());
    deployment.clone_into(&mut account.aws().stages.get_mut(&stage).unwrap().deployment_id);
}

/// The guard looks, this many minutes later; the control plane says that the stage has G.
async fn look(account: &Account, migration: &Migration, minutes: i64) -> Result<Outcome, PhaseError> {
    account.wait(SignedDuration::from_mins(minutes));
    let stage = Stage { name: "prod".to_owned(), deployment_id: shop::G.to_owned(), ..Stage::default() };
    guard::converge(account, migration, &[Some(stage)], account.now()).await
}

fn told(account: &Account, migration: &Migration) -> Vec<String> {
    let events = account.events_of(migration);
    let told = events.iter().filter(|event| event.what == "step reached the stage");
    told.map(|event| event.evidence["findings"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_switch_is_done_once_enough_answers_in_a_row_are_greens_and_the_audit_says_when() {
    let (account, migration) = switched().await;
    let before = account.calls();
    assert_eq!(look(&account, &migration, 1).await.unwrap_err().condition, Condition::NotReady);
    assert!(told(&account, &migration).is_empty(), "blue still answers");
    let asked = account.operations()[before..].iter().filter(|operation| **operation == "execute-api:Invoke").count();
    assert!((5..=400).contains(&asked), "{asked}");
    serves(&account, shop::G);
    assert_eq!(look(&account, &migration, 1).await.unwrap_err().condition, Condition::NotReady);
    let found = told(&account, &migration);
    assert!(
        found[0].starts_with(
            "100 % on green: 5 answers in a row were green's, the first 120.0 s and the last 120.0 s after the step was taken; \
             asked from 60.0 s on, blue gave "
        ),
        "{found:?}"
    );
    // No further request, and the step passes in its time.
    let before = account.calls();
    look(&account, &migration, 3).await.unwrap();
    assert!(!account.operations()[before..].contains(&"execute-api:Invoke"));
    assert_eq!(
        (told(&account, &migration).len(), account.progress_of(&migration, Progress::Reach)["green"].as_u64()),
        (1, Some(5))
    );
}

#[tokio::test]
async fn a_switch_that_is_not_shown_to_have_reached_the_stage_is_held_and_then_goes_back() {
    let (account, migration) = switched().await;
    let held = look(&account, &migration, 5).await.unwrap_err();
    assert_eq!(held.condition, Condition::NotReady);
    assert!(held.message.contains("of 5 answers in a row that are to be green's 0 came"), "{held}");
    let error = look(&account, &migration, 10).await.unwrap_err();
    assert_eq!(error.condition, Condition::GuardBreached);
    assert!(error.message.contains("it is not shown that production's stage serves that"), "{error}");
}

#[tokio::test]
async fn a_look_that_met_a_fault_at_any_call_goes_on_where_it_was() {
    let before = async || {
        let (account, migration) = switched().await;
        serves(&account, shop::G);
        (account, migration)
    };
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

/// The shop behind two APIs, one of which has the text elsewhere, when both stages were just given their deployments.
async fn both_switched() -> (Account, Migration) {
    let paths = json!([{ "restApiId": two_apis::OTHER, "path": "/pay" }]);
    let marker = json!({ "path": "/cart", "paths": paths, "blue": "shop-blue", "green": "shop-green", "inARow": 5 });
    let cutover = json!({ "stepDuration": "5m", "analysis": { "patience": "10m" }, "marker": marker });
    let input = shop::input_with(json!({ "gateway": two_apis::gateway(), "cutover": cutover }));
    let (account, migration) = Account::prepared_for_two(&input).unwrap();
    let now = account.now();
    Shift { guarded: 0, share: 100, started_at: now, shifted_at: now }.save(&account, &migration).await.unwrap();
    (account, migration)
}

#[tokio::test]
async fn of_two_apis_a_step_is_shown_once_it_has_reached_the_stages_of_both() {
    let (account, migration) = both_switched().await;
    let marker = migration.input.cutover.marker.clone().unwrap();
    let shift = Shift::saved(&account, &migration).await.unwrap().unwrap();
    let seen = async || {
        account.wait(SignedDuration::from_mins(1));
        let apis = [shop::API, two_apis::OTHER];
        let reach = reach::look(&account, &migration, (&shift, &marker), account.now()).await.unwrap();
        reach.missing(100, &marker, &apis)
    };
    serves(&account, shop::G);
    let missing = seen().await.unwrap();
    assert!(missing.starts_with("shop2: of 5 answers in a row that are to be green's 0 came"), "{missing}");
    assert!(missing.contains(" blue's, and 0 neither's"), "{missing}");
    assert_eq!(told(&account, &migration), [""; 0]);
    // Its deployment for green, with its own methods.
    let (other, of_green) = (two_apis::OTHER.to_owned(), two_apis::OTHER_G.to_owned());
    {
        let mut aws = account.aws();
        let stage = aws.stages.get_mut(&(other.clone(), "prod".to_owned())).unwrap();
        let blues = std::mem::replace(&mut stage.deployment_id, of_green.clone());
        let mut methods = aws.deployments[&(other.clone(), blues)].1.clone();
        let through_green = aws.deployments[&(other.clone(), of_green.clone())].1[0].integration.clone();
        for method in &mut methods {
            method.integration.clone_from(&through_green);
        }
        aws.deployments.get_mut(&(other, of_green)).unwrap().1 = methods;
    }
    assert_eq!(seen().await, None);
    let told = told(&account, &migration);
    assert!(
        told[0].starts_with("shop1: 100 % on green: 5 answers in a row") && told[0].contains("; shop2: 100 %"),
        "{told:?}"
    );
}
