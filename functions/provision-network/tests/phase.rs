//! provision-network on an account in memory: there, back, twice, and with a fault at every call.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Kind, Migration,
    names::unique,
    plan::compute::{Peer, Rule},
};
use provision_network::{converge, undo};
use testing::{Account, shop::input};

async fn shop() -> (Account, Migration) {
    Account::opened(&input()).unwrap()
}

async fn built() -> (Account, Migration) {
    let (account, migration) = shop().await;
    account.drive(&migration, converge).await.unwrap();
    let back = account.turned_back(&migration);
    (account, back)
}

fn name_of(migration: &Migration, name: &str) -> String {
    unique(&migration.id, domain::Side::Green, Kind::SecurityGroup, name, 255)
}

fn clone_of(migration: &Migration, name: &str) -> String {
    format!("sg-of-{}", name_of(migration, name))
}

fn peers(rules: &[Rule], direction: domain::plan::compute::Direction) -> Vec<Peer> {
    rules.iter().filter(|rule| rule.direction == direction).map(|rule| rule.peer.clone()).collect()
}

#[tokio::test]
async fn groups_are_cloned_with_rules_that_name_the_clones() {
    use domain::plan::compute::Direction::{Egress, Ingress};
    let end = Account::survives(shop, converge).await.unwrap();
    let (_, migration) = shop().await;
    let (nodes, plane) = (clone_of(&migration, "shop-sg-nodes"), clone_of(&migration, "shop-sg-plane"));
    let created = |name| end.creates.contains(&format!("SecurityGroup {}", name_of(&migration, name)));
    assert!(created("shop-sg-nodes") && created("shop-sg-plane"), "{:?}", end.creates);

    let groups = &end.aws.security_groups;
    // The rule that names blue's cluster security group waits for the control plane.
    assert_eq!(peers(&groups[&nodes].rules, Ingress), [Peer::Group(plane.clone()), Peer::Group("sg-nlb".to_owned())]);
    assert_eq!(peers(&groups[&plane].rules, Ingress), [Peer::Group(nodes.clone())]);
    // Blue's groups let nothing out of themselves, so the clones do not either.
    assert_eq!(peers(&groups[&nodes].rules, Egress), []);
    assert!(groups["sg-nlb"].rules.iter().any(|rule| rule.peer == Peer::Group(nodes.clone())));
    let tags = &groups[&nodes].tags;
    assert_eq!((tags["bascule:migration"].as_str(), tags["bascule:side"].as_str()), ("move", "green"));
    assert_eq!(tags["kubernetes.io/cluster/shop-green"], "owned");
}

/// hashicorp/packer#3627: a new group is not to be seen at first, nor to be named.
#[tokio::test]
async fn groups_that_appear_late_get_their_rules_and_lose_the_one_that_lets_everything_out() {
    let late = async || {
        let (account, migration) = shop().await;
        account.aws().clock.durations.security_group = jiff::SignedDuration::from_secs(20);
        (account, migration)
    };
    let end = Account::survives(late, converge).await.unwrap();
    let prompt = Account::survives(shop, converge).await.unwrap();
    assert_eq!(end.aws, prompt.aws);
}

#[tokio::test]
async fn undo_leaves_the_account_as_it_was() {
    let end = Account::survives(built, undo).await.unwrap();
    assert_eq!(end.aws, Account::shop().aws().contents());
    assert!(end.entries.iter().all(|entry| !entry.is_live()));
}

#[tokio::test]
async fn undo_touches_nothing_that_the_ledger_does_not_know() {
    let (account, migration) = shop().await;
    let back = account.turned_back(&migration);
    let before = account.left(&back);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(account.left(&back), before);
}

#[tokio::test]
async fn undo_removes_what_the_network_plugin_left_and_waits_for_what_is_in_use() {
    let (account, migration) = built().await;
    let group = clone_of(&migration, "shop-sg-nodes");
    let left = domain::ports::network::Interface {
        id: "eni-left".to_owned(),
        status: "available".to_owned(),
        groups: vec![group.clone()],
        tags: [("cluster.k8s.amazonaws.com/name".to_owned(), "shop-green".to_owned())].into(),
        ..Default::default()
    };
    let busy =
        domain::ports::network::Interface { id: "eni-busy".to_owned(), status: "in-use".to_owned(), ..left.clone() };
    account.aws().interfaces = vec![left, busy];
    let error = undo(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, domain::Condition::NotReady);
    let interfaces: Vec<_> = account.aws().interfaces.iter().map(|interface| interface.id.clone()).collect();
    assert_eq!(interfaces, ["eni-busy"]);
    account.aws().interfaces.clear();
    account.drive(&migration, undo).await.unwrap();
    assert!(!account.aws().security_groups.contains_key(&group));
}

#[tokio::test]
async fn a_cluster_security_group_that_eks_left_behind_is_deleted_and_waited_for() {
    let (account, migration) = built().await;
    let key = domain::ResourceKey::new(domain::Side::Green, Kind::SecurityGroup, "sg-cluster-shop-blue");
    account.know(&migration, key, "sg-cluster-shop-green");
    let left = domain::plan::compute::SecurityGroup {
        id: "sg-cluster-shop-green".to_owned(),
        vpc_id: "vpc-1".to_owned(),
        ..Default::default()
    };
    account.aws().security_groups.insert(left.id.clone(), left);
    let busy = domain::ports::network::Interface {
        id: "eni-busy".to_owned(),
        status: "in-use".to_owned(),
        groups: vec!["sg-cluster-shop-green".to_owned()],
        ..Default::default()
    };
    account.aws().interfaces.push(busy);
    assert_eq!(undo(&account, &migration).await.unwrap_err().condition, domain::Condition::NotReady);
    account.aws().interfaces.clear();
    account.drive(&migration, undo).await.unwrap();
    assert_eq!(account.aws().security_groups, Account::shop().aws().security_groups);
}
