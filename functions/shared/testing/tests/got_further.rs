//! What is throttled after it has got further is polled again, and does not use up the tries after `Unavailable`: these are counted
//! over the whole visit of a state (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::gateway::integrations::point;
use domain::invocation::reconcile;
use domain::plan::edge::Connection;
use domain::ports::{Clock, Ledger};
use domain::resources::vpc_link;
use domain::{Condition, Direction, Invocation, Migration, Outcome, Payload, PhaseError, Side, Whole};
use jiff::SignedDuration;
use serde_json::Value;
use testing::shop::{API, GREEN_LINK, input};
use testing::{Account, Fault};

fn throttled() -> PhaseError {
    PhaseError::unavailable("UpdateUsagePlan: TooManyRequestsException: Too Many Requests")
}

async fn run(
    phase: impl AsyncFn(&Account, &Migration, Whole) -> Result<Outcome, PhaseError>,
) -> Result<Outcome, PhaseError> {
    let (account, migration) = Account::opened(&input()).unwrap();
    let (now, migration_id) = (account.now(), migration.id.clone());
    let payload = Payload { migration_id, direction: Direction::Converge, automatic: false, step: None };
    let lease_until = now + SignedDuration::from_mins(5);
    let invocation = Invocation { request_id: "1".to_owned(), deadline: lease_until, lease_until };
    let undo = async |_: &Account, _: &Migration, _: Whole| Ok(Outcome::done());
    reconcile(&account, "provision-edge", &payload, &invocation, phase, undo).await
}

#[tokio::test]
async fn a_phase_that_wrote_to_the_ledger_before_it_was_throttled_is_not_ready() {
    let error = run(async |ports: &Account, migration: &Migration, _: Whole| {
        ports.intend(migration, &vpc_link::key(migration), Value::Null).await?;
        Err(throttled())
    })
    .await
    .unwrap_err();
    assert_eq!(error, PhaseError::not_ready(format!("got further, and then {}", throttled().message)));
}

#[tokio::test]
async fn a_phase_that_was_throttled_at_once_is_unavailable() {
    let error = run(async |_: &Account, _: &Migration, _: Whole| Err(throttled())).await.unwrap_err();
    assert_eq!(error, throttled());
}

#[tokio::test]
async fn any_other_error_after_a_write_stays_as_it_is() {
    let error = run(async |ports: &Account, migration: &Migration, _: Whole| {
        ports.intend(migration, &vpc_link::key(migration), Value::Null).await?;
        Err(PhaseError::denied("no"))
    })
    .await
    .unwrap_err();
    assert_eq!(error, PhaseError::denied("no"));
}

fn pointing_at(account: &Account, link: &str) -> usize {
    let connection = Connection::VpcLink(link.to_owned());
    let methods = account.aws().methods[API].clone();
    methods
        .iter()
        .filter(|method| method.integration.as_ref().is_some_and(|found| found.connection == connection))
        .count()
}

/// The shop, with green's link known to the ledger.
fn with_greens_link() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.know(&migration, vpc_link::key(&migration), GREEN_LINK);
    (account, migration)
}

#[tokio::test]
async fn integrations_that_are_throttled_half_way_go_on_from_there() {
    let (account, migration) = with_greens_link();
    // Green's link and the methods are read first.
    account.fail_at(5, Fault::Throttled);
    let error = point(&account, &migration, Side::Green).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.starts_with("2 of 4 integrations point at green, and then "), "{error}");
    assert_eq!(pointing_at(&account, GREEN_LINK), 2);
    assert_eq!(point(&account, &migration, Side::Green).await, Ok(Vec::new()));
    assert_eq!(pointing_at(&account, GREEN_LINK), 4);
}

#[tokio::test]
async fn integrations_are_changed_until_the_invocations_deadline() {
    let (account, migration) = with_greens_link();
    let at_the_end = Migration { deadline: account.now(), ..migration };
    let error = point(&account, &at_the_end, Side::Green).await.unwrap_err();
    assert_eq!(error, PhaseError::not_ready("0 of 4 integrations point at green"));
    assert_eq!(pointing_at(&account, GREEN_LINK), 0);
}

#[tokio::test]
async fn an_invocation_with_little_time_gets_further_too() {
    let (account, migration) = with_greens_link();
    let short = Migration { deadline: account.now() + jiff::SignedDuration::from_secs(10), ..migration };
    assert_eq!(point(&account, &short, Side::Green).await, Ok(Vec::new()));
    assert_eq!(pointing_at(&account, GREEN_LINK), 4);
}
