//! provision-nodes on an account in memory: there, back, twice, and killed after every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Condition, Kind, Migration, ResourceKey, Side, ownership,
    plan::compute::Issue,
    ports::{Addons, Clusters, Ledger, clusters::NewCluster},
};
use provision_nodes::{converge, undo};
use serde_json::Value;
use testing::Yard;

/// The shop after provision-network and provision-control-plane.
async fn shop() -> (Yard, Migration) {
    let yard = Yard::shop();
    let migration = yard.migration().unwrap();
    let compute = &migration.plan.compute;
    for group in &compute.security_groups {
        let key = ResourceKey::new(Side::Green, Kind::SecurityGroup, &group.id);
        yard.intend(&migration, &key, Value::Null).await.unwrap();
        yard.present(&migration, &key, &format!("green-{}", group.id)).await.unwrap();
    }
    let request = NewCluster {
        blue: compute.blue.clone(),
        green: compute.green.clone(),
        security_group_ids: Vec::new(),
        tags: ownership::tags(&migration, Side::Green),
        token: String::new(),
    };
    yard.create_cluster(&request).await.unwrap();
    for addon in compute.addons(true) {
        yard.create_addon("shop-green", addon, &addon.tags, "").await.unwrap();
    }
    yard.pass();
    (yard, migration)
}

async fn built() -> (Yard, Migration) {
    Yard::turned_back(shop, converge).await.unwrap()
}

fn green(name: &str) -> (String, String) {
    ("shop-green".to_owned(), name.to_owned())
}

#[tokio::test]
async fn node_groups_are_cloned_on_a_launch_template_that_names_greens_groups() {
    let end = Yard::survives(shop, converge).await.unwrap();
    let grounds = end.grounds;
    // Two node groups share one version of one template, and so do their clones.
    assert_eq!(grounds.launch_templates.len(), 2);
    let clone = grounds.launch_templates.values().find(|template| template.id != "lt-1").unwrap();
    assert_eq!(clone.data.security_group_ids, ["green-sg-nodes", "sg-cluster-shop-green"]);
    assert_eq!(clone.data.instance_type.as_deref(), Some("m7g.large"));
    for name in ["general", "jobs"] {
        let group = &grounds.node_groups[&green(name)];
        assert_eq!(group.launch_template, Some(format!("{}@1", clone.id)));
        assert_eq!((group.version.as_str(), group.scaling.desired, group.status.as_str()), ("1.34", 3, "ACTIVE"));
        assert_eq!(group.tags["bascule:side"], "green");
    }
    assert_eq!(grounds.addons[&green("coredns")].status, "ACTIVE");
}

#[tokio::test]
async fn node_groups_are_asked_for_side_by_side() {
    let (yard, migration) = shop().await;
    let error = converge(&yard, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert_eq!(error.message, "node groups general, jobs CREATING, 0 of 2 there");
}

#[tokio::test]
async fn a_node_group_that_failed_is_unhealthy_with_the_reason() {
    let (yard, migration) = shop().await;
    converge(&yard, &migration).await.unwrap_err();
    if let Some(group) = yard.grounds().node_groups.get_mut(&green("jobs")) {
        "CREATE_FAILED".clone_into(&mut group.status);
        group.issues =
            vec![Issue { code: "NodeCreationFailure".to_owned(), message: "Instances failed to join".to_owned() }];
    }
    let error = yard.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    assert_eq!(error.message, "node group jobs is CREATE_FAILED: NodeCreationFailure: Instances failed to join");
}

#[tokio::test]
async fn undo_removes_node_groups_and_their_launch_template() {
    let end = Yard::survives(built, undo).await.unwrap();
    assert_eq!(end.grounds.launch_templates.keys().collect::<Vec<_>>(), ["lt-1"]);
    assert!(!end.grounds.node_groups.keys().any(|(cluster, _)| cluster == "shop-green"));
    assert_eq!(end.grounds.node_groups.len(), 2);
    let left: Vec<_> = end.entries.iter().filter(|entry| entry.is_live()).map(|entry| entry.key.kind).collect();
    // The add-on goes with the cluster, the groups with the network.
    assert_eq!(left, [Kind::SecurityGroup, Kind::SecurityGroup, Kind::Addon]);
}
