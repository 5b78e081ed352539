//! Validation of objects: the rules of `pkg/apis/*/validation` that manifests commonly break. Types and unknown fields are
//! checked in [`crate::typed`] and [`crate::schema`].

mod changes;
mod metadata;
mod networking;
mod pods;

use serde_json::Value;

use crate::{kinds::Kind, object, selector::Selector, status::Cause};

/// All errors of an object, and of its change from the previous state.
pub(crate) fn check(kind: &Kind, object: &Value, previous: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    metadata::check(kind, object, &mut causes);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pods::spec(&object["spec"], "spec", &[], &mut causes),
        ("", "Service") => networking::service(object, &mut causes),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") => {
            workload(object, &mut causes);
        }
        ("batch", "Job") => job(&object["spec"], "spec", &mut causes),
        ("batch", "CronJob") => {
            cron_schedule(&object["spec"]["schedule"], &mut causes);
            job(&object["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec", &mut causes);
        }
        ("networking.k8s.io", "Ingress") => networking::ingress(object, &mut causes),
        ("policy", "PodDisruptionBudget") => budget(&object["spec"], &mut causes),
        ("autoscaling", "HorizontalPodAutoscaler") => scaler(&object["spec"], &mut causes),
        ("", "ConfigMap" | "Secret") => metadata::data(object, &mut causes),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object, &mut causes),
        _ => {}
    }
    if let Some(previous) = previous {
        changes::check(kind, object, previous, &mut causes);
    }
    causes
}

fn workload(object: &Value, causes: &mut Vec<Cause>) {
    let selector = &object["spec"]["selector"];
    if !selector.is_object() {
        causes.push(Cause::required("spec.selector"));
    }
    let template = &object["spec"]["template"];
    if !selector.is_object() || !Selector::from_object(selector).selects(template) {
        let why = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", &template["metadata"]["labels"], why));
    }
    if object["spec"]["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        causes.push(Cause::invalid("spec.replicas", &object["spec"]["replicas"], "must be greater than or equal to 0"));
    }
    // The claim templates of a StatefulSet are volumes of its Pods as well.
    let claims = object::list(object, "/spec/volumeClaimTemplates");
    pods::spec(&template["spec"], "spec.template.spec", claims, causes);
}

/// A Job's Pods end, so that they may not be started again for ever.
fn job(spec: &Value, field: &str, causes: &mut Vec<Cause>) {
    let pod = &spec["template"]["spec"];
    let field = format!("{field}.template.spec");
    pods::spec(pod, &field, &[], causes);
    if !matches!(pod["restartPolicy"].as_str(), Some("OnFailure" | "Never")) {
        causes.push(unsupported(
            &format!("{field}.restartPolicy"),
            pod["restartPolicy"].as_str().unwrap_or_default(),
            "\"OnFailure\", \"Never\"",
        ));
    }
}

fn cron_schedule(schedule: &Value, causes: &mut Vec<Cause>) {
    let text = schedule.as_str().unwrap_or_default();
    if text.is_empty() {
        causes.push(Cause::required("spec.schedule"));
    } else if !text.starts_with('@') && text.split_whitespace().count() != 5 {
        let fields = text.split_whitespace().count();
        let why = format!("expected exactly 5 fields, found {fields}: [{text}]");
        causes.push(Cause::invalid("spec.schedule", schedule, &why));
    }
}

fn budget(spec: &Value, causes: &mut Vec<Cause>) {
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        causes.push(Cause::invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
    }
}

fn scaler(spec: &Value, causes: &mut Vec<Cause>) {
    let number = |key: &str| spec[key].as_i64().unwrap_or_default();
    if number("maxReplicas") < 1 {
        causes.push(Cause::invalid("spec.maxReplicas", &spec["maxReplicas"], "must be greater than 0"));
    }
    if number("maxReplicas") < number("minReplicas") {
        let why = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &spec["maxReplicas"], why));
    }
    let target = &spec["scaleTargetRef"];
    if target["apiVersion"].as_str().is_none_or(str::is_empty) && target["kind"] != "ReplicationController" {
        let why = "apiVersion must specify API group";
        causes.push(Cause::invalid("spec.scaleTargetRef.apiVersion", &Value::from(""), why));
    }
}

fn definition(object: &Value, causes: &mut Vec<Cause>) {
    let text = |pointer: &str| object::text(object, pointer).unwrap_or_default();
    let wanted = format!("{}.{}", text("/spec/names/plural"), text("/spec/group"));
    if object::name(object) != wanted {
        causes.push(Cause::invalid(
            "metadata.name",
            &object["metadata"]["name"],
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    for (field, pointer) in [("spec.names.kind", "/spec/names/kind"), ("spec.scope", "/spec/scope")] {
        if text(pointer).is_empty() {
            causes.push(Cause::required(field));
        }
    }
    let versions = object::list(object, "/spec/versions");
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &Value::from(versions.len()), why));
    }
    for (at, version) in versions.iter().enumerate() {
        if version.pointer("/schema/openAPIV3Schema").is_none() {
            causes.push(Cause {
                reason: "FieldValueRequired",
                field: format!("spec.versions[{at}].schema.openAPIV3Schema"),
                message: "Required value: schemas are required".to_owned(),
            });
        }
    }
}

fn unsupported(field: &str, value: &str, supported: &str) -> Cause {
    Cause {
        reason: "FieldValueNotSupported",
        field: field.to_owned(),
        message: format!("Unsupported value: {value:?}: supported values: {supported}"),
    }
}
