use super::*;
use domain::{
    Condition, Direction, Kind, ResourceKey, Side,
    manifest::{Object, workload},
    plan::{edge::TargetGroup, workloads::Workload},
    ports::{alarms::AlarmState, load_balancers::Target},
};
use testing::{Workshop, migration};

fn deployment(name: &str, replicas: i64, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": { "replicas": replicas, "template": { "spec": { "containers": [{ "name": "c", "image": image }] } } },
    })
}

fn target(state: &str) -> Target {
    Target { id: "i-1".into(), port: 30_080, state: state.into(), reason: "Target.FailedHealthChecks".into() }
}

/// Everything right: green as its bundle says, blue the same.
async fn shop() -> (Workshop, Migration) {
    let workshop = Workshop::new();
    let input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
        "smoke": [{ "path": "/" }, { "path": "/missing", "expect": 404 }],
    });
    let mut migration = migration(&input).unwrap();
    let manifests = vec![deployment("web", 2, "web:1"), deployment("consumer", 1, "consumer:1")];
    for (index, value) in manifests.iter().enumerate() {
        workshop.blue.put(value.clone());
        let held = index == 1;
        let mut on_green = value.clone();
        if held {
            on_green["spec"]["replicas"] = 0.into();
        }
        workshop.green.put(on_green);
        migration.plan.workloads.workloads.push(Workload {
            id: Object::new(1, 1, value.clone()).unwrap().id,
            held,
            images: workload::images("Deployment", value),
            replicas: workload::replicas("Deployment", value),
            autoscaled: false,
        });
    }
    migration.plan.workloads.bundles = vec![workshop.upload("s3://bucket/shop.yaml", manifests)];
    migration.plan.edge.target_groups = vec![TargetGroup { arn: "blue-group".into(), ..TargetGroup::default() }];
    for (side, kind, name, id) in
        [(Side::Temporary, Kind::RestApi, "api", "t1"), (Side::Green, Kind::TargetGroup, "web", "green-group")]
    {
        let key = ResourceKey::new(side, kind, name);
        workshop.ledger.intend(&migration, &key, Value::Null).await.unwrap();
        workshop.ledger.present(&migration, &key, id).await.unwrap();
    }
    workshop.shelf().answers.insert("/missing".into(), 404);
    for group in ["blue-group", "green-group"] {
        workshop.shelf().targets.insert(group.into(), vec![target("healthy")]);
    }
    (workshop, migration)
}

async fn fails(workshop: &Workshop, migration: &Migration, condition: Condition, says: &str) {
    fails_in(workshop, migration, Step::First, condition, says).await;
}

async fn fails_in(workshop: &Workshop, migration: &Migration, step: Step, condition: Condition, says: &str) {
    let error = converge(workshop, migration, step).await.unwrap_err();
    assert_eq!(error.condition, condition, "{error}");
    assert!(error.message.contains(says), "found {error}, expected {says}");
}

#[tokio::test]
async fn a_green_that_is_right_leaves_evidence_once() {
    let (workshop, migration) = shop().await;
    let outcome = converge(&workshop, &migration, Step::First).await.unwrap();
    assert_eq!(outcome.get("workloads"), Some(&json!(2)));
    converge(&workshop, &migration, Step::First).await.unwrap();
    let evidence = workshop.ledger.progress(&migration, Progress::Validate).await.unwrap().unwrap()["evidence"].clone();
    assert_eq!(evidence["targets"]["web"], json!({ "healthy": 1, "targets": 1 }));
    assert_eq!(evidence["smoke"], json!([{ "path": "/", "status": 200 }, { "path": "/missing", "status": 404 }]));
    assert_eq!(evidence["workloads"]["Deployment/default/web"]["images"], json!(["web:1"]));
    assert_eq!(evidence["workloads"]["Deployment/default/web"]["blue"].as_str().unwrap().len(), 16);
    assert_eq!(workshop.ledger.events().iter().filter(|(what, _)| what == "validated").count(), 1);
    assert!(workshop.blue.writes().is_empty() && workshop.green.writes().is_empty());
}

#[tokio::test]
async fn each_thing_that_is_not_right_yet_is_waited_for() {
    let (workshop, migration) = shop().await;
    workshop.shelf().targets.insert("green-group".into(), vec![target("initial")]);
    fails(&workshop, &migration, Condition::NotReady, "target group web: 0 of 1 targets healthy").await;

    let (workshop, migration) = shop().await;
    workshop.shelf().answers.insert("/".into(), 503);
    fails(&workshop, &migration, Condition::NotReady, "/ answered 503, expected 200").await;

    let (workshop, migration) = shop().await;
    let mut unready = deployment("web", 2, "web:1");
    unready["status"] = json!({});
    workshop.green.put_with_status(&unready);
    fails(
        &workshop,
        &migration,
        Condition::NotReady,
        "1 of 2 workloads ready, waiting for Deployment/default/web (0 of 2)",
    )
    .await;
}

#[tokio::test]
async fn a_pod_that_keeps_crashing_ends_the_migration_after_a_while() {
    let (workshop, migration) = shop().await;
    let mut unready = deployment("web", 2, "web:1");
    unready["status"] = json!({});
    workshop.green.put_with_status(&unready);
    workshop.green.put(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "web-1", "namespace": "default" },
        "status": { "containerStatuses": [{ "name": "c", "image": "web:1", "state": { "waiting": { "reason": "CrashLoopBackOff" } } }] },
    }));
    let mut looks = 0;
    let error = loop {
        looks += 1;
        let error = converge(&workshop, &migration, Step::First).await.unwrap_err();
        if error.condition != Condition::NotReady {
            break error;
        }
    };
    assert_eq!((error.condition, looks), (Condition::Unhealthy, 20));
    assert!(error.message.contains("Pod/default/web-1: CrashLoopBackOff of container c (web:1)"), "{error}");
}

#[tokio::test]
async fn another_release_on_blue_is_a_conflict_that_names_it() {
    let (workshop, migration) = shop().await;
    workshop.blue.put(deployment("web", 2, "web:2"));
    fails(
        &workshop,
        &migration,
        Condition::Conflict,
        "Deployment/default/web in spec.containers[c].image (web:2 on blue, web:1 on green)",
    )
    .await;
}

#[tokio::test]
async fn green_is_scaled_as_blue_is_now_and_holds_stay_suspended() {
    let (workshop, migration) = shop().await;
    workshop.blue.put(deployment("web", 9, "web:1"));
    fails(&workshop, &migration, Condition::NotReady, "Deployment/default/web from 2 to 7").await;
    fails(&workshop, &migration, Condition::NotReady, "Deployment/default/web from 7 to 9").await;
    converge(&workshop, &migration, Step::First).await.unwrap();
    assert_eq!(workshop.green.object("Deployment/default/web").unwrap()["spec"]["replicas"], 9);
    assert_eq!(workshop.green.object("Deployment/default/consumer").unwrap()["spec"]["replicas"], 0);
    assert!(workshop.blue.writes().is_empty());
}

#[tokio::test]
async fn green_grows_no_further_while_a_step_is_not_up_or_an_alarm_is_not_ok() {
    let (workshop, mut migration) = shop().await;
    migration.input.cutover.alarms = vec!["5xx".to_owned()];
    workshop.blue.put(deployment("web", 40, "web:1"));
    fails(&workshop, &migration, Condition::NotReady, "Deployment/default/web from 2 to 7").await;
    let mut starting = deployment("web", 7, "web:1");
    starting["status"] = json!({ "replicas": 7, "updatedReplicas": 7, "readyReplicas": 2, "availableReplicas": 2 });
    workshop.green.put_with_status(&starting);
    fails(&workshop, &migration, Condition::NotReady, "Deployment/default/web (2 of 7)").await;
    workshop.green.put(deployment("web", 7, "web:1"));
    workshop.shelf().alarms.insert("5xx".to_owned(), AlarmState::Alarm);
    let _ = workshop.green.writes();
    fails(&workshop, &migration, Condition::GuardBreached, "the alarm 5xx is in ALARM").await;
    assert!(workshop.green.writes().is_empty());
}

#[tokio::test]
async fn what_an_autoscaler_decides_is_left_to_it() {
    let (workshop, mut migration) = shop().await;
    migration.plan.workloads.workloads[0].autoscaled = true;
    workshop.blue.put(deployment("web", 9, "web:1"));
    converge(&workshop, &migration, Step::First).await.unwrap();
    assert!(workshop.green.writes().is_empty());
}

#[tokio::test]
async fn a_crash_after_any_call_ends_in_the_same_evidence() {
    let (undisturbed, migration) = shop().await;
    undisturbed.blue.put(deployment("web", 9, "web:1"));
    while converge(&undisturbed, &migration, Step::First).await.is_err() {}
    let expected = undisturbed.ledger.progress(&migration, Progress::Validate).await.unwrap();
    for call in 1.. {
        let (workshop, migration) = shop().await;
        workshop.blue.put(deployment("web", 9, "web:1"));
        workshop.crash().after(call);
        let survived = converge(&workshop, &migration, Step::First)
            .await
            .is_err_and(|error| error.condition == Condition::NotReady);
        workshop.crash().after(0);
        while converge(&workshop, &migration, Step::First).await.is_err() {}
        assert_eq!(workshop.ledger.progress(&migration, Progress::Validate).await.unwrap(), expected, "call {call}");
        if survived {
            break;
        }
    }
}

#[tokio::test]
async fn once_people_said_yes_green_grows_with_blue_and_what_they_approved_stays() {
    let (workshop, migration) = shop().await;
    converge(&workshop, &migration, Step::First).await.unwrap();
    let approved = workshop.ledger.progress(&migration, Progress::Validate).await.unwrap();
    workshop.blue.put(deployment("web", 9, "web:1"));
    fails_in(&workshop, &migration, Step::Again, Condition::NotReady, "Deployment/default/web from 2 to 7").await;
    while converge(&workshop, &migration, Step::Again).await.is_err() {}
    let evidence =
        workshop.ledger.progress(&migration, Progress::ValidateAgain).await.unwrap().unwrap()["evidence"].clone();
    assert_eq!(evidence["workloads"]["Deployment/default/web"]["replicas"], 9);
    assert_eq!(workshop.ledger.progress(&migration, Progress::Validate).await.unwrap(), approved);

    workshop.shelf().targets.insert("green-group".into(), vec![target("unhealthy")]);
    fails_in(&workshop, &migration, Step::Again, Condition::NotReady, "target group web: 0 of 1 targets healthy").await;
    assert_eq!(workshop.ledger.progress(&migration, Progress::Validate).await.unwrap(), approved);
}

#[tokio::test]
async fn undo_forgets_the_evidence() {
    let (workshop, migration) = shop().await;
    converge(&workshop, &migration, Step::First).await.unwrap();
    converge(&workshop, &migration, Step::Again).await.unwrap();
    workshop.ledger.set_owner(1, Direction::Undo);
    let back = Migration { direction: Direction::Undo, fence: 1, ..migration };
    undo(&workshop, &back, Whole::Whole).await.unwrap();
    undo(&workshop, &back, Whole::Whole).await.unwrap();
    for which in [Progress::Validate, Progress::ValidateAgain] {
        assert_eq!(workshop.ledger.progress(&back, which).await.unwrap(), Some(Value::Null));
    }
}
