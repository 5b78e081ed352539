//! Lists whose items have a key, with one key twice. A client-side apply of `kubectl`, which blue may have been made by, takes them;
//! a server-side apply refuses them with 500 (kubernetes/kubernetes#113482).

use super::{Object, workload};
use serde_json::Value;

/// The lists of a container and their keys, as `x-kubernetes-list-map-keys` of Kubernetes' API description has them
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>).
const OF_A_CONTAINER: [(&str, &[&str]); 4] = [
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
];

/// The lists of Pods and their keys.
const OF_PODS: [(&str, &[&str]); 4] =
    [("containers", &["name"]), ("initContainers", &["name"]), ("volumes", &["name"]), ("imagePullSecrets", &["name"])];

/// Every key that stands twice in a list of the object, such as `spec.containers[web].env has the name A twice`.
#[must_use]
pub fn of(object: &Object) -> Vec<String> {
    let mut found = Vec::new();
    if object.id.kind == "Service" && object.id.group().is_empty() {
        collect(&object.value["spec"], "spec", &[("ports", &["port", "protocol"])], &mut found);
    }
    let pods = workload::is_workload(&object.id).then(|| workload::pod_spec(&object.id.kind, &object.value)).flatten();
    if let Some(spec) = pods {
        collect(spec, "spec", &OF_PODS, &mut found);
        for list in ["initContainers", "containers"] {
            for container in spec[list].as_array().into_iter().flatten() {
                let path = format!("spec.{list}[{}]", container["name"].as_str().unwrap_or_default());
                collect(container, &path, &OF_A_CONTAINER, &mut found);
            }
        }
    }
    found
}

fn collect(within: &Value, path: &str, lists: &[(&str, &[&str])], found: &mut Vec<String>) {
    for (list, keys) in lists {
        let key = |item: &Value| keys.iter().map(|&name| part(item, name)).collect::<Vec<_>>().join(" ");
        let all: Vec<String> = within[*list].as_array().into_iter().flatten().map(key).collect();
        let mut twice: Vec<&String> =
            all.iter().enumerate().filter(|(at, key)| all[..*at].contains(key)).map(|(_, key)| key).collect();
        twice.sort();
        twice.dedup();
        found.extend(twice.into_iter().map(|key| format!("{path}.{list} has the {} {key} twice", keys.join(" and "))));
    }
}

/// One part of a key; the protocol of a port is TCP where it is not said.
fn part(item: &Value, name: &str) -> String {
    match &item[name] {
        Value::String(text) => text.clone(),
        Value::Null if name == "protocol" => "TCP".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_that_stands_twice_is_named_with_its_list() {
        let of = |value: Value| of(&Object::new(1, 1, value).unwrap());
        let container = json!({
            "name": "web",
            "env": [{ "name": "A", "value": "1" }, { "name": "B" }, { "name": "A", "value": "2" }],
            "ports": [{ "containerPort": 80 }, { "containerPort": 80, "protocol": "UDP" }, { "containerPort": 80, "protocol": "TCP" }],
        });
        let spec = json!({ "containers": [container], "volumes": [{ "name": "v" }] });
        let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "template": { "spec": spec } } });
        assert_eq!(
            of(deployment),
            [
                "spec.containers[web].env has the name A twice",
                "spec.containers[web].ports has the containerPort and protocol 80 TCP twice"
            ]
        );
        let service = |ports: Value| json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" }, "spec": { "ports": ports } });
        assert_eq!(of(service(json!([{ "port": 53, "protocol": "UDP" }, { "port": 53 }]))), [""; 0]);
        assert_eq!(
            of(service(json!([{ "port": 80 }, { "port": 80 }]))),
            ["spec.ports has the port and protocol 80 TCP twice"]
        );
    }
}
