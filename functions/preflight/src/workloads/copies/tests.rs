use super::*;
use domain::plan::{
    compute::{Addon, Compute},
    ebs::EbsDriver,
    edge::Edge,
};
use serde_json::{Value, json};
use testing::{
    Account,
    shop::{self, BUNDLE, GREEN, snapshots},
};

/// What preflight finds of the shop's workloads.
async fn read(account: &Account, change: impl FnOnce(&mut Value)) -> Found<Workloads> {
    let mut asked = shop::input();
    asked["workloads"]["volumes"] = snapshots::asked();
    asked["workloads"]["hold"] = snapshots::held();
    change(&mut asked);
    // The plan of the shop has its own bundle.
    let bundle = account.aws().bundles[BUNDLE].clone();
    let mut compute = account.plan().compute;
    account.upload(BUNDLE, bundle);
    compute.addons = ["aws-ebs-csi-driver", "aws-efs-csi-driver"]
        .map(|name| Addon { name: name.to_owned(), ..Addon::default() })
        .to_vec();
    compute.green.name = GREEN.to_owned();
    let around = Around::of(&Compute { existing: None, ..compute }, &Edge::default());
    crate::workloads::read(account, &Input::read(&asked).unwrap(), &around).await.unwrap()
}

fn told(found: &Found<Workloads>) -> Vec<String> {
    let copies = found.problems.iter().filter(|problem| problem.code == "volume-snapshots");
    copies.map(ToString::to_string).collect()
}

/// The shop with its bundle changed.
fn shop_with(change: impl Fn(&mut Value)) -> Account {
    let account = Account::snapshots_shop();
    let mut bundle = account.aws().bundles[BUNDLE].clone();
    bundle.iter_mut().for_each(change);
    account.upload(BUNDLE, bundle);
    account
}

#[tokio::test]
async fn every_volume_of_a_hold_is_in_the_plan_with_what_its_copy_is_made_like() {
    let found = read(&Account::snapshots_shop(), |_| ()).await;
    assert_eq!(found.problems, []);
    let copies: Vec<(&str, &str, Vec<String>)> = found
        .facts
        .copies
        .iter()
        .map(|copied| {
            let holders = copied.holders.iter().map(ToString::to_string).collect();
            (copied.volume_id.as_str(), copied.claim.as_str(), holders)
        })
        .collect();
    let orders = vec!["StatefulSet/shop/orders".to_owned()];
    assert_eq!(
        copies,
        [
            ("vol-shop-blue-stock", "stock", vec!["Deployment/shop/stock".to_owned()]),
            ("vol-shop-blue-orders-0", "data-orders-0", orders.clone()),
            ("vol-shop-blue-orders-1", "data-orders-1", orders),
        ]
    );
    let first = &found.facts.copies[0];
    assert_eq!((first.gib, first.volume_type.as_str(), first.zone.as_str()), (10, "gp3", "eu-central-1a"));
    let has = |kind| found.creates.iter().filter(|planned| planned.kind == kind).count();
    assert_eq!((has(Kind::VolumeCopy), has(Kind::Snapshot)), (3, 3));
    for expected in ["30 GiB in all", "going back to blue once these run on green loses for blue"] {
        assert!(found.advice.iter().any(|advice| advice.contains(expected)), "{expected}: {:?}", found.advice);
    }
}

#[tokio::test]
async fn what_is_not_held_is_not_copied() {
    let run = |input: &mut Value| {
        input["workloads"]["hold"] =
            json!(["CronJob/shop/nightly", "Deployment/shop/consumer", "StatefulSet/shop/orders"]);
        input["workloads"]["run"] = json!(["Deployment/shop/stock"]);
    };
    let found = read(&Account::snapshots_shop(), run).await;
    let [problem] = told(&found).try_into().unwrap();
    assert!(problem.starts_with("$.workloads.volumes.snapshot[1]"), "{problem}");
    assert!(problem.contains("Deployment/shop/stock has the claim stock and is not held"), "{problem}");
}

#[tokio::test]
async fn a_claim_that_nothing_of_the_bundles_has_is_refused() {
    let account = shop_with(|value| {
        if value["metadata"]["name"] == "stock" && value["kind"] == "Deployment" {
            value["spec"]["template"]["spec"]["volumes"] = json!([]);
        }
    });
    let [problem] = told(&read(&account, |_| ()).await).try_into().unwrap();
    assert!(problem.contains("no workload of the bundles has the claim stock"), "{problem}");
}

#[tokio::test]
async fn a_claim_that_asks_for_more_than_blues_volume_has_is_refused() {
    for (size, fits) in [("10Gi", true), ("10240Mi", true), ("10G", true), ("11Gi", false), ("1e9", false)] {
        let account = shop_with(|value| {
            if value["metadata"]["name"] == "stock" && value["kind"] == "PersistentVolumeClaim" {
                value["spec"]["resources"]["requests"]["storage"] = json!(size);
            }
        });
        let told = told(&read(&account, |_| ()).await);
        assert_eq!(told.is_empty(), fits, "{size}: {told:?}");
    }
}

#[tokio::test]
async fn a_volume_that_its_driver_did_not_tag_is_refused() {
    let account = Account::snapshots_shop();
    account.aws().volumes.remove("vol-shop-blue-stock");
    let [problem] = told(&read(&account, |_| ()).await).try_into().unwrap();
    assert!(
        problem.contains("no volume of Amazon EBS carries the tags of blue's driver for the claim stock"),
        "{problem}"
    );
}

#[tokio::test]
async fn volumes_of_both_drivers_are_in_the_plan_each_with_its_own() {
    let found = read(&Account::auto_snapshots_shop(), |_| ()).await;
    assert_eq!(found.problems, []);
    let drivers: Vec<(&str, EbsDriver)> =
        found.facts.copies.iter().map(|copied| (copied.claim.as_str(), copied.driver)).collect();
    assert_eq!(
        drivers,
        [("stock", EbsDriver::Addon), ("data-orders-0", EbsDriver::AutoMode), ("data-orders-1", EbsDriver::AutoMode),]
    );
    let told = found.advice.iter().find(|advice| advice.contains("eks:eks-cluster-name")).unwrap();
    assert!(told.contains("vol-shop-blue-orders-0, vol-shop-blue-orders-1"), "{told}");
}

#[tokio::test]
async fn a_class_of_another_driver_than_that_of_blues_volume_is_refused() {
    let account = Account::auto_snapshots_shop();
    let mut bundle = account.aws().bundles[BUNDLE].clone();
    for value in
        bundle.iter_mut().filter(|value| value["kind"] == "StatefulSet" && value["metadata"]["name"] == "orders")
    {
        value["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = json!("gp3");
    }
    account.upload(BUNDLE, bundle);
    let [first, _] = told(&read(&account, |_| ()).await).try_into().unwrap();
    assert!(first.starts_with("$.workloads.volumes.snapshot[0]"), "{first}");
    for expected in [
        "vol-shop-blue-orders-0 of the claim shop/data-orders-0 has the tags of the driver ebs.csi.eks.amazonaws.com",
        "the class \"gp3\" of green's claim is of ebs.csi.aws.com",
        "ebs.csi.aws.com/cluster = true, ebs.csi.aws.com/cluster-name = shop-blue",
    ] {
        assert!(first.contains(expected), "{first}");
    }
}

#[test]
fn where_tags_let_both_drivers_have_a_volume_its_class_decides() {
    let asked = Claim { name: "stock".to_owned(), size: Some("10Gi".to_owned()), class: Some("gp3".to_owned()) };
    let (addon, auto) = (EbsDriver::Addon, EbsDriver::AutoMode);
    for (has, by_class, expected) in [
        (vec![addon], None, Ok(addon)),
        (vec![auto], None, Ok(auto)),
        (vec![addon, auto], Some(addon), Ok(addon)),
        (vec![addon, auto], Some(auto), Ok(auto)),
        (vec![addon], Some(auto), Err("neither driver mounts what the other has")),
        (vec![addon, auto], None, Err("no bundle brings the class \"gp3\"")),
    ] {
        let found = ClaimedVolume { drivers: has, ..volume("vol-1", "a", true) };
        match (drivers::of(&found, &asked, by_class, "blue"), expected) {
            (Err(fault), Err(expected)) => assert!(fault.contains(expected), "{fault}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned)),
        }
    }
}

#[tokio::test]
async fn a_volume_of_eks_auto_mode_is_copied_in_a_zone_of_its_nodes_only() {
    let account = Account::auto_snapshots_shop();
    let ids: Vec<String> = account.aws().subnets.iter().map(|subnet| subnet.id.clone()).collect();
    let class = json!({ "apiVersion": "eks.amazonaws.com/v1", "kind": "NodeClass", "metadata": { "name": "batch" } });
    let class = [Object::new(0, 0, class).unwrap()];
    for (objects, of_auto_mode, expected) in
        [(&[][..], &ids[..1], vec!["eu-central-1a".to_owned()]), (&[], &[], vec![]), (&class, &ids[..1], vec![])]
    {
        let zones = drivers::Zones::read(&account, objects, &ids, of_auto_mode).await.unwrap();
        assert_eq!(zones.of(EbsDriver::Addon).len(), 2);
        assert_eq!(zones.of(EbsDriver::AutoMode).iter().cloned().collect::<Vec<_>>(), expected);
    }
}

fn volume(id: &str, zone: &str, is_attached: bool) -> ClaimedVolume {
    let text = str::to_owned;
    ClaimedVolume {
        id: text(id),
        gib: 10,
        volume_type: text("gp3"),
        claim: text("shop/stock"),
        zone: text(zone),
        is_attached,
        ..ClaimedVolume::default()
    }
}

#[test]
fn of_several_volumes_of_one_claim_the_attached_one_is_its() {
    let (old, new) = (volume("vol-old", "a", false), volume("vol-new", "a", true));
    assert_eq!(chosen(&[&old]).unwrap().id, "vol-old");
    assert_eq!(chosen(&[&old, &new]).unwrap().id, "vol-new");
    let fault = chosen(&[&old, &old]).unwrap_err();
    assert!(fault.contains("several volumes carry the tags of the claim shop/stock: vol-old, vol-old"), "{fault}");
}

#[test]
fn a_volume_is_copied_in_a_zone_of_greens_nodes_only() {
    let asked = Claim { name: "stock".to_owned(), size: Some("10Gi".to_owned()), class: Some("gp3".to_owned()) };
    let zones = ["a".to_owned(), "b".to_owned()].into();
    assert_eq!(unfit(&volume("vol-1", "b", true), &asked, &zones, ACCOUNT), None);
    let fault = unfit(&volume("vol-1", "c", true), &asked, &zones, ACCOUNT).unwrap();
    assert!(fault.contains("is in c, and green's nodes are in a, b"), "{fault}");
}

const ACCOUNT: &str = "123456789012";

#[test]
fn a_volume_that_others_may_write_to_or_whose_key_is_not_the_accounts_is_not_copied() {
    let asked = Claim { name: "stock".to_owned(), size: Some("10Gi".to_owned()), class: Some("gp3".to_owned()) };
    let key = |account: &str| Some(format!("arn:aws:kms:eu-central-1:{account}:key/1234abcd"));
    let of = |key_arn: Option<String>, is_multi_attach: bool| {
        let found = ClaimedVolume { key_arn, is_multi_attach, ..volume("vol-1", "a", true) };
        unfit(&found, &asked, &BTreeSet::new(), ACCOUNT)
    };
    assert_eq!(of(key(ACCOUNT), false), None);
    assert!(of(None, true).unwrap().contains("enabled for Multi-Attach"));
    let fault = of(key("999999999999"), false).unwrap();
    assert!(fault.contains("999999999999:key/1234abcd, which is of another account"), "{fault}");
}

#[tokio::test]
async fn copies_that_quotas_leave_no_room_for_are_refused_before_anything_is_made() {
    let account = Account::snapshots_shop();
    account.aws().quotas.insert(("ebs".to_owned(), "L-7A658B76".to_owned()), 0.05);
    let [problem] = told(&read(&account, |_| ()).await).try_into().unwrap();
    assert!(problem.starts_with("$.workloads.volumes.snapshot: green's copies need 30 GiB of gp3"), "{problem}");
    assert!(problem.contains("and 50 GiB of the 0.05 TiB of the quota L-7A658B76 are used"), "{problem}");
    account.aws().quotas.insert(("ebs".to_owned(), "L-7A658B76".to_owned()), 50.0);
    assert_eq!(told(&read(&account, |_| ()).await), [""; 0]);
}

#[tokio::test]
async fn people_are_told_what_the_policy_of_a_key_of_their_own_has_to_let_bascule_do() {
    let account = Account::snapshots_shop();
    let key = format!("arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd");
    account.aws().volume_keys.insert("vol-shop-blue-stock".to_owned(), key.clone());
    let found = read(&account, |_| ()).await;
    assert_eq!(told(&found), [""; 0]);
    let told = found.advice.iter().find(|advice| advice.contains(&key)).unwrap();
    assert!(told.contains("kms:CreateGrant where kms:GrantIsForAWSResource"), "{told}");
}
