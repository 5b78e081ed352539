use super::*;
use crate::holds;
use domain::{
    Condition, Kind, Side, Status,
    manifest::{Object, hold, prepare::Hosts, prepare::prepare, volumes::decide, workload},
    plan::{ebs::EbsDriver, workloads::Workload},
};
use testing::{
    Account,
    shop::{BLUE, BUNDLE, GREEN, input, snapshots},
};

const ORDERS: &str = "StatefulSet/shop/orders";
const STOCK: &str = "Deployment/shop/stock";

/// The shop with volumes that are copied, and green as it was qualified.
async fn qualified() -> (Account, Migration) {
    qualified_and("delete").await
}

/// The same, with what becomes of green on a way back.
#[expect(clippy::unused_async, reason = "the form of every start")]
async fn qualified_and(on_abort: &str) -> (Account, Migration) {
    qualified_in(Account::snapshots_shop(), on_abort, EbsDriver::Addon)
}

/// The same in this account, where this driver has the orders.
fn qualified_in(account: Account, on_abort: &str, of_orders: EbsDriver) -> (Account, Migration) {
    let mut input = input();
    input["workloads"]["volumes"] = snapshots::asked();
    input["workloads"]["hold"] = snapshots::held();
    input["onAbort"] = json!(on_abort);
    let manifests = account.aws().bundles[BUNDLE].clone();
    let mut migration = Migration { plan: account.plan(), ..testing::migration(&input).unwrap() };
    let objects: Vec<Object> = manifests.into_iter().filter_map(|value| Object::new(0, 0, value)).collect();
    let plan = &mut migration.plan.workloads;
    plan.volumes = decide(&objects, &migration.input.workloads.volumes).0;
    for object in objects.iter().filter(|object| [ORDERS, STOCK].contains(&object.id.to_string().as_str())) {
        plan.workloads.push(Workload {
            id: object.id.clone(),
            held: true,
            images: workload::images(&object.id.kind, &object.value),
            replicas: workload::replicas(&object.id.kind, &object.value),
            autoscaled: false,
            resume: hold::suspension(&object.id, &object.value).unwrap().restore,
        });
    }
    plan.copies = snapshots::COPIED
        .map(|(volume, claim)| Copied {
            namespace: "shop".to_owned(),
            claim: claim.to_owned(),
            volume_id: volume.to_owned(),
            gib: 10,
            volume_type: "gp3".to_owned(),
            zone: "eu-central-1a".to_owned(),
            class: "gp3".to_owned(),
            driver: if claim == "stock" { EbsDriver::Addon } else { of_orders },
            holders: plan
                .workloads
                .iter()
                .map(|workload| workload.id.clone())
                .filter(|id| id.to_string() == if claim == "stock" { STOCK } else { ORDERS })
                .collect(),
        })
        .to_vec();
    let green = prepare(objects, &migration.plan.workloads, Hosts::Temporary);
    account.enter(&migration);
    account.prepare(&migration);
    for object in green {
        account.cluster(GREEN).put(object.value);
    }
    (account, migration)
}

fn replicas(account: &Account, cluster: &str, name: &str) -> Value {
    account.cluster(cluster).object(name).unwrap()["spec"]["replicas"].clone()
}

/// Entries of a kind that stand for something.
fn live(account: &Account, migration: &Migration, kind: Kind) -> usize {
    account.entries_of(migration).iter().filter(|entry| entry.key.kind == kind && entry.is_live()).count()
}

#[tokio::test]
async fn first_snapshots_are_complete_before_anything_moves_and_blue_is_not_touched() {
    let (account, migration) = qualified().await;
    let error = before(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("vol-shop-blue-stock (10 GiB of gp3 for shop/stock) is pending, 34%"), "{error}");
    account.drive(&migration, before).await.unwrap();
    assert_eq!(account.aws().snapshots.len(), 3);
    assert!(account.aws().snapshots.values().all(|taken| taken.is_complete));
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
    assert_eq!(replicas(&account, BLUE, ORDERS), 2);
    let tried = account.aws().history.creates.iter().filter(|created| created.contains("trial for vol-")).count();
    assert_eq!((tried, live(&account, &migration, Kind::VolumeCopy)), (3, 0));
    assert!(account.aws().copies.is_empty());
    before(&account, &migration).await.unwrap();
    assert!(account.aws().copies.is_empty(), "once a migration");
}

#[tokio::test]
async fn a_key_that_may_not_be_used_shows_before_anything_stands_still() {
    let (account, migration) = qualified().await;
    let as_before = account.aws().contents();
    let key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd";
    account.aws().volume_keys.insert("vol-shop-blue-stock".to_owned(), key.to_owned());
    account.aws().unusable_keys.insert(key.to_owned());
    let error = account.drive(&migration, before).await.unwrap_err();
    assert_eq!(error.condition, Condition::Denied);
    for expected in ["a copy of vol-shop-blue-stock (10 GiB of gp3 for shop/stock)", key, "kms:CreateGrant"] {
        assert!(error.message.contains(expected), "{error}");
    }
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
    let turned = account.turned_back(&migration);
    account.drive(&turned, back).await.unwrap();
    assert_eq!(live(&account, &turned, Kind::VolumeCopy), 0);
    assert_eq!(account.aws().copies, as_before.copies);
    assert_eq!(account.aws().snapshots, as_before.snapshots);
}

#[tokio::test]
async fn green_starts_on_copies_that_were_taken_when_blue_had_stopped() {
    let (account, migration) = qualified().await;
    account.drive(&migration, before).await.unwrap();
    let error = holds::converge(&account, &migration).await.unwrap_err();
    assert!(error.message.contains("waiting for holds to stop on blue"), "{error}");
    assert!(account.aws().copies.is_empty());
    account.drive(&migration, holds::converge).await.unwrap();
    for (name, expected) in [(ORDERS, 2), (STOCK, 1)] {
        assert_eq!((replicas(&account, BLUE, name), replicas(&account, GREEN, name)), (json!(0), json!(expected)));
    }
    let copies = account.aws().copies.clone();
    assert_eq!(copies.len(), 3);
    assert!(copies.values().all(|made| !made.snapshot.of_attached && made.request.zone == "eu-central-1a"));
    let tags = &copies["vol-copy-of-vol-shop-blue-stock"].request.tags;
    assert_eq!(tags["kubernetes.io/cluster/shop-green"], "owned");
    assert_eq!(tags["bascule:copy-of"], "vol-shop-blue-stock");
    // https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverEKSClusterScopedPolicy.html
    assert_eq!(
        (tags["ebs.csi.aws.com/cluster-name"].as_str(), tags["ebs.csi.aws.com/cluster"].as_str()),
        (GREEN, "true")
    );
    let volume = account.cluster(GREEN).object("PersistentVolume/copy-of-vol-shop-blue-orders-1").unwrap();
    assert_eq!(volume["spec"]["claimRef"]["name"], "data-orders-1");
    assert_eq!(volume["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    let before = account.calls();
    holds::converge(&account, &migration).await.unwrap();
    assert!(account.aws().copies.len() == 3 && account.calls() > before);
}

// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicyV2.html
#[tokio::test]
async fn each_driver_gets_copies_that_it_may_attach() {
    let (account, migration) = qualified_in(Account::auto_snapshots_shop(), "delete", EbsDriver::AutoMode);
    account.drive(&migration, before).await.unwrap();
    account.drive(&migration, holds::converge).await.unwrap();
    let copies = account.aws().copies.clone();
    let tags = &copies["vol-copy-of-vol-shop-blue-orders-0"].request.tags;
    assert_eq!(
        (tags["eks:eks-cluster-name"].as_str(), tags["kubernetes.io/cluster/shop-green"].as_str()),
        (GREEN, "owned")
    );
    assert!(!tags.values().any(|value| value == BLUE), "{tags:?}");
    assert!(!copies["vol-copy-of-vol-shop-blue-stock"].request.tags.contains_key("eks:eks-cluster-name"));
    for (name, driver) in [("orders-0", "ebs.csi.eks.amazonaws.com"), ("stock", "ebs.csi.aws.com")] {
        let volume = format!("PersistentVolume/copy-of-vol-shop-blue-{name}");
        assert_eq!(account.cluster(GREEN).object(&volume).unwrap()["spec"]["csi"]["driver"], driver);
    }
}

#[tokio::test]
async fn a_volume_that_another_driver_has_by_now_stops_the_switch_before_anything_is_stopped() {
    let (account, migration) = qualified_in(Account::auto_snapshots_shop(), "delete", EbsDriver::Addon);
    let error = before(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("(vol-shop-blue-orders-0 of ebs.csi.eks.amazonaws.com)"), "{error}");
    assert!(account.aws().snapshots.is_empty());
}

#[tokio::test]
async fn nothing_is_copied_while_a_node_still_has_the_volume() {
    let (account, migration) = qualified().await;
    // Somebody's Pods of another workload have it.
    let mut backup = account.cluster(BLUE).object(STOCK).unwrap();
    backup["metadata"]["name"] = json!("backup");
    account.cluster(BLUE).put(backup);
    for _ in 0..6 {
        let error = holds::converge(&account, &migration).await.unwrap_err();
        assert_eq!(error.condition, Condition::NotReady);
        account.pass();
    }
    let error = holds::converge(&account, &migration).await.unwrap_err();
    assert!(error.message.contains("vol-shop-blue-stock (10 GiB of gp3 for shop/stock) is still attached"), "{error}");
    assert_eq!(replicas(&account, GREEN, ORDERS), 0);
    assert!(account.aws().copies.values().all(|made| made.snapshot.volume_id != "vol-shop-blue-stock"));
}

#[tokio::test]
async fn a_claim_that_has_another_volume_by_now_stops_the_switch_before_anything_is_stopped() {
    let (account, migration) = qualified().await;
    let mut volume = account.cluster(BLUE).object("PersistentVolume/pvc-stock").unwrap();
    volume["spec"]["csi"]["volumeHandle"] = json!("vol-other");
    account.cluster(BLUE).put(volume);
    let error = before(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(
        error.message.contains("the claim shop/stock of blue is bound to pvc-stock (vol-other of ebs.csi.aws.com)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_fault_at_any_call_makes_no_second_snapshot_and_no_second_copy() {
    Account::survives(qualified, before).await.unwrap();
    Account::survives(qualified, holds::converge).await.unwrap();
}

async fn back(account: &Account, migration: &Migration) -> Result<(), PhaseError> {
    holds::undo(account, migration).await?;
    undo(account, migration).await
}

#[tokio::test]
async fn the_way_back_before_green_has_started_leaves_nothing() {
    let (undisturbed, migration) = qualified().await;
    let (as_before, before) = (undisturbed.aws().contents(), undisturbed.calls());
    undisturbed.drive(&migration, holds::converge).await.unwrap();
    let resumed = undisturbed.calls() - before;
    let mut unused = 0;
    for call in 1..=resumed {
        let (account, migration) = qualified().await;
        account.fail_at(call, testing::Fault::Killed);
        for _ in 0..6 {
            let _ = holds::converge(&account, &migration).await;
            if account.is_dead() {
                break;
            }
            account.pass();
        }
        account.mend();
        account.start("way-back");
        let started = account.entries_of(&migration).iter().any(|entry| entry.is_of(Side::Green, Kind::Workload));
        let turned = account.turned_back(&migration);
        account.drive(&turned, back).await.unwrap();
        assert!(account.aws().snapshots.is_empty(), "killed at call {call}");
        if !started {
            unused += 1;
            assert_eq!(account.aws().copies, as_before.copies, "killed at call {call}");
            assert_eq!(live(&account, &migration, Kind::VolumeCopy), 0, "killed at call {call}");
        }
        assert_eq!(replicas(&account, BLUE, ORDERS), 2, "killed at call {call}");
    }
    assert!(unused > 0);
}

#[tokio::test]
async fn the_way_back_keeps_what_green_wrote_and_names_it() {
    let start = async || {
        let (account, migration) = qualified().await;
        account.drive(&migration, before).await.unwrap();
        account.drive(&migration, holds::converge).await.unwrap();
        account.pass();
        let turned = account.turned_back(&migration);
        (account, turned)
    };
    Account::survives(start, back).await.unwrap();
    let (account, turned) = start().await;
    account.drive(&turned, back).await.unwrap();
    assert_eq!(account.aws().copies.len(), 3);
    assert!(account.aws().snapshots.is_empty());
    let entries = account.entries_of(&turned);
    let kept: Vec<&Entry> = entries.iter().filter(|entry| entry.is_of(Side::Green, Kind::VolumeCopy)).collect();
    assert!(kept.iter().all(|entry| entry.status == Status::Present));
    assert_eq!(replicas(&account, BLUE, ORDERS), 2);
    assert_eq!(replicas(&account, GREEN, ORDERS), 0);
    let table = account.table();
    let events = &table.migrations[&turned.id].events;
    let told = events.iter().find(|event| event.what == "volumes kept").unwrap();
    let first = &told.evidence["volumes"][0];
    assert_eq!((&first["copyOf"], &first["gib"]), (&json!("vol-shop-blue-orders-0"), &json!(10)));
}

#[tokio::test]
async fn where_green_is_kept_its_copies_are_kept_with_it() {
    let (account, migration) = qualified_and("keep").await;
    for _ in 0..8 {
        let _ = holds::converge(&account, &migration).await;
        if account.aws().copies.len() == 3 {
            break;
        }
        account.pass();
    }
    let turned = account.turned_back(&migration);
    account.drive(&turned, back).await.unwrap();
    assert_eq!(account.aws().copies.len(), 3);
    assert!(account.aws().snapshots.is_empty());
}
