//! What each step of the cleanup asks the ledger before it deletes anything: whoever invokes the function, or has answered a
//! task token without the page, decides nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::{Step, converge};
use domain::approval::{Answer, Asked, Decision, Question};
use domain::ports::migrations::Life;
use domain::ports::{Approvals as _, Clock as _};
use domain::{Condition, Migration, Outcome, TaskToken};
use serde_json::json;
use testing::{Account, shop};

/// The steps that delete.
const DELETING: [Step; 5] = [Step::Edge, Step::Nodes, Step::ControlPlane, Step::Network, Step::Inventory];

/// The shop in this life, whose cleanup people are asked about, or not.
fn shop(life: Life, approval: bool) -> (Account, Migration) {
    let input = shop::input_with(json!({ "cleanup": { "approval": approval } }));
    let (account, migration) = Account::opened(&input).unwrap();
    account.prepare(&migration);
    account.table().migrations.get_mut(&migration.id).unwrap().meta.life = life;
    // Nothing else hinders a step: blue's edge is gone already.
    account.aws().links.clear();
    (account, migration)
}

/// The question of this number, and what people said to it.
async fn said(account: &Account, migration: &Migration, number: u32, decision: Option<Decision>, plan_digest: &str) {
    let evidence = json!({ "flows": number });
    let asked = Asked {
        id: migration.id.clone(),
        question: Question::Cleanup,
        number,
        token: TaskToken::new("t"),
        digest: Asked::digest_of(plan_digest, &evidence),
        evidence,
        deadline: account.now(),
        answer: None,
    };
    account.ask(migration, &asked).await.unwrap();
    if let Some(decision) = decision {
        let answer = Answer { decision, by: "ana".to_owned(), comment: String::new(), at: account.now(), caller: None };
        account.answer(&migration.id, (Question::Cleanup, number), &answer).await.unwrap();
    }
}

async fn refused(account: &Account, migration: &Migration, step: Step, why: &str) {
    let before = account.aws().contents();
    let error = converge(account, migration, step).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused, "{why}, {step:?}: {error}");
    assert_eq!(account.aws().contents(), before, "{why}, {step:?}");
}

#[tokio::test]
async fn nothing_is_deleted_of_a_migration_that_is_not_promoted_or_not_being_cleaned_up() {
    for (life, steps) in [
        (Life::Open, &DELETING[..]),
        (Life::Baked, &DELETING[..]),
        // Its first step begins the deletion.
        (Life::Promoted, &DELETING[1..]),
        // Rolled back, say.
        (Life::Ended, &DELETING[..]),
    ] {
        for &step in steps {
            let (account, migration) = shop(life, false);
            refused(&account, &migration, step, life.name()).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_deleted_without_the_last_answer_being_a_yes_to_this_plan() {
    let (yes, no) = (Some(Decision::Approved), Some(Decision::Rejected));
    for (life, steps) in [(Life::Promoted, &DELETING[..1]), (Life::CleaningUp, &DELETING[..])] {
        for &step in steps {
            for (why, answers, plan) in [
                ("nobody was asked", vec![], None),
                ("nobody has answered", vec![None], None),
                ("a no", vec![no], None),
                ("a no after a no", vec![no, no], None),
                ("a yes to another plan", vec![yes], Some("another plan")),
            ] {
                let (account, migration) = shop(life, true);
                let plan = plan.map_or_else(|| migration.plan.digest(), str::to_owned);
                for (number, answer) in (1..).zip(answers) {
                    said(&account, &migration, number, answer, &plan).await;
                }
                refused(&account, &migration, step, why).await;
            }
        }
    }
}

#[tokio::test]
async fn a_yes_after_a_no_counts() {
    let (account, migration) = shop(Life::CleaningUp, true);
    // The edge is gone.
    account.aws().links.remove(&migration.plan.edge.vpc_link.id);
    let plan = migration.plan.digest();
    said(&account, &migration, 1, Some(Decision::Rejected), &plan).await;
    said(&account, &migration, 2, Some(Decision::Approved), &plan).await;
    let ended = account.drive(&migration, async |account, migration| converge(account, migration, Step::Nodes).await);
    assert_eq!(ended.await, Ok(Outcome::done()));
}

#[tokio::test]
async fn the_end_of_a_cleanup_that_was_reached_before_is_reached_again() {
    let (account, migration) = shop(Life::Ended, true);
    account.table().migrations.get_mut(&migration.id).unwrap().meta.outcome = Some("GreenServes".to_owned());
    assert_eq!(converge(&account, &migration, Step::Inventory).await, Ok(Outcome::done()));
}

/// Migrations of one cluster or stage must not meet: the locks outlive any time that a late or repeated cleanup may take.
#[tokio::test]
async fn a_cleanup_that_is_started_late_keeps_the_locks_or_tells_who_took_them_meanwhile() {
    let (account, migration) = shop(Life::CleaningUp, true);
    let until = || account.table().locks.values().map(|(_, until)| *until).min().unwrap();
    let first = until();
    converge(&account, &migration, Step::Guard).await.unwrap();
    assert_eq!(until(), first, "they last");

    let late = first.checked_sub(jiff::SignedDuration::from_hours(1)).unwrap();
    account.go_to(late);
    converge(&account, &migration, Step::Guard).await.unwrap();
    assert!(until() >= migration.input.longest_cleanup().after(late), "{}", until());
    assert_eq!(account.events_of(&migration).last().unwrap().what, "kept the locks");

    let other = domain::MigrationId::new("arn:other");
    account.table().locks.values_mut().for_each(|(owner, _)| *owner = other.clone());
    let error = converge(&account, &migration, Step::Guard).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("the migration arn:other holds it"), "{error}");
}
