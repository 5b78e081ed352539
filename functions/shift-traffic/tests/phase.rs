//! shift-traffic's part in API Gateway on an account in memory: there, back, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::{Canary, VpcLink};
use domain::ports::Ledger;
use domain::ports::gateway::{Deployment, Method, Patch};
use domain::resources::{deployment, vpc_link};
use domain::shift::Shift;
use domain::{Condition, Direction, Migration, PhaseError, Status};
use serde_json::Value;
use shift_traffic::{adopt, give_back, settle, shift};
use std::collections::BTreeMap;
use testing::{Gate, Road};

const G: &str = "deployment-g";

fn now() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn prod() -> (String, String) {
    ("shop1".to_owned(), "prod".to_owned())
}

/// The shop after prepare-cutover, as far as this phase looks at it.
async fn ready(steps: &[u8]) -> (Gate, Migration) {
    let gate = Gate::shop();
    let migration = Gate::migration(steps).unwrap();
    let link = VpcLink { id: "green1".to_owned(), status: "AVAILABLE".to_owned(), ..VpcLink::default() };
    gate.road().links.insert("green1".to_owned(), link);
    let deployment = Deployment { id: G.to_owned(), ..Deployment::default() };
    gate.road().deployments.insert(("shop1".to_owned(), G.to_owned()), (deployment, Vec::new()));
    for (key, id) in [(vpc_link::key(&migration), "green1"), (deployment::green(), G)] {
        gate.intend(&migration, &key, Value::Null).await.unwrap();
        gate.present(&migration, &key, id).await.unwrap();
    }
    (gate, migration)
}

async fn straight() -> (Gate, Migration) {
    ready(&[100]).await
}

async fn step(gate: &Gate, migration: &Migration) -> Result<u8, PhaseError> {
    shift(gate, migration, now()).await
}

/// What observe's guard does once a step was watched.
async fn guarded(gate: &Gate, migration: &Migration) {
    let shift = Shift::saved(gate, migration).await.unwrap().unwrap();
    Shift { guarded: shift.guarded + 1, ..shift }.save(gate, migration).await.unwrap();
}

async fn shifted() -> (Gate, Migration) {
    let (gate, migration) = straight().await;
    step(&gate, &migration).await.unwrap();
    guarded(&gate, &migration).await;
    (gate, migration)
}

async fn undo(gate: &Gate, migration: &Migration) -> Result<(), PhaseError> {
    give_back(gate, migration).await?;
    settle(gate, migration).await
}

fn turned(gate: &Gate, migration: Migration) -> Migration {
    gate.ledger.set_owner(1, Direction::Undo);
    Migration { direction: Direction::Undo, fence: 1, ..migration }
}

fn calls(gate: &Gate) -> Vec<Vec<Patch>> {
    gate.road().stage_calls.iter().filter(|(stage, _)| stage == "prod").map(|(_, patches)| patches.clone()).collect()
}

#[tokio::test]
async fn a_straight_switch_is_one_call_however_often_it_dies() {
    let road = Gate::survives(straight, step).await.unwrap().road;
    assert_eq!(road.stage_calls, [("prod".to_owned(), vec![Patch::replace("/deploymentId", G)])]);
    assert_eq!(road.stages[&prod()].deployment_id, G);
}

#[tokio::test]
async fn four_steps_are_four_calls_and_the_guard_stands_between_them() {
    let (gate, migration) = ready(&[5, 25, 50, 100]).await;
    let mut shares = Vec::new();
    for _ in 0..4 {
        shares.push(step(&gate, &migration).await.unwrap());
        // Not guarded yet: the same step again, and no call.
        shares.push(step(&gate, &migration).await.unwrap());
        guarded(&gate, &migration).await;
    }
    assert_eq!(shares, [5, 5, 25, 25, 50, 50, 100, 100]);
    assert_eq!(step(&gate, &migration).await, Ok(100));
    assert_eq!(calls(&gate).len(), 4);
    let stage = gate.road().stages[&prod()].clone();
    assert_eq!((stage.deployment_id.as_str(), stage.canary), (G, None));
}

#[tokio::test]
async fn a_stage_that_others_moved_is_left_alone() {
    for moved in [None, Some(Canary { deployment_id: "x".to_owned(), percent: 1.0 })] {
        let (gate, migration) = straight().await;
        {
            let mut road = gate.road();
            let stage = road.stages.get_mut(&prod()).unwrap();
            if moved.is_none() {
                stage.deployment_id = "x".to_owned();
            }
            stage.canary = moved;
        }
        assert_eq!(step(&gate, &migration).await.unwrap_err().condition, Condition::Conflict);
        assert!(calls(&gate).is_empty());
    }
}

#[tokio::test]
async fn the_way_back_is_one_call_however_often_it_dies() {
    let start = async || {
        let (gate, migration) = shifted().await;
        gate.road().stage_calls.clear();
        let migration = turned(&gate, migration);
        (gate, migration)
    };
    let left = Gate::survives(start, undo).await.unwrap();
    assert_eq!(left.road.stage_calls, [("prod".to_owned(), vec![Patch::replace("/deploymentId", "deployment-b")])]);
    let shift = left.entries.iter().find(|entry| entry.key.kind == domain::Kind::StageShift).unwrap();
    assert_eq!(shift.status, Status::Absent);
}

#[tokio::test]
async fn from_a_partial_shift_the_way_back_removes_the_canary() {
    let (gate, migration) = ready(&[5, 100]).await;
    step(&gate, &migration).await.unwrap();
    let before = Gate::shop().road().stages[&prod()].clone();
    let migration = turned(&gate, migration);
    undo(&gate, &migration).await.unwrap();
    assert_eq!(calls(&gate)[1..], [vec![Patch::remove("/canarySettings")]]);
    assert_eq!(gate.road().stages[&prod()], before);
}

#[tokio::test]
async fn where_nothing_was_shifted_there_is_nothing_to_take_back() {
    let (gate, migration) = straight().await;
    let migration = turned(&gate, migration);
    undo(&gate, &migration).await.unwrap();
    assert!(calls(&gate).is_empty());
}

#[tokio::test]
async fn a_deployment_of_others_is_never_overwritten_on_the_way_back() {
    let (gate, migration) = shifted().await;
    gate.road().stages.get_mut(&prod()).unwrap().deployment_id = "hotfix".to_owned();
    let migration = turned(&gate, migration);
    let error = undo(&gate, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert_eq!(calls(&gate).len(), 1);
}

async fn adopting(gate: &Gate, migration: &Migration) -> Result<(), PhaseError> {
    adopt::converge(gate, migration).await
}

#[tokio::test]
async fn after_the_bake_the_configuration_gets_greens_link_and_the_way_back_restores_it() {
    let road: Road = Gate::survives(shifted, adopting).await.unwrap().road;
    let links = |road: &Road| {
        let linked = road.methods["shop1"].iter().filter_map(Method::linked);
        linked.filter_map(|method| method.integration.connection.vpc_link(&BTreeMap::new())).collect::<Vec<_>>()
    };
    assert_eq!(links(&road), ["green1"; 4]);
    let start = async || {
        let (gate, migration) = shifted().await;
        adopting(&gate, &migration).await.unwrap();
        let migration = turned(&gate, migration);
        (gate, migration)
    };
    let road = Gate::survives(start, undo).await.unwrap().road;
    assert_eq!(links(&road), ["blue1"; 4]);
    assert_eq!(road.stages[&prod()], Gate::shop().road().stages[&prod()]);
}

#[tokio::test]
async fn green_is_not_adopted_before_it_has_everything() {
    let (gate, migration) = straight().await;
    assert_eq!(adopting(&gate, &migration).await.unwrap_err().condition, Condition::Conflict);
}
