//! Asking, from every crash point.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{Condition, Migration, Progress, Step as _, TaskToken, ports::Ledger};
use request_approval::{Step, ask};
use serde_json::json;
use testing::{Office, migration};

fn asking() -> (Office, Migration) {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
        "approval": { "timeout": "2d" },
    });
    let office = Office::default();
    office.at(now());
    (office, migration(&input).unwrap())
}

fn now() -> jiff::Timestamp {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn people_get_a_signed_link_with_the_deadline_and_never_the_token() {
    let (office, migration) = asking();
    office.save_progress(&migration, Progress::Validate, json!({ "ready": 12 })).await.unwrap();
    let edge =
        json!({ "temporaryApi": "t1", "temporaryUrl": "https://t1.execute-api.eu-central-1.amazonaws.com/prod" });
    office.save_progress(&migration, Progress::ProvisionEdge, edge).await.unwrap();
    ask(&office, &migration, Step::Qualification, TaskToken::new("s3cret-token")).await.unwrap();
    let desk = office.desk();
    let (subject, text) = &desk.messages[0];
    assert!(subject.contains("qualification of green"), "{subject}");
    assert!(text.contains("https://decide.example.com/?migration=arn") && text.contains("signature="), "{text}");
    assert!(text.contains("2026-01-03T12:00:00Z") && text.contains("\"ready\": 12"), "{text}");
    assert!(text.contains("https://t1.execute-api.eu-central-1.amazonaws.com/prod\n"), "{text}");
    assert!(!text.contains("s3cret-token"));
    let audit = format!("{:?}{:?}", office.ledger.events(), desk.schedules);
    assert!(!audit.contains("s3cret-token"));
}

#[test]
fn only_questions_for_people_are_asked() {
    for step in [None, Some("bake"), Some("lunch")] {
        assert_eq!(Step::read(step).unwrap_err().condition, Condition::InvalidInput, "{step:?}");
    }
}

#[tokio::test]
async fn asking_again_after_any_crash_leaves_one_question_with_the_newest_token_and_one_deadline() {
    let mut survived = false;
    for calls in 1..100 {
        let (office, migration) = asking();
        office.crash().after(calls);
        survived = ask(&office, &migration, Step::Cleanup, TaskToken::new("t1")).await.is_ok();
        office.crash().after(0);
        office.at("2026-01-01T12:00:10Z".parse().unwrap());
        ask(&office, &migration, Step::Cleanup, TaskToken::new("t2")).await.unwrap();
        let desk = office.desk();
        assert_eq!(desk.asked.len(), 1);
        assert_eq!(desk.asked["cleanup"].token.reveal(), "t2", "killed after {calls}");
        assert_eq!(desk.schedules.len(), 1, "killed after {calls}");
        assert_eq!(desk.schedules.values().next().unwrap().when.time(), desk.asked["cleanup"].deadline);
        if survived {
            break;
        }
    }
    assert!(survived);
}
