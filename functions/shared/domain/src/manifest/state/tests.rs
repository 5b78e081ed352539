use super::*;
use serde_json::json;

#[test]
fn a_rollout_is_over_when_every_replica_is_of_the_new_generation_and_available() {
    let deployment = |generation, updated, available| {
        json!({
            "metadata": { "generation": generation }, "spec": { "replicas": 3 },
            "status": { "observedGeneration": 2, "updatedReplicas": updated, "availableReplicas": available },
        })
    };
    assert_eq!(readiness("Deployment", &deployment(2, 3, 3)), Readiness::Ready);
    for (object, expected) in [
        (deployment(3, 3, 3), "3 of 3"),
        (deployment(2, 1, 3), "1 of 3"),
        (deployment(2, 3, 2), "2 of 3"),
        (json!({ "spec": {} }), "0 of 1"),
    ] {
        assert_eq!(readiness("Deployment", &object), Readiness::Waiting(expected.into()));
    }
    assert_eq!(readiness("Deployment", &json!({ "spec": { "replicas": 0 } })), Readiness::Ready);
}

#[test]
fn a_rollout_whose_available_pods_are_those_of_before_is_not_over() {
    // https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go
    let deployment = json!({
        "metadata": { "generation": 4 }, "spec": { "replicas": 3 },
        "status": {
            "observedGeneration": 4, "replicas": 6, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
            "unavailableReplicas": 3,
        },
    });
    let expected = Readiness::Waiting("3 Pods of before are still there".into());
    assert_eq!(readiness("Deployment", &deployment), expected);
}

#[test]
fn a_deployment_past_its_progress_deadline_has_failed() {
    let object = json!({ "status": { "conditions": [{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out" }] } });
    assert_eq!(readiness("Deployment", &object), Readiness::Failed("timed out".into()));
}

#[test]
fn every_other_kind_says_it_in_its_own_way() {
    let yes = |name: &str| json!([{ "type": name, "status": "True", "message": "m" }]);
    for (kind, object, expected) in [
        (
            "DaemonSet",
            json!({ "status": { "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1 } }),
            Readiness::Waiting("1 of 2".into()),
        ),
        ("DaemonSet", json!({ "status": { "desiredNumberScheduled": 0 } }), Readiness::Ready),
        (
            "StatefulSet",
            json!({ "spec": { "replicas": 2 }, "status": { "readyReplicas": 2, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b" } }),
            Readiness::Waiting("2 of 2".into()),
        ),
        (
            "StatefulSet",
            json!({ "spec": { "replicas": 2 }, "status": { "readyReplicas": 2, "currentRevision": "a", "updateRevision": "a" } }),
            Readiness::Ready,
        ),
        ("Job", json!({ "spec": { "suspend": true } }), Readiness::Ready),
        ("Job", json!({ "status": { "conditions": yes("Complete") } }), Readiness::Ready),
        ("Job", json!({ "status": { "conditions": yes("Failed") } }), Readiness::Failed("m".into())),
        ("Job", json!({ "status": { "active": 1 } }), Readiness::Waiting("running".into())),
        ("Pod", json!({ "status": { "phase": "Running", "conditions": yes("Ready") } }), Readiness::Ready),
        ("Pod", json!({ "status": { "phase": "Pending" } }), Readiness::Waiting("Pending".into())),
        ("CustomResourceDefinition", json!({ "status": { "conditions": yes("Established") } }), Readiness::Ready),
        ("CustomResourceDefinition", json!({}), Readiness::Waiting("not established".into())),
        ("ConfigMap", json!({}), Readiness::Ready),
    ] {
        assert_eq!(readiness(kind, &object), expected, "{kind}");
    }
}

#[test]
fn a_pod_that_waits_will_come_and_one_that_crashes_will_not() {
    let pod = |reason: &str| json!({ "metadata": { "namespace": "shop", "name": "web-1" }, "status": { "containerStatuses": [{ "name": "server", "image": "web:1", "state": { "waiting": { "reason": reason } } }] } });
    assert_eq!(trouble(&pod("ContainerCreating")), None);
    assert_eq!(
        trouble(&pod("ImagePullBackOff")).unwrap(),
        "Pod/shop/web-1: ImagePullBackOff of container server (web:1)"
    );
}

#[test]
fn a_digest_does_not_depend_on_the_order_of_fields_or_on_a_restart() {
    let of = |template: Value| template_digest("Deployment", &json!({ "spec": { "template": template } }));
    let plain = of(json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [] } }));
    assert_eq!(plain, of(json!({ "spec": { "containers": [] }, "metadata": { "labels": { "a": "b" } } })));
    assert_eq!(
        plain,
        of(
            json!({ "metadata": { "labels": { "a": "b" }, "annotations": { RESTARTED: "now" } }, "spec": { "containers": [] } })
        )
    );
    assert_ne!(plain, of(json!({ "metadata": { "labels": { "a": "c" } }, "spec": { "containers": [] } })));
}

#[test]
fn sides_differ_where_the_manifest_speaks_and_nowhere_else() {
    let deployment = |containers: Value| json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    let manifest = deployment(json!([{ "name": "server", "image": "web:1", "args": ["-v"] }]));
    let blue = deployment(json!([{ "name": "server", "image": "web:1", "args": ["-v"], "imagePullPolicy": "Always" }]));
    let green = deployment(
        json!([{ "name": "sidecar", "image": "mesh:1" }, { "name": "server", "image": "web:1", "args": ["-v"] }]),
    );
    assert!(differences("Deployment", &manifest, &blue, &green).is_empty());
    let released = deployment(json!([{ "name": "server", "image": "web:2", "args": [] }]));
    assert_eq!(
        differences("Deployment", &manifest, &released, &green),
        ["spec.containers[server].image", "spec.containers[server].args"]
    );
}
