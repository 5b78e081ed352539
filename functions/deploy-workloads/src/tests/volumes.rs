use testing::shop::volumes;

use super::*;

/// The shop whose workloads keep data in volumes, with green's nodes.
fn with_volumes() -> (Account, Migration) {
    let account = Account::volumes_shop();
    let manifests = account.aws().bundles[BUNDLE].clone();
    let mut input = input();
    input["workloads"]["volumes"] = volumes::asked();
    let mut migration = Migration { plan: account.plan(), ..testing::migration(&input).unwrap() };
    let objects: Vec<Object> = manifests.iter().filter_map(|value| Object::new(0, 0, value.clone())).collect();
    let plan = &mut migration.plan.workloads;
    plan.bundles = vec![account.upload(BUNDLE, manifests)];
    plan.volumes = domain::manifest::volumes::decide(&objects, &migration.input.workloads.volumes).0;
    account.enter(&migration);
    account.provision(&migration);
    (account, migration)
}

fn entries(account: &Account, migration: &Migration) -> Vec<(String, Status)> {
    let entries = account.entries_of(migration).into_iter().filter(|entry| entry.key.kind == Kind::Volume);
    entries.map(|entry| (entry.key.name, entry.status)).collect()
}

/// Volumes of green in the account.
fn made(account: &Account) -> usize {
    account.wait(jiff::SignedDuration::from_mins(1));
    account.aws().volumes.keys().filter(|handle| handle.contains(GREEN)).count()
}

#[tokio::test]
async fn green_gets_new_volumes_and_those_that_are_shared_before_anything_else() {
    let (account, migration) = with_volumes();
    account.drive(&migration, apply).await.unwrap();
    let green = account.cluster(GREEN);
    assert_eq!(green.writes()[0], "PersistentVolume/pvc-uploads");
    assert_eq!(made(&account), 2);
    let shared = green.object("PersistentVolume/pvc-uploads").unwrap();
    assert_eq!(shared["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    assert_eq!(green.object("PersistentVolumeClaim/shop/uploads").unwrap()["spec"]["volumeName"], "pvc-uploads");
    let of = |name: &str| (name.to_owned(), Status::Present);
    let expected = [of("PersistentVolumeClaim/shop/uploads"), of("StatefulSet/shop/search")];
    assert_eq!(entries(&account, &migration), expected);
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
}

#[tokio::test]
async fn the_way_back_waits_until_greens_volumes_are_gone_and_leaves_blues() {
    let start = async || {
        let (account, migration) = with_volumes();
        account.drive(&migration, apply).await.unwrap();
        assert_eq!(made(&account), 2);
        let back = account.turned_back(&migration);
        (account, back)
    };
    let back = async |account: &Account, migration: &Migration| {
        undo(account, migration, Whole::Whole).await?;
        assert_eq!(made(account), 0);
        assert!(account.aws().volumes.contains_key(volumes::UPLOADS));
        assert!(entries(account, migration).iter().all(|(_, status)| *status == Status::Absent));
        Ok(())
    };
    Account::survives(start, back).await.unwrap();
    let (account, migration) = start().await;
    let error = undo(&account, &migration, Whole::Whole).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("PersistentVolumeClaim/shop/data-search-0"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_shared_is_told_before_a_node_is_built() {
    let (account, migration) = with_volumes();
    let mut volume = account.cluster(BLUE).object("PersistentVolume/pvc-uploads").unwrap();
    volume["spec"]["csi"]["driver"] = json!("ebs.csi.aws.com");
    account.cluster(BLUE).put(volume);
    let error = account
        .drive(&migration, async |account, migration| converge(account, migration, Step::Check).await)
        .await
        .unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(error.message.contains("no file system that several clusters use at once"), "{error}");
}
