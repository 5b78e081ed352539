//! The way back is watched while green serves, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Invocation, Migration, Progress,
    moved_cleanup::MovedCleanup,
    ports::{Clock as _, Migrations as _, Settings as _, schedules::When},
    resources::schedule::{self, Occasion},
    shift::Shift,
};
use jiff::SignedDuration;
use observe::event::{Event, handle};
use serde_json::{Value, json};
use testing::{Account, Fault, shop};

const BLUE: &str = "shop-blue";

/// The shop in its bake.
async fn baking() -> (Account, Migration) {
    let (account, migration) = Account::opened(&shop::input_with(json!({ "bake": { "duration": "2h" } }))).unwrap();
    account.prepare(&migration);
    let stage = (shop::API.to_owned(), "prod".to_owned());
    shop::G.clone_into(&mut account.aws().stages.get_mut(&stage).unwrap().deployment_id);
    let now = account.now();
    Shift { guarded: 1, share: 100, started_at: now, shifted_at: now }.save(&account, &migration).await.unwrap();
    handled(&account, json!({ "migrationId": migration.id, "step": "bake", "taskToken": "t" })).await;
    (account, migration)
}

async fn handled(account: &Account, event: Value) {
    handle(account, serde_json::from_value::<Event>(event).unwrap(), invocation()).await.unwrap();
}

fn invocation() -> Invocation {
    Invocation { request_id: "request".to_owned(), deadline: jiff::Timestamp::MAX, lease_until: jiff::Timestamp::MAX }
}

/// A schedule calls, this many minutes later.
async fn look(account: &Account, migration: &Migration, watch: &str, minutes: i64) {
    account.wait(SignedDuration::from_mins(minutes));
    handled(account, json!({ "migrationId": migration.id, "watch": watch })).await;
}

fn subjects(account: &Account) -> Vec<String> {
    account.people().messages.iter().map(|(subject, _)| subject.clone()).collect()
}

/// Somebody, or an autoscaler, sets the replicas of blue's web.
fn scale(account: &Account, replicas: i64) {
    let mut web = account.cluster(BLUE).object("Deployment/shop/web").unwrap();
    web["spec"]["replicas"] = json!(replicas);
    account.cluster(BLUE).put(web);
}

#[tokio::test]
async fn a_blue_that_shrinks_in_the_bake_is_told_once_and_so_is_its_recovery() {
    let (account, migration) = Box::pin(baking()).await;
    look(&account, &migration, "bake", 1).await;
    assert_eq!(subjects(&account), [""; 0]);
    let before = account.cluster(BLUE).object("Deployment/shop/web").unwrap()["spec"]["replicas"].as_i64().unwrap();
    scale(&account, 0);
    for _ in 0..3 {
        look(&account, &migration, "bake", 1).await;
    }
    assert_eq!(subjects(&account), ["Bascule move: mend shop-blue, the way back is degraded"]);
    let text = account.people().messages[0].1.clone();
    assert!(text.contains("- 0 Pods of Deployment/shop/web are ready on blue"), "{text}");
    let known = account.progress_of(&migration, Progress::WayBack);
    assert_eq!(known["told"][0]["what"], "Deployment/shop/web");
    scale(&account, before);
    for minutes in [1, 9, 1, 1] {
        look(&account, &migration, "bake", minutes).await;
    }
    assert_eq!(subjects(&account)[1..], ["Bascule move: the way back to shop-blue is ready again"]);
    let events = account.events_of(&migration);
    let told: Vec<&str> =
        events.iter().map(|event| event.what.as_str()).filter(|what| what.starts_with("way back")).collect();
    assert_eq!(told, ["way back degraded", "way back ready again"]);
    assert_eq!(account.people().answered.get("t"), None, "the bake goes on");
}

#[tokio::test]
async fn the_way_back_is_watched_from_the_bake_to_the_deletion_of_blue() {
    let (account, migration) = Box::pin(baking()).await;
    look(&account, &migration, "bake", 120).await;
    assert!(account.people().answered["t"].contains("approved"));
    let schedules: Vec<When> = account.aws().schedules.values().map(|schedule| schedule.when).collect();
    assert!(matches!(schedules[..], [When::Every { minutes: 5, .. }]), "{schedules:?}");
    account.aws().links.clear();
    look(&account, &migration, "way-back", 5).await;
    look(&account, &migration, "way-back", 5).await;
    assert_eq!(subjects(&account), ["Bascule move: mend shop-blue, the way back is degraded"]);
    assert!(account.people().messages[0].1.contains("is deleted"));
    account.promote(&migration).await.unwrap();
    account.begin_cleanup(&migration).await.unwrap();
    scale(&account, 0);
    look(&account, &migration, "way-back", 5).await;
    look(&account, &migration, "way-back", 5).await;
    assert_eq!(subjects(&account).len(), 1, "blue is being deleted");
}

#[tokio::test]
async fn a_cleanup_that_people_moved_is_moved_by_the_next_look_whatever_kills_it() {
    let promoted = async || {
        let (account, migration) = Box::pin(baking()).await;
        look(&account, &migration, "bake", 120).await;
        let later = When::At(account.now() + SignedDuration::from_hours(24));
        schedule::ensure(&account, &migration, Occasion::Cleanup, later, "arn:cleanup", json!({})).await.unwrap();
        account.promote(&migration).await.unwrap();
        let to = account.now() + SignedDuration::from_hours(72);
        MovedCleanup { to, by: "Ana".to_owned() }.save(&account, &migration).await.unwrap();
        (account, migration, to)
    };
    let is_moved = |account: &Account, migration: &Migration, to| {
        let name = schedule::name(migration, &schedule::key(Occasion::Cleanup));
        let schedule = account.aws().schedules.get(&name).cloned().unwrap();
        let machine = account.cleanup_machine_arn().unwrap();
        assert_eq!(
            (schedule.when, schedule.target_arn, schedule.input),
            (When::At(to), machine, json!({ "migrationId": migration.id }))
        );
        assert_eq!(account.progress_of(migration, Progress::MovedCleanup), Value::Null);
    };
    for call in 1.. {
        let (account, migration, to) = Box::pin(promoted()).await;
        account.fail_at(call, Fault::Killed);
        let event: Event = serde_json::from_value(json!({ "migrationId": migration.id, "watch": "way-back" })).unwrap();
        let _ = Box::pin(handle(&account, event, invocation())).await;
        let met = account.met().is_some();
        account.start("observe");
        account.fail_at(usize::MAX / 2, Fault::Killed);
        look(&account, &migration, "way-back", 5).await;
        is_moved(&account, &migration, to);
        if !met {
            let events = account.events_of(&migration);
            let moved: Vec<_> = events.iter().filter(|event| event.what == "cleanup moved").collect();
            assert!(
                moved.len() == 1 && moved[0].evidence["findings"].as_str().unwrap().ends_with("asked for by Ana"),
                "{moved:?}"
            );
            break;
        }
    }
}

#[tokio::test]
async fn a_blue_that_cannot_be_seen_is_a_weak_one_and_hides_nothing_else() {
    let (account, migration) = Box::pin(baking()).await;
    look(&account, &migration, "bake", 1).await;
    account.aws().clusters.remove(BLUE);
    account.aws().links.clear();
    look(&account, &migration, "bake", 1).await;
    look(&account, &migration, "bake", 1).await;
    let texts: Vec<String> = account.people().messages.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    for finding in ["- the VPC link", "- the workloads of both clusters cannot be seen: "] {
        assert!(texts[0].contains(finding), "{texts:?}");
    }
}

#[tokio::test]
async fn a_release_on_green_only_after_the_bake_would_be_lost_by_going_back() {
    let (account, migration) = Box::pin(baking()).await;
    look(&account, &migration, "bake", 120).await;
    let mut web = account.cluster("shop-green").object("Deployment/shop/web").unwrap();
    web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:next");
    account.cluster("shop-green").put(web);
    look(&account, &migration, "way-back", 5).await;
    look(&account, &migration, "way-back", 5).await;
    let (subject, text) = account.people().messages[0].clone();
    assert!(
        subject.contains("degraded")
            && text.contains("released on one side only: Deployment/shop/web on green (web:next)"),
        "{text}"
    );
}
