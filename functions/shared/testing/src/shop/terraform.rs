//! The states of the shop's Terraform projects: `network`, whose workspace `default` describes blue's network and whose workspace
//! `green` describes what was built for green; and `gateway`, of which some addresses are to be moved.

use crate::account::{Aws, pair};
use domain::digest::md5_hex;
use serde_json::{Value, json};

/// The bucket of the states.
pub const STATES: &str = "shop-states";
/// The DynamoDB table that locks the states of `network`.
pub const LOCKS: &str = "shop-locks";
/// The state of `network` in the workspace `default`.
pub const NETWORK: &str = "network.tfstate";
/// The state of `network` in the workspace `green`.
pub const NETWORK_GREEN: &str = "env:/green/network.tfstate";
/// The state of `gateway`.
pub const GATEWAY: &str = "gateway.tfstate";

/// `terraform` of the input: `network` is exchanged, and `gateway` gives two resources each other's names.
#[must_use]
pub fn terraform() -> Value {
    let moves = [("old", "between"), ("new", "old"), ("between", "new")];
    let address = |name: &str| format!("aws_api_gateway_vpc_link.{name}");
    let moves = moves.map(|(from, to)| json!({ "from": address(from), "to": address(to) }));
    json!([
        {
            "bucket": STATES, "key": NETWORK, "lock": { "dynamodbTable": LOCKS, "useLockfile": true },
            "swap": { "workspace": "default", "temporary": "green" },
        },
        { "bucket": STATES, "key": GATEWAY, "lock": { "useLockfile": true }, "move": { "addresses": moves } },
    ])
}

/// A state with these resources, each its type, name and id.
#[must_use]
pub fn state(lineage: &str, serial: u64, resources: &[(&str, &str, &str)]) -> String {
    let resources = resources.iter().map(|(kind, name, id)| {
        json!({
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{ "schema_version": 0, "attributes": { "id": id, "name": id }, "sensitive_attributes": [] }],
        })
    });
    let resources: Vec<Value> = resources.collect();
    let state = json!({
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": {},
        "resources": resources,
        "check_results": null,
    });
    format!("{state:#}\n")
}

pub(super) fn put(aws: &mut Aws) {
    let states = [
        (NETWORK, state("blue-lineage", 7, &[("aws_subnet", "shop", "subnet-a"), ("aws_vpc", "shop", "vpc-1")])),
        (NETWORK_GREEN, state("green-lineage", 3, &[("aws_subnet", "shop", "subnet-new")])),
        (
            GATEWAY,
            state(
                "gateway-lineage",
                41,
                &[
                    ("aws_api_gateway_rest_api", "shop", super::API),
                    ("aws_api_gateway_vpc_link", "new", "link-b"),
                    ("aws_api_gateway_vpc_link", "old", "link-a"),
                ],
            ),
        ),
    ];
    for (key, text) in states {
        if key != GATEWAY {
            let id = format!("{STATES}/{key}-md5");
            aws.state_digests.insert(pair(LOCKS, &id), md5_hex(text.as_bytes()));
        }
        aws.states.insert(pair(STATES, key), text);
    }
}
