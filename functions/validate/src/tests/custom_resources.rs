use super::*;

/// The shop with one more object in its bundle and on both sides.
fn with(object: &Value) -> (Account, Migration) {
    let (account, mut migration) = shop();
    migration.plan.workloads.bundles.push(account.upload("s3://bucket/more.yaml", vec![object.clone()]));
    for cluster in [BLUE, GREEN] {
        account.cluster(cluster).put_with_status(object.clone());
    }
    (account, migration)
}

fn certificate(ready: &str) -> Value {
    let conditions =
        json!([{ "type": "Ready", "status": ready, "reason": "Issuing", "message": "the issuer does not answer" }]);
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": { "name": "shop" }, "status": { "conditions": conditions },
    })
}

#[tokio::test]
async fn what_makes_no_pods_is_awaited_too_where_it_is_ready_on_blue() {
    let definition = |established: &str| {
        let conditions = json!([{ "type": "Established", "status": established }]);
        json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "c" }, "status": { "conditions": conditions } })
    };
    let (account, migration) = with(&definition("True"));
    first(&account, &migration).await.unwrap();
    account.cluster(GREEN).put_with_status(definition("False"));
    fails(&account, &migration, Condition::NotReady, "CustomResourceDefinition/c (Established is False)").await;
    account.cluster(BLUE).put_with_status(definition("False"));
    first(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn a_claim_that_waits_for_its_first_pod_is_not_awaited() {
    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "c", "namespace": "shop" }, "spec": {}, "status": { "phase": "Bound" } });
    let (account, migration) = with(&claim);
    let mut pending = claim;
    pending["status"] = json!({ "phase": "Pending" });
    account.cluster(GREEN).put_with_status(pending);
    first(&account, &migration).await.unwrap();
}

/// An issuer that asks the public host for its challenge gets blue's answer until the switch.
#[tokio::test]
async fn a_custom_resource_that_does_not_become_ready_is_waited_for_a_while_and_then_shown_to_people() {
    let (account, migration) = with(&certificate("True"));
    account.cluster(GREEN).put_with_status(certificate("False"));
    for look in 1..=20 {
        let waiting = format!(
            "look {look} of 20, then people decide: waiting for Certificate/shop (Issuing: the issuer does not answer)"
        );
        fails(&account, &migration, Condition::NotReady, &waiting).await;
    }
    first(&account, &migration).await.unwrap();
    let unready = json!({ "Certificate/shop": "Issuing: the issuer does not answer" });
    let evidence = || account.progress_of(&migration, Progress::Validate)["evidence"].clone();
    assert_eq!(evidence()["unready"], unready);
    // What people were told of is not waited for again.
    first(&account, &migration).await.unwrap();
    again(&account, &migration).await.unwrap();
    account.cluster(GREEN).put_with_status(certificate("True"));
    first(&account, &migration).await.unwrap();
    assert_eq!(evidence()["unready"], Value::Null);
}

#[tokio::test]
async fn a_custom_resource_that_is_not_ready_on_blue_either_is_not_waited_for() {
    let (account, migration) = with(&certificate("False"));
    first(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn a_custom_resource_that_is_held_is_suspended_and_need_not_be_ready() {
    let mut workflow = certificate("False");
    (workflow["apiVersion"], workflow["kind"]) = (json!("kustomize.toolkit.fluxcd.io/v1"), json!("Kustomization"));
    workflow["spec"] = json!({ "suspend": true });
    let (account, mut migration) = with(&workflow);
    let id = domain::manifest::Object::new(1, 1, workflow.clone()).unwrap().id;
    let hold = domain::plan::workloads::Workload {
        id,
        held: true,
        images: vec![],
        replicas: None,
        autoscaled: false,
        resume: json!({ "spec": { "suspend": null } }),
    };
    migration.plan.workloads.workloads.push(hold);
    first(&account, &migration).await.unwrap();
}

#[tokio::test]
async fn what_is_not_ready_is_named_with_its_last_event() {
    let (account, migration) = shop();
    unready(&account);
    let event = |kind: &str, at: &str, message: &str| {
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": { "name": at, "namespace": "shop" }, "type": kind, "lastTimestamp": at,
            "involvedObject": { "kind": "Pod", "namespace": "shop", "name": "web-5f7d9-x2x4z" }, "reason": "FailedScheduling", "message": message,
        })
    };
    for (kind, at, message) in [
        ("Warning", "2026-01-01T00:00:01Z", "0/2 nodes are available"),
        ("Warning", "2026-01-01T00:00:02Z", "0/3 nodes are available: 3 Insufficient cpu."),
        ("Normal", "2026-01-01T00:00:03Z", "assigned"),
    ] {
        account.cluster(GREEN).put(event(kind, at, message));
    }
    let waiting = "Deployment/shop/web (0 of 4 updated; last event: FailedScheduling of Pod/web-5f7d9-x2x4z: 0/3 nodes are available: 3 Insufficient cpu.)";
    fails(&account, &migration, Condition::NotReady, waiting).await;
}

/// Argo Workflows keeps so many of those that ended as its own configuration says, whatever the objects say
/// (<https://argo-workflows.readthedocs.io/en/latest/workflow-controller-configmap/>, `retentionPolicy`).
#[tokio::test]
async fn work_that_has_ended_and_is_gone_need_not_be_there() {
    for (kind, expected) in [("Workflow", true), ("CronWorkflow", false)] {
        let work = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": { "name": "import", "namespace": "shop" }, "spec": {},
        });
        let (account, mut migration) = with(&work);
        let id = domain::manifest::Object::new(1, 1, work).unwrap().id;
        let run = domain::plan::workloads::Workload {
            id,
            held: false,
            images: vec![],
            replicas: None,
            autoscaled: false,
            resume: Value::Null,
        };
        migration.plan.workloads.workloads.push(run);
        account.cluster(GREEN).remove(&format!("{kind}/shop/import"));
        if expected {
            first(&account, &migration).await.unwrap();
        } else {
            fails(&account, &migration, Condition::NotReady, "CronWorkflow/shop/import (it is not there").await;
        }
    }
}
