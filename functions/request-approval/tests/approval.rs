//! Asking, from every fault.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{Condition, Migration, Progress, Step as _, TaskToken, ports::Ledger};
use request_approval::{Step, ask};
use serde_json::json;
use testing::{Account, shop::input_with};

fn asking() -> (Account, Migration) {
    Account::opened(&input_with(json!({ "approval": { "timeout": "2d" } }))).unwrap()
}

#[tokio::test]
async fn people_get_a_signed_link_with_the_deadline_and_never_the_token() {
    let (account, migration) = asking();
    account.save_progress(&migration, Progress::Validate, json!({ "ready": 12 })).await.unwrap();
    let edge =
        json!({ "temporaryApi": "t1", "temporaryUrl": "https://t1.execute-api.eu-central-1.amazonaws.com/prod" });
    account.save_progress(&migration, Progress::ProvisionEdge, edge).await.unwrap();
    ask(&account, &migration, Step::Qualification, TaskToken::new("s3cret-token")).await.unwrap();
    let (subject, text) = account.people().messages[0].clone();
    assert!(subject.contains("qualification of shop-green"), "{subject}");
    assert!(text.contains("https://decide.example.com/?migration=arn") && text.contains("signature="), "{text}");
    assert!(text.contains("2026-01-03T00:00:00Z") && text.contains("\"ready\": 12"), "{text}");
    assert!(text.contains("https://t1.execute-api.eu-central-1.amazonaws.com/prod\n"), "{text}");
    assert!(!text.contains("s3cret-token"));
    let audit = format!("{:?}{:?}", account.events_of(&migration), account.aws().schedules);
    assert!(!audit.contains("s3cret-token"));
}

#[test]
fn only_questions_for_people_are_asked() {
    for step in [None, Some("bake"), Some("lunch")] {
        assert_eq!(Step::read(step).unwrap_err().condition, Condition::InvalidInput, "{step:?}");
    }
}

#[tokio::test]
async fn asking_again_after_any_fault_leaves_one_question_with_the_newest_token_and_one_deadline() {
    let tokens = std::cell::Cell::new(0);
    let again = async |account: &Account, migration: &Migration| {
        // Step Functions gives each try of the state a token of its own, ten seconds after the one before.
        tokens.set(tokens.get() + 1);
        let token = format!("token {}", tokens.get());
        account.wait(jiff::SignedDuration::from_secs(10));
        ask(account, migration, Step::Cleanup, TaskToken::new(token.clone())).await?;
        let asked = account.question(migration, "cleanup").unwrap();
        assert_eq!(asked.token.reveal(), token);
        let deadlines: Vec<_> = account.aws().schedules.values().map(|schedule| schedule.when.time()).collect();
        assert_eq!(deadlines, [asked.deadline]);
        // The same in every run, for the comparison of what is left.
        account.aws().schedules.clear();
        Ok(())
    };
    Account::survives(async || asking(), again).await.unwrap();
}
