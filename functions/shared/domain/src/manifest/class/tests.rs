use super::*;
use serde_json::json;

fn object(kind: &str, name: &str, labels: &Value, spec: &Value) -> Object {
    let api_version = match kind {
        "Service" | "Pod" => "v1",
        "CronJob" | "Job" => "batch/v1",
        _ => "apps/v1",
    };
    let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name, "labels": labels }, "spec": spec });
    Object::new(1, 1, value).unwrap()
}

fn pods(app: &str) -> Value {
    json!({ "template": { "metadata": { "labels": { "app": app } } } })
}

fn names(ids: &[ObjectId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn who_serves_requests_runs_and_who_works_unasked_must_be_classed() {
    let objects = [
        object("Service", "web", &json!({}), &json!({ "selector": { "app": "web" } })),
        object("Service", "outside", &json!({}), &json!({ "type": "ExternalName" })),
        object("Deployment", "web", &json!({}), &pods("web")),
        object("Deployment", "consumer", &json!({}), &pods("consumer")),
        object("CronJob", "nightly", &json!({}), &json!({})),
        object("Job", "migrate", &json!({ RUN_LABEL: "true" }), &json!({})),
        object("DaemonSet", "agent", &json!({ HOLD_LABEL: "" }), &pods("agent")),
    ];
    let classes = classify(&objects, &[], &[]);
    assert_eq!(names(&classes.run), ["Deployment/default/web", "Job/default/migrate"]);
    assert_eq!(names(&classes.hold), ["DaemonSet/default/agent"]);
    assert_eq!(names(&classes.unclassed), ["Deployment/default/consumer", "CronJob/default/nightly"]);
}

#[test]
fn the_input_wins_over_labels_and_a_label_of_false_is_none() {
    let objects = [
        object("CronJob", "a", &json!({ RUN_LABEL: "true" }), &json!({})),
        object("CronJob", "b", &json!({ RUN_LABEL: "false" }), &json!({})),
        object("CronJob", "c", &json!({ RUN_LABEL: "true", HOLD_LABEL: "true" }), &json!({})),
    ];
    let classes = classify(&objects, &["CronJob/default/a".into()], &["CronJob/default/b".into()]);
    assert_eq!(names(&classes.hold), ["CronJob/default/a"]);
    assert_eq!(names(&classes.run), ["CronJob/default/b"]);
    assert_eq!(names(&classes.both), ["CronJob/default/c"]);
}

#[test]
fn what_starts_pods_by_itself_or_is_scaled_from_nothing_is_classed_too() {
    let of = |api_version: &str, kind: &str, spec: &Value| {
        let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" }, "spec": spec });
        Object::new(1, 1, value).unwrap()
    };
    let objects = [
        of("keda.sh/v1alpha1", "ScaledJob", &json!({})),
        of("argoproj.io/v1alpha1", "CronWorkflow", &json!({})),
        of("batch.volcano.sh/v1alpha1", "Job", &json!({})),
        of("keda.sh/v1alpha1", "ScaledObject", &json!({ "scaleTargetRef": { "name": "consumer" } })),
        of("keda.sh/v1alpha1", "ScaledObject", &json!({ "scaleTargetRef": { "name": "other" } })),
        of("argoproj.io/v1alpha1", "Rollout", &pods("web")),
        object("Service", "web", &json!({}), &json!({ "selector": { "app": "web" } })),
        object("Deployment", "consumer", &json!({}), &pods("consumer")),
        object("CronJob", "paused", &json!({}), &json!({ "suspend": true })),
    ];
    let hold = ["Deployment/default/consumer".into(), "Job/default/x".into()];
    let classes = classify(&objects, &hold, &[]);
    assert_eq!(names(&classes.unclassed), ["ScaledJob/default/x", "CronWorkflow/default/x"]);
    assert_eq!(names(&classes.cannot_hold), ["Job/default/x"]);
    assert_eq!(names(&classes.hold), ["ScaledObject/default/x", "Deployment/default/consumer"]);
    assert_eq!(names(&classes.run), ["Rollout/default/x", "CronJob/default/paused"]);
}

fn custom(api_version: &str, kind: &str, spec: &Value) -> Object {
    let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" }, "spec": spec });
    Object::new(1, 1, value).unwrap()
}

#[test]
fn every_autoscaler_of_a_hold_is_held_before_it_and_one_that_cannot_be_is_told() {
    let scale = |name: &str| json!({ "scaleTargetRef": { "kind": "Deployment", "name": name } });
    let objects = [
        object("Deployment", "consumer", &json!({ HOLD_LABEL: "true" }), &pods("consumer")),
        object("Deployment", "web", &json!({ RUN_LABEL: "true" }), &pods("web")),
        custom("autoscaling/v2", "HorizontalPodAutoscaler", &scale("consumer")),
        custom("keda.sh/v1alpha1", "ScaledObject", &scale("web")),
        custom("http.keda.sh/v1alpha1", "HTTPScaledObject", &scale("consumer")),
        custom("example.com/v1", "CronScaler", &scale("consumer")),
        custom("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", &json!({ "targetRef": { "name": "consumer" } })),
    ];
    let classes = classify(&objects, &[], &[]);
    assert_eq!(
        names(&classes.hold),
        ["HorizontalPodAutoscaler/default/x", "VerticalPodAutoscaler/default/x", "Deployment/default/consumer"]
    );
    assert_eq!(names(&classes.cannot_hold), ["HTTPScaledObject/default/x", "CronScaler/x"]);
    assert_eq!(names(&classes.run), ["Deployment/default/web"]);
    let named = classify(&objects[..3], &["Deployment/default/consumer".into()], &[]);
    assert_eq!(names(&named.hold), ["HorizontalPodAutoscaler/default/x", "Deployment/default/consumer"]);
}

#[test]
fn a_custom_resource_that_describes_pods_is_classed_whoever_its_controller_is() {
    let pods =
        |labels: &Value| json!({ "metadata": { "labels": labels }, "spec": { "containers": [{ "image": "i" }] } });
    let objects = [
        custom("example.com/v1", "Worker", &json!({ "podTemplate": pods(&json!({})) })),
        custom("example.com/v1", "Server", &json!({ "template": pods(&json!({ "app": "web" })) })),
        custom("example.com/v1", "Policy", &json!({ "rules": [{ "template": pods(&json!({})) }] })),
        custom("serving.knative.dev/v1", "Service", &json!({ "template": pods(&json!({})) })),
        object("Service", "web", &json!({}), &json!({ "selector": { "app": "web" } })),
    ];
    let classes = classify(&objects, &[], &["Policy/x".into()]);
    assert_eq!(names(&classes.unclassed), ["Worker/x"]);
    assert_eq!(names(&classes.run), ["Policy/x"], "whatever the input names is classed");
    assert_eq!(names(&classify(&objects, &["Worker/x".into()], &[]).cannot_hold), ["Worker/x"]);
}

#[test]
fn a_rollout_that_takes_its_pods_from_a_deployment_is_served_with_it() {
    let reference = json!({ "workloadRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" } });
    let mut objects = vec![
        custom("argoproj.io/v1alpha1", "Rollout", &reference),
        object("Deployment", "web", &json!({}), &pods("web")),
        object("Service", "web", &json!({}), &json!({ "selector": { "app": "web" } })),
    ];
    assert_eq!(names(&classify(&objects, &[], &[]).unclassed), [""; 0]);
    objects.pop();
    assert_eq!(names(&classify(&objects, &[], &[]).unclassed), ["Rollout/default/x", "Deployment/default/web"]);
}

#[test]
fn a_service_in_another_namespace_selects_nothing_here() {
    let mut service = object("Service", "web", &json!({}), &json!({ "selector": { "app": "web" } }));
    service.id.namespace = Some("other".into());
    let classes = classify(&[service, object("Deployment", "web", &json!({}), &pods("web"))], &[], &[]);
    assert_eq!(names(&classes.unclassed), ["Deployment/default/web"]);
}

#[test]
fn a_load_balancer_of_its_own_must_be_classed_and_a_pod_cannot_be_held() {
    let objects = [
        object("Service", "external", &json!({}), &json!({ "type": "LoadBalancer", "selector": { "app": "web" } })),
        object("Pod", "tool", &json!({ HOLD_LABEL: "true" }), &json!({})),
    ];
    let classes = classify(&objects, &[], &[]);
    assert_eq!(names(&classes.unclassed), ["Service/default/external"]);
    assert_eq!(names(&classes.cannot_hold), ["Pod/default/tool"]);
    let held = classify(&objects[..1], &["Service/default/external".into()], &[]);
    assert_eq!(names(&held.hold), ["Service/default/external"]);
}
