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
/// A workload works unasked when it is a CronJob that is not suspended (nor is a custom resource then) or a Job, or when no Service of the bundles selects its Pods:
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
    let acts = Actor::of(id).map_or_else(has_pods, |actor| !actor.is_suspended(&object.value));
    acts && !is_served(object, objects)
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
    objects.iter().any(|service| sends_to(service, with_pods))
}

/// Whether an object is a Service that sends requests to the Pods of a workload.
#[must_use]
pub fn sends_to(service: &Object, workload: &Object) -> bool {
    let none = Map::new();
    let labels = workload::pod_labels(&workload.id.kind, &workload.value).unwrap_or(&none);
    service.id.kind == "Service"
        && service.id.group().is_empty()
        && service.id.namespace_or_default() == workload.id.namespace_or_default()
        && selects(&service.value["spec"]["selector"], labels)
}

/// Whether a Service with this selector sends requests to Pods with these labels. One without a selector chooses none by itself
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors>).
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    selector.as_object().is_some_and(|selector| {
        !selector.is_empty() && selector.iter().all(|(name, value)| labels.get(name) == Some(value))
    })
}

#[cfg(test)]
mod tests;
