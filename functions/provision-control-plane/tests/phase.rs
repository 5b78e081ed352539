//! provision-control-plane on an account in memory: there, back, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Condition, Direction, Kind, Migration, Outcome, PhaseError, ResourceKey, Side, Whole,
    plan::compute::{AccessEntry, Peer, SecurityGroup},
    ports::{Ledger, LogGroups, Network, log_groups::LogGroup},
    resources::log_group,
};
use provision_control_plane::{Undo, converge as make, undo as take_down};
use serde_json::Value;
use testing::Yard;

const ROLE: &str = "arn:aws:iam::123456789012:role/bascule-kubernetes";

async fn converge(yard: &Yard, migration: &Migration) -> Result<Outcome, PhaseError> {
    make(yard, migration, Whole::Whole).await
}

async fn undo(yard: &Yard, migration: &Migration) -> Result<Outcome, PhaseError> {
    take_down(yard, migration, Undo::Everything).await
}

/// The shop after provision-network: its two groups have clones.
async fn shop() -> (Yard, Migration) {
    let yard = Yard::shop();
    yard.grounds().functions_group = Some("sg-functions".to_owned());
    let mut migration = yard.migration().unwrap();
    migration.plan.creates = log_group::plan(&yard, &migration.plan.compute).await.unwrap().creates;
    for group in &migration.plan.compute.security_groups {
        let key = ResourceKey::new(Side::Green, Kind::SecurityGroup, &group.id);
        let clone = SecurityGroup { name: format!("green-{}", group.id), rules: Vec::new(), ..group.clone() };
        yard.intend(&migration, &key, Value::Null).await.unwrap();
        let id = yard.create_security_group(&clone).await.unwrap();
        yard.present(&migration, &key, &id).await.unwrap();
    }
    (yard, migration)
}

async fn built() -> (Yard, Migration) {
    Yard::turned_back(shop, converge).await.unwrap()
}

fn green(name: &str) -> (String, String) {
    ("shop-green".to_owned(), name.to_owned())
}

#[tokio::test]
async fn the_control_plane_gets_what_blues_has() {
    let end = Yard::survives(shop, converge).await.unwrap();
    let grounds = end.grounds;
    let cluster = &grounds.clusters["shop-green"].cluster;
    assert_eq!(cluster.version, "1.34");
    assert_eq!(cluster.security_group_ids, ["sg-of-green-sg-plane"]);
    assert_eq!(cluster.service_cidr.as_deref(), Some("172.20.0.0/16"));
    assert_eq!((cluster.tags["bascule:migration"].as_str(), cluster.tags["team"].as_str()), ("move", "shop"));

    let addons: Vec<_> =
        grounds.addons.keys().filter(|(of, _)| of == "shop-green").map(|(_, name)| name.as_str()).collect();
    assert_eq!(addons, ["kube-proxy", "vpc-cni"]);

    let people = &grounds.access_entries[&green("arn:aws:iam::123456789012:role/people")];
    assert_eq!(people.kubernetes_groups, ["viewers"]);
    assert_eq!(people.policies[0].namespaces, ["shop"]);
    for cluster in ["shop-blue", "shop-green"] {
        let own = &grounds.access_entries[&(cluster.to_owned(), ROLE.to_owned())];
        assert_eq!(own.policies[0].arn, "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy");
    }
    // EKS makes the entries of managed node groups itself.
    assert!(!grounds.access_entries.contains_key(&green("arn:aws:iam::123456789012:role/nodes")));
    assert!(grounds.pod_identities.contains_key(&green("shop/checkout")));

    let into_cluster = &grounds.security_groups["sg-cluster-shop-green"].rules;
    for peer in ["sg-nlb", "sg-functions", "sg-cluster-shop-green"] {
        assert!(into_cluster.iter().any(|rule| rule.peer == Peer::Group(peer.to_owned())), "{peer}");
    }
    let out_of_balancer = &grounds.security_groups["sg-nlb"].rules;
    assert!(out_of_balancer.iter().any(|rule| rule.peer == Peer::Group("sg-cluster-shop-green".to_owned())));
}

#[tokio::test]
async fn the_log_group_is_there_before_the_cluster_and_like_blues() {
    let (yard, migration) = shop().await;
    assert_eq!(converge(&yard, &migration).await.unwrap_err().condition, Condition::NotReady);
    let group = yard.grounds().log_groups["/aws/eks/shop-green/cluster"].clone();
    assert_eq!(group.retention_in_days, Some(90));
    assert_eq!(group.kms_key_arn.as_deref(), Some("arn:aws:kms:eu-central-1:123456789012:key/logs"));
    let tags = [("bascule:migration", "move"), ("bascule:side", "green"), ("cluster", "shop-green"), ("team", "shop")];
    assert_eq!(group.tags, tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let first = yard.creates().into_iter().find(|created| !created.starts_with("SecurityGroup"));
    assert_eq!(first.as_deref(), Some("LogGroup /aws/eks/shop-green/cluster"));
}

#[tokio::test]
async fn a_log_group_that_somebody_else_made_since_the_plan_is_a_conflict_and_survives_the_undo() {
    let (yard, migration) = shop().await;
    let name = "/aws/eks/shop-green/cluster";
    yard.create_log_group(&LogGroup { name: name.to_owned(), ..LogGroup::default() }).await.unwrap();
    let before = yard.grounds().log_groups.clone();
    let error = yard.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error, PhaseError::conflict(format!("ResourceAlreadyExistsException: {name}")));
    let undoing = Migration { direction: Direction::Undo, ..migration };
    yard.ledger.set_owner(0, Direction::Undo);
    yard.drive(&undoing, undo).await.unwrap();
    assert_eq!(yard.grounds().log_groups, before);
    assert!(!yard.grounds().clusters.contains_key("shop-green"));
}

#[tokio::test]
async fn undo_leaves_the_account_as_it_was_but_for_the_network() {
    let end = Yard::survives(built, undo).await.unwrap();
    let (before, _) = shop().await;
    assert_eq!(end.grounds, before.end().grounds);
    let left: Vec<_> = end.entries.iter().filter(|entry| entry.is_live()).map(|entry| entry.key.kind).collect();
    assert_eq!(left, [Kind::SecurityGroup, Kind::SecurityGroup]);
}

#[tokio::test]
async fn undo_waits_for_the_node_groups() {
    let (yard, migration) = built().await;
    let group = migration.plan.compute.node_groups[0].clone();
    yard.grounds().node_groups.insert(green("general"), group);
    let error = undo(&yard, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(yard.grounds().clusters.contains_key("shop-green"));
}

#[tokio::test]
async fn a_green_that_is_kept_stays_whole_and_bascule_leaves_blue() {
    let (yard, migration) = built().await;
    let before = yard.grounds().access_entries.clone();
    let leave = async |yard: &Yard, migration: &Migration| take_down(yard, migration, Undo::LeaveBlue).await;
    yard.drive(&migration, leave).await.unwrap();
    let mut expected = before;
    assert!(expected.remove(&("shop-blue".to_owned(), ROLE.to_owned())).is_some());
    assert_eq!(yard.grounds().access_entries, expected);
    assert!(yard.grounds().clusters.contains_key("shop-green"));
}

#[tokio::test]
async fn an_entry_for_bascule_that_the_user_made_on_blue_stays() {
    let (yard, migration) = shop().await;
    let key = ("shop-blue".to_owned(), ROLE.to_owned());
    let made =
        AccessEntry { principal_arn: ROLE.to_owned(), entry_type: "STANDARD".to_owned(), ..AccessEntry::default() };
    yard.grounds().access_entries.insert(key.clone(), made.clone());
    yard.drive(&migration, converge).await.unwrap();
    assert_eq!(yard.grounds().access_entries[&key], made);
    let undoing = Migration { direction: Direction::Undo, ..migration };
    yard.ledger.set_owner(0, Direction::Undo);
    yard.drive(&undoing, undo).await.unwrap();
    assert_eq!(yard.grounds().access_entries[&key], made);
}

#[tokio::test]
async fn a_cluster_of_somebody_else_under_greens_name_is_a_conflict_and_survives_the_undo() {
    let (yard, migration) = shop().await;
    let blue = yard.grounds().clusters["shop-blue"].clone();
    yard.grounds().clusters.insert("shop-green".to_owned(), blue.clone());
    let error = yard.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    let undoing = Migration { direction: Direction::Undo, ..migration };
    yard.ledger.set_owner(0, Direction::Undo);
    yard.drive(&undoing, undo).await.unwrap();
    assert_eq!(yard.grounds().clusters["shop-green"], blue);
}

#[tokio::test]
async fn a_control_plane_that_failed_is_unhealthy_with_the_reason_and_can_be_undone() {
    let (yard, migration) = shop().await;
    converge(&yard, &migration).await.unwrap_err();
    if let Some(found) = yard.grounds().clusters.get_mut("shop-green") {
        "FAILED".clone_into(&mut found.status);
    }
    let error = yard.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    let undoing = Migration { direction: Direction::Undo, ..migration };
    yard.ledger.set_owner(0, Direction::Undo);
    yard.drive(&undoing, undo).await.unwrap();
    assert!(!yard.grounds().clusters.contains_key("shop-green"));
}
