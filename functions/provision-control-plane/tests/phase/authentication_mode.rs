//! Blue's step from its `ConfigMap` alone to access entries beside it.

use super::{ROLE, converge, groups_are_cloned, undo};
use domain::{Condition, Kind, Migration};
use testing::Account;

/// The shop whose blue lets people in by its `ConfigMap` alone, after provision-network.
async fn config_map_shop() -> (Account, Migration) {
    let (account, migration) = Account::config_map_opened().unwrap();
    account.aws().functions_group = Some("sg-functions".to_owned());
    groups_are_cloned(&account, &migration).await;
    (account, migration)
}

#[tokio::test]
async fn blue_gets_access_entries_once_green_is_there_and_a_way_back_leaves_them_possible() {
    let mode = |account: &Account| account.aws().clusters["shop-blue"].cluster.authentication_mode.clone();
    let (account, migration) = config_map_shop().await;
    let is_active = |name: &str| account.aws().clusters.get(name).is_some_and(|found| found.status == "ACTIVE");
    while !is_active("shop-green") {
        assert_eq!(
            (mode(&account).as_str(), is_active("shop-blue")),
            ("CONFIG_MAP", true),
            "nothing is changed before"
        );
        assert_eq!(converge(&account, &migration).await.unwrap_err().condition, Condition::NotReady);
        account.pass();
    }
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(mode(&account), "API_AND_CONFIG_MAP");
    assert_eq!(account.aws().clusters["shop-green"].cluster.authentication_mode, "API_AND_CONFIG_MAP");
    for cluster in ["shop-blue", "shop-green"] {
        assert!(account.aws().access_entries.contains_key(&(cluster.to_owned(), ROLE.to_owned())), "{cluster}");
    }

    Account::survives(config_map_shop, converge).await.unwrap();
    let built = async || {
        let (account, migration) = config_map_shop().await;
        account.drive(&migration, converge).await.unwrap();
        let back = account.turned_back(&migration);
        (account, back)
    };
    let end = Account::survives(built, undo).await.unwrap();
    assert_eq!(end.aws.clusters["shop-blue"].cluster.authentication_mode, "API_AND_CONFIG_MAP");
    assert!(end.aws.access_entries.is_empty());
    let left = end.entries.iter().filter(|entry| entry.key.kind == Kind::AuthenticationMode && entry.is_live());
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_blue_that_somebody_else_moved_since_the_plan_is_left_to_them() {
    let (account, migration) = config_map_shop().await;
    account.aws().clusters.get_mut("shop-blue").unwrap().cluster.authentication_mode = "API".to_owned();
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(account.aws().clusters["shop-blue"].cluster.authentication_mode, "API");
    assert!(account.entries_of(&migration).iter().all(|entry| entry.key.kind != Kind::AuthenticationMode));
}
