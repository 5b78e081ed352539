//! prepare-cutover's part in API Gateway on an account in memory: there, back, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::{Connection, VpcLink};
use domain::ports::Ledger;
use domain::ports::gateway::Deployment;
use domain::resources::vpc_link;
use domain::{Condition, Direction, Migration, Outcome, PhaseError};
use prepare_cutover::{converge_gateway, undo_gateway};
use serde_json::Value;
use testing::{Gate, Road};

const GREEN: &str = "green1";

fn start() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

async fn converge(gate: &Gate, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge_gateway(gate, migration, start()).await
}

/// The shop after provision-edge, as far as this phase looks at it.
async fn shop() -> (Gate, Migration) {
    let gate = Gate::shop();
    let migration = Gate::migration(&[100]).unwrap();
    let link = VpcLink { id: GREEN.to_owned(), status: "AVAILABLE".to_owned(), ..VpcLink::default() };
    gate.road().links.insert(GREEN.to_owned(), link);
    let key = vpc_link::key(&migration);
    gate.intend(&migration, &key, Value::Null).await.unwrap();
    gate.present(&migration, &key, GREEN).await.unwrap();
    (gate, migration)
}

async fn prepared() -> (Gate, Migration) {
    let (gate, migration) = shop().await;
    gate.drive(&migration, converge).await.unwrap();
    gate.ledger.set_owner(0, Direction::Undo);
    (gate, Migration { direction: Direction::Undo, ..migration })
}

fn links(methods: &[domain::ports::gateway::Method]) -> Vec<&str> {
    let integrations = methods.iter().filter_map(|method| method.integration.as_ref());
    let links = integrations.filter_map(|found| match &found.connection {
        Connection::VpcLink(link) => Some(link.as_str()),
        _ => None,
    });
    links.collect()
}

fn made_by_bascule(road: &Road) -> Vec<(&Deployment, Vec<&str>)> {
    let own = road.deployments.values().filter(|(deployment, _)| deployment.description.starts_with("Bascule move"));
    own.map(|(deployment, methods)| (deployment, links(methods))).collect()
}

#[tokio::test]
async fn g_differs_from_b_in_the_link_only_and_the_configuration_is_as_it_was() {
    let road = Gate::survives(shop, converge).await.unwrap().road;
    assert_eq!(road.methods["shop1"], Gate::shop().road().methods["shop1"]);
    let own = made_by_bascule(&road);
    assert_eq!(own.len(), 1, "T is deleted again");
    assert_eq!(own[0].1, [GREEN; 4]);
    let g = &own[0].0.id;
    let held: Vec<&str> = road.stages.values().map(|stage| stage.deployment_id.as_str()).collect();
    assert_eq!(held, ["deployment-b", g, "deployment-b"], "B and G have a stage each beside production's");
    assert!(road.stage_calls.iter().all(|(stage, _)| stage != "prod"));
    let plan = road.plans.values().find(|plan| plan.id != "gold").unwrap();
    assert_eq!((&plan.key_ids, &plan.quota), (&vec!["key1".to_owned()], &None));
}

#[tokio::test]
async fn undeployed_edits_are_refused_with_what_they_are() {
    let (gate, migration) = shop().await;
    let edited = |road: &mut Road| {
        let method = &mut road.methods.get_mut("shop1").unwrap()[1];
        method.integration.as_mut().unwrap().uri = "http://shop.example.com/basket".to_owned();
    };
    edited(&mut gate.road());
    let error = gate.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("never deployed") && error.message.contains("/basket"), "{error}");
    assert!(gate.road().methods["shop1"].iter().all(|method| links(std::slice::from_ref(method)) != [GREEN]));
}

#[tokio::test]
async fn a_deployment_inside_the_window_is_reported() {
    // Of all calls, those between the opening of the window and its end.
    let mut seen = 0;
    for call in 1..200 {
        let (gate, migration) = shop().await;
        gate.crash().after(call);
        let _ = gate.drive(&migration, converge).await;
        gate.crash().after(0);
        let methods = gate.road().methods["shop1"].clone();
        let g_exists = made_by_bascule(&gate.road()).iter().any(|(_, links)| links.contains(&GREEN));
        if links(&methods) != [GREEN; 4] || g_exists {
            continue;
        }
        seen += 1;
        let deployment =
            Deployment { id: "foreign".to_owned(), description: "hotfix".to_owned(), created: String::new() };
        gate.road().deployments.insert(("shop1".to_owned(), "foreign".to_owned()), (deployment, methods));
        let error = gate.drive(&migration, converge).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict);
        assert!(error.message.contains("hotfix"), "{error}");
        gate.ledger.set_owner(1, Direction::Undo);
        let back = Migration { direction: Direction::Undo, fence: 1, ..migration };
        gate.drive(&back, async |gate: &Gate, migration: &Migration| undo_gateway(gate, migration).await)
            .await
            .unwrap();
        assert_eq!(gate.road().methods["shop1"], Gate::shop().road().methods["shop1"]);
    }
    assert!(seen > 0);
}

#[tokio::test]
async fn a_stage_that_moved_since_the_plan_is_a_conflict() {
    let (gate, migration) = shop().await;
    gate.road().stages.get_mut(&("shop1".to_owned(), "prod".to_owned())).unwrap().deployment_id = "other".to_owned();
    let error = gate.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("somebody deployed"), "{error}");
}

#[tokio::test]
async fn a_green_that_fails_the_smoke_test_is_waited_for_and_then_unhealthy() {
    let (gate, migration) = shop().await;
    gate.drive(&migration, converge).await.unwrap();
    let stages: Vec<_> = gate.road().stages.keys().cloned().collect();
    for stage in stages {
        gate.road().answers.insert(stage, 503);
    }
    let error = converge_gateway(&gate, &migration, start()).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    let later = start().checked_add(jiff::SignedDuration::from_mins(4)).unwrap();
    let error = converge_gateway(&gate, &migration, later).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert!(error.message.contains("GET /admin answered 503"), "{error}");
}

#[tokio::test]
async fn the_undo_leaves_the_api_as_it_was() {
    let undo = async |gate: &Gate, migration: &Migration| undo_gateway(gate, migration).await;
    let left = Gate::survives(prepared, undo).await.unwrap();
    let (gate, _) = shop().await;
    let before = gate.road().clone();
    assert_eq!(Road { created: 0, stage_calls: Vec::new(), ..left.road }, before);
    let present: Vec<_> = left.entries.iter().filter(|entry| entry.is_live()).collect();
    assert_eq!(present.len(), 1, "only green's link, which another phase made: {present:#?}");
}

#[tokio::test]
async fn an_undo_after_a_death_anywhere_leaves_the_api_as_it_was() {
    let (gate, _) = shop().await;
    let before = gate.road().clone();
    for call in 1.. {
        let (gate, migration) = shop().await;
        gate.crash().after(call);
        let survived = gate.drive(&migration, converge).await.is_ok();
        gate.crash().after(0);
        gate.ledger.set_owner(1, Direction::Undo);
        let back = Migration { direction: Direction::Undo, fence: 1, ..migration };
        gate.drive(&back, async |gate: &Gate, migration: &Migration| undo_gateway(gate, migration).await)
            .await
            .unwrap();
        let after = Road { created: 0, stage_calls: Vec::new(), ..gate.road().clone() };
        assert_eq!(after, before, "killed at call {call}");
        if survived {
            break;
        }
    }
}

#[tokio::test]
async fn nothing_is_undone_while_production_uses_g() {
    let (gate, migration) = prepared().await;
    let g = made_by_bascule(&gate.road())[0].0.id.clone();
    gate.road().stages.get_mut(&("shop1".to_owned(), "prod".to_owned())).unwrap().deployment_id = g;
    let error = undo_gateway(&gate, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
}
