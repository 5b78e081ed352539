use super::*;
use serde_json::json;

fn id(api_version: &str, kind: &str) -> ObjectId {
    ObjectId { api_version: api_version.into(), kind: kind.into(), namespace: None, name: "x".into() }
}

fn of(kind: &str, object: &Value) -> Readiness {
    let api_version = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => "apps/v1",
        "Job" => "batch/v1",
        "CustomResourceDefinition" => "apiextensions.k8s.io/v1",
        "APIService" => "apiregistration.k8s.io/v1",
        _ => "v1",
    };
    readiness(&id(api_version, kind), object)
}

#[track_caller]
fn waits(kind: &str, object: &Value, expected: &str) {
    assert_eq!(of(kind, object), Readiness::Waiting(expected.into()), "{kind}: {object}");
}

fn says(name: &str, status: &str) -> Value {
    json!([{ "type": name, "status": status, "reason": "R", "message": "m" }])
}

#[test]
fn a_rollout_is_over_when_every_replica_is_of_the_new_generation_and_available() {
    let deployment = |generation, updated, available| {
        json!({
            "metadata": { "generation": generation }, "spec": { "replicas": 3 },
            "status": { "observedGeneration": 2, "replicas": updated, "updatedReplicas": updated, "availableReplicas": available },
        })
    };
    assert_eq!(of("Deployment", &deployment(2, 3, 3)), Ready);
    waits("Deployment", &deployment(3, 3, 3), "its controller has seen generation 2 of 3");
    waits("Deployment", &deployment(2, 1, 1), "1 of 3 updated");
    waits("Deployment", &deployment(2, 3, 2), "2 of 3 available");
    waits("Deployment", &deployment(2, 4, 4), "1 Pods more than wanted are still there");
    waits("Deployment", &json!({ "spec": {} }), "0 of 1 updated");
    waits("Deployment", &json!({ "metadata": { "generation": 1 } }), "its controller has seen generation 0 of 1");
    assert_eq!(of("Deployment", &json!({ "spec": { "replicas": 0 } })), Ready);
}

#[test]
fn a_rollout_whose_available_pods_are_those_of_before_is_not_over() {
    let deployment = json!({
        "metadata": { "generation": 4 }, "spec": { "replicas": 3 },
        "status": {
            "observedGeneration": 4, "replicas": 6, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
            "unavailableReplicas": 3,
        },
    });
    waits("Deployment", &deployment, "3 Pods of before are still there");
}

#[test]
fn a_deployment_says_why_it_has_no_pods_and_when_it_gives_up() {
    let with = |conditions: Value| json!({ "status": { "conditions": conditions } });
    let exceeded = json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out" }]);
    assert_eq!(of("Deployment", &with(exceeded)), Failed("ProgressDeadlineExceeded: timed out".into()));
    waits("Deployment", &with(says("ReplicaFailure", "True")), "0 of 1 updated; R: m");
    let mut unavailable = with(says("Available", "False"));
    unavailable["spec"]["replicas"] = json!(0);
    waits("Deployment", &unavailable, "R: m");
}

/// kstatus and `kubectl rollout status` alike.
#[test]
fn a_stateful_set_is_renewed_down_to_its_partition_and_by_others_where_it_is_on_delete() {
    let set = |strategy: Value, updated: i64| {
        json!({
            "spec": { "replicas": 3, "updateStrategy": strategy },
            "status": { "replicas": 3, "readyReplicas": 3, "updatedReplicas": updated, "currentRevision": "a", "updateRevision": "b" },
        })
    };
    let partition = |of: i64| json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": of } });
    assert_eq!(of("StatefulSet", &set(partition(2), 1)), Ready);
    waits("StatefulSet", &set(partition(1), 1), "1 of 2 updated");
    assert_eq!(of("StatefulSet", &set(json!({ "type": "OnDelete" }), 0)), Ready);
    waits("StatefulSet", &set(json!({ "type": "RollingUpdate" }), 2), "2 of 3 updated");
    waits("StatefulSet", &set(json!({}), 3), "3 of 3 updated");
    let mut few = set(json!({ "type": "OnDelete" }), 0);
    few["status"]["readyReplicas"] = json!(2);
    waits("StatefulSet", &few, "2 of 3 ready");
}

#[test]
fn a_daemon_set_is_ready_on_every_node_that_its_controller_has_counted() {
    let set = |status: Value| json!({ "status": status });
    waits("DaemonSet", &json!({}), "its controller has not counted its nodes yet");
    let of_two = |scheduled: i64, updated: i64, available: i64| {
        set(
            json!({ "desiredNumberScheduled": 2, "currentNumberScheduled": scheduled, "updatedNumberScheduled": updated, "numberAvailable": available }),
        )
    };
    waits("DaemonSet", &of_two(1, 1, 1), "1 of 2 scheduled");
    waits("DaemonSet", &of_two(2, 0, 2), "0 of 2 updated");
    waits("DaemonSet", &of_two(2, 2, 1), "1 of 2 available");
    assert_eq!(of("DaemonSet", &of_two(2, 2, 2)), Ready);
    assert_eq!(of("DaemonSet", &set(json!({ "desiredNumberScheduled": 0 }))), Ready);
    let mut by_others = of_two(2, 0, 2);
    by_others["spec"] = json!({ "updateStrategy": { "type": "OnDelete" } });
    assert_eq!(of("DaemonSet", &by_others), Ready);
}

#[test]
fn every_other_kind_says_it_in_its_own_way() {
    let with = |name: &str, status: &str| json!({ "status": { "conditions": says(name, status) } });
    for (kind, object, expected) in [
        ("ReplicaSet", json!({ "spec": { "replicas": 2 }, "status": { "replicas": 2, "readyReplicas": 2 } }), Ready),
        ("ReplicaSet", json!({ "spec": { "replicas": 2 }, "status": { "replicas": 2 } }), waiting("0 of 2 ready")),
        ("Job", json!({ "spec": { "suspend": true } }), Ready),
        ("Job", with("Complete", "True"), Ready),
        ("Job", with("Suspended", "True"), Ready),
        ("Job", with("Failed", "True"), Failed("R: m".into())),
        ("Job", json!({ "status": { "active": 1, "startTime": "2026-01-01T00:00:00Z" } }), waiting("running")),
        ("Job", json!({}), waiting("not started")),
        ("Pod", json!({ "status": { "phase": "Running", "conditions": says("Ready", "True") } }), Ready),
        ("Pod", json!({ "status": { "phase": "Pending" } }), waiting("Pending")),
        (
            "Pod",
            json!({ "status": { "phase": "Pending", "conditions": says("PodScheduled", "False") } }),
            waiting("R: m"),
        ),
        ("PersistentVolumeClaim", json!({ "status": { "phase": "Bound" } }), Ready),
        ("PersistentVolumeClaim", json!({ "status": { "phase": "Pending" } }), waiting("Pending, not Bound")),
        ("Service", json!({ "spec": { "type": "LoadBalancer" } }), waiting("has no cluster IP")),
        ("Service", json!({ "spec": { "type": "LoadBalancer", "clusterIP": "10.0.0.1" } }), Ready),
        ("Service", json!({ "spec": {} }), Ready),
        ("CustomResourceDefinition", with("Established", "True"), Ready),
        ("CustomResourceDefinition", json!({}), waiting("not established")),
        ("CustomResourceDefinition", with("NamesAccepted", "False"), Failed("R: m".into())),
        ("CustomResourceDefinition", with("Established", "False"), Failed("R: m".into())),
        ("APIService", with("Available", "False"), waiting("R: m")),
        ("ConfigMap", json!({}), Ready),
    ] {
        assert_eq!(of(kind, &object), expected, "{kind} {object}");
    }
}

#[test]
fn a_custom_resource_is_judged_by_what_every_controller_may_say_even_under_the_name_of_a_kind_of_kubernetes() {
    for (object, expected) in [
        (json!({}), Ready),
        (json!({ "status": { "conditions": says("Ready", "True") } }), Ready),
        (json!({ "status": { "conditions": says("Ready", "Unknown") } }), waiting("R: m")),
        (json!({ "status": { "conditions": says("Reconciling", "True") } }), waiting("R: m")),
        (json!({ "status": { "conditions": says("Stalled", "True") } }), Failed("R: m".into())),
        (json!({ "status": { "conditions": says("Stalled", "False") } }), Ready),
        (
            json!({ "metadata": { "generation": 2 }, "status": { "observedGeneration": 1 } }),
            waiting("its controller has seen generation 1 of 2"),
        ),
        (json!({ "metadata": { "generation": 2 } }), Ready),
        (json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" } }), waiting("being deleted")),
    ] {
        for kind in ["Certificate", "Service", "Job", "Deployment"] {
            assert_eq!(readiness(&id("example.com/v1", kind), &object), expected, "{kind} {object}");
        }
    }
}

#[test]
fn what_can_never_wait_needs_no_look() {
    for (api_version, kind, expected) in [
        ("v1", "ConfigMap", false),
        ("batch/v1", "CronJob", false),
        ("rbac.authorization.k8s.io/v1", "Role", false),
        ("apps/v1", "Deployment", true),
        ("v1", "Service", true),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", true),
        ("cert-manager.io/v1", "Certificate", true),
    ] {
        assert_eq!(can_wait(&id(api_version, kind)), expected, "{kind}");
    }
}
