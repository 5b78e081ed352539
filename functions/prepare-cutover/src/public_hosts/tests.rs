use super::*;
use domain::{Kind, manifest::Object};
use serde_json::{Value, json};
use testing::{
    Account,
    shop::{GREEN, input_with, manifests},
};

fn qualified(on_abort: &str) -> (Account, Migration) {
    let (account, migration) = Account::opened(&input_with(json!({ "onAbort": on_abort }))).unwrap();
    account.deploy(&migration);
    (account, migration)
}

fn host(account: &Account) -> Value {
    account.cluster(GREEN).object("Ingress/shop/shop").unwrap()["spec"]["rules"][0]["host"].clone()
}

#[tokio::test]
async fn green_answers_to_the_public_names_and_keeps_its_scale() {
    let (account, migration) = qualified("delete");
    converge(&account, &migration).await.unwrap();
    assert_eq!(host(&account), "shop.example.com");
    // Scaled to blue's replicas by validate.
    assert_eq!(account.cluster(GREEN).object("Deployment/shop/web").unwrap()["spec"]["replicas"], 4);
    assert_eq!(account.cluster(GREEN).writes(), ["Ingress/shop/shop"]);
    converge(&account, &migration).await.unwrap();
    assert_eq!(account.cluster(GREEN).writes(), [""; 0]);
}

#[tokio::test]
async fn going_back_gives_the_temporary_names_back_where_green_is_kept() {
    for (on_abort, expected) in [("keep", "green.example.com"), ("delete", "shop.example.com")] {
        let start = async || {
            let (account, migration) = qualified(on_abort);
            converge(&account, &migration).await.unwrap();
            let back = account.turned_back(&migration);
            (account, back)
        };
        let left = Account::survives(start, undo).await.unwrap();
        let name = Object::new(1, 1, manifests().pop().unwrap()).unwrap().id;
        assert_eq!(left.aws.objects[GREEN][&name]["spec"]["rules"][0]["host"], expected);
        assert!(left.entries.iter().all(|entry| entry.key.kind != Kind::Bundle || !entry.is_live()));
    }
}

#[tokio::test]
async fn going_back_from_the_middle_gives_the_temporary_names_back() {
    let (undisturbed, migration) = qualified("keep");
    let before = undisturbed.calls();
    converge(&undisturbed, &migration).await.unwrap();
    for call in 1..=undisturbed.calls() - before {
        let (account, migration) = qualified("keep");
        account.fail_at(call, testing::Fault::Killed);
        converge(&account, &migration).await.unwrap_err();
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap();
        assert_eq!(host(&account), "green.example.com", "killed at call {call}");
        assert!(account.entries_of(&back).iter().all(|entry| entry.key.kind != Kind::Bundle || !entry.is_live()));
    }
}
