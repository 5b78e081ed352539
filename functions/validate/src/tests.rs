mod custom_resources;

use super::*;
use domain::{
    Condition, Progress,
    input::{NodeGroupChange, Size},
    ports::alarms::AlarmState,
};
use testing::{
    Account,
    shop::{BLUE, GREEN, GREEN_TARGET_GROUP, input_with},
};

const WEB: &str = "Deployment/shop/web";

/// Everything right: green as its bundle says, blue the same.
fn shop() -> (Account, Migration) {
    let smoke = json!({ "smoke": [{ "path": "/cart" }, { "path": "/missing", "expect": 404 }] });
    let (account, migration) = Account::opened(&input_with(smoke)).unwrap();
    account.deploy(&migration);
    account.aws().answers.insert("/missing".into(), 404);
    (account, migration)
}

/// The web server of a cluster, with this change.
fn web(account: &Account, cluster: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut web = account.cluster(cluster).object(WEB).unwrap();
    change(&mut web);
    web
}

fn scale_blue(account: &Account, replicas: i64) {
    let web = web(account, BLUE, |web| web["spec"]["replicas"] = replicas.into());
    account.cluster(BLUE).put(web);
}

fn image(account: &Account, cluster: &str, image: &str) {
    let web = web(account, cluster, |web| web["spec"]["template"]["spec"]["containers"][0]["image"] = image.into());
    account.cluster(cluster).put(web);
}

fn unready(account: &Account) {
    let web = web(account, GREEN, |web| web["status"] = json!({}));
    account.cluster(GREEN).put_with_status(web);
}

fn replicas(account: &Account, name: &str) -> Value {
    account.cluster(GREEN).object(name).unwrap()["spec"]["replicas"].clone()
}

async fn first(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::First).await
}

async fn again(account: &Account, migration: &Migration) -> Result<Outcome, PhaseError> {
    converge(account, migration, Step::Again).await
}

async fn fails(account: &Account, migration: &Migration, condition: Condition, says: &str) {
    let error = first(account, migration).await.unwrap_err();
    assert_eq!(error.condition, condition, "{error}");
    assert!(error.message.contains(says), "found {error}, expected {says}");
}

/// The same, and the public API has no default endpoint.
fn closed_shop() -> (Account, Migration) {
    let (account, mut migration) = shop();
    migration.plan.edge.api.execute_api_disabled = true;
    account.aws().apis.get_mut("shop1").unwrap().execute_api_disabled = true;
    (account, migration)
}

#[tokio::test]
async fn where_blue_has_no_default_endpoint_green_alone_is_tried_by_what_is_expected() {
    let (account, migration) = closed_shop();
    first(&account, &migration).await.unwrap();
    let evidence = account.progress_of(&migration, Progress::Validate)["evidence"].clone();
    assert_eq!(evidence["smoke"][1], json!({ "path": "/missing", "green": 404, "blueMillis": 0, "greenMillis": 0 }));
    account.aws().answers.insert("/cart".into(), 403);
    fails(&account, &migration, Condition::NotReady, "/cart answered 403, expected 200").await;
}

#[tokio::test]
async fn a_default_endpoint_that_was_disabled_and_answers_still_is_a_conflict() {
    let (account, migration) = closed_shop();
    account.aws().lingering.insert("shop1".to_owned());
    fails(&account, &migration, Condition::Conflict, "is disabled in its configuration and answers still: 200").await;
}

#[tokio::test]
async fn a_green_that_is_right_leaves_evidence_once() {
    let (account, migration) = shop();
    let outcome = first(&account, &migration).await.unwrap();
    assert_eq!(outcome.get("workloads"), Some(&json!(4)));
    first(&account, &migration).await.unwrap();
    let evidence = account.progress_of(&migration, Progress::Validate)["evidence"].clone();
    assert_eq!(evidence["targets"]["shop-blue-http"], json!({ "healthy": 2, "targets": 2 }));
    assert_eq!(
        evidence["smoke"],
        json!([
            { "path": "/cart", "blue": 200, "green": 200, "blueMillis": 0, "greenMillis": 0 },
            { "path": "/missing", "blue": 404, "green": 404, "blueMillis": 0, "greenMillis": 0 },
        ])
    );
    assert_eq!(evidence["workloads"][WEB]["images"], json!(["web:1"]));
    assert_eq!(evidence["workloads"][WEB]["blue"].as_str().unwrap().len(), 16);
    let events: Vec<String> = account.events_of(&migration).into_iter().map(|event| event.what).collect();
    assert_eq!(events, ["validated", "progress of validate"]);
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
    assert_eq!(account.cluster(GREEN).writes(), [""; 0]);
}

#[tokio::test]
async fn each_thing_that_is_not_right_yet_is_waited_for() {
    let (account, migration) = shop();
    account.aws().health.insert(GREEN_TARGET_GROUP.into(), "initial".into());
    fails(&account, &migration, Condition::NotReady, "target group shop-blue-http: 0 of 2 targets healthy").await;

    let (account, migration) = shop();
    account.aws().answers.insert("/cart".into(), 503);
    fails(&account, &migration, Condition::NotReady, "/cart answered 503, expected 200").await;

    let (account, migration) = shop();
    unready(&account);
    let waiting = "5 of 6 objects ready, waiting for Deployment/shop/web (0 of 4 updated)";
    fails(&account, &migration, Condition::NotReady, waiting).await;
}

#[tokio::test]
async fn a_pod_that_keeps_crashing_ends_the_migration_after_a_while() {
    let (account, migration) = shop();
    unready(&account);
    let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
    account.cluster(GREEN).put(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web-1", "namespace": "shop" },
        "status": { "containerStatuses": [{ "name": "c", "image": "web:1", "state": waiting }] },
    }));
    for _ in 1..20 {
        fails(&account, &migration, Condition::NotReady, "CrashLoopBackOff").await;
    }
    let crashing = "Pod/shop/web-1: CrashLoopBackOff of container c (web:1)";
    fails(&account, &migration, Condition::Unhealthy, crashing).await;
}

#[tokio::test]
async fn another_release_on_blue_is_a_conflict_that_names_it() {
    let (account, migration) = shop();
    image(&account, BLUE, "web:2");
    let differs = "Deployment/shop/web in spec.containers[web].image (web:2 on blue, web:1 on green)";
    fails(&account, &migration, Condition::Conflict, differs).await;
}

/// The web server is told the name of its cluster, in its arguments and in its image.
fn named_after(account: &Account, cluster: &str, name: &str) {
    let web = web(account, cluster, |web| {
        let container = &mut web["spec"]["template"]["spec"]["containers"][0];
        container["args"] = json!([format!("--cluster={name}")]);
        container["image"] = format!("registry/{name}/web:1").into();
    });
    account.cluster(cluster).put(web);
}

#[tokio::test]
async fn what_names_blue_on_blue_and_its_replacement_on_green_are_the_same_release() {
    let (account, mut migration) = shop();
    let mut manifests = testing::shop::manifests();
    let web =
        manifests.iter_mut().find(|manifest| manifest["kind"] == "Deployment" && manifest["metadata"]["name"] == "web");
    let container = &mut web.unwrap()["spec"]["template"]["spec"]["containers"][0];
    container["args"] = json!(["--cluster=shop-blue"]);
    container["image"] = json!("registry/shop-blue/web:1");
    let bundle = account.upload(testing::shop::BUNDLE, manifests);
    migration.plan.workloads.bundles = vec![bundle];
    named_after(&account, BLUE, "shop-blue");
    named_after(&account, GREEN, "shop-green");
    fails(&account, &migration, Condition::Conflict, "Deployment/shop/web in spec.containers[web].").await;
    migration.plan.workloads.replace =
        vec![domain::input::Replacement { blue: "shop-blue".into(), green: "shop-green".into() }];
    first(&account, &migration).await.unwrap();
    named_after(&account, GREEN, "shop-other");
    fails(&account, &migration, Condition::Conflict, "Deployment/shop/web in spec.containers[web].").await;
}

#[tokio::test]
async fn a_release_of_an_image_that_names_its_cluster_reached_both_sides() {
    let (account, mut migration) = shop();
    first(&account, &migration).await.unwrap();
    named_after(&account, BLUE, "shop-blue");
    named_after(&account, GREEN, "shop-green");
    let changed = domain::release::one_sided(&account, &migration).await.unwrap();
    assert_eq!(changed.len(), 1, "{changed:?}");
    migration.plan.workloads.replace =
        vec![domain::input::Replacement { blue: "shop-blue".into(), green: "shop-green".into() }];
    assert_eq!(domain::release::one_sided(&account, &migration).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_hold_that_somebody_resumed_on_green_is_a_conflict() {
    let (account, migration) = shop();
    let consumer = account.cluster(GREEN).object("Deployment/shop/consumer").unwrap();
    let mut resumed = consumer.clone();
    resumed["spec"]["replicas"] = json!(2);
    account.cluster(GREEN).put(resumed);
    fails(&account, &migration, Condition::Conflict, "not suspended on green: Deployment/shop/consumer").await;
    account.cluster(GREEN).put(consumer);
    first(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn green_is_scaled_as_blue_is_now_and_holds_stay_suspended() {
    let (account, migration) = shop();
    scale_blue(&account, 12);
    fails(&account, &migration, Condition::NotReady, "Deployment/shop/web from 4 to 9").await;
    // A step that is not up yet is waited for.
    fails(&account, &migration, Condition::NotReady, "Deployment/shop/web (4 of 9 updated)").await;
    account.pass();
    fails(&account, &migration, Condition::NotReady, "Deployment/shop/web from 9 to 12").await;
    account.drive(&migration, first).await.unwrap();
    assert_eq!(replicas(&account, WEB), 12);
    assert_eq!(replicas(&account, "Deployment/shop/consumer"), 0);
    assert_eq!(account.cluster(BLUE).writes(), [""; 0]);
}

#[tokio::test]
async fn green_grows_no_further_while_an_alarm_is_not_ok() {
    let (account, mut migration) = shop();
    migration.input.cutover.alarms = vec!["5xx".to_owned()];
    scale_blue(&account, 40);
    account.aws().alarms.insert("5xx".to_owned(), AlarmState::Alarm);
    fails(&account, &migration, Condition::GuardBreached, "the alarm 5xx is in ALARM").await;
    assert_eq!(account.cluster(GREEN).writes(), [""; 0]);
}

#[tokio::test]
async fn what_an_autoscaler_decides_is_left_to_it() {
    let (account, mut migration) = shop();
    for workload in &mut migration.plan.workloads.workloads {
        workload.autoscaled = workload.id.to_string() == WEB;
    }
    scale_blue(&account, 9);
    first(&account, &migration).await.unwrap();
    assert_eq!(account.cluster(GREEN).writes(), [""; 0]);
}

#[tokio::test]
async fn a_fault_at_any_call_ends_in_the_same_evidence() {
    let (undisturbed, migration) = shop();
    scale_blue(&undisturbed, 12);
    undisturbed.drive(&migration, first).await.unwrap();
    let expected = undisturbed.progress_of(&migration, Progress::Validate);
    assert_eq!(expected["evidence"]["workloads"][WEB]["replicas"], 12);
    let start = async || {
        let (account, migration) = shop();
        scale_blue(&account, 12);
        (account, migration)
    };
    let phase = async |account: &Account, migration: &Migration| {
        first(account, migration).await?;
        assert_eq!(account.progress_of(migration, Progress::Validate), expected);
        Ok(())
    };
    Account::survives(start, phase).await.unwrap();
}

#[tokio::test]
async fn once_people_said_yes_green_grows_with_blue_and_what_they_approved_stays() {
    let (account, migration) = shop();
    first(&account, &migration).await.unwrap();
    let approved = account.progress_of(&migration, Progress::Validate);
    scale_blue(&account, 12);
    account.drive(&migration, again).await.unwrap();
    assert_eq!(account.progress_of(&migration, Progress::ValidateAgain)["evidence"]["workloads"][WEB]["replicas"], 12);
    assert_eq!(account.progress_of(&migration, Progress::Validate), approved);

    account.aws().health.insert(GREEN_TARGET_GROUP.into(), "unhealthy".into());
    let error = again(&account, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("target group shop-blue-http: 0 of 2 targets healthy"), "{error}");
    assert_eq!(account.progress_of(&migration, Progress::Validate), approved);
}

#[tokio::test]
async fn undo_forgets_the_evidence() {
    let (account, migration) = shop();
    first(&account, &migration).await.unwrap();
    again(&account, &migration).await.unwrap();
    let back = account.turned_back(&migration);
    for _ in 0..2 {
        undo(&account, &back, Whole::Whole).await.unwrap();
        for phase in [Progress::Validate, Progress::ValidateAgain] {
            assert_eq!(account.progress_of(&back, phase), Value::Null);
        }
    }
}

#[tokio::test]
async fn what_is_on_blue_only_is_evidence() {
    let (account, migration) = shop();
    let config = |name: &str, metadata: Value| {
        let mut all = json!({ "name": name, "namespace": "shop" });
        all.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": all })
    };
    account.cluster(BLUE).put(config("by-hand", json!({})));
    account.cluster(BLUE).put(config("owned", json!({ "ownerReferences": [{ "kind": "Widget" }] })));
    account.cluster(BLUE).put(config("both", json!({})));
    account.cluster(GREEN).put(config("both", json!({})));
    first(&account, &migration).await.unwrap();
    let evidence = account.progress_of(&migration, Progress::Validate)["evidence"].clone();
    assert_eq!(evidence["onlyOnBlue"], json!({ "count": 1, "names": ["ConfigMap/shop/by-hand"] }));
}

#[tokio::test]
async fn green_gets_the_nodes_that_blue_has_grown_to_since_the_plan() {
    let (account, migration) = shop();
    let set = |cluster: &str, desired| {
        if let Some(group) = account.aws().node_groups.get_mut(&(cluster.to_owned(), "general".to_owned())) {
            group.scaling.desired = desired;
        }
    };
    set(BLUE, 8);
    fails(&account, &migration, Condition::NotReady, "node group general from 3 to 8 nodes").await;
    again(&account, &migration).await.unwrap();
    let aws = account.aws();
    let scaling = aws.node_groups[&(GREEN.to_owned(), "general".to_owned())].scaling;
    assert_eq!((scaling.min, scaling.desired, scaling.max), (2, 8, 8));
}

#[tokio::test]
async fn a_node_group_whose_size_is_the_inputs_does_not_grow_as_blues_does() {
    let (account, mut migration) = shop();
    let size = Some(Size { min: 1, max: 4, desired: 3 });
    migration.input.green.node_groups =
        vec![NodeGroupChange { name: "general".into(), scaling: size, ..NodeGroupChange::default() }];
    if let Some(group) = account.aws().node_groups.get_mut(&(BLUE.to_owned(), "general".to_owned())) {
        group.scaling.desired = 8;
    }
    again(&account, &migration).await.unwrap();
    assert_eq!(account.aws().node_groups[&(GREEN.to_owned(), "general".to_owned())].scaling.desired, 3);
}
