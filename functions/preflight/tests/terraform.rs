//! The states of the Terraform projects: one thing is changed of a sound account at a time.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::digest::md5_hex;
use domain::plan::{Found, edge::Edge};
use domain::{Problem, Reading};
use preflight::terraform::{Managed, read};
use serde_json::{Value, json};
use testing::Account;
use testing::shop::{GATEWAY, LOCKS, NETWORK, NETWORK_GREEN, STATES, input_with, state, terraform};

/// What preflight finds of these projects, the faults of the input included.
async fn found(account: &Account, terraform: &Value) -> Found<Managed> {
    let reading = Reading::of(&input_with(json!({ "terraform": terraform })));
    let input = reading.input.clone().unwrap();
    let plan = account.plan();
    let compute = Found { deletes: plan.deletes, ..Found::new(plan.compute) };
    let mut found = read(account, &input, &compute, &Found::new(Edge::default())).await.unwrap();
    found.problems.retain(|problem| !reading.is_faulty(&problem.path));
    found.problems.splice(0..0, reading.problems);
    found
}

/// Path and message of the only problem.
async fn problem(account: &Account, terraform: &Value) -> (String, String) {
    let problems = found(account, terraform).await.problems;
    let [Problem { path, message, .. }] = &problems[..] else { panic!("{problems:?}") };
    (path.clone(), message.clone())
}

fn put(account: &Account, key: &str, text: &str) {
    let mut aws = account.aws();
    aws.states.insert((STATES.to_owned(), key.to_owned()), text.to_owned());
    let id = (LOCKS.to_owned(), format!("{STATES}/{key}-md5"));
    aws.state_digests.insert(id, md5_hex(text.as_bytes()));
}

fn with(pointer: &str, value: Value) -> Value {
    let mut projects = terraform();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    projects.pointer_mut(parent).unwrap()[name] = value;
    projects
}

#[tokio::test]
async fn sound_projects_are_planned_with_their_lineages_and_nothing_is_changed() {
    let account = Account::shop();
    let before = account.aws().contents();
    let found = found(&account, &terraform()).await;
    assert_eq!(found.problems, []);
    let lineages: Vec<_> = found.facts.handovers.iter().map(|handover| handover.lineages.join(" ")).collect();
    assert_eq!(lineages, ["blue-lineage green-lineage", "gateway-lineage"]);
    let objects: Vec<_> = found.facts.handovers.iter().flat_map(|handover| &handover.places).collect();
    assert_eq!(
        objects.iter().map(|place| place.object.as_str()).collect::<Vec<_>>(),
        [NETWORK, NETWORK_GREEN, GATEWAY]
    );
    assert!(found.advice.iter().any(|advice| advice.contains("aws_subnet.shop, aws_vpc.shop")), "{:?}", found.advice);
    assert!(found.advice.iter().any(|advice| advice.starts_with("apply nothing in s3://shop-states/network.tfstate")));
    assert_eq!(account.aws().contents(), before);
}

#[tokio::test]
async fn every_flaw_of_a_state_is_told_with_its_path() {
    let encrypted = r#"{"serial":1,"lineage":"a","meta":{},"encrypted_data":"ZGF0YQ==","encryption_version":"v0"}"#;
    let stranger = state("other", 1, &[("aws_vpc", "other", "vpc-9")]);
    let sound = state("a", 1, &[("aws_vpc", "shop", "vpc-1")]);
    let blues = state("a", 1, &[("aws_security_group", "nodes", "sg-nodes")]);
    let another = state("a", 1, &[("aws_eks_cluster", "shop", "shop-purple")]);
    for (key, text, path, message) in [
        (NETWORK, &sound[..40], "[0].swap.workspace", "it is truncated"),
        (NETWORK, "", "[0].swap.workspace", "it is empty"),
        (NETWORK_GREEN, encrypted, "[0].swap.temporary", "it is encrypted by OpenTofu"),
        (NETWORK_GREEN, r#"{"version":5}"#, "[0].swap.temporary", "it is of format 5, expected format 4"),
        (NETWORK, &stranger, "[0].swap.workspace", "none is blue's"),
        (NETWORK_GREEN, &state("a", 1, &[]), "[0].swap.temporary", "manages nothing"),
        (NETWORK_GREEN, &blues, "[0].swap.temporary", "manages blue's aws_security_group.nodes"),
        (NETWORK_GREEN, &another, "[0].swap.temporary", "manages the cluster shop-purple, expected shop-green"),
        (GATEWAY, &sound, "[1].move.addresses[0]", "the state has no aws_api_gateway_vpc_link.old"),
        (GATEWAY, &encrypted[..20], "[1].move.workspace", "it is truncated"),
    ] {
        let account = Account::shop();
        put(&account, key, text);
        let (found, told) = problem(&account, &terraform()).await;
        assert_eq!(found, format!("$.terraform{path}"), "{told}");
        assert!(told.contains(message), "{told}");
    }
}

#[tokio::test]
async fn a_state_that_is_not_there_or_may_not_be_read_is_told() {
    for (key, path, message) in [
        (NETWORK, "[0].key", "there is no object s3://shop-states/network.tfstate"),
        (NETWORK_GREEN, "[0].swap.temporary", "the workspace \"green\" does not exist"),
        (GATEWAY, "[1].key", "there is no object s3://shop-states/gateway.tfstate"),
    ] {
        let account = Account::shop();
        let place = (STATES.to_owned(), key.to_owned());
        account.aws().states.remove(&place);
        let (found, told) = problem(&account, &terraform()).await;
        assert_eq!(found, format!("$.terraform{path}"), "{told}");
        assert!(told.contains(message), "{told}");
        account.aws().hidden_states.insert(place);
        let (found, told) = problem(&account, &terraform()).await;
        assert_eq!(found, format!("$.terraform[{}].key", &path[1..2]));
        assert!(told.contains("parameter TerraformStates"), "{told}");
    }
}

#[tokio::test]
async fn a_state_that_was_replaced_behind_terraforms_back_is_told() {
    let account = Account::shop();
    account.aws().state_digests.insert((LOCKS.to_owned(), format!("{STATES}/{NETWORK}-md5")), "ff".to_owned());
    let (path, message) = problem(&account, &terraform()).await;
    assert_eq!(path, "$.terraform[0].swap.workspace");
    assert!(message.contains("behind Terraform's back"), "{message}");
}

#[tokio::test]
async fn what_is_wrong_with_the_fields_is_told() {
    let adopt = with("/1/adopt", json!({}));
    for (projects, path, message) in [
        (with("/1/key", json!(NETWORK)), "[1].key", "is a state of $.terraform[0] already"),
        (with("/0/swap/temporary", json!("default")), "[0].swap.temporary", "found \"default\" twice"),
        (with("/0/lock", json!({})), "[0].lock", "found no lock"),
        (
            with("/0/move", json!({ "addresses": [{ "from": "a.b", "to": "a.c" }] })),
            "[0]",
            "expected one of `swap`, `adopt` and `move`",
        ),
        (adopt, "[1]", "expected one of `swap`, `adopt` and `move`"),
        (with("/1/move/addresses/0/to", json!("a")), "[1].move.addresses[0].to", "\"a\" is no address"),
        (with("/1/bucket", json!("Shop_States")), "[1].bucket", "expected the form"),
        (with("/1/prefix", json!("x")), "[1].prefix", "unknown field"),
        (with("/0/swap/colour", json!("x")), "[0].swap.colour", "unknown field"),
    ] {
        let problems = found(&Account::shop(), &projects).await.problems;
        let told = problems.iter().find(|problem| problem.path == format!("$.terraform{path}"));
        assert!(told.is_some_and(|told| told.message.contains(message)), "{path}: {problems:?}");
    }
}

/// The gateway's project with another way.
fn adopting(workspace: &str) -> Value {
    let mut projects = with("/1/adopt", json!({ "workspace": workspace }));
    projects[1].as_object_mut().unwrap().remove("move");
    projects
}

#[tokio::test]
async fn a_state_that_takes_up_green_is_planned_and_what_cannot_be_imported_is_told() {
    let account = Account::shop();
    let blue = [("aws_security_group", "nodes", "sg-nodes"), ("aws_default_security_group", "plane", "sg-plane")];
    put(&account, GATEWAY, &state("a", 1, &blue));
    let found = found(&account, &adopting("default")).await;
    assert_eq!(found.problems, []);
    let handover = &found.facts.handovers[1];
    assert!(handover.adopt && handover.moves.is_empty() && handover.places.len() == 1, "{handover:?}");
    let told = found.advice.join("\n");
    assert!(told.contains("a merge request for s3://shop-states/gateway.tfstate is written beside it"), "{told}");
    assert!(told.contains("no import is written for aws_default_security_group.plane:"), "{told}");
    let command = "run `terraform apply` of the commit with its `blue.tf` for s3://shop-states/gateway.tfstate (workspace default)";
    assert_eq!(found.facts.destroyed_by.get("sg-nodes").map(String::as_str), Some(command));
}

/// A state with one more resource in a module, managed by a provider of this address.
fn with_module(kind: &str, id: &str, provider: &str) -> String {
    let text = state("a", 1, &[("aws_security_group", "nodes", "sg-nodes"), (kind, "this", id)]);
    let mut state: Value = serde_json::from_str(&text).unwrap();
    for resource in state["resources"].as_array_mut().unwrap() {
        resource["module"] = json!("module.eks[\"a\"]");
        resource["provider"] = json!(provider);
    }
    state.to_string()
}

#[tokio::test]
async fn what_shares_a_module_with_blue_and_stays_is_told() {
    let account = Account::shop();
    let provider = "provider[\"registry.terraform.io/hashicorp/aws\"].frankfurt";
    put(&account, GATEWAY, &with_module("aws_iam_role", "cluster", provider));
    let found = found(&account, &adopting("default")).await;
    assert_eq!(found.problems, []);
    let told = found.advice.join("\n");
    let expected = "module.eks has what is blue's and also module.eks[\"a\"].aws_iam_role.this, which stay: its call cannot be deleted with blue";
    assert!(told.contains(expected), "{told}");
    // Where everything is blue's, or becomes green's too, there is nothing to say.
    put(&account, GATEWAY, &with_module("aws_security_group", "sg-plane", provider));
    assert!(!self::found(&account, &adopting("default")).await.advice.join("\n").contains("which stay"));
}

#[tokio::test]
async fn a_state_whose_modules_configure_their_providers_takes_up_nothing() {
    let account = Account::shop();
    let provider = "module.eks[\"a\"].provider[\"registry.terraform.io/hashicorp/aws\"]";
    put(&account, GATEWAY, &with_module("aws_iam_role", "cluster", provider));
    let problems = found(&account, &adopting("default")).await.problems;
    let [Problem { path, message, code }] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!((path.as_str(), code.as_str()), ("$.terraform[1].adopt.workspace", "provider-in-module"));
    let expected =
        "a module configures the provider of module.eks[\"a\"].aws_security_group.nodes, and no block outside";
    assert!(message.contains(expected), "{message}");
}

#[tokio::test]
async fn a_state_that_has_nothing_of_blue_takes_up_nothing() {
    let account = Account::shop();
    put(&account, GATEWAY, &state("a", 1, &[("aws_vpc", "other", "vpc-9")]));
    let (path, message) = problem(&account, &adopting("default")).await;
    assert_eq!(path, "$.terraform[1].adopt.workspace");
    assert!(message.contains("none is blue's"), "{message}");
    let (path, message) = problem(&Account::shop(), &adopting("prod")).await;
    assert_eq!(path, "$.terraform[1].adopt.workspace");
    assert!(message.contains("the workspace \"prod\" does not exist"), "{message}");
}

#[tokio::test]
async fn what_a_state_manages_of_blue_is_left_to_terraform() {
    let account = Account::shop();
    let blue = [("aws_vpc", "shop", "vpc-1"), ("aws_security_group", "nodes", "sg-nodes")];
    put(&account, NETWORK, &state("a", 1, &blue));
    let found = found(&account, &terraform()).await;
    assert_eq!(found.problems, []);
    let deletes = found.facts.left_to_terraform(account.plan().deletes);
    let left: Vec<_> =
        deletes.iter().filter_map(|planned| Some((planned.id.clone()?, planned.destroyed_by.clone()?))).collect();
    let command = "run `terraform destroy` for s3://shop-states/network.tfstate (workspace green)".to_owned();
    assert_eq!(left, [("sg-nodes".to_owned(), command)]);
}
