//! The bake and the guard, from every fault.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Migration, Outcome, PhaseError, Progress, TaskToken,
    approval::Decision,
    cut_short::CutShort,
    pause::Pause,
    plan::edge::{Canary, Stage},
    ports::{Clock, Ledger, alarms::AlarmState, executions::Standing, schedules::When},
    resources::{deployment, vpc_link},
    shift::Shift,
    way_back::Seen,
};
use observe::{bake, guard, sight::Sight};
use serde_json::json;
use testing::shop::{G, input_with, two_apis};
use testing::{Account, Fault};

const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx";

fn moved() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input_with(json!({
        "cutover": {
            "steps": [10, 100], "stepDuration": "5m", "deadline": "1h", "alarms": [ALARM], "analysis": { "when": "never" },
        },
        "bake": { "duration": "2h", "alarms": [ALARM] },
    })))
    .unwrap();
    account.go_to(start());
    (account, migration)
}

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn start() -> jiff::Timestamp {
    at("2026-01-01T12:00:00Z")
}

async fn begin(account: &Account, migration: &Migration, token: &str) -> Result<Outcome, PhaseError> {
    bake::begin(account, migration, TaskToken::new(token), "arn:observe", account.now()).await
}

async fn begun() -> (Account, Migration) {
    let (account, migration) = moved();
    begin(&account, &migration, "t").await.unwrap();
    (account, migration)
}

fn clear() -> Sight {
    Sight { alarms: Vec::new(), moved: None, released: Ok(Vec::new()), way_back: Seen::default(), compared: Ok(None) }
}

async fn watch(
    account: &Account,
    migration: &Migration,
    sight: &Sight,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    bake::watch(account, migration, std::future::ready(Ok(sight.clone())), now).await
}

/// What the waiting task was answered: its output, or the error's name.
fn answer(account: &Account) -> Option<String> {
    account.people().answered.get("t").cloned()
}

#[tokio::test]
async fn a_quiet_bake_ends_well_at_its_time_and_not_before() {
    let (account, migration) = begun().await;
    let schedules: Vec<When> = account.aws().schedules.values().map(|schedule| schedule.when).collect();
    let (end, net) = (at("2026-01-01T14:00:00Z"), at("2026-02-01T12:00:00Z"));
    let from = at("2026-01-01T12:01:00Z");
    let until = net.checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
    assert_eq!(schedules, [When::At(end), When::Every { minutes: 1, from, until }]);
    watch(&account, &migration, &clear(), at("2026-01-01T13:59:58Z")).await.unwrap();
    assert_eq!(answer(&account), None);
    watch(&account, &migration, &clear(), end).await.unwrap();
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
    only_the_way_back_is_watched(&account);
}

/// Green serves, and the bake is over.
fn only_the_way_back_is_watched(account: &Account) {
    let left: Vec<(u32, String)> = account
        .aws()
        .schedules
        .values()
        .map(|schedule| match schedule.when {
            When::Every { minutes, .. } => (minutes, schedule.input["watch"].to_string()),
            When::At(at) => panic!("a deadline is left at {at}"),
        })
        .collect();
    assert_eq!(left, [(5, "\"way-back\"".to_owned())]);
    assert!(account.table().watched.is_empty());
}

#[tokio::test]
async fn a_bake_that_people_cut_short_ends_at_the_next_look_unless_something_breaks_or_holds_it() {
    let now = at("2026-01-01T12:30:00Z");
    let released = Sight { released: Ok(vec!["web on green".to_owned()]), ..clear() };
    let fired = Sight { alarms: vec!["5xx is in ALARM".to_owned()], ..clear() };
    for (sight, expected) in
        [(clear(), Some(r#"{"decision":"approved"}"#)), (released, None), (fired, Some("GuardBreached"))]
    {
        let (account, migration) = begun().await;
        CutShort { at: now, by: "Ana".to_owned() }.save(&account, &migration).await.unwrap();
        watch(&account, &migration, &sight, now).await.unwrap();
        assert_eq!(answer(&account).as_deref(), expected, "{sight:?}");
        let by = account.question(&migration, "bake").unwrap().answer.map(|answer| answer.by);
        assert_eq!(by.as_deref() == Some("Ana"), expected.is_some_and(|answer| answer.contains("approved")));
    }
}

#[tokio::test]
async fn an_alarm_that_fires_breaks_the_bake_even_if_it_is_ok_again() {
    for state in [AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Missing, AlarmState::Ok] {
        let (account, migration) = begun().await;
        account.aws().alarms.insert(ALARM.to_owned(), state);
        bake::alarm(&account, &migration, ALARM, true, start()).await.unwrap();
        assert_eq!(answer(&account).as_deref(), Some("GuardBreached"), "{state:?}");
    }
}

#[tokio::test]
async fn a_change_of_configuration_that_leaves_the_alarm_ok_breaks_nothing() {
    let (account, migration) = begun().await;
    bake::alarm(&account, &migration, ALARM, false, start()).await.unwrap();
    assert_eq!(answer(&account), None);
}

#[tokio::test]
async fn a_bake_does_not_begin_under_an_alarm_that_is_not_ok() {
    for state in [AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Missing] {
        let (account, migration) = moved();
        account.aws().alarms.insert(ALARM.to_owned(), state);
        let error = begin(&account, &migration, "t").await.unwrap_err();
        assert_eq!(error.condition, Condition::GuardBreached, "{state:?}");
    }
}

#[tokio::test]
async fn a_stage_that_somebody_moved_breaks_the_bake_as_a_conflict() {
    let (account, migration) = begun().await;
    let moved = Sight { moved: Some("the stage prod serves the deployment X".to_owned()), ..clear() };
    watch(&account, &migration, &moved, start()).await.unwrap();
    assert_eq!(answer(&account).as_deref(), Some("Conflict"));
    assert!(account.aws().schedules.is_empty() && account.table().watched.is_empty());
}

#[tokio::test]
async fn a_release_on_one_side_only_is_told_once_and_holds_the_bake_until_both_sides_agree() {
    let (account, migration) = begun().await;
    let released = Sight { released: Ok(vec!["Deployment/shop/web on green (web:2)".to_owned()]), ..clear() };
    for time in ["2026-01-01T12:01:00Z", "2026-01-01T14:00:00Z", "2026-01-01T14:01:00Z"] {
        watch(&account, &migration, &released, at(time)).await.unwrap();
    }
    assert_eq!(answer(&account), None);
    watch(&account, &migration, &clear(), at("2026-01-01T14:02:00Z")).await.unwrap();
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
    let messages = account.people().messages.clone();
    let subjects: Vec<&str> = messages.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, ["Bascule move: a release reached one cluster only"]);
    let text = &messages[0].1;
    assert!(text.contains("Deployment/shop/web on green (web:2)"), "{text}");
}

#[tokio::test]
async fn a_bake_that_was_turned_back_is_left_to_the_way_back() {
    let (account, migration) = begun().await;
    let back = account.turned_back(&migration);
    let gone = std::future::ready(Err(PhaseError::unavailable("green is being deleted")));
    bake::watch(&account, &back, gone, at("2026-01-01T15:00:00Z")).await.unwrap();
    assert_eq!(answer(&account), None);
}

#[tokio::test]
async fn the_first_end_of_a_bake_stands() {
    let (account, migration) = begun().await;
    bake::alarm(&account, &migration, ALARM, true, start()).await.unwrap();
    watch(&account, &migration, &clear(), at("2026-01-01T14:00:00Z")).await.unwrap();
    assert_eq!(answer(&account).as_deref(), Some("GuardBreached"));
    let asked = account.question(&migration, "bake").unwrap();
    assert_eq!(asked.answer.unwrap().decision, Decision::Rejected);
}

#[tokio::test]
async fn a_bake_that_met_a_fault_at_any_call_begins_as_an_undisturbed_one() {
    let (undisturbed, migration) = moved();
    let before = undisturbed.calls();
    begin(&undisturbed, &migration, "t").await.unwrap();
    for call in 1..=undisturbed.calls() - before {
        for fault in [Fault::Killed, Fault::TimedOut, Fault::Throttled] {
            let (account, migration) = moved();
            account.fail_at(call, fault);
            begin(&account, &migration, "t1").await.unwrap_err();
            // The retry comes later and with a token of its own.
            account.start("observe");
            account.go_to(at("2026-01-01T12:01:00Z"));
            begin(&account, &migration, "t2").await.unwrap();
            let asked = account.question(&migration, "bake").unwrap();
            assert_eq!(asked.token.reveal(), "t2", "{fault:?} at {call}");
            let ends = [at("2026-01-01T14:00:00Z"), at("2026-01-01T14:01:00Z")];
            assert!(ends.contains(&asked.deadline), "{fault:?} at {call}: {}", asked.deadline);
            let schedules: Vec<_> = account.aws().schedules.values().map(|found| found.when.time()).collect();
            assert_eq!((schedules.len(), schedules[0]), (2, asked.deadline), "{fault:?} at {call}");
        }
    }
}

#[tokio::test]
async fn the_end_of_a_bake_that_met_a_fault_at_any_call_is_completed_by_the_next_look() {
    let look = async |account: &Account, migration: &Migration| {
        watch(account, migration, &clear(), at("2026-01-01T14:01:00Z")).await?;
        assert_eq!(answer(account).as_deref(), Some(r#"{"decision":"approved"}"#));
        only_the_way_back_is_watched(account);
        Ok(())
    };
    Account::survives(begun, look).await.unwrap();
}

async fn shifted(share: u8, guarded: usize) -> (Account, Migration) {
    let (account, migration) = moved();
    let shift = Shift { guarded, share, started_at: start(), shifted_at: start() };
    shift.save(&account, &migration).await.unwrap();
    for (key, id) in [(deployment::green(&migration), "G"), (vpc_link::key(&migration), "link")] {
        account.know(&migration, key, id);
    }
    (account, migration)
}

/// The stage as Bascule left it.
fn stage(migration: &Migration, share: u8) -> Stage {
    let b = migration.plan.edge.deployment_b().to_owned();
    let canary =
        (share < 100).then(|| Canary { deployment_id: "G".to_owned(), percent: f64::from(share), ..Canary::default() });
    let deployment_id = if share < 100 { b } else { "G".to_owned() };
    Stage { name: "prod".to_owned(), deployment_id, canary, ..Stage::default() }
}

async fn watched(account: &Account, migration: &Migration, now: jiff::Timestamp) -> Result<Outcome, PhaseError> {
    let shift = Shift::saved(account, migration).await?.unwrap();
    guard::converge(account, migration, &[Some(stage(migration, shift.share))], now).await
}

#[tokio::test]
async fn a_stage_that_somebody_moved_is_a_conflict_at_once() {
    let (account, migration) = shifted(10, 0).await;
    for found in [None, Some(stage(&migration, 11)), Some(stage(&migration, 100))] {
        let error = guard::converge(&account, &migration, std::slice::from_ref(&found), start()).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict, "{found:?}");
    }
}

#[tokio::test]
async fn each_of_several_apis_must_be_as_the_step_left_it() {
    let input = input_with(json!({ "gateway": two_apis::gateway(), "cutover": { "analysis": { "when": "never" } } }));
    let (account, migration) = Account::prepared_for_two(&input).unwrap();
    let shift = Shift { guarded: 0, share: 100, started_at: start(), shifted_at: start() };
    shift.save(&account, &migration).await.unwrap();
    let on = |deployment: &str| {
        Some(Stage { name: "prod".to_owned(), deployment_id: deployment.to_owned(), ..Stage::default() })
    };
    let look = async |stages: [Option<Stage>; 2]| guard::converge(&account, &migration, &stages, start()).await;
    let watched = look([on(G), on(two_apis::OTHER_G)]).await.unwrap_err();
    assert_eq!(watched.condition, Condition::NotReady, "{watched}");
    for other in [on(G), None] {
        let moved = look([on(G), other]).await.unwrap_err();
        assert_eq!(moved.condition, Condition::Conflict);
        assert!(moved.message.starts_with("of the API shop2: the stage"), "{moved}");
    }
}

#[tokio::test]
async fn a_step_is_watched_for_its_time_and_then_counted_once() {
    let (account, migration) = shifted(10, 0).await;
    let early = watched(&account, &migration, at("2026-01-01T12:04:59Z")).await.unwrap_err();
    assert_eq!(early.condition, Condition::NotReady);
    for _ in 0..2 {
        let passed = watched(&account, &migration, at("2026-01-01T12:05:00Z")).await.unwrap();
        assert_eq!(passed.get("complete"), Some(&json!(false)));
    }
    assert_eq!(Shift::saved(&account, &migration).await.unwrap().unwrap().guarded, 1);
}

#[tokio::test]
async fn a_switch_that_people_paused_goes_on_when_they_say_so_and_back_at_its_deadline() {
    let (account, migration) = shifted(10, 0).await;
    let pause = Pause { at: at("2026-01-01T12:01:00Z"), by: "Ana".to_owned() };
    pause.begin(&account, &migration).await.unwrap();
    let held = watched(&account, &migration, at("2026-01-01T12:59:00Z")).await.unwrap_err();
    assert!(held.condition == Condition::NotReady && held.message.contains("paused by Ana"), "{held}");
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    let fired = watched(&account, &migration, at("2026-01-01T12:30:00Z")).await.unwrap_err();
    assert_eq!(fired.condition, Condition::GuardBreached, "alarms count all the same");
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Ok);
    let late = watched(&account, &migration, at("2026-01-01T13:00:01Z")).await.unwrap_err();
    assert_eq!(late.condition, Condition::GuardBreached);
    Pause::end(&account, &migration).await.unwrap();
    assert!(watched(&account, &migration, at("2026-01-01T12:30:00Z")).await.is_ok());

    // Nothing comes after the last step.
    let (account, migration) = shifted(100, 1).await;
    pause.begin(&account, &migration).await.unwrap();
    assert!(watched(&account, &migration, at("2026-01-01T12:05:00Z")).await.is_ok());
}

#[tokio::test]
async fn an_alarm_or_a_missed_deadline_sends_traffic_back_at_once() {
    let (account, migration) = shifted(10, 0).await;
    let late = watched(&account, &migration, at("2026-01-01T13:00:01Z")).await.unwrap_err();
    assert_eq!(late.condition, Condition::GuardBreached);
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    let fired = watched(&account, &migration, start()).await.unwrap_err();
    assert_eq!(fired.condition, Condition::GuardBreached);
}

#[tokio::test]
async fn the_last_step_completes_the_switch() {
    let (account, migration) = shifted(100, 1).await;
    let passed = watched(&account, &migration, at("2026-01-01T12:05:00Z")).await.unwrap();
    assert_eq!(passed.get("complete"), Some(&json!(true)));
}

#[tokio::test]
async fn nothing_waits_or_is_watched_once_the_migration_was_turned_back() {
    let (account, migration) = moved();
    let back = account.turned_back(&migration);
    assert_eq!(begin(&account, &back, "t").await.unwrap_err().condition, Condition::TurnedBack);
    assert!(account.aws().schedules.is_empty() && account.question(&back, "bake").is_none());
    let guarded = guard::converge(&account, &back, &[None], start()).await;
    assert_eq!(guarded.unwrap_err().condition, Condition::TurnedBack);
}

#[tokio::test]
async fn a_switch_that_cannot_be_read_is_no_switch_that_has_not_begun() {
    let (account, migration) = moved();
    let asked = async || guard::converge(&account, &migration, &[None], start()).await.unwrap_err();
    assert_eq!(asked().await.condition, Condition::Refused);
    account.save_progress(&migration, Progress::ShiftTraffic, json!({ "share": 25 })).await.unwrap();
    let error = asked().await;
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("missing field"), "{error}");
}

#[tokio::test]
async fn a_bake_that_broke_while_its_state_was_retried_ends_for_the_new_token_too() {
    let (account, migration) = begun().await;
    bake::alarm(&account, &migration, ALARM, true, start()).await.unwrap();
    begin(&account, &migration, "t2").await.unwrap();
    assert_eq!(account.people().answered.get("t2").map(String::as_str), Some("GuardBreached"));
}

#[tokio::test]
async fn an_alarm_takes_the_way_back_itself_where_the_execution_was_stopped_and_no_event_came() {
    for (status, expected) in [("ABORTED", 1), ("TIMED_OUT", 1)] {
        let (account, migration) = begun().await;
        account.people().answered.insert("t".to_owned(), "stopped".to_owned());
        let ended = at("2026-01-01T11:00:00Z");
        account.people().standing = Some(Standing::Ended { status: status.to_owned(), at: ended });
        bake::alarm(&account, &migration, ALARM, true, start()).await.unwrap();
        let rollbacks = account.people().rollbacks.clone();
        let input = json!({ "migrationId": migration.id, "reason": status, "automatic": true });
        assert_eq!((rollbacks.len(), rollbacks.values().next()), (expected, Some(&input)));
    }
    let (account, migration) = begun().await;
    account.people().standing = Some(Standing::Running);
    account.people().answered.insert("t".to_owned(), "heard".to_owned());
    bake::alarm(&account, &migration, ALARM, true, start()).await.unwrap();
    assert!(account.people().rollbacks.is_empty(), "it goes back by itself");
}

#[tokio::test]
async fn people_are_told_once_that_a_bake_cannot_end_since_the_clusters_cannot_be_compared() {
    let (account, migration) = begun().await;
    let away = Sight { released: Err(PhaseError::unavailable("blue does not answer")), ..clear() };
    watch(&account, &migration, &away, at("2026-01-01T13:00:00Z")).await.unwrap();
    let error = watch(&account, &migration, &away, at("2026-01-01T14:09:00Z")).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unavailable);
    assert!(account.people().messages.is_empty(), "a cluster may be away for a while");
    for time in ["2026-01-01T14:10:00Z", "2026-01-01T14:11:00Z"] {
        let error = watch(&account, &migration, &away, at(time)).await.unwrap_err();
        assert_eq!(error.condition, Condition::Unavailable);
    }
    let subjects: Vec<String> = account.people().messages.iter().map(|(subject, _)| subject.clone()).collect();
    assert_eq!(subjects, ["Bascule move: the bake cannot end"]);
    watch(&account, &migration, &clear(), at("2026-01-01T14:12:00Z")).await.unwrap();
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
}
