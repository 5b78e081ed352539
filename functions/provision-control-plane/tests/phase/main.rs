//! provision-control-plane on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod authentication_mode;
mod identities;

use domain::{
    Condition, Kind, Migration, Outcome, PhaseError, ResourceKey, Side, Whole,
    plan::compute::{AccessEntry, Peer, SecurityGroup},
    ports::{LogGroups, Network, log_groups::LogGroup, network::Interface},
};
use provision_control_plane::{Undo, converge as make, undo as take_down};
use testing::{Account, shop::input};

const ROLE: &str = "arn:aws:iam::123456789012:role/bascule-kubernetes";

async fn converge(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    make(account, migration, Whole::Whole).await
}

async fn undo(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    take_down(account, migration, Undo::Everything).await
}

/// What provision-network leaves: its groups have clones.
async fn groups_are_cloned(account: &Account, migration: &Migration) {
    for group in &migration.plan.compute.security_groups {
        let key = ResourceKey::new(Side::Green, Kind::SecurityGroup, &group.id);
        let clone = SecurityGroup { name: format!("green-{}", group.id), rules: Vec::new(), ..group.clone() };
        let id = account.create_security_group(&clone).await.unwrap();
        account.know(migration, key, &id);
    }
}

/// The shop after provision-network.
async fn shop() -> (Account, Migration) {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.aws().functions_group = Some("sg-functions".to_owned());
    groups_are_cloned(&account, &migration).await;
    (account, migration)
}

async fn built() -> (Account, Migration) {
    let (account, migration) = shop().await;
    account.drive(&migration, converge).await.unwrap();
    let back = account.turned_back(&migration);
    (account, back)
}

fn green(name: &str) -> (String, String) {
    ("shop-green".to_owned(), name.to_owned())
}

#[tokio::test]
async fn the_control_plane_gets_what_blues_has() {
    let end = Account::survives(shop, converge).await.unwrap();
    let aws = end.aws;
    let cluster = &aws.clusters["shop-green"].cluster;
    assert_eq!(cluster.version, "1.34");
    assert_eq!(cluster.security_group_ids, ["sg-of-green-sg-plane"]);
    assert_eq!(cluster.service_cidr.as_deref(), Some("172.20.0.0/16"));
    assert_eq!((cluster.tags["bascule:migration"].as_str(), cluster.tags["team"].as_str()), ("move", "shop"));

    let addons: Vec<_> =
        aws.addons.keys().filter(|(of, _)| of == "shop-green").map(|(_, name)| name.as_str()).collect();
    assert_eq!(addons, ["kube-proxy", "vpc-cni"]);

    let people = &aws.access_entries[&green("arn:aws:iam::123456789012:role/people")];
    assert_eq!(people.kubernetes_groups, ["viewers"]);
    assert_eq!(people.policies[0].namespaces, ["shop"]);
    for cluster in ["shop-blue", "shop-green"] {
        let own = &aws.access_entries[&(cluster.to_owned(), ROLE.to_owned())];
        assert_eq!(own.policies[0].arn, "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy");
    }
    // EKS makes the entries of managed node groups itself.
    assert!(!aws.access_entries.contains_key(&green("arn:aws:iam::123456789012:role/nodes")));
    assert!(aws.pod_identities.contains_key(&green("shop/checkout")));

    let into_cluster = &aws.security_groups["sg-cluster-shop-green"].rules;
    for peer in ["sg-nlb", "sg-functions", "sg-cluster-shop-green"] {
        assert!(into_cluster.iter().any(|rule| rule.peer == Peer::Group(peer.to_owned())), "{peer}");
    }
    let out_of_balancer = &aws.security_groups["sg-nlb"].rules;
    assert!(out_of_balancer.iter().any(|rule| rule.peer == Peer::Group("sg-cluster-shop-green".to_owned())));
}

#[tokio::test]
async fn the_log_group_is_there_before_the_cluster_and_like_blues() {
    let (account, migration) = shop().await;
    assert_eq!(converge(&account, &migration).await.unwrap_err().condition, Condition::NotReady);
    let group = account.aws().log_groups["/aws/eks/shop-green/cluster"].clone();
    assert_eq!(group.retention_in_days, Some(90));
    assert_eq!(group.kms_key_arn.as_deref(), Some("arn:aws:kms:eu-central-1:123456789012:key/logs"));
    let tags = [("bascule:migration", "move"), ("bascule:side", "green"), ("cluster", "shop-green"), ("team", "shop")];
    assert_eq!(group.tags, tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let creates = account.aws().history.creates.clone();
    let first = creates.iter().find(|created| !created.starts_with("SecurityGroup"));
    assert_eq!(first.map(String::as_str), Some("LogGroup /aws/eks/shop-green/cluster"));
}

#[tokio::test]
async fn a_log_group_that_somebody_else_made_since_the_plan_is_a_conflict_and_survives_the_undo() {
    let (account, migration) = shop().await;
    let name = "/aws/eks/shop-green/cluster";
    account.create_log_group(&LogGroup { name: name.to_owned(), ..LogGroup::default() }).await.unwrap();
    let before = account.aws().log_groups.clone();
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error, PhaseError::conflict(format!("ResourceAlreadyExistsException: {name}")));
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(account.aws().log_groups, before);
    assert!(!account.aws().clusters.contains_key("shop-green"));
}

#[tokio::test]
async fn undo_leaves_the_account_as_it_was_but_for_the_network() {
    let end = Account::survives(built, undo).await.unwrap();
    let (before, _) = shop().await;
    assert_eq!(end.aws, before.aws().contents());
    let left: Vec<_> = end.entries.iter().filter(|entry| entry.is_live()).map(|entry| entry.key.kind).collect();
    // Those of the clones, and that of the cluster security group: provision-network looks whether EKS left it behind.
    assert_eq!(left, [Kind::SecurityGroup; 3]);
}

#[tokio::test]
async fn greens_cluster_security_group_is_in_the_ledger_and_has_the_tags_of_blues() {
    let (account, migration) = shop_with_tagged_group().await;
    account.drive(&migration, converge).await.unwrap();
    let key = ResourceKey::new(Side::Green, Kind::SecurityGroup, "sg-cluster-shop-blue");
    let entry = account.entries_of(&migration).into_iter().find(|entry| entry.key == key).unwrap();
    assert_eq!(entry.id.as_deref(), Some("sg-cluster-shop-green"));
    let tags = &account.aws().security_groups["sg-cluster-shop-green"].tags;
    assert_eq!((tags["team"].as_str(), tags["bascule:migration"].as_str()), ("shop", "move"));
}

async fn shop_with_tagged_group() -> (Account, Migration) {
    let (account, mut migration) = shop().await;
    migration.plan.compute.cluster_group_tags = [("team".to_owned(), "shop".to_owned())].into();
    (account, migration)
}

/// aws/aws-k8s-tester#416: while a network interface is in the group, EKS leaves it behind.
#[tokio::test]
async fn what_the_cni_left_in_greens_cluster_security_group_goes_before_the_cluster() {
    let (account, migration) = built().await;
    let left = Interface {
        id: "eni-left".to_owned(),
        status: "available".to_owned(),
        groups: vec!["sg-cluster-shop-green".to_owned()],
        // Of a version that does not tell the cluster's name: aws/amazon-vpc-cni-k8s#2854.
        tags: [("eks:eni:owner".to_owned(), "amazon-vpc-cni".to_owned())].into(),
        ..Interface::default()
    };
    account.aws().interfaces.push(left);
    account.drive(&migration, undo).await.unwrap();
    assert!(!account.aws().security_groups.contains_key("sg-cluster-shop-green"));
    assert!(account.aws().interfaces.is_empty());
}

#[tokio::test]
async fn undo_waits_for_the_node_groups() {
    let (account, migration) = built().await;
    let group = migration.plan.compute.node_groups[0].clone();
    account.aws().node_groups.insert(green("general"), group);
    let error = undo(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(account.aws().clusters.contains_key("shop-green"));
}

#[tokio::test]
async fn a_green_that_is_kept_stays_whole_and_bascule_leaves_blue() {
    let (account, migration) = built().await;
    let before = account.aws().access_entries.clone();
    let leave = async |account: &Account, migration: &Migration| take_down(account, migration, Undo::LeaveBlue).await;
    account.drive(&migration, leave).await.unwrap();
    let mut expected = before;
    assert!(expected.remove(&("shop-blue".to_owned(), ROLE.to_owned())).is_some());
    assert_eq!(account.aws().access_entries, expected);
    assert!(account.aws().clusters.contains_key("shop-green"));
}

#[tokio::test]
async fn an_entry_for_bascule_that_the_user_made_on_blue_stays() {
    let (account, migration) = shop().await;
    let key = ("shop-blue".to_owned(), ROLE.to_owned());
    let made =
        AccessEntry { principal_arn: ROLE.to_owned(), entry_type: "STANDARD".to_owned(), ..AccessEntry::default() };
    account.aws().access_entries.insert(key.clone(), made.clone());
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(account.aws().access_entries[&key], made);
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(account.aws().access_entries[&key], made);
}

#[tokio::test]
async fn a_cluster_of_somebody_else_under_greens_name_is_a_conflict_and_survives_the_undo() {
    let (account, migration) = shop().await;
    let blue = account.aws().clusters["shop-blue"].clone();
    account.aws().clusters.insert("shop-green".to_owned(), blue.clone());
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(account.aws().clusters["shop-green"], blue);
}

#[tokio::test]
async fn a_control_plane_that_failed_is_unhealthy_with_the_reason_and_can_be_undone() {
    let (account, migration) = shop().await;
    converge(&account, &migration).await.unwrap_err();
    if let Some(found) = account.aws().clusters.get_mut("shop-green") {
        "FAILED".clone_into(&mut found.status);
    }
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Unhealthy);
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert!(!account.aws().clusters.contains_key("shop-green"));
}
