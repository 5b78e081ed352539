//! Every limit of Bascule, as a whole preflight meets it: a healthy account and input, and the same with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod cases;
mod worlds;

use domain::{Invocation, Limit, PhaseError, Problem};
use preflight::event::{Call, handle};
use serde_json::{Value, json};
use strum::VariantArray as _;
use testing::Account;

use cases::cases;

const ID: &str = "arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move";

/// What preflight refuses of an input in an account.
async fn refused(account: &Account, input: &Value) -> Vec<Problem> {
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    let call: Call = serde_json::from_value(json!({ "migrationId": ID, "name": "move", "input": input })).unwrap();
    let answer: Result<_, PhaseError> = Box::pin(handle(account, call, invocation)).await;
    let refusal = account.table().migrations.values().next().and_then(|record| record.meta.refusal.clone());
    assert_eq!(answer.is_err(), refusal.is_some(), "{answer:?}");
    refusal.map(|refusal| refusal.problems).unwrap_or_default()
}

#[test]
fn no_limit_is_without_a_case() {
    let mut known: Vec<Limit> = cases().map(|(limit, ..)| limit).collect();
    known.sort_unstable();
    let mut all = Limit::VARIANTS.to_vec();
    all.sort_unstable();
    assert_eq!(known, all);
}

#[tokio::test]
async fn one_thing_changed_in_a_healthy_world_is_refused_with_the_code_of_its_limit_and_its_path() {
    let mut wrong = Vec::new();
    for (limit, world, change, path) in cases() {
        let (account, input) = world();
        let healthy = refused(&account, &input).await;
        if !healthy.is_empty() {
            wrong.push(format!("{limit:?}: the world is not healthy: {}", Problem::list(&healthy)));
        }
        let (account, mut input) = world();
        change(&account, &mut input);
        let problems = refused(&account, &input).await;
        let code = format!("(limit {})", limit.code());
        if !problems.iter().any(|problem| problem.path == path && problem.to_string().contains(&code)) {
            wrong.push(format!("{limit:?}: expected {code} at {path}, found {}", Problem::list(&problems)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
