use super::*;
use domain::{Direction, input::Host};
use serde_json::{Value, json};
use testing::{Workshop, migration};

fn ingress(host: &str) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "shop" }, "spec": { "rules": [{ "host": host }] } })
}

fn deployment(replicas: i64) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "replicas": replicas } })
}

fn qualified(on_abort: &str) -> (Workshop, Migration) {
    let workshop = Workshop::new();
    let input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
        "onAbort": on_abort,
    });
    let mut migration = migration(&input).unwrap();
    migration.plan.workloads.bundles =
        vec![workshop.upload("s3://bucket/shop.yaml", vec![ingress("shop.example"), deployment(1)])];
    migration.plan.workloads.hosts = vec![Host { primary: "shop.example".into(), temporary: "green.example".into() }];
    workshop.green.put(ingress("green.example"));
    // Scaled to blue's replicas by validate.
    workshop.green.put(deployment(7));
    (workshop, migration)
}

fn host(workshop: &Workshop) -> Value {
    workshop.green.object("Ingress/default/shop").unwrap()["spec"]["rules"][0]["host"].clone()
}

#[tokio::test]
async fn green_answers_to_the_public_names_and_keeps_its_scale() {
    let (workshop, migration) = qualified("delete");
    converge(&workshop, &migration).await.unwrap();
    assert_eq!(host(&workshop), "shop.example");
    assert_eq!(workshop.green.object("Deployment/default/web").unwrap()["spec"]["replicas"], 7);
    assert_eq!(workshop.green.writes(), ["Ingress/default/shop"]);
    converge(&workshop, &migration).await.unwrap();
    assert!(workshop.green.writes().is_empty());
}

#[tokio::test]
async fn going_back_gives_the_temporary_names_back_where_green_is_kept() {
    for (on_abort, expected) in [("keep", "green.example"), ("delete", "shop.example")] {
        for call in 1.. {
            let (workshop, migration) = qualified(on_abort);
            workshop.crash().after(call);
            let survived = converge(&workshop, &migration).await.is_ok();
            workshop.crash().after(0);
            workshop.ledger.set_owner(1, Direction::Undo);
            let back = Migration { direction: Direction::Undo, fence: 1, ..migration };
            undo(&workshop, &back).await.unwrap();
            undo(&workshop, &back).await.unwrap();
            assert!(workshop.ledger.all().iter().all(|entry| !entry.is_live()));
            if survived {
                assert_eq!(host(&workshop), expected);
                break;
            }
        }
    }
}
