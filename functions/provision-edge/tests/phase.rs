//! provision-edge on an account in memory: there, back, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::edge::Connection;
use domain::ports::Ledger;
use domain::resources::{deployment, stage_shift};
use domain::{Condition, Direction, Migration, Outcome, PhaseError, Progress, Whole};
use provision_edge::{Step, converge, undo as take_down};
use serde_json::Value;
use testing::{Gate, Road};

async fn shop() -> (Gate, Migration) {
    (Gate::shop(), Gate::migration(&[100]).unwrap())
}

async fn build(gate: &Gate, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(gate, migration, Step::Build).await
}

async fn attach(gate: &Gate, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(gate, migration, Step::AttachNodes).await
}

async fn undo(gate: &Gate, migration: &Migration) -> Result<Outcome, PhaseError> {
    take_down(gate, migration, Whole::Whole).await
}

async fn built() -> (Gate, Migration) {
    let (gate, migration) = shop().await;
    gate.drive(&migration, build).await.unwrap();
    (gate, migration)
}

async fn attached() -> (Gate, Migration) {
    let (gate, migration) = built().await;
    gate.drive(&migration, attach).await.unwrap();
    // What shift-traffic makes in the temporary API goes with it.
    for key in [deployment::temporary_of_blue(), stage_shift::temporary()] {
        gate.intend(&migration, &key, Value::Null).await.unwrap();
        gate.present(&migration, &key, "deployment-of-blue").await.unwrap();
    }
    gate.ledger.set_owner(0, Direction::Undo);
    (gate, Migration { direction: Direction::Undo, ..migration })
}

#[tokio::test]
async fn the_load_balancer_is_cloned_without_its_deletion_protection() {
    let road = Gate::survives(shop, build).await.unwrap().road;
    let clone = road.balancers.values().find(|balancer| balancer.arn != "arn:balancer-blue").unwrap();
    assert_eq!(clone.attributes["load_balancing.cross_zone.enabled"], "true");
    assert_eq!(clone.attributes["deletion_protection.enabled"], "false");
    assert_eq!(clone.private_link_enforcement.as_deref(), Some("off"));
    assert_eq!(clone.security_group_ids, ["sg-nlb"]);
    assert_eq!((clone.tags["bascule:migration"].as_str(), clone.tags["bascule:side"].as_str()), ("move", "green"));
    assert!(clone.name.len() <= 32, "{}", clone.name);
    let listener = &road.listeners[&clone.arn][0];
    assert_eq!((listener.port, listener.attributes["tcp.idle_timeout.seconds"].as_str()), (80, "350"));
    let group = &road.groups[&listener.target_group_arns[0]];
    assert_eq!((group.port, group.attributes["preserve_client_ip.enabled"].as_str()), (30080, "false"));
}

#[tokio::test]
async fn the_temporary_api_points_at_green_under_temporary_hosts_with_the_same_keys() {
    let (gate, migration) = shop().await;
    gate.drive(&migration, build).await.unwrap();
    let road = gate.road().clone();
    let api = road.apis.values().find(|api| api.id != "shop1").unwrap();
    let link = road.links.values().find(|link| link.id != "blue1").unwrap();
    let cart = road.methods[&api.id].iter().find(|method| method.path == "/cart" && method.method == "GET").unwrap();
    let backend = cart.integration.as_ref().unwrap();
    assert_eq!(
        (&backend.connection, backend.uri.as_str()),
        (&Connection::VpcLink(link.id.clone()), "http://green.example.com/cart")
    );
    assert_eq!(road.methods[&api.id].len(), 5);
    assert_eq!((api.minimum_compression_size, api.tags["bascule:side"].as_str()), (Some(1024), "temporary"));
    let stage = &road.stages[&(api.id.clone(), "prod".to_owned())];
    assert_eq!(stage.variables["tier"], "gold");
    let plan = road.plans.values().find(|plan| plan.id != "gold").unwrap();
    assert_eq!(plan.key_ids, ["key1", "key2"]);
    assert_eq!(plan.quota, road.plans["gold"].quota);
    assert_eq!(plan.stages, [(api.id.clone(), "prod".to_owned())]);
    let url = format!("https://{}.execute-api.eu-central-1.amazonaws.com/prod", api.id);
    let progress = gate.progress(&migration, Progress::ProvisionEdge).await.unwrap().unwrap();
    assert_eq!(progress["temporaryUrl"], url);
}

#[tokio::test]
async fn production_is_not_touched() {
    let (gate, migration) = shop().await;
    let before = gate.road().clone();
    gate.drive(&migration, build).await.unwrap();
    let after = gate.road().clone();
    assert_eq!(after.methods["shop1"], before.methods["shop1"]);
    assert_eq!(after.plans["gold"], before.plans["gold"]);
    assert!(after.stage_calls.is_empty());
    assert_eq!(after.scaling, before.scaling);
}

#[tokio::test]
async fn every_node_group_is_attached_where_blues_is() {
    let road = Gate::survives(built, attach).await.unwrap().road;
    let clone = road.groups.values().find(|group| group.arn != "arn:group-blue").unwrap();
    for name in ["general", "jobs"] {
        assert_eq!(road.scaling[&format!("eks-shop-green-{name}")].target_group_arns, std::slice::from_ref(&clone.arn));
        assert_eq!(road.scaling[&format!("eks-shop-blue-{name}")].target_group_arns, ["arn:group-blue"]);
    }
}

#[tokio::test]
async fn the_undo_leaves_the_account_as_it_was() {
    let left = Gate::survives(attached, undo).await.unwrap();
    let (gate, _) = shop().await;
    let before = gate.road().clone();
    assert_eq!(Road { created: 0, ..left.road }, before);
    assert!(left.entries.iter().all(|entry| !entry.is_live()), "{:#?}", left.entries);
}

#[tokio::test]
async fn a_load_balancer_that_somebody_protected_goes_all_the_same() {
    let (gate, migration) = attached().await;
    for balancer in gate.road().balancers.values_mut() {
        balancer.attributes.insert("deletion_protection.enabled".to_owned(), "true".to_owned());
    }
    gate.drive(&migration, undo).await.unwrap();
    assert_eq!(gate.road().balancers.keys().collect::<Vec<_>>(), ["arn:balancer-blue"]);
}

#[tokio::test]
async fn an_undo_after_a_death_anywhere_leaves_nothing() {
    let (gate, _) = shop().await;
    let before = gate.road().clone();
    for call in 1.. {
        let (gate, migration) = shop().await;
        gate.crash().after(call);
        let survived = gate.drive(&migration, build).await.is_ok();
        gate.crash().after(0);
        gate.ledger.set_owner(1, Direction::Undo);
        let back = Migration { direction: Direction::Undo, fence: 1, ..migration };
        gate.drive(&back, undo).await.unwrap();
        assert_eq!(Road { created: 0, ..gate.road().clone() }, before, "killed at call {call}");
        if survived {
            break;
        }
    }
}

#[tokio::test]
async fn a_link_that_failed_is_unhealthy() {
    let (gate, migration) = shop().await;
    while gate.road().links.len() < 2 {
        assert_eq!(build(&gate, &migration).await.unwrap_err().condition, Condition::NotReady);
        if gate.road().links.len() < 2 {
            gate.pass();
        }
    }
    for link in gate.road().links.values_mut().filter(|link| link.id != "blue1") {
        "FAILED".clone_into(&mut link.status);
        "NLB ARN is malformed".clone_into(&mut link.status_message);
    }
    let error = build(&gate, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert!(error.message.contains("NLB ARN is malformed"), "{error}");
}
