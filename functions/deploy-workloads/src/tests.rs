use super::*;
use domain::{Condition, Direction, Status, input::Host, manifest::Object, plan::workloads::Workload};
use serde_json::json;
use testing::{Workshop, migration};

fn manifests() -> Vec<Value> {
    vec![
        json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w" } }),
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "shop" }, "spec": { "rules": [{ "host": "shop.example" }] } }),
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "replicas": 2 } }),
        json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "nightly" }, "spec": {} }),
        json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "widgets" }, "spec": { "names": { "kind": "Widget" } } }),
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
    ]
}

fn shop() -> (Workshop, Migration) {
    let workshop = Workshop::new();
    let input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml", "s3://bucket/more.yaml"] },
    });
    let mut migration = migration(&input).unwrap();
    let config = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
    let plan = &mut migration.plan.workloads;
    plan.bundles = vec![
        workshop.upload("s3://bucket/shop.yaml", manifests()),
        workshop.upload("s3://bucket/more.yaml", vec![config]),
    ];
    plan.hosts = vec![Host { primary: "shop.example".into(), temporary: "green.example".into() }];
    let nightly = Object::new(1, 1, manifests()[3].clone()).unwrap();
    plan.workloads = vec![Workload { id: nightly.id, held: true, images: vec![], replicas: None, autoscaled: false }];
    (workshop, migration)
}

#[tokio::test]
async fn bundles_come_in_order_with_temporary_hosts_and_suspended_holds() {
    let (workshop, migration) = shop();
    converge(&workshop, &migration).await.unwrap();
    assert_eq!(
        workshop.green.writes(),
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
    assert_eq!(workshop.green.object("Ingress/default/shop").unwrap()["spec"]["rules"][0]["host"], "green.example");
    assert_eq!(workshop.green.object("CronJob/default/nightly").unwrap()["spec"]["suspend"], true);
    assert!(workshop.ledger.all().iter().all(|entry| entry.status == Status::Present));
    assert!(workshop.blue.writes().is_empty());
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let (workshop, migration) = shop();
    converge(&workshop, &migration).await.unwrap();
    let (all, ledger) = (workshop.green.all(), workshop.ledger.all());
    let _ = workshop.green.writes();
    converge(&workshop, &migration).await.unwrap();
    assert!(workshop.green.writes().is_empty());
    assert_eq!((workshop.green.all(), workshop.ledger.all()), (all, ledger));
}

#[tokio::test]
async fn a_crash_after_any_call_ends_in_the_same_cluster_and_ledger() {
    let (undisturbed, migration) = shop();
    converge(&undisturbed, &migration).await.unwrap();
    for call in 1.. {
        let (workshop, migration) = shop();
        workshop.crash().after(call);
        let survived = converge(&workshop, &migration).await.is_ok();
        workshop.crash().after(0);
        converge(&workshop, &migration).await.unwrap();
        assert_eq!(workshop.green.all(), undisturbed.green.all(), "call {call}");
        assert_eq!(workshop.ledger.all(), undisturbed.ledger.all(), "call {call}");
        if survived {
            assert!(call > 10);
            break;
        }
    }
}

#[tokio::test]
async fn a_definition_that_is_not_established_is_waited_for_and_the_cursor_kept() {
    let (workshop, migration) = shop();
    workshop.green.lag(true);
    let error = converge(&workshop, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert!(error.message.contains("not established yet: widgets"), "{error}");
    let _ = workshop.green.writes();
    workshop.green.lag(false);
    converge(&workshop, &migration).await.unwrap();
    assert_eq!(workshop.green.writes(), ["Widget/w", "ConfigMap/default/c"]);
}

#[tokio::test]
async fn manifests_that_changed_since_the_plan_are_a_conflict() {
    let (workshop, migration) = shop();
    let _ = workshop.upload("s3://bucket/more.yaml", vec![]);
    let error = converge(&workshop, &migration).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("s3://bucket/more.yaml changed since the plan"), "{error}");
    workshop.shelf().bundles.clear();
    let error = undo(&workshop, &Migration { direction: Direction::Undo, ..migration.clone() }).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict, "the ledger still converges");
}

#[tokio::test]
async fn undo_leaves_the_cluster_to_those_who_delete_it_and_can_be_repeated() {
    let (workshop, migration) = shop();
    converge(&workshop, &migration).await.unwrap();
    workshop.ledger.set_owner(1, Direction::Undo);
    let back = Migration { direction: Direction::Undo, fence: 1, ..migration };
    let _ = workshop.green.writes();
    for call in 1.. {
        workshop.crash().after(call);
        let survived = undo(&workshop, &back).await.is_ok();
        workshop.crash().after(0);
        if survived {
            break;
        }
    }
    undo(&workshop, &back).await.unwrap();
    assert!(workshop.green.writes().is_empty());
    assert!(workshop.ledger.all().iter().all(|entry| !entry.is_live()));
}
