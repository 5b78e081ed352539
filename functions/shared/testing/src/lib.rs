//! For tests: an AWS account with two clusters, people and Bascule's ledger in memory, which keeps the rules of the real ones in
//! virtual time and fails at any call that it is told to; and Step Functions in virtual time, on which the machines run.

mod account;
pub mod fate;
pub mod load_balancer_controller;
pub mod shop;
pub mod states;

pub use account::{
    Account, Authorizer, Aws, Cluster, Durations, Event, Fault, History, Kept, Left, MadeFrom, People, Permission,
    Record, Table, Taken, timeless,
};

use domain::{Direction, Migration};
use serde_json::Value;

/// A migration of the execution `move` with the given input and an empty plan, as preflight opens it at the start of 2026.
///
/// # Errors
/// Every problem of the input.
pub fn migration(input: &Value) -> Result<Migration, Vec<domain::Problem>> {
    let opened_at = jiff::Timestamp::from_second(1_767_225_600).unwrap_or_default();
    Ok(Migration {
        id: domain::MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move"),
        input: domain::Input::read(input)?,
        plan: domain::Plan::default(),
        direction: Direction::Converge,
        fence: 1,
        deadline: jiff::Timestamp::MAX,
        opened_at,
    })
}
