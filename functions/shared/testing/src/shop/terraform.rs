//! The states of the shop's Terraform projects: `network`, whose workspace `default` describes blue's network and whose workspace
//! `green` describes what was built for green; `gateway`, of which some addresses are to be moved; and `stage`, which is to take up what the
//! switch deploys.

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

/// The state of `stage`.
const STAGE: &str = "stage.tfstate";

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

/// The same with `stage`.
#[must_use]
pub fn terraform_with_adoption() -> Value {
    let mut projects = terraform();
    let stage = json!({ "bucket": STATES, "key": STAGE, "lock": { "useLockfile": true }, "adopt": {} });
    projects.as_array_mut().into_iter().for_each(|projects| projects.push(stage.clone()));
    projects
}

/// A state with these resources, each its type, name and id.
#[must_use]
pub fn state(lineage: &str, serial: u64, resources: &[(&str, &str, &str)]) -> String {
    let resources = resources.iter().map(|(kind, name, id)| (*kind, *name, json!({ "id": id, "name": id })));
    written(lineage, serial, resources)
}

fn written<'a>(lineage: &str, serial: u64, resources: impl Iterator<Item = (&'a str, &'a str, Value)>) -> String {
    let resources = resources.map(|(kind, name, attributes)| {
        json!({
            "mode": "managed",
            "type": kind,
            "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] }],
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
    let stage =
        json!({ "id": format!("ags-{}-prod", super::API), "stage_name": "prod", "deployment_id": "deployment-b" });
    let deployment = json!({ "id": "deployment-b", "rest_api_id": super::API });
    let resources = [("aws_api_gateway_stage", "prod", stage), ("aws_api_gateway_deployment", "prod", deployment)];
    let stage = (STAGE, written("stage-lineage", 2, resources.into_iter()));
    for (key, text) in states.into_iter().chain([stage]) {
        if key == NETWORK || key == NETWORK_GREEN {
            let id = format!("{STATES}/{key}-md5");
            aws.state_digests.insert(pair(LOCKS, &id), md5_hex(text.as_bytes()));
        }
        aws.states.insert(pair(STATES, key), text);
    }
}
