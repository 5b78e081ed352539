//! The hand-over of states against the real Terraform CLI, which keeps them on the emulator's S3 and DynamoDB: both respect each other's
//! locks, and afterwards nothing is to be changed. The resources are Terraform's own `terraform_data`; the ledger is in memory.
//!
//! Left out, which it says, where there is no Terraform on the machine.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod ports;
mod project;

use domain::plan::terraform::Handover;
use domain::ports::{Clock, TerraformStates, terraform_states::Only};
use domain::terraform::{LockInfo, Place, backend::object};
use domain::{Condition, Migration};
use libtest_mimic::{Arguments, Trial};
use ports::Ports;
use project::{LOCKS, Project, STATES, lineage};
use sandbox::account::Account;
use sandbox::python::Python;
use std::process::{Command, ExitCode};
use testing::shop::input;

const NAME: &str = "terraform_plans_no_change_after_the_hand_over_and_both_respect_each_others_locks";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = Command::new("terraform").arg("version").output().is_err();
    if missing {
        eprintln!("left out: {NAME}: there is no terraform on this machine");
    }
    let trial = Trial::test(NAME, || {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(hand_over());
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(missing)]).exit_code()
}

/// A state of a project whose backend has both kinds of locks.
fn place(key: &str, workspace: &str) -> Place {
    Place {
        bucket: STATES.to_owned(),
        object: object(key, "env:", workspace),
        workspace: workspace.to_owned(),
        lock_table: Some(LOCKS.to_owned()),
        lock_file: true,
        kms_key_id: None,
    }
}

async fn hand_over() {
    let say = |line: &str| eprintln!("hand-over: {line}");
    let repository = sandbox::project::Project::locate().await.unwrap();
    let python = Python::prepare(&repository, &say).await.unwrap();
    let account = Account::start(&repository, &python, None).await.unwrap();
    let endpoint = account.aws.endpoint().to_owned();
    let (memory, mut migration) = testing::Account::opened(&input()).unwrap();
    let ports = Ports::new(&endpoint, memory);
    ports.create_bucket_and_table().await;

    let network = Project::new(&account.run, "network", &endpoint);
    network.configure("resource \"terraform_data\" \"subnet\" {\n  input = var.side\n}\n");
    network.apply("blue");
    network.workspace_new("green");
    network.apply("green");
    let gateway = Project::new(&account.run, "gateway", &endpoint);
    gateway.configure(&links("old", "new"));
    gateway.apply("blue");

    let (blue, green) = (place("network", "default"), place("network", "green"));
    let swap = Handover {
        lineages: vec![lineage(&ports, &blue).await, lineage(&ports, &green).await],
        places: vec![blue.clone(), green.clone()],
        moves: Vec::new(),
        adopt: false,
    };
    let links_place = place("gateway", "default");
    let address = |name: &str| format!("terraform_data.{name}");
    let moves = [("old", "between"), ("new", "old"), ("between", "new")];
    let moves = moves.map(|(from, to)| (address(from), address(to))).into();
    let renamed = Handover {
        lineages: vec![lineage(&ports, &links_place).await],
        places: vec![links_place],
        moves,
        adopt: false,
    };
    migration.plan.terraform = vec![swap, renamed];

    a_lock_of_terraform_is_respected(&ports, &migration, &network).await;
    handover_terraform::converge(&ports, &migration).await.unwrap();
    network.select("default");
    assert_eq!(network.plan("green"), Ok(0), "the workspace of production describes green");
    network.select("green");
    assert_eq!(network.plan("blue"), Ok(0), "the temporary workspace describes blue");
    assert_eq!(network.workspaces(), ["default", "green"], "a copy is no workspace");
    gateway.configure(&links("new", "old"));
    assert_eq!(gateway.plan("blue"), Ok(0), "both links have the other's name");
    a_lock_of_bascule_is_respected(&ports, &migration, &blue, &network).await;

    // Somebody applies before the way back.
    network.select("default");
    network.apply("greener");
    let back = ports.turned_back(&migration);
    handover_terraform::undo(&ports, &back).await.unwrap();
    assert_eq!(network.plan("blue"), Ok(0));
    network.select("green");
    assert_eq!(network.plan("greener"), Ok(0));
    gateway.configure(&links("old", "new"));
    assert_eq!(gateway.plan("blue"), Ok(0));
    assert_eq!(ports.objects().await, ["env:/green/network", "gateway", "network"], "locks and copies are gone");
    account.stop().await;
}

/// Two links, the first of which was made for blue.
fn links(blue: &str, green: &str) -> String {
    let link =
        |name: &str, of: &str| format!("resource \"terraform_data\" \"{name}\" {{\n  input = \"link of {of}\"\n}}\n");
    format!("{}{}", link(blue, "blue"), link(green, "green"))
}

async fn a_lock_of_terraform_is_respected(ports: &Ports, migration: &Migration, network: &Project) {
    let side = "green";
    let mut apply = network.slow_apply(side);
    network.wait_until_locked(ports, &migration.plan.terraform[0].places[1]).await;
    let error = handover_terraform::converge(ports, migration).await.unwrap_err();
    assert!(error.message.contains("OperationTypeApply"), "{error}");
    assert_eq!(error.condition, Condition::NotReady);
    assert!(apply.wait().unwrap().success());
    // Without what made it slow.
    network.apply(side);
}

async fn a_lock_of_bascule_is_respected(ports: &Ports, migration: &Migration, place: &Place, network: &Project) {
    let lock = LockInfo::of(migration.id.as_str(), place, ports.now()).written();
    network.select("default");
    let key = place.lock_file_object();
    assert_eq!(ports.put_state(STATES, &key, None, Only::IfAbsent, lock.clone().into_bytes()).await, Ok(true));
    let refused = network.plan("green").unwrap_err();
    assert!(refused.contains("Error acquiring the state lock") && refused.contains("BasculeHandover"), "{refused}");
    let etag = ports.state(STATES, &key).await.unwrap().unwrap().etag;
    ports.delete_state(STATES, &key, &etag).await.unwrap();
    assert_eq!(ports.put_state_lock(LOCKS, &place.lock_id(), &lock).await, Ok(true));
    let refused = network.plan("green").unwrap_err();
    assert!(refused.contains("Error acquiring the state lock") && refused.contains("BasculeHandover"), "{refused}");
    ports.delete_state_lock(LOCKS, &place.lock_id(), &lock).await.unwrap();
    assert_eq!(network.plan("green"), Ok(0));
}
