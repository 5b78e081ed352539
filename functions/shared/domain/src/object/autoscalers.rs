//! What decides how many Pods another object has, and how it is paused.

use super::{ObjectId, is_built_in, kinds::is_of, patches::Patches};
use serde_json::{Value, json};

/// The custom autoscalers: group and kinds, and the field with their target. Sources:
/// <https://keda.sh/docs/2.19/reference/scaledobject-spec/>,
/// <https://github.com/kedacore/http-add-on/blob/main/docs/ref/v0.10.0/http_scaled_object.md>,
/// <https://github.com/DataDog/watermarkpodautoscaler/blob/main/apis/datadoghq/v1alpha1/watermarkpodautoscaler_types.go>,
/// <https://github.com/DataDog/datadog-operator/blob/main/api/datadoghq/v1alpha2/datadogpodautoscaler_types.go>,
/// <https://github.com/AliyunContainerService/kubernetes-cronhpa-controller>,
/// <https://github.com/actions/actions-runner-controller/blob/master/docs/automatically-scaling-runners.md>.
/// <https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/api.md>.
/// Any other custom resource with a `spec.scaleTargetRef`, as that of Kubernetes is called, is taken for one too.
const KNOWN: [((&str, &[&str]), &str); 6] = [
    ((VERTICAL, &["VerticalPodAutoscaler"]), "targetRef"),
    (("keda.sh", &["ScaledObject"]), SCALE_TARGET),
    (("http.keda.sh", &["HTTPScaledObject"]), SCALE_TARGET),
    (("datadoghq.com", &["WatermarkPodAutoscaler"]), SCALE_TARGET),
    (("datadoghq.com", &["DatadogPodAutoscaler"]), "targetRef"),
    (("autoscaling.alibabacloud.com", &["CronHorizontalPodAutoscaler"]), SCALE_TARGET),
];

const SCALE_TARGET: &str = "scaleTargetRef";

/// The group of the autoscaler that changes what Pods ask for, and not how many there are.
const VERTICAL: &str = "autoscaling.k8s.io";

/// Whether resources of this group and kind, which a bundle may leave without a namespace, have one.
pub(super) fn is_namespaced(group: &str, kind: &str) -> bool {
    KNOWN.iter().any(|(of, _)| is_of(*of, group, kind))
}

/// The controller that the object scales, as (kind, name): nobody else may. `None` where it is no autoscaler. KEDA's targets a
/// Deployment where it does not say.
#[must_use]
pub fn target<'a>(id: &ObjectId, object: &'a Value) -> Option<(&'a str, &'a str)> {
    if is_built_in(&id.api_version) && id.kind != "HorizontalPodAutoscaler" {
        return None;
    }
    let field = KNOWN.iter().find(|(of, _)| is_of(*of, id.group(), &id.kind)).map_or(SCALE_TARGET, |(_, field)| field);
    let target = &object["spec"][field];
    Some((target["kind"].as_str().unwrap_or("Deployment"), target["name"].as_str()?))
}

/// The controller whose replicas the object decides, where it decides replicas.
#[must_use]
pub fn replicas_of<'a>(id: &ObjectId, object: &'a Value) -> Option<(&'a str, &'a str)> {
    target(id, object).filter(|_| id.group() != VERTICAL)
}

/// How an autoscaler is held with what it scales.
#[derive(Debug, Clone, PartialEq)]
pub enum Pause {
    /// By these patches.
    By(Patches),
    /// It leaves what has no replicas alone.
    NotNeeded,
    /// Nothing is known that pauses it.
    Unknown,
}

/// How this autoscaler is paused.
///
/// KEDA's with its target at no replicas (<https://keda.sh/docs/2.19/concepts/scaling-deployments/#pausing-autoscaling>). Kubernetes' own
/// leaves a target without replicas alone unless it may scale to none itself
/// (<https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation>), and its
/// `selectPolicy: Disabled` stops it (<https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#example-disable-scale-down>),
/// in version 2 of its API.
#[must_use]
pub fn pause(id: &ObjectId, object: &Value) -> Pause {
    let by = |fields: &[(&[&str], Value)]| Pause::By(Patches::setting(object, fields));
    match (id.group(), id.kind.as_str()) {
        ("keda.sh", "ScaledObject") => {
            by(&[(&["metadata", "annotations", "autoscaling.keda.sh/paused-replicas"], json!("0"))])
        }
        // "Off": the recommender still looks, and nothing acts.
        (VERTICAL, _) => by(&[(&["spec", "updatePolicy", "updateMode"], json!("Off"))]),
        ("datadoghq.com", "WatermarkPodAutoscaler") => by(&[(&["spec", "dryRun"], json!(true))]),
        ("datadoghq.com", "DatadogPodAutoscaler") if id.api_version.ends_with("/v1alpha2") => {
            by(&[(&["spec", "applyPolicy", "mode"], json!("Preview"))])
        }
        ("autoscaling", _) if id.api_version == "autoscaling/v2" => by(&[
            (&["spec", "behavior", "scaleUp", "selectPolicy"], json!("Disabled")),
            (&["spec", "behavior", "scaleDown", "selectPolicy"], json!("Disabled")),
        ]),
        ("autoscaling", _) if object["spec"]["minReplicas"] != 0 => Pause::NotNeeded,
        _ => Pause::Unknown,
    }
}

/// Whether KEDA says of one of its resources that it is not paused yet: it tells by a condition, since an annotation makes no new
/// generation (<https://github.com/kedacore/keda/blob/main/apis/keda/v1alpha1/condition_types.go>). Where there is no such condition, no
/// KEDA has looked at it.
#[must_use]
pub fn waits_for_pause(id: &ObjectId, live: &Value) -> bool {
    let conditions = live["status"]["conditions"].as_array().filter(|_| id.group() == "keda.sh");
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Paused" && condition["status"] != "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(api_version: &str, kind: &str) -> ObjectId {
        ObjectId { api_version: api_version.into(), kind: kind.into(), namespace: None, name: "x".into() }
    }

    #[test]
    fn every_autoscaler_names_its_target() {
        let spec = json!({ "spec": {
            "scaleTargetRef": { "kind": "Rollout", "name": "web" }, "targetRef": { "kind": "StatefulSet", "name": "db" },
        } });
        for (api_version, kind, expected) in [
            ("autoscaling/v2", "HorizontalPodAutoscaler", Some(("Rollout", "web"))),
            ("keda.sh/v1alpha1", "ScaledObject", Some(("Rollout", "web"))),
            ("http.keda.sh/v1alpha1", "HTTPScaledObject", Some(("Rollout", "web"))),
            ("datadoghq.com/v1alpha2", "DatadogPodAutoscaler", Some(("StatefulSet", "db"))),
            ("example.com/v1", "Scaler", Some(("Rollout", "web"))),
            ("v1", "ConfigMap", None),
        ] {
            assert_eq!(target(&id(api_version, kind), &spec), expected, "{kind}");
        }
        let of_keda = json!({ "spec": { "scaleTargetRef": { "name": "web" } } });
        assert_eq!(target(&id("keda.sh/v1alpha1", "ScaledObject"), &of_keda), Some(("Deployment", "web")));
        let vertical = id("autoscaling.k8s.io/v1", "VerticalPodAutoscaler");
        assert_eq!(target(&vertical, &spec), Some(("StatefulSet", "db")));
        assert_eq!(replicas_of(&vertical, &spec), None, "it decides no replicas");
    }

    #[test]
    fn an_autoscaler_is_paused_by_its_own_field_or_leaves_what_has_no_replicas_alone() {
        let minimum = |replicas: i64| json!({ "spec": { "minReplicas": replicas } });
        let of = |api_version: &str, kind: &str, object: &Value| match pause(&id(api_version, kind), object) {
            Pause::By(patches) => patches.suspend.to_string(),
            other => format!("{other:?}"),
        };
        let hpa = "HorizontalPodAutoscaler";
        assert!(
            of("keda.sh/v1alpha1", "ScaledObject", &json!({})).contains(r#""autoscaling.keda.sh/paused-replicas":"0""#)
        );
        assert!(of("autoscaling/v2", hpa, &minimum(1)).contains(r#""scaleUp":{"selectPolicy":"Disabled"}"#));
        assert_eq!(of("autoscaling/v1", hpa, &minimum(2)), "NotNeeded");
        assert_eq!(of("autoscaling/v1", hpa, &minimum(0)), "Unknown");
        assert_eq!(of("http.keda.sh/v1alpha1", "HTTPScaledObject", &json!({})), "Unknown");
    }

    #[test]
    fn keda_is_waited_for_where_it_says_that_it_has_not_paused() {
        let conditions = |status: &str| json!({ "status": { "conditions": [{ "type": "Paused", "status": status }] } });
        let keda = id("keda.sh/v1alpha1", "ScaledObject");
        for (live, expected) in [
            (conditions("False"), true),
            (conditions("Unknown"), true),
            (conditions("True"), false),
            (json!({}), false),
        ] {
            assert_eq!(waits_for_pause(&keda, &live), expected, "{live}");
        }
        assert!(!waits_for_pause(&id("example.com/v1", "X"), &conditions("False")));
    }
}
