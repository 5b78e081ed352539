//! Checks built-in objects by deserializing them into the types of `k8s-openapi`, which are generated from Kubernetes' API
//! description (1.33). Wrong types are refused and unknown fields dropped, as in the API server.

use k8s_openapi::{
    api::{
        admissionregistration::v1 as admission, apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch,
        coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery, events::v1 as events,
        networking::v1 as networking, node::v1 as node, policy::v1 as policy, rbac::v1 as rbac,
        scheduling::v1 as scheduling, storage::v1 as storage,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions,
    kube_aggregator::pkg::apis::apiregistration::v1 as apiregistration,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::kinds::Kind;

type RoundTrip = fn(&Value) -> Result<Value, String>;

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, String> {
    let typed = T::deserialize(object).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

/// Drops unknown fields and returns their paths.
///
/// # Errors
/// The path and type of a field with the wrong type.
pub(crate) fn prune(kind: &Kind, object: &mut Value) -> Result<Vec<String>, String> {
    let Some(round_trip) = round_trip(kind) else { return Ok(Vec::new()) };
    quantities_as_text(object);
    let typed = round_trip(object)?;
    let mut gone = Vec::new();
    retain_known(object, &typed, "", &mut gone);
    Ok(gone)
}

/// Converts quantities that are numbers to strings (`k8s.io/apimachinery/pkg/api/resource`).
fn quantities_as_text(value: &mut Value) {
    const MAPS: [&str; 11] = [
        "requests",
        "limits",
        "capacity",
        "allocatable",
        "hard",
        "used",
        "max",
        "min",
        "default",
        "defaultRequest",
        "overhead",
    ];
    const SINGLE: [&str; 3] = ["sizeLimit", "divisor", "averageValue"];
    let text = |value: &mut Value| {
        if value.is_number() {
            *value = Value::String(value.to_string());
        }
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if MAPS.contains(&key.as_str())
                    && let Some(quantities) = value.as_object_mut()
                {
                    quantities.values_mut().for_each(text);
                } else if SINGLE.contains(&key.as_str()) {
                    text(value);
                } else {
                    quantities_as_text(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(quantities_as_text),
        _ => {}
    }
}

fn retain_known(object: &mut Value, typed: &Value, path: &str, gone: &mut Vec<String>) {
    match (object, typed) {
        (Value::Object(map), Value::Object(known)) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (map.get_mut(&key), known.get(&key)) {
                    (Some(value), Some(typed)) => retain_known(value, typed, &inner, gone),
                    (Some(Value::Null), None) => {}
                    _ => {
                        map.shift_remove(&key);
                        gone.push(inner);
                    }
                }
            }
        }
        (Value::Array(list), Value::Array(known)) => {
            for (at, (item, typed)) in list.iter_mut().zip(known).enumerate() {
                retain_known(item, typed, &format!("{path}[{at}]"), gone);
            }
        }
        _ => {}
    }
}

#[allow(clippy::too_many_lines, reason = "one line for each kind")]
fn round_trip(kind: &Kind) -> Option<RoundTrip> {
    if kind.custom {
        return None;
    }
    Some(match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => through::<core::Namespace>,
        ("", "Node") => through::<core::Node>,
        ("", "PersistentVolume") => through::<core::PersistentVolume>,
        ("", "Pod") => through::<core::Pod>,
        ("", "Service") => through::<core::Service>,
        ("", "Endpoints") => through::<core::Endpoints>,
        ("", "ConfigMap") => through::<core::ConfigMap>,
        ("", "Secret") => through::<core::Secret>,
        ("", "ServiceAccount") => through::<core::ServiceAccount>,
        ("", "PersistentVolumeClaim") => through::<core::PersistentVolumeClaim>,
        ("", "LimitRange") => through::<core::LimitRange>,
        ("", "ResourceQuota") => through::<core::ResourceQuota>,
        ("", "ReplicationController") => through::<core::ReplicationController>,
        ("", "PodTemplate") => through::<core::PodTemplate>,
        ("", "Event") => through::<core::Event>,
        ("apps", "Deployment") => through::<apps::Deployment>,
        ("apps", "ReplicaSet") => through::<apps::ReplicaSet>,
        ("apps", "StatefulSet") => through::<apps::StatefulSet>,
        ("apps", "DaemonSet") => through::<apps::DaemonSet>,
        ("batch", "Job") => through::<batch::Job>,
        ("batch", "CronJob") => through::<batch::CronJob>,
        ("networking.k8s.io", "Ingress") => through::<networking::Ingress>,
        ("networking.k8s.io", "IngressClass") => through::<networking::IngressClass>,
        ("networking.k8s.io", "NetworkPolicy") => through::<networking::NetworkPolicy>,
        ("discovery.k8s.io", "EndpointSlice") => through::<discovery::EndpointSlice>,
        ("events.k8s.io", "Event") => through::<events::Event>,
        ("rbac.authorization.k8s.io", "Role") => through::<rbac::Role>,
        ("rbac.authorization.k8s.io", "RoleBinding") => through::<rbac::RoleBinding>,
        ("rbac.authorization.k8s.io", "ClusterRole") => through::<rbac::ClusterRole>,
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => through::<rbac::ClusterRoleBinding>,
        ("policy", "PodDisruptionBudget") => through::<policy::PodDisruptionBudget>,
        ("autoscaling", "HorizontalPodAutoscaler") => through::<autoscaling::HorizontalPodAutoscaler>,
        ("storage.k8s.io", "StorageClass") => through::<storage::StorageClass>,
        ("storage.k8s.io", "CSIDriver") => through::<storage::CSIDriver>,
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") => {
            through::<admission::ValidatingWebhookConfiguration>
        }
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") => {
            through::<admission::MutatingWebhookConfiguration>
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => through::<apiextensions::CustomResourceDefinition>,
        ("apiregistration.k8s.io", "APIService") => through::<apiregistration::APIService>,
        ("coordination.k8s.io", "Lease") => through::<coordination::Lease>,
        ("scheduling.k8s.io", "PriorityClass") => through::<scheduling::PriorityClass>,
        ("node.k8s.io", "RuntimeClass") => through::<node::RuntimeClass>,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::Kinds;

    #[test]
    fn a_wrong_type_is_refused_and_an_unknown_field_dropped_and_named() {
        let kind = Kinds::new().find("apps", "v1", "deployments").unwrap();
        let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 2, "replica": 3, "template": {
            "spec": {"containers": [{"name": "a", "image": "b", "imag": 1, "resources": {"requests": {"cpu": 1}}}]}}}});
        assert_eq!(prune(&kind, &mut object).unwrap(), ["spec.replica", "spec.template.spec.containers[0].imag"]);
        assert_eq!(object.pointer("/spec/template/spec/containers/0/resources/requests/cpu"), Some(&json!("1")));
        assert!(object["spec"].get("selector").is_none(), "what is missing stays missing");
        let mut wrong = json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": "two"}});
        assert!(prune(&kind, &mut wrong).is_err());
    }
}
