//! Answers, from every crash point.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use decide::settle;
use domain::{
    Condition, Migration, TaskToken,
    approval::{Answer, Asked, Decision, NOBODY, Question},
    ports::{Approvals, schedules::When},
    resources::schedule::{self, Occasion},
};
use serde_json::json;
use testing::{Office, migration};

fn now() -> jiff::Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

async fn asked() -> (Office, Migration) {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
    });
    let (office, migration) = (Office::default(), migration(&input).unwrap());
    let question = Asked {
        id: migration.id.clone(),
        question: Question::Qualification,
        token: TaskToken::new("t"),
        digest: "d".to_owned(),
        evidence: json!({}),
        deadline: now(),
        answer: None,
    };
    let occasion = Occasion::Deadline(Question::Qualification);
    schedule::ensure(&office, &migration, occasion, When::At(now()), "arn:decide", json!({})).await.unwrap();
    office.ask(&migration, &question).await.unwrap();
    (office, migration)
}

async fn say(office: &Office, migration: &Migration, decision: Decision, by: &str) -> Result<Answer, Condition> {
    let known = office.asked(&migration.id, Question::Qualification).await.map_err(|e| e.condition)?.unwrap();
    let answer = Answer { decision, by: by.to_owned(), comment: String::new(), at: now() };
    settle(office, migration, &known, &answer).await.map_err(|e| e.condition)
}

#[tokio::test]
async fn the_first_answer_stands_and_the_same_again_is_no_error() {
    let (office, migration) = asked().await;
    say(&office, &migration, Decision::Approved, "ana").await.unwrap();
    say(&office, &migration, Decision::Approved, "ben").await.unwrap();
    assert_eq!(say(&office, &migration, Decision::Rejected, "cem").await, Err(Condition::Conflict));
    assert_eq!(office.desk().answered["t"], r#"{"decision":"approved"}"#);
    assert_eq!(office.desk().asked["qualification"].answer.as_ref().unwrap().by, "ana");
}

#[tokio::test]
async fn a_deadline_that_comes_after_people_changes_nothing() {
    let (office, migration) = asked().await;
    say(&office, &migration, Decision::Approved, "ana").await.unwrap();
    let stands = say(&office, &migration, Decision::Rejected, NOBODY).await.unwrap();
    assert_eq!((stands.decision, stands.by.as_str()), (Decision::Approved, "ana"));
}

#[tokio::test]
async fn an_answer_killed_after_any_call_is_completed_by_giving_it_again() {
    let mut survived = false;
    for calls in 1..100 {
        let (office, migration) = asked().await;
        office.crash().after(calls);
        survived = say(&office, &migration, Decision::Rejected, "ana").await.is_ok();
        office.crash().after(0);
        say(&office, &migration, Decision::Rejected, "ana").await.unwrap();
        assert_eq!(office.desk().answered["t"], r#"{"decision":"rejected"}"#, "killed after {calls}");
        assert!(office.desk().schedules.is_empty(), "killed after {calls}");
        if survived {
            break;
        }
    }
    assert!(survived);
}
