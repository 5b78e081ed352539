use super::*;
use domain::{
    Condition, Direction, Progress,
    manifest::{Object, state::template_digest, workload},
};
use serde_json::{Value, json};
use testing::{Workshop, migration};

fn deployment(name: &str, replicas: i64, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": "shop" },
        "spec": { "replicas": replicas, "template": { "spec": { "containers": [{ "name": "c", "image": image }] } } },
    })
}

fn cron(suspend: Option<bool>) -> Value {
    let mut value = json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "nightly" }, "spec": { "schedule": "0 0 * * *" } });
    if let Some(suspend) = suspend {
        value["spec"]["suspend"] = suspend.into();
    }
    value
}

fn service(kind: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "external" }, "spec": { "type": kind } })
}

/// Blue as it serves, green as it was qualified.
fn qualified() -> (Workshop, Migration) {
    let workshop = Workshop::new();
    for value in
        [deployment("web", 3, "web:1"), deployment("consumer", 5, "consumer:1"), cron(None), service("LoadBalancer")]
    {
        workshop.blue.put(value);
    }
    for value in
        [deployment("web", 3, "web:1"), deployment("consumer", 0, "consumer:1"), cron(Some(true)), service("NodePort")]
    {
        workshop.green.put(value);
    }
    let input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    });
    let mut migration = migration(&input).unwrap();
    migration.plan.workloads.workloads = [
        (deployment("web", 1, "web:1"), false),
        (deployment("consumer", 1, "consumer:1"), true),
        (cron(None), true),
        (service("LoadBalancer"), true),
    ]
    .into_iter()
    .map(|(value, held)| Workload {
        replicas: workload::replicas(value["kind"].as_str().unwrap(), &value),
        id: Object::new(1, 1, value).unwrap().id,
        held,
        images: vec![],
        autoscaled: false,
    })
    .collect();
    (workshop, migration)
}

async fn with_evidence() -> (Workshop, Migration) {
    let (workshop, migration) = qualified();
    let digest = |value: Option<Value>| value.map(|value| template_digest("Deployment", &value));
    let mut workloads = serde_json::Map::new();
    for name in ["Deployment/shop/web", "Deployment/shop/consumer"] {
        workloads.insert(
            name.to_owned(),
            json!({ "blue": digest(workshop.blue.object(name)), "green": digest(workshop.green.object(name)) }),
        );
    }
    workshop
        .ledger
        .save_progress(&migration, Progress::Validate, json!({ "evidence": { "workloads": workloads } }))
        .await
        .unwrap();
    (workshop, migration)
}

fn going_back(workshop: &Workshop, migration: &Migration) -> Migration {
    workshop.ledger.set_owner(1, Direction::Undo);
    Migration { direction: Direction::Undo, fence: 1, ..migration.clone() }
}

#[tokio::test]
async fn nothing_released_since_it_was_qualified_lets_traffic_move() {
    let (workshop, migration) = with_evidence().await;
    compare(&workshop, &migration).await.unwrap();
}

#[tokio::test]
async fn a_release_on_one_side_only_is_named_and_blocks() {
    for (blue, green, named) in [
        ("web:2", "web:1", Some("Deployment/shop/web on blue (web:2)")),
        ("web:1", "web:2", Some("Deployment/shop/web on green (web:2)")),
        ("web:2", "web:2", None),
        ("web:2", "web:3", Some("with web:2 on blue and web:3 on green")),
    ] {
        let (workshop, migration) = with_evidence().await;
        workshop.blue.put(deployment("web", 3, blue));
        workshop.green.put(deployment("web", 3, green));
        match (compare(&workshop, &migration).await, named) {
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
    let (workshop, migration) = qualified();
    assert_eq!(compare(&workshop, &migration).await.unwrap_err().condition, Condition::Conflict);
}

#[tokio::test]
async fn holds_move_with_the_traffic_at_blues_scale() {
    let (workshop, migration) = qualified();
    converge(&workshop, &migration).await.unwrap();
    let spec = |cluster: &testing::MemoryCluster, name: &str| cluster.object(name).unwrap()["spec"].clone();
    assert_eq!(spec(&workshop.blue, "Deployment/shop/consumer")["replicas"], 0);
    assert_eq!(spec(&workshop.green, "Deployment/shop/consumer")["replicas"], 5);
    assert_eq!(spec(&workshop.blue, "CronJob/default/nightly")["suspend"], true);
    assert_eq!(spec(&workshop.green, "CronJob/default/nightly"), json!({ "schedule": "0 0 * * *" }));
    assert_eq!(spec(&workshop.blue, "Service/default/external")["type"], "LoadBalancer", "blue's clients still use it");
    assert_eq!(spec(&workshop.green, "Service/default/external")["type"], "LoadBalancer");
    assert_eq!(spec(&workshop.green, "Deployment/shop/web")["replicas"], 3);
    let _ = workshop.blue.writes();
    converge(&workshop, &migration).await.unwrap();
    assert!(workshop.blue.writes().is_empty());
}

#[tokio::test]
async fn going_back_leaves_both_sides_as_they_were() {
    let (workshop, migration) = qualified();
    let (blue, green) = (workshop.blue.all(), workshop.green.all());
    converge(&workshop, &migration).await.unwrap();
    let back = going_back(&workshop, &migration);
    undo(&workshop, &back).await.unwrap();
    undo(&workshop, &back).await.unwrap();
    assert_eq!(workshop.blue.all(), blue);
    assert_eq!(workshop.green.all(), green);
    assert!(workshop.ledger.all().iter().all(|entry| !entry.is_live()));
}

#[tokio::test]
async fn a_hold_does_not_start_on_green_while_its_pods_still_run_on_blue() {
    let (workshop, migration) = qualified();
    workshop.blue.lag(true);
    let error = converge(&workshop, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("Deployment/shop/consumer still has 5"), "{error}");
    assert_eq!(workshop.green.object("Deployment/shop/consumer").unwrap()["spec"]["replicas"], 0);
    workshop.blue.lag(false);
    converge(&workshop, &migration).await.unwrap();
    assert_eq!(workshop.green.object("Deployment/shop/consumer").unwrap()["spec"]["replicas"], 5);
}

#[tokio::test]
async fn a_crash_after_any_call_forgets_no_original() {
    let (undisturbed, migration) = qualified();
    let (blue, green) = (undisturbed.blue.all(), undisturbed.green.all());
    converge(&undisturbed, &migration).await.unwrap();
    for call in 1.. {
        let (workshop, migration) = qualified();
        workshop.crash().after(call);
        let survived = converge(&workshop, &migration).await.is_ok();
        workshop.crash().after(0);
        converge(&workshop, &migration).await.unwrap();
        assert_eq!(workshop.blue.all(), undisturbed.blue.all(), "call {call}");
        assert_eq!(workshop.green.all(), undisturbed.green.all(), "call {call}");
        let back = going_back(&workshop, &migration);
        // The way back dies at every call as well.
        for call in 1.. {
            workshop.crash().after(call);
            if undo(&workshop, &back).await.is_ok() {
                break;
            }
        }
        workshop.crash().after(0);
        assert_eq!(workshop.blue.all(), blue, "call {call}");
        assert_eq!(workshop.green.all(), green, "call {call}");
        if survived {
            break;
        }
    }
}

#[tokio::test]
async fn the_way_back_from_the_middle_restores_blue() {
    for call in 1.. {
        let (workshop, migration) = qualified();
        let blue = workshop.blue.all();
        workshop.crash().after(call);
        let survived = converge(&workshop, &migration).await.is_ok();
        workshop.crash().after(0);
        let back = going_back(&workshop, &migration);
        undo(&workshop, &back).await.unwrap();
        assert_eq!(workshop.blue.all(), blue, "call {call}");
        assert_eq!(workshop.green.object("Deployment/shop/consumer").unwrap()["spec"]["replicas"], 0, "call {call}");
        if survived {
            break;
        }
    }
}
