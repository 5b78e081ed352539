//! Accounts and inputs of which nothing is refused.

use serde_json::{Value, json};
use testing::{
    Account,
    shop::{self, Front, STATES, http_api, snapshots, volumes},
};

/// An account and an input of which nothing is refused.
pub(crate) type World = fn() -> (Account, Value);

pub(crate) fn plain() -> (Account, Value) {
    (Account::shop(), shop::input())
}

pub(crate) fn in_steps() -> (Account, Value) {
    (Account::shop(), shop::input_with(json!({ "cutover": { "steps": [5, 100] } })))
}

pub(crate) fn behind(front: Front) -> (Account, Value) {
    (Account::shop_behind(front), shop::input())
}

pub(crate) fn http() -> (Account, Value) {
    let (account, mut input) = behind(Front::HttpApi);
    input["gateway"] = http_api::gateway("prod");
    (account, input)
}

pub(crate) fn http_default() -> (Account, Value) {
    let (account, mut input) = behind(Front::HttpApiDefault);
    input["gateway"] = http_api::gateway(http_api::DEFAULT);
    (account, input)
}

pub(crate) fn with_volumes() -> (Account, Value) {
    let mut input = shop::input();
    input["workloads"]["volumes"] = volumes::asked();
    (Account::volumes_shop(), input)
}

pub(crate) fn with_snapshots() -> (Account, Value) {
    let mut input = shop::input();
    input["workloads"]["volumes"] = snapshots::asked();
    input["workloads"]["hold"] = snapshots::held();
    (Account::snapshots_shop(), input)
}

/// A project that manages a group of blue in a module, by a provider of this address.
pub(crate) fn manage(account: &Account, provider: &str) {
    let mut state: Value =
        serde_json::from_str(&shop::state("a", 1, &[("aws_security_group", "nodes", "sg-nodes")])).unwrap();
    state["resources"][0]["module"] = json!("module.shop");
    state["resources"][0]["provider"] = json!(provider);
    account.aws().states.insert((STATES.to_owned(), shop::GATEWAY.to_owned()), state.to_string());
}

pub(crate) fn with_adoption() -> (Account, Value) {
    let mut projects = shop::terraform();
    let lock = projects[1]["lock"].clone();
    projects[1] = json!({ "bucket": STATES, "key": shop::GATEWAY, "lock": lock, "adopt": {} });
    let (account, input) = (Account::shop(), shop::input_with(json!({ "terraform": projects })));
    manage(&account, "provider[\"registry.terraform.io/hashicorp/aws\"]");
    (account, input)
}
