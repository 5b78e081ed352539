mod karpenter;
mod service;
mod volumes;

use super::*;
use domain::{Condition, Kind, Status, manifest::Object, plan::workloads::Workload};
use serde_json::json;
use testing::{
    Account,
    shop::{BLUE, BUNDLE, GREEN, input},
};

fn manifests() -> Vec<Value> {
    vec![
        json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } }),
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "shop" }, "spec": { "rules": [{ "host": "shop.example.com" }] } }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "replicas": 2 } }),
        json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "nightly" }, "spec": {} }),
        json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "widgets" }, "spec": { "names": { "kind": "Widget" } } }),
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
    ]
}

/// The shop with other bundles, and green without workloads.
fn shop() -> (Account, Migration) {
    let (account, mut migration) = Account::opened(&input()).unwrap();
    account.provision(&migration);
    let config = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
    let plan = &mut migration.plan.workloads;
    plan.bundles = vec![
        account.upload("s3://bucket/shop.yaml", manifests()),
        account.upload("s3://bucket/more.yaml", vec![config]),
    ];
    let nightly = Object::new(1, 1, manifests()[3].clone()).unwrap();
    plan.workloads = vec![Workload {
        id: nightly.id,
        held: true,
        images: vec![],
        replicas: None,
        autoscaled: false,
        resume: json!(null),
    }];
    (account, migration)
}

async fn apply(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::Apply).await
}

/// Status of every bundle in the ledger.
fn bundles(account: &Account, migration: &Migration) -> Vec<Status> {
    let entries = account.entries_of(migration).into_iter();
    entries.filter(|entry| entry.key.kind == Kind::Bundle).map(|entry| entry.status).collect()
}

#[tokio::test]
async fn bundles_come_in_order_with_temporary_hosts_and_suspended_holds() {
    let (account, migration) = shop();
    account.drive(&migration, apply).await.unwrap();
    let green = account.cluster(GREEN);
    assert_eq!(
        green.writes(),
        [
            "Namespace/shop",
            "CustomResourceDefinition/widgets",
            "Deployment/default/web",
            "CronJob/default/nightly",
            "Ingress/default/shop",
            "Widget/w",
            "ConfigMap/default/c"
        ]
    );
    assert_eq!(green.object("Ingress/default/shop").unwrap()["spec"]["rules"][0]["host"], "green.example.com");
    assert_eq!(green.object("CronJob/default/nightly").unwrap()["spec"]["suspend"], true);
    assert_eq!(bundles(&account, &migration), [Status::Present; 2]);
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
}

/// A connection costs round trips and handshakes.
#[tokio::test]
async fn all_bundles_of_an_invocation_go_over_one_connection() {
    let (account, mut migration) = with_bundle(vec![manifests()[5].clone()]);
    migration.plan.workloads.bundles.push(account.upload("s3://bucket/more.yaml", vec![config_map("c", "v", None)]));
    let before = account.operations().len();
    crate::apply(&account, &migration).await.unwrap();
    let connected = account.operations()[before..].iter().filter(|call| **call == "eks:DescribeCluster").count();
    assert_eq!(connected, 1);
}

#[tokio::test]
async fn a_second_run_writes_nothing() {
    let (account, migration) = shop();
    account.drive(&migration, apply).await.unwrap();
    let _ = account.cluster(GREEN).writes();
    account.drive(&migration, apply).await.unwrap();
    assert_eq!(account.cluster(GREEN).writes(), [""; 0]);
}

#[tokio::test]
async fn a_fault_at_any_call_ends_in_the_same_cluster_and_ledger() {
    Account::survives(async || shop(), apply).await.unwrap();
}

#[tokio::test]
async fn a_definition_that_is_not_established_is_waited_for_and_the_cursor_kept() {
    let (account, migration) = shop();
    let error = apply(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("not established yet: widgets"), "{error}");
    let _ = account.cluster(GREEN).writes();
    account.drive(&migration, apply).await.unwrap();
    assert_eq!(account.cluster(GREEN).writes(), ["Widget/w", "ConfigMap/default/c"]);
}

#[tokio::test]
async fn manifests_that_changed_since_the_plan_are_a_conflict() {
    let (account, migration) = shop();
    account.upload("s3://bucket/more.yaml", vec![]);
    let error = account.drive(&migration, apply).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("s3://bucket/more.yaml changed since the plan"), "{error}");
}

#[tokio::test]
async fn undo_leaves_the_cluster_to_those_who_delete_it_from_every_fault() {
    let start = async || {
        let (account, migration) = shop();
        account.drive(&migration, apply).await.unwrap();
        let _ = account.cluster(GREEN).writes();
        let back = account.turned_back(&migration);
        (account, back)
    };
    let back = async |account: &Account, migration: &Migration| {
        undo(account, migration, Whole::Whole).await?;
        assert_eq!(account.cluster(GREEN).writes(), [""; 0]);
        assert_eq!(bundles(account, migration), [Status::Absent; 2]);
        Ok(())
    };
    Account::survives(start, back).await.unwrap();
}

/// Something else is uploaded to the key while the migration is under way: the bucket keeps what the plan saw.
#[tokio::test]
async fn a_bundle_is_applied_in_the_version_that_the_plan_has() {
    let (account, mut migration) = shop();
    let bundle = account.upload_version("s3://bucket/shop.yaml", "v1", manifests());
    migration.plan.workloads.bundles = vec![bundle];
    let _ = account.upload_version("s3://bucket/shop.yaml", "v2", manifests()[5..].to_vec());
    account.drive(&migration, apply).await.unwrap();
    assert!(account.cluster(GREEN).object("Deployment/default/web").is_some());
}

/// A Job that has ended and gone must not run again because something beside it waits.
#[tokio::test]
async fn a_job_is_applied_once_though_what_comes_after_it_is_not_ready() {
    let (account, mut migration) = shop();
    let mut manifests = manifests();
    manifests.push(json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "once" }, "spec": {} }));
    migration.plan.workloads.bundles = vec![account.upload("s3://bucket/shop.yaml", manifests)];
    account.drive(&migration, apply).await.unwrap();
    let writes = account.cluster(GREEN).writes();
    assert_eq!(writes.iter().filter(|write| *write == "Job/default/once").count(), 1, "{writes:?}");
}

fn config_map(name: &str, value: &str, manager: Option<&str>) -> Value {
    let entry = |manager: &str| json!({ "manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsV1": { "f:data": { "f:a": {} } } });
    let mut object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "kube-system" }, "data": { "a": value } });
    if let Some(manager) = manager {
        object["metadata"]["managedFields"] = json!([entry(manager)]);
    }
    object
}

/// The shop with one bundle of these objects.
fn with_bundle(manifests: Vec<Value>) -> (Account, Migration) {
    let (account, mut migration) = shop();
    migration.plan.workloads.bundles = vec![account.upload("s3://bucket/shop.yaml", manifests)];
    (account, migration)
}

#[tokio::test]
async fn what_others_manage_is_a_conflict_that_names_them_and_taken_only_where_the_input_says_so() {
    let (account, mut migration) = with_bundle(vec![config_map("coredns", "ours", None)]);
    account.cluster(GREEN).put(config_map("coredns", "theirs", Some("eks")));
    let error = account.drive(&migration, apply).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("ConfigMap/kube-system/coredns: conflict with \"eks\""), "{error}");
    migration.input.workloads.force_conflicts = vec!["ConfigMap/kube-system/coredns".into()];
    account.drive(&migration, apply).await.unwrap();
    assert_eq!(account.cluster(GREEN).object("ConfigMap/kube-system/coredns").unwrap()["data"]["a"], "ours");
}

/// A controller that writes into what was applied, such as a certificate into a webhook's configuration, before an invocation that
/// was killed is tried again.
#[tokio::test]
async fn what_a_controller_took_over_after_it_was_applied_is_left_to_it() {
    let (account, migration) = with_bundle(vec![config_map("ca", "", None), config_map("other", "x", None)]);
    let before = account.calls();
    apply(&account, &migration).await.unwrap();
    let calls = account.calls() - before;
    for call in 1..=calls {
        let (account, migration) = with_bundle(vec![config_map("ca", "", None), config_map("other", "x", None)]);
        account.fail_at(call, testing::Fault::Killed);
        let killed = apply(&account, &migration).await.is_err();
        if killed && account.cluster(GREEN).object("ConfigMap/kube-system/ca").is_some() {
            taken_over(&account, &migration).await;
        }
    }
}

async fn taken_over(account: &Account, migration: &Migration) {
    let cluster = account.cluster(GREEN);
    let mut live = config_map("ca", "a certificate", Some("injector"));
    let applied = json!({ "manager": "bascule", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {} });
    live["metadata"]["managedFields"].as_array_mut().unwrap().push(applied);
    cluster.put(live);
    account.drive(migration, apply).await.unwrap();
    assert_eq!(cluster.object("ConfigMap/kube-system/ca").unwrap()["data"]["a"], "a certificate");
    assert!(cluster.object("ConfigMap/kube-system/other").is_some());
}

#[tokio::test]
async fn what_waits_is_all_of_its_step_that_is_tried_again() {
    let widget = |name: &str| json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": name } });
    let gadget = json!({ "apiVersion": "example.com/v1", "kind": "Gadget", "metadata": { "name": "g" } });
    let (account, migration) = with_bundle(vec![widget("a"), gadget, widget("b")]);
    let definition = |kind: &str| json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": kind }, "spec": { "names": { "kind": kind } } });
    account.cluster(GREEN).put(definition("Widget"));
    let error = apply(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("applied 2 of 3 objects"), "{error}");
    assert_eq!(account.cluster(GREEN).writes(), ["Widget/a", "Widget/b"]);
    account.cluster(GREEN).put(definition("Gadget"));
    account.drive(&migration, apply).await.unwrap();
    assert_eq!(account.cluster(GREEN).writes(), ["Gadget/g"]);
}

#[tokio::test]
async fn the_same_object_in_two_bundles_or_twice_in_one_is_applied_once() {
    let namespace = || json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } });
    let (account, mut migration) = with_bundle(vec![namespace(), namespace()]);
    migration.plan.workloads.bundles.push(account.upload("s3://bucket/more.yaml", vec![namespace()]));
    account.drive(&migration, apply).await.unwrap();
    assert_eq!(account.cluster(GREEN).writes(), ["Namespace/shop"]);
}

/// A Job of which nothing is left as soon as it has ended: whether an invocation dies before, between or after its calls, it is let go once.
#[tokio::test]
async fn a_job_that_deletes_itself_runs_once_wherever_an_invocation_dies() {
    let once = || json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "once" }, "spec": { "ttlSecondsAfterFinished": 0 } });
    let config = || json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "later" } });
    let start = || with_bundle(vec![once(), config()]);
    let ran = |account: &Account| {
        let cluster = account.cluster(GREEN);
        let goes = cluster.object("Job/default/once").is_some_and(|job| job["spec"]["suspend"] != true);
        if goes {
            cluster.remove("Job/default/once");
        }
        usize::from(goes)
    };
    let (account, migration) = start();
    let before = account.calls();
    account.drive(&migration, apply).await.unwrap();
    let calls = account.calls() - before;
    assert_eq!(ran(&account), 1);
    for call in 1..=calls {
        for fault in [testing::Fault::Killed, testing::Fault::TimedOut, testing::Fault::Throttled] {
            let (account, migration) = start();
            account.fail_at(call, fault);
            // Whatever it ends with: the next invocation goes on.
            let _ = apply(&account, &migration).await;
            let mut times = ran(&account);
            account.drive(&migration, apply).await.unwrap();
            times += ran(&account);
            assert_eq!(times, 1, "{fault:?} at call {call}");
            assert!(account.cluster(GREEN).object("Ingress/default/later").is_some());
        }
    }
}

/// The shop with a green of the user's own, on which there is one of the bundles' objects already.
fn own_green() -> (Account, Migration) {
    let (account, mut migration) = shop();
    migration.plan.compute.existing = Some(domain::plan::ExistingCluster::default());
    let metadata = json!({ "name": "c", "namespace": "default", "labels": { "by": "terraform" } });
    account
        .cluster(GREEN)
        .put(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": { "k": "v" } }));
    (account, migration)
}

#[tokio::test]
async fn from_the_users_own_green_what_bascule_made_goes_and_what_was_there_is_given_back_from_every_fault() {
    let start = async || {
        let (account, migration) = own_green();
        account.drive(&migration, apply).await.unwrap();
        let green = account.cluster(GREEN);
        assert!(green.object("Deployment/default/web").is_some());
        assert_eq!(green.object("ConfigMap/default/c").unwrap()["data"]["k"], "v");
        let back = account.turned_back(&migration);
        (account, back)
    };
    let before = own_green().0.cluster(GREEN).all();
    let back = async |account: &Account, migration: &Migration| {
        undo(account, migration, Whole::Whole).await?;
        assert_eq!(account.cluster(GREEN).all(), before);
        assert_eq!(bundles(account, migration), [Status::Absent; 2]);
        Ok(())
    };
    Account::survives(start, back).await.unwrap();
}
