//! The calls of the migrate and the rollback machine, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Invocation, Kind, Migration, Outcome, PhaseError, ResourceKey, Side,
    ports::{
        migrations::{Life, Meta},
        schedules::When,
    },
};
use preflight::event::{Call, handle};
use serde_json::{Value, json};
use testing::{Account, Fault, shop};

const ID: &str = "arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move";

async fn handled(account: &Account, call: Value) -> Result<Outcome, PhaseError> {
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    Box::pin(handle(account, serde_json::from_value::<Call>(call).unwrap(), invocation)).await
}

async fn begin(account: &Account, input: &Value) -> Result<Outcome, PhaseError> {
    handled(account, json!({ "migrationId": ID, "name": "move", "input": input })).await
}

async fn undo(account: &Account) -> Result<Outcome, PhaseError> {
    handled(account, json!({ "migrationId": ID, "direction": "undo" })).await
}

fn meta(account: &Account) -> Option<Meta> {
    account.table().migrations.values().next().map(|record| record.meta.clone())
}

#[tokio::test]
async fn a_sound_input_opens_the_migration_once() {
    for (dry_run, life) in [(false, Life::Open), (true, Life::Ended)] {
        let account = Account::shop();
        let input = shop::input_with(json!({ "dryRun": dry_run }));
        let before = account.aws().contents();
        for _ in 0..2 {
            assert_eq!(begin(&account, &input).await, Ok(Outcome::done().with("dryRun", dry_run)));
        }
        let record = account.table().migrations.values().next().cloned().unwrap();
        let events: Vec<&str> = record.events.iter().map(|event| event.what.as_str()).collect();
        let watched = ["opened", "intended", "present"];
        assert_eq!((record.meta.life, events), (life, watched[..if dry_run { 1 } else { 3 }].to_vec()));
        let schedules = std::mem::take(&mut account.aws().schedules);
        assert_eq!(account.aws().contents(), before, "nothing outside the ledger is changed, but that it is watched");
        let looks: Vec<Value> = schedules.values().map(|schedule| schedule.input.clone()).collect();
        let look = json!({ "migrationId": ID, "watch": "execution" });
        assert_eq!(looks, if dry_run { vec![] } else { vec![look] });
    }
}

#[tokio::test]
async fn a_migration_that_was_opened_is_watched_whatever_call_met_a_fault() {
    let opened = Account::shop();
    begin(&opened, &shop::input()).await.unwrap();
    let calls = opened.calls();
    let open = opened.operations().iter().rposition(|operation| *operation == "scheduler:CreateSchedule").unwrap();
    for call in open.saturating_sub(8)..=calls {
        let account = Account::shop();
        account.fail_at(call, Fault::Killed);
        begin(&account, &shop::input()).await.unwrap_err();
        account.start("preflight");
        account.wait(jiff::SignedDuration::from_secs(15));
        begin(&account, &shop::input()).await.unwrap();
        let schedules: Vec<When> = account.aws().schedules.values().map(|schedule| schedule.when).collect();
        assert!(matches!(schedules[..], [When::Every { minutes: 5, .. }]), "killed at call {call}: {schedules:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_answer_to_whoever_asks_again() {
    let account = Account::shop();
    let blue = account.aws().clusters.remove(shop::BLUE).unwrap();
    let error = begin(&account, &shop::input()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("$.blue.cluster: "), "{error}");
    // The same execution, tried again after its answer was lost: another one may have another answer.
    account.aws().clusters.insert(shop::BLUE.to_owned(), blue);
    assert_eq!(begin(&account, &shop::input()).await, Err(error));
    assert_eq!(meta(&account).unwrap().life, Life::Ended);
}

#[tokio::test]
async fn an_input_that_cannot_be_read_is_refused_and_kept() {
    let account = Account::shop();
    for input in [json!("move"), json!([]), Value::Null] {
        let account = Account::shop();
        let error = begin(&account, &input).await.unwrap_err();
        assert_eq!(error.condition, Condition::InvalidInput, "{input}");
        assert_eq!(meta(&account).unwrap().refusal.map(PhaseError::from), Some(error), "{input}");
    }
    let mut input = shop::input();
    input["extra"] = json!(1);
    let error = begin(&account, &input).await.unwrap_err();
    assert_eq!(error.condition, Condition::InvalidInput);
    assert!(error.message.contains("$.extra: "), "{error}");
}

#[tokio::test]
async fn the_way_back_ends_what_it_finds_and_says_what_is_left() {
    let account = Account::shop();
    assert_eq!(undo(&account).await.unwrap_err().condition, Condition::Refused, "never opened");

    let (account, migration) = Account::opened(&shop::input()).unwrap();
    let key = ResourceKey::new(Side::Green, Kind::Cluster, shop::GREEN);
    account.know(&migration, key, shop::GREEN);
    let expected = "blue serves; still in the ledger: RESOURCE#green#Cluster#shop-green. Start the rollback machine again, or delete \
                    these by hand";
    assert_eq!(undo(&account).await, Err(PhaseError::refused(expected)));
    assert_eq!(meta(&account).unwrap().life, Life::Open);

    let (account, _) = Account::opened(&shop::input()).unwrap();
    assert_eq!(undo(&account).await, Ok(Outcome::done().with("ended", false)));
    let ended = meta(&account).unwrap();
    assert_eq!((ended.life, ended.outcome.as_deref()), (Life::Ended, Some("BlueServes")));
    assert!(account.table().locks.is_empty());
    assert_eq!(undo(&account).await, Ok(Outcome::done().with("ended", true)), "a second time");
}

#[tokio::test]
async fn green_that_is_kept_does_not_hinder_the_end() {
    let (account, migration) = Account::opened(&shop::input_with(json!({ "onAbort": "keep" }))).unwrap();
    account.provision_cluster(&migration);
    assert_eq!(undo(&account).await, Ok(Outcome::done().with("ended", false)));
    let Migration { id, .. } = migration;
    assert_eq!(account.table().migrations[&id].meta.outcome.as_deref(), Some("BlueServes"));
}

#[test]
fn a_call_with_other_fields_is_refused() {
    for call in
        [json!({}), json!({ "migrationId": ID, "step": "leave-blue" }), json!({ "migrationId": ID, "direction": "up" })]
    {
        assert!(serde_json::from_value::<Call>(call.clone()).is_err(), "{call}");
    }
}
