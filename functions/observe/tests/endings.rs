//! What people are told of ends, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::{
    Invocation, Migration, Outcome, PhaseError, Progress,
    archive::Archive,
    ports::{Clock as _, Ledger as _, Migrations as _, schedules::When},
    resources::schedule::{self, Occasion},
};
use observe::event::{Event, handle};
use serde_json::{Value, json};
use testing::{Account, Fault, shop};

/// The event of <https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>.
async fn ends(
    account: &Account,
    migration: &Migration,
    (machine, status): (&str, &str),
) -> Result<Outcome, PhaseError> {
    let arn = if machine == "bascule-migrate" {
        migration.id.to_string()
    } else {
        format!("arn:aws:states:eu-central-1:123456789012:execution:{machine}:run")
    };
    let event = json!({
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": arn,
            "stateMachineArn": format!("arn:aws:states:eu-central-1:123456789012:stateMachine:{machine}"),
            "status": status,
            "input": json!({ "migrationId": migration.id }).to_string(),
        },
    });
    let deadline = jiff::Timestamp::MAX;
    let invocation = Invocation { request_id: "request".to_owned(), deadline, lease_until: deadline };
    account.start("observe");
    handle(account, serde_json::from_value::<Event>(event).unwrap(), invocation).await
}

/// Green serves, and the cleanup of blue is scheduled, a week from now.
async fn promoted(fields: Value) -> (Account, Migration) {
    let (account, migration) = Account::opened(&shop::input_with(fields)).unwrap();
    account.go_to("2026-01-02T09:05:00Z".parse().unwrap());
    account.pass_bake(&migration).await.unwrap();
    let at = When::At(migration.input.cleanup.after.after(account.now()));
    schedule::ensure(&account, &migration, Occasion::Cleanup, at, "arn:cleanup", json!({})).await.unwrap();
    account.promote(&migration).await.unwrap();
    (account, migration)
}

/// Blue is deleted, or left alone.
async fn cleaned_up(fields: Value) -> (Account, Migration) {
    let (account, migration) = promoted(fields).await;
    account.begin_cleanup(&migration).await.unwrap();
    schedule::remove_all(&account, &migration).await.unwrap();
    if migration.input.keeps_blue() {
        let left = json!({ "costs": "about $12.30 a day with 3 nodes" });
        account.save_progress(&migration, Progress::Cleanup, left).await.unwrap();
    }
    account.end(&migration, "GreenServes").await.unwrap();
    (account, migration)
}

/// Blue serves after a way back.
async fn back(fields: Value) -> (Account, Migration) {
    let (account, migration) = Account::opened(&shop::input_with(fields)).unwrap();
    let migration = account.turned_back(&migration);
    account.end(&migration, "BlueServes").await.unwrap();
    (account, migration)
}

const MIGRATE: (&str, &str) = ("bascule-migrate", "SUCCEEDED");
const CLEANUP: (&str, &str) = ("bascule-cleanup", "SUCCEEDED");

#[tokio::test]
async fn subject_and_first_line_say_what_to_do_and_who_serves() {
    let keep = json!({ "cleanup": { "blue": "keep" } });
    let terraform = json!({ "terraform": shop::terraform_with_adoption() });
    for ((account, migration), end, subject, first) in vec![
        (
            promoted(json!({})).await,
            MIGRATE,
            "Bascule move: shop-green serves; shop-blue goes on 9 Jan 2026, 09:05 UTC; nothing to do",
            "Nothing to do: shop-green serves all requests, the bake ended well, and shop-blue is deleted from Friday, 9 January 2026, 09:05 \
             UTC on.",
        ),
        (
            promoted(json!({ "cleanup": { "after": "1d", "approval": true } })).await,
            MIGRATE,
            "Bascule move: shop-green serves; shop-blue goes on 3 Jan 2026, 09:05 UTC; nothing to do",
            "Nothing to do: shop-green serves all requests, the bake ended well, and shop-blue is deleted from Saturday, 3 January 2026, 09:05 \
             UTC on, once you have been asked and said yes.",
        ),
        (
            promoted(keep.clone()).await,
            MIGRATE,
            "Bascule move: shop-green serves; shop-blue is kept; nothing to do",
            "Nothing to do: shop-green serves all requests, the bake ended well, and shop-blue is kept; what was temporary is taken away from \
             Friday, 9 January 2026, 09:05 UTC on.",
        ),
        (
            promoted(terraform).await,
            MIGRATE,
            "Bascule move: shop-green serves; shop-blue goes on 9 Jan 2026, 09:05 UTC; merge Terraform's changes",
            "Merge what was prepared and written for Terraform, then unfreeze its projects: shop-green serves all requests, the bake ended well, \
             and shop-blue is deleted from Friday, 9 January 2026, 09:05 UTC on.",
        ),
        (
            back(json!({})).await,
            MIGRATE,
            "Bascule move: shop-blue serves as before; nothing to do",
            "Nothing to do: shop-blue serves all requests as before the migration, and what was built for shop-green is deleted.",
        ),
        (
            back(json!({ "onAbort": "keep" })).await,
            ("bascule-rollback", "SUCCEEDED"),
            "Bascule move: shop-blue serves as before; look at what is kept",
            "Delete what is kept once you need it no longer: shop-blue serves all requests as before the migration, and shop-green is kept without \
             production's requests.",
        ),
        (
            back(json!({})).await,
            ("bascule-migrate", "FAILED"),
            "Bascule move: bascule-migrate is FAILED",
            "The execution arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move is FAILED.",
        ),
        (
            cleaned_up(json!({})).await,
            CLEANUP,
            "Bascule move: shop-green serves; shop-blue is deleted; nothing to do",
            "Nothing to do: shop-green serves, the migration has ended, and shop-blue is deleted.",
        ),
        (
            cleaned_up(keep).await,
            CLEANUP,
            "Bascule move: shop-green serves; shop-blue is kept; delete it yourself",
            "Delete shop-blue when you need it no longer: shop-green serves, the migration has ended, and nothing of Bascule's is left on shop-blue.",
        ),
    ] {
        assert_eq!(ends(&account, &migration, end).await, Ok(Outcome::done().with("told", true)), "{subject}");
        let messages = account.people().messages.clone();
        assert_eq!(messages.len(), 1, "{subject}");
        let (found, text) = &messages[0];
        assert_eq!((found.as_str(), text.lines().next()), (subject, Some(first)));
        let link = "https://decide.example.com/?status=arn%3Aaws%3Astates%3Aeu-central-1%3A123456789012%3Aexecution%3Abascule-migrate%3Amove&";
        let links: Vec<&str> = text.lines().filter(|line| line.starts_with(link)).collect();
        assert_eq!(links.len(), 3, "{text}");
        assert!(links[0].ends_with("&file=report.html") && links[1].ends_with("&file=report.md"), "{text}");
        // None of them does anything without the code, which is in the message that asked.
        assert!(!text.contains("Code"), "{text}");
    }
}

#[tokio::test]
async fn where_a_bucket_is_named_the_message_says_where_report_and_plan_are_written_and_promises_no_more() {
    let (account, migration) = promoted(json!({})).await;
    ends(&account, &migration, MIGRATE).await.unwrap();
    assert!(!account.people().messages[0].1.contains("s3://"));
    let (account, migration) = promoted(json!({})).await;
    account.people().archive = Some(Archive { bucket: "records".to_owned(), prefix: "bascule/".to_owned() });
    ends(&account, &migration, MIGRATE).await.unwrap();
    let text = account.people().messages[0].1.clone();
    let last = text.trim_end().lines().last().unwrap();
    assert!(last.contains("are written to s3://records/bascule/move/ as well"), "{last}");
    assert!(last.contains("bascule-not-delivered tells where that could not be done"), "{last}");
}

#[tokio::test]
async fn people_are_told_what_is_left() {
    let (account, migration) = cleaned_up(json!({ "cleanup": { "blue": "keep" } })).await;
    ends(&account, &migration, CLEANUP).await.unwrap();
    let text = account.people().messages[0].1.clone();
    assert!(text.contains("- shop-blue, about $12.30 a day with 3 nodes\n"), "{text}");

    let (account, migration) = promoted(json!({})).await;
    schedule::remove(&account, &migration, Occasion::Cleanup).await.unwrap();
    ends(&account, &migration, MIGRATE).await.unwrap();
    let (subject, text) = account.people().messages[0].clone();
    assert!(subject.contains("nothing deletes shop-blue") && text.contains("was taken away"), "{subject} {text}");
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once_and_no_other_end_is_lost_by_it() {
    let (account, migration) = promoted(json!({})).await;
    for (end, messages) in [
        (MIGRATE, 1),
        (MIGRATE, 1),
        (("bascule-cleanup", "FAILED"), 2),
        (("bascule-cleanup", "FAILED"), 2),
        // It found nothing to do.
        (("bascule-rollback", "SUCCEEDED"), 2),
    ] {
        ends(&account, &migration, end).await.unwrap();
        assert_eq!(account.people().messages.len(), messages, "{end:?}");
    }
    // A way back that failed on the way and went on by itself is one end.
    let (account, migration) = back(json!({})).await;
    ends(&account, &migration, ("bascule-migrate", "FAILED")).await.unwrap();
    ends(&account, &migration, ("bascule-rollback", "SUCCEEDED")).await.unwrap();
    assert_eq!(account.people().messages.len(), 1);
}

#[tokio::test]
async fn whatever_a_call_meets_people_are_told_and_twice_only_where_nobody_heard_that_they_were() {
    let (account, migration) = promoted(json!({})).await;
    let before = account.calls();
    ends(&account, &migration, MIGRATE).await.unwrap();
    let calls = account.calls() - before;
    for call in 1..=calls {
        for fault in [Fault::Killed, Fault::TimedOut, Fault::Throttled, Fault::Unknown] {
            let (account, migration) = promoted(json!({})).await;
            account.fail_at(call, fault);
            assert!(ends(&account, &migration, MIGRATE).await.is_err(), "{fault:?} at call {call}");
            account.mend();
            ends(&account, &migration, MIGRATE).await.unwrap();
            ends(&account, &migration, MIGRATE).await.unwrap();
            let told = account.people().messages.len();
            assert!(told == 1 || told == 2 && account.unheard() == 1, "{told} messages after {fault:?} at call {call}");
        }
    }
}
