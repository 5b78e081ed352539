//! Answers, from every fault.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use decide::{Settled, settle};
use domain::{
    Condition, Migration, PhaseError, TaskToken,
    approval::{Answer, Asked, Decision, NOBODY, Question},
    ports::{Approvals, Clock, schedules::When},
    resources::schedule::{self, Occasion},
};
use serde_json::json;
use testing::{Account, Fault, shop::input};

async fn asked() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    let question = Asked {
        id: migration.id.clone(),
        question: Question::Qualification,
        number: 1,
        token: TaskToken::new("t"),
        digest: "d".to_owned(),
        evidence: json!({}),
        deadline: account.now(),
        answer: None,
    };
    let deadline = When::At(account.now());
    let occasion = Occasion::Deadline(Question::Qualification, 1);
    schedule::ensure(&account, &migration, occasion, deadline, "arn:decide", json!({})).await.unwrap();
    account.ask(&migration, &question).await.unwrap();
    (account, migration)
}

async fn say(account: &Account, migration: &Migration, decision: Decision, by: &str) -> Result<Settled, PhaseError> {
    let known = account.asked(&migration.id, Question::Qualification).await?.unwrap();
    let answer = Answer { decision, by: by.to_owned(), comment: String::new(), at: account.now(), caller: None };
    settle(account, migration, &known, &answer).await
}

#[tokio::test]
async fn the_first_answer_stands_and_the_same_again_is_no_error() {
    let (account, migration) = asked().await;
    say(&account, &migration, Decision::Approved, "ana").await.unwrap();
    say(&account, &migration, Decision::Approved, "ben").await.unwrap();
    let third = say(&account, &migration, Decision::Rejected, "cem").await;
    assert_eq!(third.unwrap_err().condition, Condition::Conflict);
    assert_eq!(account.people().answered["t"], r#"{"decision":"approved"}"#);
    assert_eq!(account.question(&migration, "qualification").unwrap().answer.unwrap().by, "ana");
}

#[tokio::test]
async fn a_deadline_that_comes_after_people_changes_nothing() {
    let (account, migration) = asked().await;
    say(&account, &migration, Decision::Approved, "ana").await.unwrap();
    let stands = say(&account, &migration, Decision::Rejected, NOBODY).await.unwrap();
    assert_eq!((stands.answer.decision, stands.answer.by.as_str()), (Decision::Approved, "ana"));
    assert!(!stands.heard, "it was told before");
}

#[tokio::test]
async fn an_answer_that_met_a_fault_at_any_call_is_completed_by_the_deadline_at_the_latest() {
    let (undisturbed, migration) = asked().await;
    let before = undisturbed.calls();
    say(&undisturbed, &migration, Decision::Approved, "ana").await.unwrap();
    for call in 1..=undisturbed.calls() - before {
        let (account, migration) = asked().await;
        account.fail_at(call, Fault::Killed);
        say(&account, &migration, Decision::Approved, "ana").await.unwrap_err();
        account.start("decide");
        let answered = account.question(&migration, "qualification").unwrap().answer.is_some();
        say(&account, &migration, Decision::Rejected, NOBODY).await.unwrap();
        let expected = if answered { r#"{"decision":"approved"}"# } else { r#"{"decision":"rejected"}"# };
        assert_eq!(account.people().answered["t"], expected, "killed at call {call}");
        assert!(account.aws().schedules.is_empty(), "killed at call {call}");
    }
}

#[tokio::test]
async fn an_answer_that_met_a_fault_at_any_call_is_completed_by_giving_it_again() {
    let answer = async |account: &Account, migration: &Migration| {
        say(account, migration, Decision::Rejected, "ana").await?;
        assert_eq!(account.people().answered["t"], r#"{"decision":"rejected"}"#);
        assert!(account.aws().schedules.is_empty());
        Ok(())
    };
    Account::survives(asked, answer).await.unwrap();
}

#[tokio::test]
async fn an_answer_reaches_the_newest_token_though_the_state_was_retried_while_it_was_given() {
    let (account, migration) = asked().await;
    let known = account.question(&migration, "qualification").unwrap();
    // Step Functions gives each try of the state a token of its own.
    account.ask(&migration, &Asked { token: TaskToken::new("t2"), ..known.clone() }).await.unwrap();
    let yes = Answer {
        decision: Decision::Approved,
        by: "ana".to_owned(),
        comment: String::new(),
        at: account.now(),
        caller: None,
    };
    assert!(settle(&account, &migration, &known, &yes).await.unwrap().heard);
    assert_eq!(account.people().answered["t2"], r#"{"decision":"approved"}"#);
}
