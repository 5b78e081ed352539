//! The bake and the guard, from every crash point.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Direction, Migration, Outcome, PhaseError, Progress, TaskToken,
    approval::Decision,
    plan::edge::{Canary, Stage},
    ports::{Ledger, alarms::AlarmState, schedules::When},
    resources::{deployment, vpc_link},
    shift::Shift,
};
use observe::{bake, guard, sight::Sight};
use serde_json::{Value, json};
use testing::{Office, migration};

const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx";

fn moved() -> Migration {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
        "cutover": { "steps": [10, 100], "stepDuration": "5m", "deadline": "1h", "alarms": [ALARM] },
        "bake": { "duration": "2h", "alarms": [ALARM] },
    });
    migration(&input).unwrap()
}

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn start() -> jiff::Timestamp {
    at("2026-01-01T12:00:00Z")
}

async fn begun() -> (Office, Migration) {
    let (office, migration) = (Office::default(), moved());
    bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await.unwrap();
    (office, migration)
}

fn clear() -> Sight {
    Sight { alarms: Vec::new(), moved: None, released: Ok(Vec::new()) }
}

fn seen(sight: &Sight) -> std::future::Ready<Result<Sight, PhaseError>> {
    std::future::ready(Ok(sight.clone()))
}

#[tokio::test]
async fn a_quiet_bake_ends_well_at_its_time_and_not_before() {
    let (office, migration) = begun().await;
    let schedules: Vec<When> = office.desk().schedules.values().map(|schedule| schedule.when).collect();
    let (end, net) = (at("2026-01-01T14:00:00Z"), at("2026-02-01T12:00:00Z"));
    assert_eq!(schedules, [When::At(end), When::EveryMinuteUntil(net)]);
    bake::watch(&office, &migration, seen(&clear()), at("2026-01-01T13:59:58Z")).await.unwrap();
    assert!(office.desk().answered.is_empty());
    bake::watch(&office, &migration, seen(&clear()), end).await.unwrap();
    assert_eq!(office.desk().answered["t"], r#"{"decision":"approved"}"#);
    assert!(office.desk().schedules.is_empty() && office.desk().watched.is_empty());
}

#[tokio::test]
async fn an_alarm_that_fires_breaks_the_bake_even_if_it_is_ok_again() {
    for state in [AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Missing, AlarmState::Ok] {
        let (office, migration) = begun().await;
        office.desk().alarms.insert(ALARM.to_owned(), state);
        bake::alarm(&office, &migration, ALARM, true, start()).await.unwrap();
        assert_eq!(office.desk().answered["t"], "GuardBreached", "{state:?}");
    }
}

#[tokio::test]
async fn a_change_of_configuration_that_leaves_the_alarm_ok_breaks_nothing() {
    let (office, migration) = begun().await;
    bake::alarm(&office, &migration, ALARM, false, start()).await.unwrap();
    assert!(office.desk().answered.is_empty());
}

#[tokio::test]
async fn a_bake_does_not_begin_under_an_alarm_that_is_not_ok() {
    for state in [AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Missing] {
        let (office, migration) = (Office::default(), moved());
        office.desk().alarms.insert(ALARM.to_owned(), state);
        let begun = bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await;
        assert_eq!(begun.unwrap_err().condition, Condition::GuardBreached, "{state:?}");
    }
}

#[tokio::test]
async fn a_stage_that_somebody_moved_breaks_the_bake_as_a_conflict() {
    let (office, migration) = begun().await;
    let moved = Sight { moved: Some("the stage prod serves the deployment X".to_owned()), ..clear() };
    bake::watch(&office, &migration, seen(&moved), start()).await.unwrap();
    assert_eq!(office.desk().answered["t"], "Conflict");
    assert!(office.desk().schedules.is_empty() && office.desk().watched.is_empty());
}

#[tokio::test]
async fn a_release_on_one_side_only_is_told_once_and_holds_the_bake_until_both_sides_agree() {
    let (office, migration) = begun().await;
    let released = Sight { released: Ok(vec!["Deployment/shop/web on green (web:2)".to_owned()]), ..clear() };
    for time in ["2026-01-01T12:01:00Z", "2026-01-01T14:00:00Z", "2026-01-01T14:01:00Z"] {
        bake::watch(&office, &migration, seen(&released), at(time)).await.unwrap();
    }
    assert!(office.desk().answered.is_empty());
    assert_eq!(office.desk().messages.len(), 1);
    let (subject, text) = office.desk().messages[0].clone();
    assert_eq!(subject, "Bascule move: a release reached one cluster only");
    assert!(text.contains("Deployment/shop/web on green (web:2)"), "{text}");
    bake::watch(&office, &migration, seen(&clear()), at("2026-01-01T14:02:00Z")).await.unwrap();
    assert_eq!(office.desk().answered["t"], r#"{"decision":"approved"}"#);
    assert_eq!(office.desk().messages.len(), 1);
}

#[tokio::test]
async fn a_bake_that_was_turned_back_is_left_to_the_way_back() {
    let (office, migration) = begun().await;
    let back = Migration { direction: Direction::Undo, ..migration };
    let gone = std::future::ready(Err(PhaseError::unavailable("green is being deleted")));
    bake::watch(&office, &back, gone, at("2026-01-01T15:00:00Z")).await.unwrap();
    assert!(office.desk().answered.is_empty());
}

#[tokio::test]
async fn the_first_end_of_a_bake_stands() {
    let (office, migration) = begun().await;
    bake::alarm(&office, &migration, ALARM, true, start()).await.unwrap();
    bake::watch(&office, &migration, seen(&clear()), at("2026-01-01T14:00:00Z")).await.unwrap();
    assert_eq!(office.desk().answered["t"], "GuardBreached");
    assert_eq!(office.desk().asked["bake"].answer.as_ref().unwrap().decision, Decision::Rejected);
}

#[tokio::test]
async fn a_bake_killed_after_any_call_ends_as_an_undisturbed_one() {
    let mut survived = false;
    for calls in 1..200 {
        let (office, migration) = (Office::default(), moved());
        office.crash().after(calls);
        let first = bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await;
        survived = first.is_ok();
        office.crash().after(0);
        // The retry comes later and with a token of its own.
        bake::begin(&office, &migration, TaskToken::new("t2"), "arn:observe", at("2026-01-01T12:01:00Z"))
            .await
            .unwrap();
        assert_eq!(office.desk().schedules.len(), 2, "killed after {calls}");
        let end = office.desk().asked["bake"].deadline;
        assert!([at("2026-01-01T14:00:00Z"), at("2026-01-01T14:01:00Z")].contains(&end), "killed after {calls}: {end}");
        office.crash().after(calls);
        let ended = bake::watch(&office, &migration, seen(&clear()), at("2026-01-01T14:01:00Z")).await;
        office.crash().after(0);
        if ended.is_err() {
            bake::watch(&office, &migration, seen(&clear()), at("2026-01-01T14:01:30Z")).await.unwrap();
        }
        assert_eq!(office.desk().answered["t2"], r#"{"decision":"approved"}"#, "killed after {calls}");
        assert!(office.desk().schedules.is_empty(), "killed after {calls}");
        if survived && ended.is_ok() {
            break;
        }
    }
    assert!(survived);
}

async fn shifted(share: u8, guarded: usize) -> (Office, Migration) {
    let (office, migration) = (Office::default(), moved());
    let shift = Shift { guarded, share, started_at: start(), shifted_at: start() };
    shift.save(&office, &migration).await.unwrap();
    for (key, id) in [(deployment::green(), "G"), (vpc_link::key(&migration), "link")] {
        office.intend(&migration, &key, Value::Null).await.unwrap();
        office.present(&migration, &key, id).await.unwrap();
    }
    (office, migration)
}

/// The stage as Bascule left it.
fn stage(migration: &Migration, share: u8) -> Stage {
    let b = migration.plan.edge.deployment_b().to_owned();
    let canary = (share < 100).then(|| Canary { deployment_id: "G".to_owned(), percent: f64::from(share) });
    let deployment_id = if share < 100 { b } else { "G".to_owned() };
    Stage { name: "prod".to_owned(), deployment_id, canary, ..Stage::default() }
}

async fn watched(office: &Office, migration: &Migration, now: jiff::Timestamp) -> Result<Outcome, PhaseError> {
    let shift = Shift::saved(office, migration).await?.unwrap();
    guard::converge(office, migration, Some(&stage(migration, shift.share)), now).await
}

#[tokio::test]
async fn a_stage_that_somebody_moved_is_a_conflict_at_once() {
    let (office, migration) = shifted(10, 0).await;
    for found in [None, Some(stage(&migration, 11)), Some(stage(&migration, 100))] {
        let error = guard::converge(&office, &migration, found.as_ref(), start()).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict, "{found:?}");
    }
}

#[tokio::test]
async fn a_step_is_watched_for_its_time_and_then_counted_once() {
    let (office, migration) = shifted(10, 0).await;
    let early = watched(&office, &migration, at("2026-01-01T12:04:59Z")).await.unwrap_err();
    assert_eq!(early.condition, Condition::NotReady);
    for _ in 0..2 {
        let passed = watched(&office, &migration, at("2026-01-01T12:05:00Z")).await.unwrap();
        assert_eq!(passed.get("complete"), Some(&json!(false)));
    }
    assert_eq!(Shift::saved(&office, &migration).await.unwrap().unwrap().guarded, 1);
}

#[tokio::test]
async fn an_alarm_or_a_missed_deadline_sends_traffic_back_at_once() {
    let (office, migration) = shifted(10, 0).await;
    let late = watched(&office, &migration, at("2026-01-01T13:00:01Z")).await.unwrap_err();
    assert_eq!(late.condition, Condition::GuardBreached);
    office.desk().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    let fired = watched(&office, &migration, start()).await.unwrap_err();
    assert_eq!(fired.condition, Condition::GuardBreached);
}

#[tokio::test]
async fn the_last_step_completes_the_switch() {
    let (office, migration) = shifted(100, 1).await;
    let passed = watched(&office, &migration, at("2026-01-01T12:05:00Z")).await.unwrap();
    assert_eq!(passed.get("complete"), Some(&json!(true)));
}

#[tokio::test]
async fn nothing_waits_or_is_watched_once_the_migration_was_turned_back() {
    let office = Office::default();
    office.ledger.set_owner(1, Direction::Undo);
    let migration = Migration { direction: Direction::Undo, fence: 1, ..moved() };
    let begun = bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await;
    assert_eq!(begun.unwrap_err().condition, Condition::Conflict);
    assert!(office.desk().schedules.is_empty() && office.desk().asked.is_empty());
    let guarded = guard::converge(&office, &migration, None, start()).await;
    assert_eq!(guarded.unwrap_err().condition, Condition::Conflict);
}

#[tokio::test]
async fn a_switch_that_cannot_be_read_is_no_switch_that_has_not_begun() {
    let (office, migration) = (Office::default(), moved());
    let asked = async || guard::converge(&office, &migration, None, start()).await.unwrap_err();
    assert_eq!(asked().await.condition, Condition::Refused);
    office.save_progress(&migration, Progress::ShiftTraffic, json!({ "share": 25 })).await.unwrap();
    let error = asked().await;
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("missing field"), "{error}");
}
