use super::*;
use domain::{
    Condition, Kind,
    manifest::{Object, workload},
};
use serde_json::{Value, json};
use testing::{
    Account, Fault,
    shop::{BLUE, GREEN, input},
};

const WEB: &str = "Deployment/shop/web";
const CONSUMER: &str = "Deployment/shop/consumer";
const NIGHTLY: &str = "CronJob/shop/nightly";
const EXTERNAL: &str = "Service/shop/external";

fn service(kind: &str) -> Value {
    let metadata = json!({ "name": "external", "namespace": "shop" });
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": { "type": kind } })
}

/// Blue as it serves, green as it was qualified; a load balancer of a Service is held too.
async fn qualified() -> (Account, Migration) {
    let (account, mut migration) = Account::opened(&input()).unwrap();
    account.prepare(&migration);
    account.cluster(BLUE).put(service("LoadBalancer"));
    account.cluster(GREEN).put(service("NodePort"));
    let external = Object::new(1, 1, service("LoadBalancer")).unwrap();
    migration.plan.workloads.workloads.push(Workload {
        replicas: workload::replicas("Service", &external.value),
        id: external.id,
        held: true,
        images: vec![],
        autoscaled: false,
        resume: json!({ "spec": { "type": "LoadBalancer" } }),
    });
    (account, migration)
}

fn spec(account: &Account, cluster: &str, name: &str) -> Value {
    account.cluster(cluster).object(name).unwrap()["spec"].clone()
}

fn release(account: &Account, cluster: &str, image: &str) {
    let mut web = account.cluster(cluster).object(WEB).unwrap();
    web["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    account.cluster(cluster).put(web);
}

#[tokio::test]
async fn nothing_released_since_it_was_qualified_lets_traffic_move() {
    let (account, migration) = qualified().await;
    // Not among what was qualified.
    compare(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn a_release_on_one_side_only_is_named_and_blocks() {
    for (blue, green, named) in [
        ("web:2", "web:1", Some("Deployment/shop/web on blue (web:2)")),
        ("web:1", "web:2", Some("Deployment/shop/web on green (web:2)")),
        ("web:2", "web:2", None),
        ("web:2", "web:3", Some("with web:2 on blue and web:3 on green")),
    ] {
        let (account, migration) = qualified().await;
        release(&account, BLUE, blue);
        release(&account, GREEN, green);
        match (compare(&account, &migration).await, named) {
            (Ok(()), None) => {}
            (Err(error), Some(named)) => {
                assert_eq!(error.condition, Condition::Conflict);
                assert!(error.message.contains(named), "{error}");
            }
            (found, named) => panic!("{blue} {green}: found {found:?}, expected {named:?}"),
        }
    }
}

#[tokio::test]
async fn without_evidence_no_traffic_moves() {
    let (account, migration) = Account::opened(&input()).unwrap();
    account.deploy(&migration);
    assert_eq!(compare(&account, &migration).await.unwrap_err().condition, Condition::Conflict);
}

#[tokio::test]
async fn holds_move_with_the_traffic_at_blues_scale() {
    let (account, migration) = qualified().await;
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(spec(&account, BLUE, CONSUMER)["replicas"], 0);
    assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 3);
    assert_eq!(spec(&account, BLUE, NIGHTLY)["suspend"], true);
    assert_eq!(spec(&account, GREEN, NIGHTLY), json!({ "schedule": "0 0 * * *" }));
    assert_eq!(spec(&account, BLUE, EXTERNAL)["type"], "LoadBalancer", "blue's clients still use it");
    assert_eq!(spec(&account, GREEN, EXTERNAL)["type"], "LoadBalancer");
    assert_eq!(spec(&account, GREEN, WEB)["replicas"], 4);
    let _ = account.cluster(BLUE).writes();
    converge(&account, &migration).await.unwrap();
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
}

#[tokio::test]
async fn a_hold_does_not_start_on_green_while_its_pods_still_run_on_blue() {
    let (account, migration) = qualified().await;
    let error = converge(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("Deployment/shop/consumer still has 3"), "{error}");
    assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 0);
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 3);
}

#[tokio::test]
async fn a_fault_at_any_call_there_and_back_forgets_no_original() {
    let (before, _) = qualified().await;
    let before = before.aws().contents().objects;
    Account::survives(qualified, converge).await.unwrap();
    let there = async || {
        let (account, migration) = qualified().await;
        account.drive(&migration, converge).await.unwrap();
        // Consumers are up before they are suspended again.
        account.pass();
        let back = account.turned_back(&migration);
        (account, back)
    };
    let left = Account::survives(there, undo).await.unwrap();
    assert_eq!(left.aws.objects, before);
    assert!(left.entries.iter().all(|entry| entry.key.kind != Kind::Workload || !entry.is_live()));
}

#[tokio::test]
async fn the_way_back_from_the_middle_restores_blue() {
    let (undisturbed, migration) = qualified().await;
    let (blue, before) = (undisturbed.cluster(BLUE).all(), undisturbed.calls());
    undisturbed.drive(&migration, converge).await.unwrap();
    for call in 1..=undisturbed.calls() - before {
        let (account, migration) = qualified().await;
        account.fail_at(call, Fault::Killed);
        for _ in 0..3 {
            let _ = converge(&account, &migration).await;
            account.pass();
        }
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap();
        while account.aws().next_change().is_some() {
            account.pass();
        }
        assert_eq!(account.cluster(BLUE).all(), blue, "killed at call {call}");
        assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 0, "killed at call {call}");
    }
}

const SCALER: &str = "ScaledObject/shop/consumer";

/// KEDA's autoscaler of the consumer, with what it says of its pause; `paused` is the annotation that its users wrote.
fn scaler(says: &str, paused: Option<&str>) -> Value {
    let mut annotations = json!({ "team": "shop" });
    if let Some(replicas) = paused {
        annotations["autoscaling.keda.sh/paused-replicas"] = replicas.into();
    }
    json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "consumer", "namespace": "shop", "annotations": annotations },
        "spec": { "scaleTargetRef": { "name": "consumer" } },
        "status": { "conditions": [{ "type": "Paused", "status": says }] },
    })
}

/// The same, with the consumer scaled by KEDA.
async fn scaled() -> (Account, Migration) {
    let (account, mut migration) = qualified().await;
    account.cluster(BLUE).put_with_status(scaler("False", None));
    account.cluster(GREEN).put_with_status(scaler("True", Some("0")));
    let id = Object::new(1, 1, scaler("", None)).unwrap().id;
    let resume = json!({ "metadata": { "annotations": { "autoscaling.keda.sh/paused-replicas": null } } });
    let held = Workload { id, held: true, images: vec![], replicas: None, autoscaled: false, resume };
    migration.plan.workloads.workloads.insert(0, held);
    (account, migration)
}

fn annotations(account: &Account, cluster: &str) -> Value {
    account.cluster(cluster).object(SCALER).unwrap()["metadata"]["annotations"].clone()
}

/// KEDA has seen that it is to pause, or no longer.
fn keda(account: &Account, cluster: &str) {
    let mut scaler = account.cluster(cluster).object(SCALER).unwrap();
    let paused = scaler["metadata"]["annotations"].get("autoscaling.keda.sh/paused-replicas").is_some();
    scaler["status"]["conditions"][0]["status"] = if paused { "True" } else { "False" }.into();
    account.cluster(cluster).put_with_status(scaler);
}

#[tokio::test]
async fn a_hold_does_not_start_on_green_before_keda_has_paused_on_blue() {
    let (account, migration) = scaled().await;
    for _ in 0..3 {
        let error = converge(&account, &migration).await.unwrap_err();
        assert_eq!(error.condition, Condition::NotReady);
        assert!(error.message.contains("ScaledObject/shop/consumer is not paused yet"), "{error}");
        account.pass();
    }
    assert_eq!(annotations(&account, GREEN)["autoscaling.keda.sh/paused-replicas"], "0");
    assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 0);
    keda(&account, BLUE);
    account.drive(&migration, converge).await.unwrap();
    assert_eq!(annotations(&account, GREEN), json!({ "team": "shop" }));
    assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 3);
}

#[tokio::test]
async fn on_the_way_back_keda_pauses_on_green_first_and_blues_comes_back_as_its_users_paused_it() {
    let (account, migration) = scaled().await;
    account.cluster(BLUE).put_with_status(scaler("True", Some("2")));
    account.drive(&migration, converge).await.unwrap();
    keda(&account, GREEN);
    account.pass();
    let back = account.turned_back(&migration);
    let error = undo(&account, &back).await.unwrap_err();
    assert!(error.message.contains("waiting for holds to stop on green"), "{error}");
    assert_eq!(annotations(&account, GREEN)["autoscaling.keda.sh/paused-replicas"], "0");
    assert_eq!(annotations(&account, BLUE)["autoscaling.keda.sh/paused-replicas"], "0", "blue waits");
    assert_eq!(spec(&account, BLUE, CONSUMER)["replicas"], 0, "blue waits");
    keda(&account, GREEN);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(annotations(&account, BLUE), json!({ "team": "shop", "autoscaling.keda.sh/paused-replicas": "2" }));
    assert_eq!(spec(&account, BLUE, CONSUMER)["replicas"], 3);
}

#[tokio::test]
async fn what_a_paused_autoscaler_scaled_to_none_comes_back_at_its_own_scale_wherever_it_was_killed() {
    for call in 1..60 {
        let (account, migration) = scaled().await;
        account.fail_at(call, Fault::Killed);
        let _ = converge(&account, &migration).await;
        account.mend();
        if annotations(&account, BLUE).get("autoscaling.keda.sh/paused-replicas").is_some() {
            // What KEDA does with what it pauses.
            let mut consumer = account.cluster(BLUE).object(CONSUMER).unwrap();
            consumer["spec"]["replicas"] = json!(0);
            account.cluster(BLUE).put(consumer);
            keda(&account, BLUE);
        }
        for _ in 0..3 {
            let _ = converge(&account, &migration).await;
            keda(&account, BLUE);
            account.pass();
        }
        account.drive(&migration, converge).await.unwrap();
        assert_eq!(spec(&account, GREEN, CONSUMER)["replicas"], 3, "killed at call {call}");
    }
}

#[tokio::test]
async fn the_pods_of_a_suspended_custom_resource_are_waited_for_whoever_owns_them() {
    let (account, mut migration) = qualified().await;
    let job = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "metadata": { "name": "import", "namespace": "shop" },
        "spec": {}, "status": { "conditions": [{ "type": "Paused", "status": "True" }] },
    });
    for cluster in [BLUE, GREEN] {
        account.cluster(cluster).put_with_status(job.clone());
    }
    let id = Object::new(1, 1, job).unwrap().id;
    let held = Workload { id, held: true, images: vec![], replicas: None, autoscaled: false, resume: json!({}) };
    migration.plan.workloads.workloads.insert(0, held);
    let owned = |kind: &str, api_version: &str, name: &str, by: Value, phase: &str| {
        let metadata = json!({ "name": name, "namespace": "shop", "ownerReferences": [by] });
        json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {}, "status": { "phase": phase } })
    };
    let by_scaled_job = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "name": "import" });
    let by_job = |name: &str| json!({ "apiVersion": "batch/v1", "kind": "Job", "name": name });
    let blue = account.cluster(BLUE);
    blue.put_with_status(owned("Job", "batch/v1", "import-1", by_scaled_job, "Running"));
    blue.put_with_status(owned("Pod", "v1", "import-1-a", by_job("import-1"), "Running"));
    blue.put_with_status(owned("Pod", "v1", "import-1-b", by_job("import-1"), "Succeeded"));
    blue.put_with_status(owned("Pod", "v1", "other", by_job("other"), "Running"));
    let error = converge(&account, &migration).await.unwrap_err();
    assert!(error.message.contains("ScaledJob/shop/import still has 1 (import-1-a)"), "{error}");
    blue.put_with_status(owned("Pod", "v1", "import-1-a", by_job("import-1"), "Succeeded"));
    account.drive(&migration, converge).await.unwrap();
}

/// Argo Workflows deletes a workflow that has ended (<https://argo-workflows.readthedocs.io/en/latest/fields/#ttlstrategy>), as Kubernetes
/// does a Job.
#[tokio::test]
async fn work_that_was_let_go_and_is_gone_for_having_ended_is_no_conflict_wherever_an_invocation_dies() {
    for (api_version, kind) in [("argoproj.io/v1alpha1", "Workflow"), ("batch/v1", "Job")] {
        let name = format!("{kind}/shop/import");
        let start = async || {
            let (account, mut migration) = qualified().await;
            let work = json!({
                "apiVersion": api_version, "kind": kind, "metadata": { "name": "import", "namespace": "shop" }, "spec": { "suspend": true },
            });
            account.cluster(GREEN).put_with_status(work.clone());
            let id = Object::new(1, 1, work).unwrap().id;
            let resume = json!({ "spec": { "suspend": null } });
            let held = Workload { id, held: true, images: vec![], replicas: None, autoscaled: false, resume };
            migration.plan.workloads.workloads.push(held);
            (account, migration)
        };
        // It ends as soon as it may begin.
        let ran = |account: &Account| {
            let green = account.cluster(GREEN);
            if green.object(&name).is_some_and(|work| work["spec"]["suspend"].is_null()) {
                green.remove(&name);
            }
        };
        let (account, migration) = start().await;
        let before = account.calls();
        account.drive(&migration, converge).await.unwrap();
        let calls = account.calls() - before;
        ran(&account);
        for call in 1..=calls {
            let (account, migration) = start().await;
            account.fail_at(call, Fault::Killed);
            // Whatever it ends with: the next invocation goes on.
            let _ = converge(&account, &migration).await;
            ran(&account);
            account.drive(&migration, converge).await.unwrap();
            ran(&account);
            assert_eq!(account.cluster(GREEN).object(&name), None, "{kind}, killed at call {call}: it ran");
            let back = account.turned_back(&migration);
            account.drive(&back, undo).await.unwrap();
            assert_eq!(workload_entries(&account, &back), 0, "{kind}, killed at call {call}");
        }
    }
}

/// How many holds the ledger has as changed.
fn workload_entries(account: &Account, migration: &Migration) -> usize {
    let entries = account.entries_of(migration).into_iter();
    entries.filter(|entry| entry.key.kind == Kind::Workload && entry.is_live()).count()
}

#[tokio::test]
async fn what_does_not_end_and_is_gone_from_green_is_a_conflict() {
    let (account, migration) = qualified().await;
    account.cluster(GREEN).remove(NIGHTLY);
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("CronJob/shop/nightly is gone from green"), "{error}");
}
