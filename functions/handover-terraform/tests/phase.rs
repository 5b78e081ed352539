//! The hand-over and the way back, on an account in memory that is killed at each call.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::digest::md5_hex;
use domain::plan::terraform::Handover;
use domain::terraform::{LockInfo, Place, State, state::renumbered};
use domain::{Condition, Input, Migration, Outcome};
use handover_terraform::{converge, undo};
use serde_json::json;
use testing::shop::{GATEWAY, LOCKS, NETWORK, NETWORK_GREEN, STATES, input_with, state, terraform};
use testing::{Account, Fault};

/// A migration of the shop's two projects, with the plan that preflight makes of them.
fn opened() -> (Account, Migration) {
    let input = input_with(json!({ "terraform": terraform() }));
    let (account, mut migration) = Account::opened(&input).unwrap();
    let read = Input::read(&input).unwrap();
    let lineage = |place: &Place| {
        let text = account.aws().states[&(place.bucket.clone(), place.object.clone())].clone();
        State::read(text.as_bytes()).unwrap().lineage
    };
    let handover = |project: &domain::input::terraform::Project| {
        let places: Vec<Place> = project.places().into_iter().map(|(_, place)| place).collect();
        let moves = project.moves.iter().flat_map(|moves| &moves.addresses);
        Handover {
            lineages: places.iter().map(lineage).collect(),
            places,
            moves: moves.map(|one| (one.from.clone(), one.to.clone())).collect(),
            adopt: false,
        }
    };
    migration.plan.terraform = read.terraform.iter().map(handover).collect();
    (account, migration)
}

fn text(account: &Account, key: &str) -> String {
    account.aws().states.get(&(STATES.to_owned(), key.to_owned())).cloned().unwrap_or_default()
}

fn put(account: &Account, key: &str, text: &str) {
    account.aws().states.insert((STATES.to_owned(), key.to_owned()), text.to_owned());
}

fn digest(account: &Account, key: &str) -> String {
    account.aws().state_digests[&(LOCKS.to_owned(), format!("{STATES}/{key}-md5"))].clone()
}

fn renumber(text: &str, serial: u64) -> String {
    String::from_utf8(renumbered(text.into(), serial).unwrap()).unwrap()
}

/// The keys of locks that are held.
fn locks(account: &Account) -> Vec<String> {
    let aws = account.aws();
    let files = aws.states.keys().map(|(_, key)| key).filter(|key| key.ends_with(".tflock"));
    files.cloned().chain(aws.state_locks.keys().map(|(_, id)| id.clone())).collect()
}

fn copies(account: &Account) -> Vec<String> {
    let aws = account.aws();
    aws.states.keys().map(|(_, key)| key).filter(|key| key.contains("before-bascule")).cloned().collect()
}

#[tokio::test]
async fn states_are_exchanged_with_their_lineages_under_a_serial_above_both() {
    let (account, migration) = opened();
    let (blue, green) = (text(&account, NETWORK), text(&account, NETWORK_GREEN));
    let outcome = account.drive(&migration, converge).await;
    assert_eq!(outcome, Ok(Outcome::done().with("handover", "Done")));
    assert_eq!(text(&account, NETWORK), renumber(&green, 8));
    assert_eq!(text(&account, NETWORK_GREEN), renumber(&blue, 8));
    for key in [NETWORK, NETWORK_GREEN] {
        assert_eq!(digest(&account, key), md5_hex(text(&account, key).as_bytes()));
    }
    assert_eq!(locks(&account), [""; 0]);
    assert_eq!(
        copies(&account),
        [
            "env:/green/network.tfstate.before-bascule-hand-over-move",
            "gateway.tfstate.before-bascule-hand-over-move",
            "network.tfstate.before-bascule-hand-over-move",
        ]
    );
    assert_eq!(text(&account, "network.tfstate.before-bascule-hand-over-move"), blue);
}

#[tokio::test]
async fn addresses_exchange_their_names_within_a_state() {
    let (account, migration) = opened();
    account.drive(&migration, converge).await.unwrap();
    let expected = state(
        "gateway-lineage",
        44,
        &[
            ("aws_api_gateway_rest_api", "shop", "shop1"),
            ("aws_api_gateway_vpc_link", "new", "link-a"),
            ("aws_api_gateway_vpc_link", "old", "link-b"),
        ],
    );
    assert_eq!(text(&account, GATEWAY), expected);
}

#[tokio::test]
async fn beside_a_state_in_which_addresses_move_a_merge_request_names_the_deployment_of_its_stage() {
    let (account, migration) = opened();
    account.prepare(&migration);
    let mut gateway: serde_json::Value = serde_json::from_str(&text(&account, GATEWAY)).unwrap();
    for (kind, attributes) in [
        ("aws_api_gateway_stage", json!({ "id": "ags-shop1-prod", "deployment_id": "deployment-b" })),
        ("aws_api_gateway_deployment", json!({ "id": "deployment-b", "rest_api_id": "shop1" })),
    ] {
        let resource = json!({
            "mode": "managed", "type": kind, "name": "prod", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{ "schema_version": 0, "attributes": attributes }],
        });
        gateway["resources"].as_array_mut().unwrap().push(resource);
    }
    put(&account, GATEWAY, &gateway.to_string());
    account.drive(&migration, converge).await.unwrap();
    let green = text(&account, &format!("{GATEWAY}.bascule-adopt-move/green.tf"));
    for line in [
        "# aws_api_gateway_stage.prod: deployment_id = \"deployment-g\"\n",
        "  to = aws_api_gateway_deployment.prod_green\n  id = \"shop1/deployment-g\"\n",
    ] {
        assert!(green.contains(line), "{line}\n{green}");
    }
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    let left = account.aws().states.keys().filter(|(_, key)| key.contains("bascule")).count();
    assert_eq!((left, locks(&account)), (0, Vec::new()));
}

#[tokio::test]
async fn the_way_back_exchanges_what_is_there_by_then_and_takes_the_copies_away() {
    let (account, migration) = opened();
    let (blue, green, gateway) = (text(&account, NETWORK), text(&account, NETWORK_GREEN), text(&account, GATEWAY));
    account.drive(&migration, converge).await.unwrap();
    // Somebody has applied since: Terraform writes state and digest.
    let applied = renumber(&green, 12).replace("subnet-new", "subnet-newer");
    put(&account, NETWORK, &applied);
    let id = (LOCKS.to_owned(), format!("{STATES}/{NETWORK}-md5"));
    account.aws().state_digests.insert(id, md5_hex(applied.as_bytes()));
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(text(&account, NETWORK), renumber(&blue, 13));
    assert_eq!(text(&account, NETWORK_GREEN), renumber(&applied, 13));
    assert_eq!(text(&account, GATEWAY), renumber(&gateway, 47));
    assert_eq!((locks(&account), copies(&account)), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn whatever_call_meets_whatever_fault_the_end_is_the_same() {
    Account::survives(async || opened(), converge).await.unwrap();
    let handed_over = async || {
        let (account, migration) = opened();
        account.drive(&migration, converge).await.unwrap();
        let back = account.turned_back(&migration);
        (account, back)
    };
    Account::survives(handed_over, undo).await.unwrap();
}

/// Both states as before, wherever the hand-over was killed before it had ended; and nothing is left locked.
#[tokio::test]
async fn a_hand_over_that_was_killed_at_any_call_is_taken_back() {
    let (account, migration) = opened();
    let before = account.calls();
    account.drive(&migration, converge).await.unwrap();
    let calls = account.calls() - before;
    assert!(calls > 40, "{calls}");
    for call in 1..=calls {
        let (account, migration) = opened();
        let was: Vec<String> = [NETWORK, NETWORK_GREEN, GATEWAY].map(|key| text(&account, key)).into();
        account.start("handover-terraform");
        account.fail_at(call, Fault::Killed);
        let _ = converge(&account, &migration).await;
        account.mend();
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap_or_else(|error| panic!("killed at call {call}: {error}"));
        let is: Vec<String> = [NETWORK, NETWORK_GREEN, GATEWAY].map(|key| text(&account, key)).into();
        let serialless = |texts: &[String]| texts.iter().map(|text| renumber(text, 0)).collect::<Vec<_>>();
        assert_eq!(serialless(&is), serialless(&was), "killed at call {call}");
        for key in [NETWORK, NETWORK_GREEN] {
            assert_eq!(digest(&account, key), md5_hex(text(&account, key).as_bytes()), "killed at call {call}");
        }
        assert_eq!((locks(&account), copies(&account)), (Vec::new(), Vec::new()), "killed at call {call}");
    }
}

const HELD: &str = r#"{"ID":"0f1c","Operation":"OperationTypeApply","Info":"","Who":"ana@laptop","Version":"1.11.4","Created":"2026-11-30T08:00:00Z","Path":"x"}"#;

#[tokio::test]
async fn a_lock_that_somebody_holds_is_waited_for_and_named_and_the_others_are_given_back() {
    let file = |account: &Account| put(account, &format!("{NETWORK_GREEN}.tflock"), HELD);
    let row = |account: &Account| {
        let id = (LOCKS.to_owned(), format!("{STATES}/{NETWORK_GREEN}"));
        account.aws().state_locks.insert(id, HELD.to_owned());
    };
    for (hold, key) in [
        (&file as &dyn Fn(&Account), "env:/green/network.tfstate.tflock"),
        (&row, "shop-states/env:/green/network.tfstate"),
    ] {
        let (account, migration) = opened();
        let blue = text(&account, NETWORK);
        hold(&account);
        account.start("handover-terraform");
        let error = converge(&account, &migration).await.unwrap_err();
        assert_eq!(error.condition, Condition::NotReady);
        let expected = "is locked by ana@laptop (OperationTypeApply) since 2026-11-30T08:00:00Z, lock 0f1c";
        assert!(error.message.contains(expected), "{error}");
        assert_eq!((locks(&account), text(&account, NETWORK)), (vec![key.to_owned()], blue));
        // Ana has done.
        account.aws().states.remove(&(STATES.to_owned(), key.to_owned()));
        account.aws().state_locks.clear();
        account.drive(&migration, converge).await.unwrap();
        assert_eq!(locks(&account), [""; 0]);
    }
}

#[tokio::test]
async fn while_bascule_writes_terraform_finds_its_locks() {
    let (account, migration) = opened();
    // The call after the first write of a state.
    account.drive(&migration, converge).await.unwrap();
    let writes = account.operations().iter().rposition(|operation| *operation == "s3:PutObject").unwrap();
    let (account, migration) = opened();
    account.start("handover-terraform");
    account.fail_at(writes + 1, Fault::Killed);
    let _ = converge(&account, &migration).await;
    let held = text(&account, &format!("{GATEWAY}.tflock"));
    let info = LockInfo::read(&held);
    assert_eq!((info.who.as_str(), info.path.as_str()), ("bascule-handover-terraform", "shop-states/gateway.tfstate"));
    assert!(info.info.contains(migration.id.as_str()), "{}", info.info);
}

#[tokio::test]
async fn a_state_that_is_not_the_one_of_the_plan_is_a_conflict_and_nothing_is_left_locked() {
    let other = state("other-lineage", 9, &[("aws_vpc", "shop", "vpc-1")]);
    for (key, text, expected) in [
        (NETWORK, other.as_str(), "its lineage is other-lineage, expected blue-lineage"),
        (NETWORK_GREEN, "{\"version\":4", "it is truncated"),
        (NETWORK_GREEN, "{\"version\":5}", "it is of format 5"),
        (GATEWAY, "{\"encrypted_data\":\"\"}", "it is encrypted by OpenTofu"),
    ] {
        let (account, migration) = opened();
        put(&account, key, text);
        if key != GATEWAY {
            let id = (LOCKS.to_owned(), format!("{STATES}/{key}-md5"));
            account.aws().state_digests.insert(id, md5_hex(text.as_bytes()));
        }
        let error = account.drive(&migration, converge).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict);
        assert!(error.message.contains(expected), "{error}");
        assert_eq!(locks(&account), [""; 0]);
    }
    let (account, migration) = opened();
    account.aws().states.remove(&(STATES.to_owned(), GATEWAY.to_owned()));
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert!(error.message.contains("gateway.tfstate is gone"), "{error}");
}

#[tokio::test]
async fn a_state_that_was_replaced_behind_terraforms_back_is_a_conflict() {
    let (account, migration) = opened();
    let text = renumber(&text(&account, NETWORK), 8);
    put(&account, NETWORK, &text);
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("somebody replaced the object behind Terraform's back"), "{error}");
    assert_eq!(locks(&account), [""; 0]);
}

/// The number of the call by which the first state is written.
async fn first_write_of_a_state() -> usize {
    let (account, migration) = opened();
    let before = account.calls();
    account.drive(&migration, converge).await.unwrap();
    let operations = account.operations();
    let puts = operations[before..].iter().enumerate().filter(|(_, operation)| **operation == "s3:PutObject");
    // Two lock files, two copies, then the states.
    puts.map(|(call, _)| call + 1).nth(4).unwrap()
}

/// Whoever writes without a lock loses nothing: Bascule stops, holds its locks, and says where the copies are.
#[tokio::test]
async fn a_state_that_is_written_under_bascules_lock_is_left_and_told() {
    let first = first_write_of_a_state().await;
    let (account, migration) = opened();
    account.meanwhile(first, |account| {
        let key = (STATES.to_owned(), NETWORK_GREEN.to_owned());
        let text = account.aws().states[&key].replace("subnet-new", "subnet-stray");
        account.aws().states.insert(key, text);
    });
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("was changed under Bascule's lock"), "{error}");
    assert!(
        error.message.contains("s3://shop-states/env:/green/network.tfstate.before-bascule-hand-over-move"),
        "{error}"
    );
    assert_eq!(locks(&account).len(), 4);
    assert!(text(&account, NETWORK_GREEN).contains("subnet-stray"));
}

/// The client tries a call again by itself where its answer was lost, and then the condition does not hold any more.
#[tokio::test]
async fn a_write_that_had_its_effect_before_the_client_tried_it_again_counts() {
    let first = first_write_of_a_state().await;
    let (account, migration) = opened();
    account.meanwhile(first, |account| {
        let written = renumber(&text(account, NETWORK_GREEN), 8);
        put(account, NETWORK, &written);
    });
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(digest(&account, NETWORK), md5_hex(text(&account, NETWORK).as_bytes()));
    assert_eq!(locks(&account), [""; 0]);
}

#[tokio::test]
async fn where_no_project_is_named_nothing_is_called() {
    let (account, mut migration) = opened();
    migration.plan.terraform.clear();
    let calls = account.calls();
    assert_eq!(converge(&account, &migration).await, Ok(Outcome::done().with("handover", "NotConfigured")));
    assert_eq!(undo(&account, &migration).await, Ok(Outcome::done()));
    assert_eq!(account.calls(), calls);
}
