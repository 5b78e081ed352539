//! The deletion of blue on an account in memory: only what was approved, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use cleanup::{control_plane, network, nodes};
use domain::{Condition, Kind, Migration, Outcome, PhaseError, ResourceKey, Side, ports::Ledger, resources::log_group};
use serde_json::Value;
use testing::Yard;

const CLUSTER: &str = "arn:aws:eks:eu-central-1:123456789012:cluster/shop-blue";
const ROLE: &str = "arn:aws:iam::123456789012:role/bascule-kubernetes";

async fn shop() -> (Yard, Migration) {
    let yard = Yard::shop();
    let mut migration = yard.migration().unwrap();
    let references: Vec<_> = migration
        .plan
        .compute
        .references
        .iter()
        .map(|reference| format!("{}/{}", reference.group_id, reference.rule))
        .collect();
    let mut list = vec![
        (Kind::NodeGroup, "general", "arn:aws:eks:eu-central-1:123456789012:nodegroup/shop-blue/general/1"),
        (Kind::NodeGroup, "jobs", "arn:aws:eks:eu-central-1:123456789012:nodegroup/shop-blue/jobs/1"),
        (Kind::Cluster, "shop-blue", CLUSTER),
        (Kind::SecurityGroup, "cluster security group", "sg-cluster-shop-blue"),
        (Kind::SecurityGroup, "nodes", "sg-nodes"),
        (Kind::SecurityGroup, "plane", "sg-plane"),
        (Kind::LaunchTemplate, "shop-nodes", "lt-1"),
    ];
    list.extend(references.iter().map(|id| (Kind::SecurityGroupRule, id.as_str(), id.as_str())));
    migration.plan.deletes = Yard::approved(&list);
    migration.plan.deletes.extend(log_group::plan(&yard, &migration.plan.compute).await.unwrap().deletes);
    let own = ResourceKey::new(Side::Blue, Kind::AccessEntry, ROLE);
    yard.intend(&migration, &own, Value::Null).await.unwrap();
    yard.present(&migration, &own, ROLE).await.unwrap();
    (yard, migration)
}

async fn all(yard: &Yard, migration: &Migration) -> Result<Outcome, PhaseError> {
    nodes::converge(yard, migration).await?;
    control_plane::converge(yard, migration).await?;
    network::converge(yard, migration).await
}

#[tokio::test]
async fn blue_is_deleted_whole_and_the_shared_group_of_the_load_balancer_stays() {
    let end = Yard::survives(shop, all).await.unwrap();
    let grounds = end.grounds;
    assert!(grounds.clusters.is_empty() && grounds.node_groups.is_empty() && grounds.launch_templates.is_empty());
    assert!(grounds.log_groups.is_empty(), "{:?}", grounds.log_groups);
    assert!(grounds.interfaces.is_empty(), "what the network plugin left: {:?}", grounds.interfaces);
    assert_eq!(grounds.security_groups.keys().collect::<Vec<_>>(), ["sg-nlb"]);
    assert!(grounds.security_groups["sg-nlb"].rules.is_empty());
    assert!(end.entries.iter().all(|entry| !entry.is_live() && entry.key.side == Side::Blue));
    assert!(end.entries.iter().any(|entry| entry.key.kind == Kind::Cluster));
}

#[tokio::test]
async fn what_the_approved_list_does_not_name_is_not_touched() {
    let (yard, mut migration) = shop().await;
    migration.plan.deletes.clear();
    let before = yard.end().grounds;
    yard.drive(&migration, all).await.unwrap();
    assert_eq!(yard.end().grounds, before);
}

#[tokio::test]
async fn something_else_under_an_approved_name_is_not_touched() {
    let (yard, migration) = shop().await;
    let key = ("shop-blue".to_owned(), "jobs".to_owned());
    let again = "arn:aws:eks:eu-central-1:123456789012:nodegroup/shop-blue/jobs/again";
    if let Some(group) = yard.grounds().node_groups.get_mut(&key) {
        again.clone_into(&mut group.arn);
    }
    let error = yard.drive(&migration, nodes::converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert_eq!(yard.grounds().node_groups[&key].status, "ACTIVE");

    if let Some(found) = yard.grounds().clusters.get_mut("shop-blue") {
        "https://another.eks.amazonaws.com".clone_into(&mut found.cluster.endpoint);
    }
    let error = yard.drive(&migration, control_plane::converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert_eq!(yard.grounds().clusters["shop-blue"].status, "ACTIVE");
}

#[tokio::test]
async fn a_log_group_that_was_created_again_since_the_approval_is_not_touched() {
    let (yard, migration) = shop().await;
    if let Some(group) = yard.grounds().log_groups.get_mut("/aws/eks/shop-blue/cluster") {
        group.created_at += 1;
    }
    yard.drive(&migration, nodes::converge).await.unwrap();
    let error = yard.drive(&migration, control_plane::converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("/aws/eks/shop-blue/cluster was created again"), "{error}");
    assert!(yard.grounds().clusters.is_empty() && yard.grounds().log_groups.len() == 1);
}
