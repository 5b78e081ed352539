//! Nodes that Karpenter makes: known before, and taken away again while it runs.

use super::*;
use domain::resources::node_pool;

/// The nodes that Karpenter made for green.
fn made_by_karpenter(account: &Account) -> Vec<String> {
    let of_green = format!("kubernetes.io/cluster/{GREEN}");
    let aws = account.aws();
    let nodes = aws.instances.iter().filter(|node| node.tags.contains_key(&of_green));
    nodes.filter(|node| node_pool::pool_of(node).is_some()).map(|node| node.id.clone()).collect()
}

fn karpenter_shop() -> (Account, Migration) {
    let (account, migration) = Account::karpenter_opened().unwrap();
    account.provision_cluster(&migration);
    (account, migration)
}

async fn karpenter_applied() -> (Account, Migration) {
    let (account, migration) = karpenter_shop();
    account.drive(&migration, apply).await.unwrap();
    account.wait(jiff::SignedDuration::from_mins(5));
    let back = account.turned_back(&migration);
    (account, back)
}

#[tokio::test]
async fn what_karpenter_makes_nodes_for_is_in_the_ledger_before_it_is_applied() {
    let (account, migration) = karpenter_shop();
    apply(&account, &migration).await.unwrap_err();
    let intended = account.entries_of(&migration).into_iter().filter(|entry| entry.key.kind == Kind::NodePool);
    assert!(intended.count() == 2 && account.cluster(GREEN).object("NodePool/default").is_none());
    let (account, migration) = karpenter_applied().await;
    assert_eq!(made_by_karpenter(&account).len(), 1);
    let entries = account.entries_of(&migration).into_iter().filter(|entry| entry.key.kind == Kind::NodePool);
    let known: Vec<_> = entries.map(|entry| (entry.id.unwrap_or_default(), entry.status)).collect();
    let expected = ["EC2NodeClass", "NodePool"].map(|kind| (format!("{GREEN}/{kind}/default"), Status::Present));
    assert_eq!(known, expected);
}

#[tokio::test]
async fn the_way_back_has_karpenter_take_its_nodes_away_while_it_runs() {
    Account::survives(karpenter_applied, take_down).await.unwrap();
    let (account, back) = karpenter_applied().await;
    let waits = take_down(&account, &back).await.unwrap_err();
    assert_eq!(waits.condition, Condition::NotReady);
    assert!(waits.message.contains("NodeClaim/"), "{waits}");
    account.drive(&back, take_down).await.unwrap();
    assert_eq!(made_by_karpenter(&account), [""; 0]);
    let green = account.cluster(GREEN);
    assert_eq!((green.object("NodePool/default"), green.object("EC2NodeClass/default")), (None, None));
}

async fn take_down(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    undo(account, migration, Whole::Whole).await
}
