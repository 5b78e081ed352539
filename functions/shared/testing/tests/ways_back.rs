//! Who may ask for a way back, and of what, on an account in memory.
#![cfg(test)]

use domain::invocation::reconcile;
use domain::ports::migrations::Life;
use domain::{Condition, Direction, Invocation, Migration, MigrationId, Outcome, Payload, PhaseError, Whole};
use testing::{Account, shop};

async fn undone(account: &Account, id: &MigrationId, automatic: bool) -> Result<Outcome, PhaseError> {
    let payload = Payload { migration_id: id.clone(), direction: Direction::Undo, automatic, step: None };
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    let done = async |_: &Account, _: &Migration, _: Whole| Ok(Outcome::done());
    reconcile(account, "shift-traffic", &payload, &invocation, done, done).await
}

#[tokio::test]
async fn an_arn_that_the_ledger_does_not_know_is_refused_to_people_and_nothing_to_do_for_machines() {
    let (account, migration) = Account::opened(&shop::input()).unwrap();
    let mistyped = MigrationId::new(format!("{}x", migration.id));
    let error = undone(&account, &mistyped, false).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("has no migration") && error.message.contains("nothing was changed"), "{error}");
    assert_eq!(undone(&account, &mistyped, true).await, Ok(Outcome::done().with("ended", true)));
}

#[tokio::test]
async fn what_has_ended_or_baked_well_is_left_alone_by_machines_and_people_may_go_back_after_a_good_bake() {
    for (life, automatic, ended) in [
        (Life::Open, true, false),
        (Life::Open, false, false),
        (Life::Baked, true, true),
        (Life::Baked, false, false),
        (Life::Ended, true, true),
        (Life::Ended, false, true),
    ] {
        let (account, migration) = Account::opened(&shop::input()).unwrap();
        account.table().migrations.get_mut(&migration.id).unwrap().meta.life = life;
        let undone = undone(&account, &migration.id, automatic).await;
        assert_eq!(undone, Ok(Outcome::done().with("ended", ended)), "{life:?}, automatic: {automatic}");
    }
}
