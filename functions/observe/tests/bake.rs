//! The bake and the guard, from every crash point.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Migration,
    ports::{
        Ledger,
        approvals::{AlarmState, Decision, TaskToken},
    },
    shift::{PHASE, Shift},
    testing::{Office, migration},
};
use observe::{bake, guard};
use serde_json::json;

const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx";

fn move_with(step: &str) -> Migration {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
        "cutover": { "steps": [10, 100], "stepDuration": "5m", "deadline": "1h", "alarms": [ALARM] },
        "bake": { "duration": "2h", "alarms": [ALARM] },
    });
    migration(&input, step).unwrap()
}

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn start() -> jiff::Timestamp {
    at("2026-01-01T12:00:00Z")
}

async fn begun() -> (Office, Migration) {
    let (office, migration) = (Office::default(), move_with("bake"));
    bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await.unwrap();
    (office, migration)
}

#[tokio::test]
async fn a_quiet_bake_ends_well_at_its_time_and_not_before() {
    let (office, migration) = begun().await;
    let early = bake::end(&office, &migration, at("2026-01-01T13:59:58Z")).await.unwrap_err();
    assert_eq!(early.condition, Condition::Refused);
    bake::end(&office, &migration, at("2026-01-01T14:00:00Z")).await.unwrap();
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
        let (office, migration) = (Office::default(), move_with("bake"));
        office.desk().alarms.insert(ALARM.to_owned(), state);
        let begun = bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await;
        assert_eq!(begun.unwrap_err().condition, Condition::GuardBreached, "{state:?}");
    }
}

#[tokio::test]
async fn the_first_end_of_a_bake_stands() {
    let (office, migration) = begun().await;
    bake::alarm(&office, &migration, ALARM, true, start()).await.unwrap();
    bake::end(&office, &migration, at("2026-01-01T14:00:00Z")).await.unwrap();
    assert_eq!(office.desk().answered["t"], "GuardBreached");
    assert_eq!(office.desk().asked["bake"].answer.as_ref().unwrap().decision, Decision::Rejected);
}

#[tokio::test]
async fn a_bake_killed_after_any_call_ends_as_an_undisturbed_one() {
    let mut survived = false;
    for calls in 1..200 {
        let (office, migration) = (Office::default(), move_with("bake"));
        office.crash().after(calls);
        let first = bake::begin(&office, &migration, TaskToken::new("t"), "arn:observe", start()).await;
        survived = first.is_ok();
        office.crash().after(0);
        // The retry comes later and with a token of its own.
        bake::begin(&office, &migration, TaskToken::new("t2"), "arn:observe", at("2026-01-01T12:01:00Z"))
            .await
            .unwrap();
        assert_eq!(office.desk().schedules.len(), 1, "killed after {calls}");
        let end = office.desk().asked["bake"].deadline;
        assert!([at("2026-01-01T14:00:00Z"), at("2026-01-01T14:01:00Z")].contains(&end), "killed after {calls}: {end}");
        office.crash().after(calls);
        let ended = bake::end(&office, &migration, at("2026-01-01T14:01:00Z")).await;
        office.crash().after(0);
        if ended.is_err() {
            bake::end(&office, &migration, at("2026-01-01T14:01:30Z")).await.unwrap();
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
    let (office, migration) = (Office::default(), move_with("guard"));
    let shift = Shift { guarded, share, started_at: start(), shifted_at: start() };
    office.save_progress(&migration, PHASE, json!(shift)).await.unwrap();
    (office, migration)
}

#[tokio::test]
async fn a_step_is_watched_for_its_time_and_then_counted_once() {
    let (office, migration) = shifted(10, 0).await;
    let early = guard::converge(&office, &migration, at("2026-01-01T12:04:59Z")).await.unwrap_err();
    assert_eq!(early.condition, Condition::NotReady);
    for _ in 0..2 {
        let passed = guard::converge(&office, &migration, at("2026-01-01T12:05:00Z")).await.unwrap();
        assert_eq!(passed.get("complete"), Some(&json!(false)));
    }
    let progress = office.progress(&migration, PHASE).await.unwrap().unwrap();
    assert_eq!(progress["guarded"], 1);
}

#[tokio::test]
async fn an_alarm_or_a_missed_deadline_sends_traffic_back_at_once() {
    let (office, migration) = shifted(10, 0).await;
    let late = guard::converge(&office, &migration, at("2026-01-01T13:00:01Z")).await.unwrap_err();
    assert_eq!(late.condition, Condition::GuardBreached);
    office.desk().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    let fired = guard::converge(&office, &migration, start()).await.unwrap_err();
    assert_eq!(fired.condition, Condition::GuardBreached);
}

#[tokio::test]
async fn the_last_step_completes_the_switch() {
    let (office, migration) = shifted(100, 1).await;
    let passed = guard::converge(&office, &migration, at("2026-01-01T12:05:00Z")).await.unwrap();
    assert_eq!(passed.get("complete"), Some(&json!(true)));
}
