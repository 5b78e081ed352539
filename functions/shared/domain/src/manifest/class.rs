//! Which workloads work without being asked, and where each of them may run before anybody approved.

use super::{Object, ObjectId, hold, workload};
use crate::object::{
    actors::Actor,
    autoscalers::{self, Pause},
    is_built_in,
};
use serde_json::{Map, Value};

/// The label of a workload that may run in both clusters at once, with any value but `"false"`.
pub const RUN_LABEL: &str = "bascule.io/run";

/// The label of a workload that must run in one cluster only, with any value but `"false"`.
pub const HOLD_LABEL: &str = "bascule.io/hold";

/// Every workload, by where it runs until the switch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    /// On both sides.
    pub run: Vec<ObjectId>,
    /// On blue until the switch, on green after it.
    pub hold: Vec<ObjectId>,
    /// Works unasked, and nobody said where.
    pub unclassed: Vec<ObjectId>,
    /// To be held, but of a kind that cannot be suspended.
    pub cannot_hold: Vec<ObjectId>,
    /// Labelled both ways, and the input does not decide.
    pub both: Vec<ObjectId>,
}

/// Classes the workloads of all bundles, and the Services that would get a load balancer of their own.
///
/// A workload works unasked when it is a CronJob that is not suspended or a Job, or when no Service of the bundles selects its Pods:
/// nobody sends it requests, so it takes its work from somewhere, and on green that would be production's. Custom resources whose
/// controllers start Pods, apply manifests or manage what is outside of the cluster do so too, and those of controllers that nobody
/// knows where they carry a description of Pods. `hold` and `run` are the input's, as `Kind/namespace/name`, and win over labels. An
/// autoscaler of a hold is held with it (kedacore/keda#3724), before it: it may scale the hold from nothing.
#[must_use]
pub fn classify(objects: &[Object], hold: &[String], run: &[String]) -> Classes {
    let mut classes = Classes::default();
    for object in objects.iter().filter(|object| can_be_classed(object)) {
        let name = object.id.to_string();
        let named = (hold.contains(&name), run.contains(&name));
        let labelled = (is_labelled(object, HOLD_LABEL), is_labelled(object, RUN_LABEL));
        let id = object.id.clone();
        match if named == (false, false) { labelled } else { named } {
            (true, true) => classes.both.push(id),
            (true, false) if hold::suspension(&id, &object.value).is_none() => classes.cannot_hold.push(id),
            (true, false) => classes.hold.push(id),
            (false, false) if is_load_balancer(object) || works_unasked(object, objects) => classes.unclassed.push(id),
            (false, said) if said || workload::is_workload(&id) || Actor::of(&id).is_some() => classes.run.push(id),
            (false, _) => {}
        }
    }
    hold_autoscalers(&mut classes, objects);
    classes
}

/// Holds the autoscalers of holds, first of all.
fn hold_autoscalers(classes: &mut Classes, objects: &[Object]) {
    let mut first = Vec::new();
    for object in objects.iter().filter(|object| scales_one_of(object, &classes.hold)) {
        let id = &object.id;
        classes.run.retain(|run| run != id);
        match autoscalers::pause(id, &object.value) {
            Pause::By(_) => first.push(id.clone()),
            Pause::Unknown if !classes.cannot_hold.contains(id) => classes.cannot_hold.push(id.clone()),
            Pause::NotNeeded | Pause::Unknown => {}
        }
    }
    classes.hold.retain(|id| !first.contains(id));
    classes.hold.splice(0..0, first);
}

/// Whether the input may say where the object runs: what makes Pods or a load balancer, and any custom resource.
#[must_use]
pub fn can_be_classed(object: &Object) -> bool {
    is_load_balancer(object) || workload::is_workload(&object.id) || !is_built_in(&object.id.api_version)
}

fn scales_one_of(scaler: &Object, holds: &[ObjectId]) -> bool {
    autoscalers::target(&scaler.id, &scaler.value).is_some_and(|(kind, name)| {
        holds.iter().any(|hold| {
            hold.namespace_or_default() == scaler.id.namespace_or_default() && hold.kind == kind && hold.name == name
        })
    })
}

/// Whether a cloud controller would make a load balancer for it.
#[must_use]
pub fn is_load_balancer(object: &Object) -> bool {
    object.id.kind == "Service" && object.id.group().is_empty() && object.value["spec"]["type"] == "LoadBalancer"
}

fn is_labelled(object: &Object, label: &str) -> bool {
    let labels = &object.value["metadata"]["labels"];
    labels.get(label).is_some_and(|value| value != "false" && value != false)
}

/// Where custom resources describe the Pods that their controllers start, by the fields that Kubernetes' own have for it.
const POD_SPECS: [&str; 6] = [
    "/spec/template/spec",
    "/spec/podTemplate/spec",
    "/spec/podTemplateSpec/spec",
    "/spec/podSpec",
    "/spec/jobTemplate/spec/template/spec",
    "/spec/jobTargetRef/template/spec",
];

/// Groups whose Pods wait for the requests that their controller routes to them
/// (<https://knative.dev/docs/serving/>, <https://kserve.github.io/website/>).
const ROUTED: [&str; 2] = ["serving.knative.dev", "serving.kserve.io"];

fn works_unasked(object: &Object, objects: &[Object]) -> bool {
    let id = &object.id;
    if workload::is_workload(id) {
        return match id.kind.as_str() {
            "Job" => true,
            "CronJob" => object.value["spec"]["suspend"] != true,
            _ => !is_served(object, objects),
        };
    }
    let has_pods = || POD_SPECS.iter().any(|path| has_containers(object, path)) && !ROUTED.contains(&id.group());
    (Actor::of(id).is_some() || has_pods()) && !is_served(object, objects)
}

fn has_containers(object: &Object, path: &str) -> bool {
    object.value.pointer(path).is_some_and(|spec| spec["containers"].is_array())
}

/// Whether a Service of the bundles selects its Pods. A Rollout may take its Pods from a Deployment
/// (<https://argo-rollouts.readthedocs.io/en/stable/features/specification/>, `workloadRef`).
fn is_served(object: &Object, objects: &[Object]) -> bool {
    let reference = &object.value["spec"]["workloadRef"];
    let referred = objects.iter().find(|other| {
        reference["name"] == other.id.name.as_str()
            && reference["kind"] == other.id.kind.as_str()
            && other.id.namespace_or_default() == object.id.namespace_or_default()
    });
    let with_pods = referred.unwrap_or(object);
    let none = Map::new();
    let labels = workload::pod_labels(&with_pods.id.kind, &with_pods.value).unwrap_or(&none);
    objects.iter().any(|service| {
        service.id.kind == "Service"
            && service.id.group().is_empty()
            && service.id.namespace_or_default() == object.id.namespace_or_default()
            && selects(&service.value["spec"]["selector"], labels)
    })
}

/// Whether a Service with this selector sends requests to Pods with these labels. One without a selector chooses none by itself
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors>).
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    selector.as_object().is_some_and(|selector| {
        !selector.is_empty() && selector.iter().all(|(name, value)| labels.get(name) == Some(value))
    })
}

#[cfg(test)]
mod tests {
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
        assert_eq!(names(&classes.hold), ["HorizontalPodAutoscaler/default/x", "Deployment/default/consumer"]);
        assert_eq!(names(&classes.cannot_hold), ["HTTPScaledObject/default/x", "CronScaler/x"]);
        assert_eq!(names(&classes.run), ["Deployment/default/web"]);
        let named = classify(&objects[..3], &["Deployment/default/consumer".into()], &[]);
        assert_eq!(named.hold, classes.hold);
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
}
