//! What each event makes of a migration, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Invocation, Migration, MigrationId, Outcome, PhaseError,
    approval::Question,
    ports::{Clock as _, Migrations as _, alarms::AlarmState, executions::Standing, schedules::When},
    resources::schedule::{self, Occasion},
    shift::Shift,
};
use observe::event::{Event, handle};
use serde_json::{Value, json};
use testing::{Account, shop};

const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx";

/// The shop after the only step of its switch.
async fn switched() -> (Account, Migration) {
    let input = shop::input_with(json!({
        "cutover": { "steps": [100], "stepDuration": "5m" },
        "bake": { "duration": "2h", "alarms": [ALARM] },
    }));
    let (account, migration) = Account::opened(&input).unwrap();
    account.prepare(&migration);
    serve(&account, shop::G);
    let now = account.now();
    let shift = Shift { guarded: 0, share: 100, started_at: now, shifted_at: now };
    shift.save(&account, &migration).await.unwrap();
    (account, migration)
}

fn serve(account: &Account, deployment: &str) {
    let stage = (shop::API.to_owned(), "prod".to_owned());
    deployment.clone_into(&mut account.aws().stages.get_mut(&stage).unwrap().deployment_id);
}

async fn handled(account: &Account, event: Value) -> Result<Outcome, PhaseError> {
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    handle(account, serde_json::from_value::<Event>(event).unwrap(), invocation).await
}

/// A state of the machine; `bake` with the token `t`.
async fn state(account: &Account, migration: &Migration, step: &str) -> Result<Outcome, PhaseError> {
    let mut event = json!({ "migrationId": migration.id, "direction": "converge", "step": step });
    if step == "bake" {
        event["taskToken"] = json!("t");
    }
    handled(account, event).await
}

async fn watch(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    handled(account, json!({ "migrationId": migration.id, "watch": "bake" })).await
}

fn later(account: &Account, minutes: i64) {
    let now = account.now();
    account.go_to(now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap());
}

/// What the waiting task was answered: its output, or the error's name.
fn answer(account: &Account) -> Option<String> {
    account.people().answered.get("t").cloned()
}

/// An event as CloudWatch sends it
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>).
fn alarm(arn: &str, detail_type: &str, state: &str) -> Value {
    json!({
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": detail_type,
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": "2026-01-01T00:10:00Z",
        "region": "eu-central-1",
        "resources": [arn],
        "detail": {
            "alarmName": "5xx",
            "state": { "value": state, "reason": "Threshold Crossed", "timestamp": "2026-01-01T00:10:00.000+0000" },
            "previousState": { "value": "OK" },
        },
    })
}

#[tokio::test]
async fn a_state_with_another_step_or_without_its_token_is_refused_and_does_not_wait() {
    let no_step = "$.step: found no step, expected \"guard\" or \"bake\"";
    let lunch = "$.step: found \"lunch\", expected \"guard\" or \"bake\"";
    for (step, token, expected) in [
        (None, None, no_step),
        (None, Some("t"), no_step),
        (Some("lunch"), None, lunch),
        (Some("lunch"), Some("t"), lunch),
        (Some("guard"), Some("t"), "$.taskToken: the guard does not wait for an answer"),
        (Some("bake"), None, "$.taskToken: missing; the bake waits for its end"),
    ] {
        let (account, migration) = switched().await;
        let event = json!({ "migrationId": migration.id, "direction": "converge", "step": step, "taskToken": token });
        assert_eq!(handled(&account, event).await, Err(PhaseError::invalid_input(expected)));
        assert_eq!(answer(&account), token.map(|_| "InvalidInput".to_owned()), "{step:?}");
    }
}

#[test]
fn an_event_of_no_known_shape_is_refused() {
    for event in [
        json!({}),
        json!({ "direction": "converge", "step": "guard" }),
        json!({ "watch": "bake" }),
        json!({ "migrationId": "a", "watch": "lunch" }),
        json!({ "migrationId": "a", "watch": "bake", "extra": 1 }),
        json!({ "migrationId": "a", "direction": "converge", "step": "guard", "extra": 1 }),
        json!({ "migrationId": "a", "direction": "sideways", "step": "guard" }),
        json!({ "detail-type": "CloudWatch Alarm State Change" }),
    ] {
        assert!(serde_json::from_value::<Event>(event.clone()).is_err(), "{event}");
    }
}

#[tokio::test]
async fn the_guard_reads_the_stage_and_lets_a_watched_step_pass() {
    let (account, migration) = switched().await;
    assert_eq!(state(&account, &migration, "guard").await.unwrap_err().condition, Condition::NotReady);
    later(&account, 5);
    let passed = state(&account, &migration, "guard").await.unwrap();
    assert_eq!(passed, Outcome::done().with("share", 100).with("complete", true));

    let (account, migration) = switched().await;
    serve(&account, "somebody-elses");
    assert_eq!(state(&account, &migration, "guard").await.unwrap_err().condition, Condition::Conflict);
}

#[tokio::test]
async fn a_bake_that_cannot_begin_fails_the_waiting_task_under_the_same_error() {
    let (account, migration) = switched().await;
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    let error = state(&account, &migration, "bake").await.unwrap_err();
    assert_eq!((error.condition, answer(&account).as_deref()), (Condition::GuardBreached, Some("GuardBreached")));

    let account = Account::shop();
    let error = state(&account, &migration, "bake").await.unwrap_err();
    assert_eq!((error.condition, answer(&account).as_deref()), (Condition::Refused, Some("Refused")));
}

#[tokio::test]
async fn a_schedule_ends_a_quiet_bake_at_its_time() {
    let (account, migration) = switched().await;
    assert_eq!(watch(&account, &migration).await, Err(PhaseError::refused("no bake has begun")));
    assert_eq!(state(&account, &migration, "bake").await, Ok(Outcome::done()));
    later(&account, 119);
    assert_eq!(watch(&account, &migration).await, Ok(Outcome::done()));
    assert_eq!(answer(&account), None);
    later(&account, 1);
    assert_eq!(watch(&account, &migration).await, Ok(Outcome::done().with("decision", "approved")));
    assert_eq!(answer(&account).as_deref(), Some(r#"{"decision":"approved"}"#));
}

#[tokio::test]
async fn a_schedule_sees_what_sends_no_event() {
    let (account, migration) = switched().await;
    state(&account, &migration, "bake").await.unwrap();
    serve(&account, "somebody-elses");
    assert_eq!(watch(&account, &migration).await, Ok(Outcome::done().with("decision", "rejected")));
    assert_eq!(answer(&account).as_deref(), Some("Conflict"));

    let (account, migration) = switched().await;
    state(&account, &migration, "bake").await.unwrap();
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::InsufficientData);
    assert_eq!(watch(&account, &migration).await, Ok(Outcome::done().with("decision", "rejected")));
    assert_eq!(answer(&account).as_deref(), Some("GuardBreached"));
}

#[tokio::test]
async fn a_schedule_does_nothing_once_the_migration_was_turned_back() {
    let (account, migration) = switched().await;
    state(&account, &migration, "bake").await.unwrap();
    let _ = account.turned_back(&migration);
    later(&account, 120);
    assert_eq!(watch(&account, &migration).await, Ok(Outcome::done()));
    assert_eq!(answer(&account), None);
}

#[tokio::test]
async fn an_alarm_breaks_the_bakes_that_watch_it_and_no_others() {
    let (change, configuration) = ("CloudWatch Alarm State Change", "CloudWatch Alarm Configuration Change");
    let another = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:another";
    for (arn, detail_type, told, is_now, watchers, expected) in [
        (another, change, "ALARM", AlarmState::Alarm, 0, None),
        (ALARM, change, "OK", AlarmState::Ok, 1, None),
        (ALARM, change, "ALARM", AlarmState::Alarm, 1, Some("GuardBreached")),
        (ALARM, change, "INSUFFICIENT_DATA", AlarmState::InsufficientData, 1, Some("GuardBreached")),
        // OK again by the time that the event arrives: it left OK all the same.
        (ALARM, change, "ALARM", AlarmState::Ok, 1, Some("GuardBreached")),
        (ALARM, configuration, "OK", AlarmState::Ok, 1, None),
        (ALARM, configuration, "OK", AlarmState::Missing, 1, Some("GuardBreached")),
    ] {
        let (account, migration) = switched().await;
        state(&account, &migration, "bake").await.unwrap();
        account.aws().alarms.insert(arn.to_owned(), is_now);
        let outcome = handled(&account, alarm(arn, detail_type, told)).await;
        assert_eq!(outcome, Ok(Outcome::done().with("watchers", watchers)), "{arn} {detail_type} {told}");
        assert_eq!(answer(&account).as_deref(), expected, "{arn} {detail_type} {told}, now {is_now:?}");
    }
}

#[tokio::test]
async fn a_migration_that_cannot_be_read_keeps_its_alarm_from_no_other() {
    let (account, migration) = switched().await;
    state(&account, &migration, "bake").await.unwrap();
    let unreadable = MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:a");
    account.table().watched.insert((ALARM.to_owned(), unreadable));
    account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
    let error = handled(&account, alarm(ALARM, "CloudWatch Alarm State Change", "ALARM")).await.unwrap_err();
    assert_eq!((error.condition, answer(&account).as_deref()), (Condition::Refused, Some("GuardBreached")));
}

/// What the schedule that looks after an open migration calls.
async fn look(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    handled(account, json!({ "migrationId": migration.id, "watch": "execution" })).await
}

#[tokio::test]
async fn a_schedule_takes_the_way_back_of_an_execution_that_ended_badly_without_an_event() {
    let (account, migration) = switched().await;
    account.people().standing = Some(Standing::Running);
    assert_eq!(look(&account, &migration).await, Ok(Outcome::done()));
    let at = account.now();
    account.people().standing = Some(Standing::Ended { status: "ABORTED".to_owned(), at });
    assert_eq!(look(&account, &migration).await, Ok(Outcome::done()), "the status rule has its time");
    later(&account, 5);
    assert_eq!(look(&account, &migration).await, Ok(Outcome::done().with("started", true)));
    assert_eq!(look(&account, &migration).await, Ok(Outcome::done().with("started", false)));
    let rollbacks = account.people().rollbacks.clone();
    let input = json!({ "migrationId": migration.id, "reason": "ABORTED", "automatic": true });
    assert_eq!(rollbacks.values().collect::<Vec<_>>(), [&input]);
    // A name of at most 80 characters: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    assert!(rollbacks.keys().all(|name| name.len() <= 80));

    let _ = account.turned_back(&migration);
    assert_eq!(look(&account, &migration).await, Ok(Outcome::done()));
}

#[tokio::test]
async fn people_are_told_once_of_an_execution_that_ended_badly_after_a_good_bake() {
    let (account, migration) = switched().await;
    preflight_watches(&account, &migration).await;
    account.pass_bake(&migration).await.unwrap();
    let at = account.now();
    account.people().standing = Some(Standing::Ended { status: "ABORTED".to_owned(), at });
    later(&account, 5);
    assert_eq!(look(&account, &migration).await, Ok(Outcome::done().with("told", true)));
    assert!(account.aws().schedules.is_empty() && account.people().rollbacks.is_empty());
    let (subject, text) = account.people().messages[0].clone();
    assert!(subject.contains("shop-green serves") && text.contains("is ABORTED"), "{subject} {text}");
}

async fn preflight_watches(account: &Account, migration: &Migration) {
    let now = account.now();
    let every = When::Every { minutes: 5, from: now, until: jiff::Timestamp::MAX };
    schedule::ensure(account, migration, Occasion::Watch, every, "arn:observe", json!({})).await.unwrap();
}

/// An event as Step Functions sends it (<https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>).
fn ended(machine: &str, status: &str, input: &Value, error: Option<&str>) -> Value {
    let arn = format!("arn:aws:states:eu-central-1:123456789012:execution:{machine}:run");
    json!({
        "version": "0", "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change", "source": "aws.states", "account": "123456789012",
        "time": "2026-01-01T00:10:00Z", "region": "eu-central-1", "resources": [arn],
        "detail": {
            "executionArn": arn, "stateMachineArn": format!("arn:aws:states:eu-central-1:123456789012:stateMachine:{machine}"),
            "name": "run", "status": status, "startDate": 1_767_222_000_000_i64, "stopDate": 1_767_225_600_000_i64,
            "input": input.to_string(), "output": null, "error": error, "cause": error.map(|error| format!("since {error}")),
        },
    })
}

#[tokio::test]
async fn people_are_told_of_every_execution_that_ended_badly_and_how_to_go_on() {
    let (account, migration) = switched().await;
    let own = json!({ "migrationId": migration.id, "reason": "Requested" });
    for (machine, status, input, error, subject, advice) in [
        (
            "bascule-rollback",
            "TIMED_OUT",
            &own,
            None,
            "Bascule move: bascule-rollback is TIMED_OUT",
            "start bascule-rollback again with {\"migrationId\":",
        ),
        (
            "bascule-cleanup",
            "ABORTED",
            &own,
            None,
            "Bascule move: bascule-cleanup is ABORTED",
            "start bascule-cleanup again",
        ),
        (
            "bascule-migrate",
            "FAILED",
            &shop::input(),
            Some("States.Runtime"),
            "Bascule run: bascule-migrate is FAILED",
            "since States.Runtime",
        ),
    ] {
        account.people().messages.clear();
        let outcome = handled(&account, ended(machine, status, input, error)).await;
        assert_eq!(outcome, Ok(Outcome::done().with("told", true)));
        let (found, text) = account.people().messages[0].clone();
        assert_eq!(found, subject);
        assert!(text.contains(advice) && text.contains(status), "{text}");
    }
}

#[tokio::test]
async fn people_are_reminded_of_a_question_until_it_is_answered() {
    let (account, migration) = switched().await;
    let remind = async |number: u32| {
        let call =
            json!({ "migrationId": migration.id, "watch": "reminder", "question": "qualification", "number": number });
        handled(&account, call).await.unwrap()
    };
    let (reminded, nothing) = (Outcome::done().with("reminded", true), Outcome::done());
    assert_eq!(remind(1).await, nothing, "nobody was asked");
    account.approve(&migration);
    let answer = {
        let mut table = account.table();
        let record = table.migrations.get_mut(&migration.id).unwrap();
        let asked = record.approvals.values_mut().find(|asked| asked.question == Question::Qualification).unwrap();
        asked.deadline = asked.deadline.max("2026-01-08T00:00:00Z".parse().unwrap());
        asked.answer.take()
    };
    assert!(answer.is_some());
    let deadline = account.question(&migration, "qualification").unwrap().deadline;
    for (hours, subject, event) in [
        (84, "Still open: decide in 3 days 12 hours", "reminded"),
        (42, "Last call: decide in 1 day 18 hours", "last call"),
    ] {
        account.go_to(deadline.checked_sub(jiff::SignedDuration::from_hours(hours)).unwrap());
        assert_eq!(remind(1).await, reminded);
        let (found, text) = account.people().messages.last().unwrap().clone();
        assert!(found.starts_with(subject) && found.ends_with("may shop-green take over from shop-blue?"), "{found}");
        assert!(text.starts_with("Decide until ") && !text.contains("https://"), "{text}");
        let events = account.table().record(&migration.id).unwrap().events.clone();
        assert_eq!(events.last().map(|event| event.what.as_str()), Some(event));
    }
    assert_eq!(remind(2).await, nothing, "another question");
    let record = |answer| {
        let mut table = account.table();
        let record = table.migrations.get_mut(&migration.id).unwrap();
        record.approvals.values_mut().for_each(|asked| asked.answer.clone_from(&answer));
    };
    record(answer);
    assert_eq!(remind(1).await, nothing, "answered");
    record(None);
    let _ = account.turned_back(&migration);
    assert_eq!(remind(1).await, nothing, "turned back");
}
