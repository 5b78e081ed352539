//! Asking, from every fault.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Condition, Kind, Migration, Progress, Step as _, TaskToken,
    approval::{Answer, Call, Code, Decision, NOBODY, Question},
    plan::Planned,
    ports::{Approvals as _, Clock as _, Ledger, schedules::When},
};
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
    assert_eq!(subject, "Decide: may shop-green take over?");
    assert!(
        text.starts_with("Decide until Saturday, 3 January 2026, 00:00 UTC: may shop-green take over from shop-blue?"),
        "{text}"
    );
    assert!(text.contains("https://decide.example.com/?migration=arn") && text.contains("signature="), "{text}");
    assert!(text.contains("stands, and the way back:\nhttps://decide.example.com/?status=arn"), "{text}");
    assert!(text.contains("Without an answer the migration goes back") && text.contains("\"ready\": 12"), "{text}");
    assert!(text.contains("https://t1.execute-api.eu-central-1.amazonaws.com/prod\n"), "{text}");
    assert!(!text.contains("s3cret-token"));
    let audit = format!("{:?}{:?}", account.events_of(&migration), account.aws().schedules);
    assert!(!audit.contains("s3cret-token"));
}

#[tokio::test]
async fn the_code_stands_beside_the_link_on_a_line_of_its_own_and_in_nothing_else() {
    let (account, migration) = asking();
    ask(&account, &migration, Step::Qualification, TaskToken::new("t")).await.unwrap();
    ask(&account, &migration, Step::Qualification, TaskToken::new("t2")).await.unwrap();
    let messages = account.people().messages.clone();
    let code = |text: &str| text.lines().find_map(|line| line.strip_prefix("Code: ")).unwrap().to_owned();
    let of_status = messages[0].1.lines().find_map(|line| line.strip_prefix("Code for that page: ")).unwrap();
    assert!(Code::read(of_status).is_some() && of_status != code(&messages[0].1), "{of_status}");
    let written = code(&messages[0].1);
    assert!(Code::read(&written).is_some() && written.len() == 9, "{written}");
    // A retry of the state asks the same, so people may type the code of either message.
    assert_eq!(code(&messages[1].1), written);
    assert_eq!(messages[0].1.matches(&written).count(), 1);
    let kept = format!("{:?}{:?}", account.table(), account.aws().schedules);
    assert!(!kept.contains(&written) && !kept.contains(&written.replace('-', "")), "{kept}");
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
        let day = jiff::SignedDuration::from_hours(24);
        assert_eq!(times(account), ([asked.deadline].into(), [asked.deadline.checked_sub(day).unwrap()].into()));
        // The same in every run, for the comparison of what is left.
        account.aws().schedules.clear();
        Ok(())
    };
    Account::survives(async || asking(), again).await.unwrap();
}

/// When deadlines call, and when reminders do first: of two days, after one.
fn times(account: &Account) -> (Vec<jiff::Timestamp>, Vec<jiff::Timestamp>) {
    let aws = account.aws();
    let of = |reminds: bool| {
        let schedules = aws.schedules.values().filter(|schedule| (schedule.input["watch"] == "reminder") == reminds);
        schedules.map(|schedule| schedule.when.time()).collect()
    };
    (of(false), of(true))
}

async fn say(account: &Account, migration: &Migration, decision: Decision, by: &str) {
    let number = account.question(migration, "cleanup").unwrap().number;
    let answer = Answer { decision, by: by.to_owned(), comment: String::new(), at: account.now(), caller: None };
    account.answer(&migration.id, (Question::Cleanup, number), &answer).await.unwrap();
}

/// What the cleanup's guard saw at this hour.
async fn seen(account: &Account, migration: &Migration, hour: u32) {
    account.save_progress(migration, Progress::Cleanup, json!({ "guardedAt": hour })).await.unwrap();
}

#[tokio::test]
async fn a_cleanup_asks_again_after_a_no_and_after_silence() {
    for by in ["ana", NOBODY] {
        let (account, migration) = asking();
        seen(&account, &migration, 1).await;
        ask(&account, &migration, Step::Cleanup, TaskToken::new("t1")).await.unwrap();
        say(&account, &migration, Decision::Rejected, by).await;
        seen(&account, &migration, 2).await;
        ask(&account, &migration, Step::Cleanup, TaskToken::new("t2")).await.unwrap();
        let asked = account.question(&migration, "cleanup").unwrap();
        assert_eq!((asked.number, asked.answer, asked.token.reveal()), (2, None, "t2"));
        assert_eq!(account.people().messages.len(), 2);
        let calls: Vec<_> = account.aws().schedules.values().map(|schedule| schedule.input.clone()).collect();
        let expected = [1, 2].map(|number| json!(Call::deadline(&migration.id, Question::Cleanup, number)));
        assert!(expected.iter().all(|call| calls.contains(call)), "{calls:?}");
        // The first no stays as it was.
        say(&account, &migration, Decision::Approved, "ben").await;
        let first = account.table().record(&migration.id).unwrap().approvals[&("cleanup", 1)].clone();
        assert_eq!(first.answer.unwrap().decision, Decision::Rejected);
    }
}

#[tokio::test]
async fn an_answer_that_is_there_lets_a_new_token_go_on_and_nobody_is_asked_twice() {
    for (decision, hour, told) in [
        // A retry of the state, which sees the same.
        (Decision::Approved, 1, Some(r#"{"decision":"approved"}"#)),
        (Decision::Rejected, 1, Some(r#"{"decision":"rejected"}"#)),
        // Another run of the machine after a yes that came to nothing.
        (Decision::Approved, 2, Some(r#"{"decision":"approved"}"#)),
        (Decision::Rejected, 2, None),
    ] {
        let (account, migration) = asking();
        seen(&account, &migration, 1).await;
        ask(&account, &migration, Step::Cleanup, TaskToken::new("t1")).await.unwrap();
        say(&account, &migration, decision, "ana").await;
        seen(&account, &migration, hour).await;
        ask(&account, &migration, Step::Cleanup, TaskToken::new("t2")).await.unwrap();
        assert_eq!(account.people().answered.get("t2").map(String::as_str), told, "{decision:?} {hour}");
        assert_eq!(account.people().messages.len(), if told.is_some() { 1 } else { 2 }, "{decision:?} {hour}");
    }
}

#[tokio::test]
async fn an_execution_that_still_waits_for_the_same_question_ends_when_another_one_asks() {
    let (account, migration) = asking();
    ask(&account, &migration, Step::Cleanup, TaskToken::new("t1")).await.unwrap();
    ask(&account, &migration, Step::Cleanup, TaskToken::new("t2")).await.unwrap();
    assert_eq!(account.people().answered.get("t1").map(String::as_str), Some("Conflict"));
    assert_eq!(account.question(&migration, "cleanup").unwrap().number, 1);
}

#[tokio::test]
async fn a_deadline_calls_until_there_is_an_answer() {
    let (account, migration) = asking();
    ask(&account, &migration, Step::Qualification, TaskToken::new("t")).await.unwrap();
    let deadline = account.question(&migration, "qualification").unwrap().deadline;
    let hours = jiff::SignedDuration::from_hours;
    let until = deadline.checked_add(hours(31 * 24)).unwrap();
    let (half, end) = (deadline.checked_sub(hours(24)).unwrap(), deadline.checked_sub(hours(1) / 60).unwrap());
    let expected = [
        When::Every { minutes: 5, from: deadline, until },
        // Again after half and after three quarters of the two days.
        When::Every { minutes: 12 * 60, from: half, until: end },
    ];
    let schedules: Vec<_> = account.aws().schedules.values().map(|schedule| schedule.when).collect();
    assert!(schedules.len() == 2 && expected.iter().all(|when| schedules.contains(when)), "{schedules:?}");
}

#[tokio::test]
async fn nobody_is_asked_once_the_migration_was_turned_back() {
    let (account, migration) = asking();
    let back = account.turned_back(&migration);
    let error = ask(&account, &back, Step::Qualification, TaskToken::new("t")).await.unwrap_err();
    assert_eq!(error.condition, Condition::TurnedBack);
    assert!(account.aws().schedules.is_empty() && account.people().messages.is_empty());
}

#[tokio::test]
async fn a_message_says_what_a_yes_deletes_and_answers_by_its_digest() {
    for (step, heading) in [
        (Step::Qualification, "Will be deleted 7d after the bake, without being asked again:"),
        (Step::Cleanup, "Will be deleted at once:"),
    ] {
        let (account, mut migration) = asking();
        migration.plan.deletes =
            vec![Planned::new(Kind::Cluster, "shop-blue"), Planned::new(Kind::VpcLink, "link-blue")];
        account.enter(&migration);
        ask(&account, &migration, step, TaskToken::new("t")).await.unwrap();
        let (_, text) = account.people().messages[0].clone();
        assert!(text.contains(&format!("{heading}\n- Cluster shop-blue\n- VpcLink link-blue\n")), "{text}");
        let digest = account.question(&migration, Question::from(step).name()).unwrap().digest;
        assert!(text.contains(&format!(r#""digest":"{digest}""#)), "{text}");
        assert!(!text.contains("awscurl"));
    }
}

#[tokio::test]
async fn where_approvers_sign_their_requests_the_message_says_so_and_a_long_one_is_cut() {
    let (account, mut migration) = asking();
    account.aws().approvers_sign = true;
    migration.plan.deletes = (0..250).map(|number| Planned::new(Kind::NodeGroup, format!("g{number}"))).collect();
    account.enter(&migration);
    account.save_progress(&migration, Progress::Validate, json!({ "text": "ü".repeat(300_000) })).await.unwrap();
    ask(&account, &migration, Step::Qualification, TaskToken::new("t")).await.unwrap();
    let (_, text) = account.people().messages[0].clone();
    assert!(text.contains("awscurl --service lambda") && text.contains("- and 50 more"), "{text}");
    // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    assert!(text.len() < 262_144 && text.ends_with("(the rest is on the page)\n"), "{}", text.len());
}
