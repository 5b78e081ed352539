//! Whether a live object is already what an apply would make of it. Field management tells exactly which fields an applier owns
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>), so that a list of a kind says for hundreds of
//! objects at once what an apply of each would say for one. Wherever there is a doubt the answer is no, and the object is sent.

use crate::{object::is_built_in, ports::kubernetes::FIELD_MANAGER};
use serde_json::{Map, Value};

/// Whether applying `wanted` would change nothing: Bascule applied exactly these fields, and all of them still have these values.
#[must_use]
pub fn is_applied(live: &Value, wanted: &Value) -> bool {
    let Some(wanted_fields) = wanted.as_object() else { return false };
    let nothing = Map::new();
    // Who applies no fields is no manager: an object with nothing but a name.
    let fields = match entry(live) {
        Some(entry) if entry["apiVersion"] == wanted["apiVersion"] => entry["fieldsV1"].as_object().unwrap_or(&nothing),
        Some(_) => return false,
        None => &nothing,
    };
    // Who the object is belongs to nobody, and an apply to the object itself never sets a status of Kubernetes' own kinds.
    let drops_status = wanted["apiVersion"].as_str().is_some_and(is_built_in);
    let nobodys = |name: &str| matches!(name, "apiVersion" | "kind") || (name == "status" && drops_status);
    let mut owned = fields.len();
    for (name, value) in wanted_fields.iter().filter(|(name, _)| !nobodys(name)) {
        if name == "metadata" {
            let mut metadata = value.clone();
            if let Some(metadata) = metadata.as_object_mut() {
                metadata.retain(|name, _| !matches!(name.as_str(), "name" | "namespace"));
            }
            if metadata.as_object().is_some_and(Map::is_empty) {
                continue;
            }
            if !member(fields, name).is_some_and(|fields| is_same(fields, &metadata, &live[name])) {
                return false;
            }
        } else if !member(fields, name).is_some_and(|fields| is_same(fields, value, &live[name])) {
            return false;
        }
        owned -= 1;
    }
    owned == 0
}

/// Whether applying `wanted` owns no field, as with a namespace that has a name and nothing else. Who applies none is no manager of
/// the object, and an API server that finds objects without managers writes who made the fields that it has before it applies
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply>).
#[must_use]
pub fn owns_nothing(wanted: &Value) -> bool {
    is_applied(&Value::Null, wanted)
}

/// Whether Bascule has applied this object at some time.
#[must_use]
pub fn was_applied(live: &Value) -> bool {
    entry(live).is_some()
}

fn entry(live: &Value) -> Option<&Value> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    entries.iter().find(|entry| {
        entry["manager"] == FIELD_MANAGER
            && entry["operation"] == "Apply"
            && entry["subresource"].as_str().is_none_or(str::is_empty)
    })
}

fn member<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    fields.get(&format!("f:{name}"))?.as_object()
}

fn is_same(fields: &Map<String, Value>, wanted: &Value, live: &Value) -> bool {
    // `.` is the thing itself, as `k:` and `f:` are what is in it.
    let inner = fields.keys().filter(|name| *name != ".").count();
    if inner == 0 {
        return is_whole(wanted, live);
    }
    match wanted {
        Value::Object(values) => {
            values.len() == inner
                && values.iter().all(|(name, value)| {
                    member(fields, name).is_some_and(|fields| is_same(fields, value, &live[name.as_str()]))
                })
        }
        Value::Array(items) => items.len() == inner && are_same(fields, items, live),
        _ => false,
    }
}

/// Defaults of fields that an API server fills in where a manifest leaves them out, in what an applier owns as a whole: a field that the
/// manifest has beside it, its name, and its default. Of references to fields and resources, ports of network policies, subjects of
/// role bindings, projected tokens, and templates of claims
/// (<https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/defaults.go>, and of networking and rbac).
const DEFAULTS: [(&str, &str, &str); 6] = [
    ("fieldPath", "apiVersion", "\"v1\""),
    ("resource", "divisor", "\"0\""),
    ("port", "protocol", "\"TCP\""),
    ("kind", "apiGroup", "\"rbac.authorization.k8s.io\""),
    ("path", "expirationSeconds", "3600"),
    ("accessModes", "volumeMode", "\"Filesystem\""),
];

/// Whether what is owned as a whole is as wanted, up to defaults, which an apply would fill in again.
fn is_whole(wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            wanted.iter().all(|(name, value)| live.get(name).is_some_and(|live| is_whole(value, live)))
                && live.iter().all(|(name, value)| wanted.contains_key(name) || is_default(wanted, name, value))
        }
        (Value::Array(wanted), Value::Array(live)) => {
            wanted.len() == live.len() && wanted.iter().zip(live).all(|(wanted, live)| is_whole(wanted, live))
        }
        _ => wanted == live,
    }
}

fn is_default(wanted: &Map<String, Value>, name: &str, value: &Value) -> bool {
    let mut defaults = DEFAULTS.iter().filter(|(beside, of, _)| *of == name && wanted.contains_key(*beside));
    let value = value.to_string();
    defaults.any(|(_, _, default)| *default == value)
}

/// The items of a list that has keys or is a set: each is owned, is as wanted, and comes in the order that is wanted.
fn are_same(fields: &Map<String, Value>, items: &[Value], live: &Value) -> bool {
    let Some(live) = live.as_array() else { return false };
    let mut last = None;
    for item in items {
        let mut owned = fields.iter().filter_map(|(name, fields)| Some((key(name, item)?, fields.as_object()?)));
        let Some((key, fields)) = owned.next() else { return false };
        let place = live.iter().position(|live| match &key {
            Key::Fields(key) => key.iter().all(|(name, value)| live[name.as_str()] == *value),
            Key::Value(value) => live == value,
        });
        let in_order = place.is_some_and(|place| last.is_none_or(|last| place > last));
        let same = place.is_some_and(|place| matches!(key, Key::Value(_)) || is_same(fields, item, &live[place]));
        if !in_order || !same {
            return false;
        }
        last = place;
    }
    true
}

/// What a list tells its items apart by.
enum Key {
    Fields(Map<String, Value>),
    Value(Value),
}

/// The key in this name of a field set (`k:{"name":"web"}`, `v:"a"`) where it is that of the item.
fn key(name: &str, item: &Value) -> Option<Key> {
    let (kind, key) = name.split_once(':')?;
    let key: Value = serde_json::from_str(key).ok().filter(|_| matches!(kind, "k" | "v"))?;
    match (kind, key) {
        ("k", Value::Object(key)) => {
            let is = |(name, value): (&String, &Value)| {
                // What the item leaves out has its default, and the only key with one is the protocol of a port.
                item[name.as_str()] == *value
                    || (name == "protocol" && item[name.as_str()].is_null() && *value == "TCP")
            };
            key.iter().all(is).then_some(Key::Fields(key))
        }
        ("v", value) => (*item == value).then_some(Key::Value(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "web", "namespace": "shop", "labels": { "app": "web" } },
            "spec": {
                "replicas": 2,
                "template": { "spec": { "containers": [
                    { "name": "web", "image": "web:1", "ports": [{ "containerPort": 80 }], "args": ["-v"], "resources": {} },
                ] } },
            },
        })
    }

    /// As an API server answers after it has taken [`wanted`], with defaults, a status, and a container that somebody injected.
    fn live() -> Value {
        json!({
            "metadata": {
                "name": "web", "namespace": "shop", "labels": { "app": "web", "more": "x" }, "resourceVersion": "7",
                "managedFields": [
                    { "manager": "bascule", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": {
                        "f:metadata": { "f:labels": { "f:app": {} } },
                        "f:spec": {
                            "f:replicas": {},
                            "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"web\"}": {
                                ".": {}, "f:name": {}, "f:image": {}, "f:args": {}, "f:resources": {},
                                "f:ports": { "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:containerPort": {} } },
                            } } } },
                        },
                    } },
                    { "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1", "subresource": "status", "fieldsV1": {} },
                ],
            },
            "spec": {
                "replicas": 2, "progressDeadlineSeconds": 600,
                "template": { "spec": { "containers": [
                    { "name": "proxy", "image": "mesh:1" },
                    { "name": "web", "image": "web:1", "ports": [{ "containerPort": 80, "protocol": "TCP" }], "args": ["-v"], "resources": {}, "imagePullPolicy": "Always" },
                ] } },
            },
            "status": { "replicas": 2 },
        })
    }

    fn changed(mut object: Value, path: &str, value: Value) -> Value {
        *object.pointer_mut(path).unwrap() = value;
        object
    }

    #[test]
    fn what_was_applied_and_is_as_it_was_needs_no_apply() {
        assert!(is_applied(&live(), &wanted()));
        assert!(was_applied(&live()));
    }

    #[test]
    fn whatever_an_apply_would_change_is_seen() {
        let container = "/spec/template/spec/containers/0";
        for (what, path, value) in [
            ("a value", "/spec/replicas", json!(3)),
            ("a value in a list with keys", "/spec/template/spec/containers/0/image", json!("web:2")),
            ("an atomic list", "/spec/template/spec/containers/0/args", json!(["-v", "-w"])),
            (
                "an item more",
                "/spec/template/spec/containers/0/ports",
                json!([{ "containerPort": 80 }, { "containerPort": 81 }]),
            ),
            ("an item less", "/spec/template/spec/containers/0/ports", json!([])),
            (
                "another key",
                "/spec/template/spec/containers/0/ports",
                json!([{ "containerPort": 80, "protocol": "UDP" }]),
            ),
            ("a field less", container, json!({ "name": "web", "image": "web:1" })),
            ("a label more", "/metadata/labels", json!({ "app": "web", "more": "x" })),
            ("no labels", "/metadata", json!({ "name": "web" })),
            ("another version", "/apiVersion", json!("apps/v1beta1")),
        ] {
            assert!(!is_applied(&live(), &changed(wanted(), path, value)), "{what}");
        }
    }

    #[test]
    fn what_others_changed_since_is_seen() {
        for (what, path, value) in [
            ("a value", "/spec/replicas", json!(9)),
            ("an item that is gone", "/spec/template/spec/containers", json!([{ "name": "proxy" }])),
            ("the manager", "/metadata/managedFields/0/manager", json!("kubectl")),
            ("the operation", "/metadata/managedFields/0/operation", json!("Update")),
            ("the part", "/metadata/managedFields/0/subresource", json!("scale")),
        ] {
            let mut live = live();
            live["metadata"]["managedFields"][0]["subresource"] = json!("");
            assert!(!is_applied(&changed(live, path, value), &wanted()), "{what}");
        }
    }

    /// As an API server keeps a variable and a rule of a network policy that were applied without what has a default.
    #[test]
    fn defaults_in_what_is_owned_as_a_whole_are_no_change() {
        let reference = |path: &str| json!({ "fieldPath": path });
        let policy = |port: Value| json!([{ "ports": [port] }]);
        for (wanted, live, expected) in [
            (reference("metadata.name"), json!({ "apiVersion": "v1", "fieldPath": "metadata.name" }), true),
            (reference("metadata.name"), json!({ "apiVersion": "v2", "fieldPath": "metadata.name" }), false),
            (reference("metadata.name"), json!({ "apiVersion": "v1", "fieldPath": "metadata.uid" }), false),
            (policy(json!({ "port": 80 })), policy(json!({ "port": 80, "protocol": "TCP" })), true),
            (policy(json!({ "port": 80 })), policy(json!({ "port": 80, "protocol": "UDP" })), false),
            (policy(json!({ "port": 80 })), json!([]), false),
            (json!({ "disk": "ssd" }), json!({ "disk": "ssd", "zone": "a" }), false),
            (json!({ "disk": "ssd", "zone": "a" }), json!({ "disk": "ssd" }), false),
        ] {
            assert_eq!(is_whole(&wanted, &live), expected, "{wanted} {live}");
        }
    }

    #[test]
    fn sets_are_compared_by_their_values_and_their_order() {
        let live = |finalizers: Value| {
            json!({ "metadata": { "finalizers": finalizers, "managedFields": [{
                "manager": "bascule", "operation": "Apply", "apiVersion": "v1",
                "fieldsV1": { "f:metadata": { "f:finalizers": { ".": {}, "v:\"a\"": {}, "v:\"b\"": {} } } },
            }] } })
        };
        let wanted = |finalizers: Value| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c", "finalizers": finalizers } });
        assert!(is_applied(&live(json!(["a", "x", "b"])), &wanted(json!(["a", "b"]))));
        assert!(!is_applied(&live(json!(["b", "a"])), &wanted(json!(["a", "b"]))));
        assert!(!is_applied(&live(json!(["a"])), &wanted(json!(["a", "b"]))));
        assert!(!is_applied(&live(json!(["a", "b"])), &wanted(json!(["a"]))));
    }

    /// As an API server keeps a `ServiceAccount` that was applied with nothing but a name.
    #[test]
    fn an_object_without_fields_is_there_once_it_is_there() {
        let wanted =
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "web", "namespace": "shop" } });
        assert!(is_applied(&json!({ "metadata": { "name": "web", "namespace": "shop", "uid": "u" } }), &wanted));
        assert!(owns_nothing(&wanted));
        let mut labelled = wanted.clone();
        labelled["metadata"]["labels"] = json!({ "app": "web" });
        assert!(!is_applied(&json!({ "metadata": { "name": "web", "labels": { "app": "web" } } }), &labelled));
        assert!(!owns_nothing(&labelled));
    }

    #[test]
    fn the_status_in_the_manifest_of_a_definition_is_nobodys() {
        let live = json!({ "metadata": { "managedFields": [{
            "manager": "bascule", "operation": "Apply", "apiVersion": "apiextensions.k8s.io/v1", "fieldsV1": { "f:spec": { "f:group": {} } },
        }] }, "spec": { "group": "example.com" }, "status": { "conditions": [1] } });
        let definition = |status: Value| json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "w" }, "spec": { "group": "example.com" }, "status": status });
        assert!(is_applied(&live, &definition(json!({ "conditions": [] }))));
        let mut other = definition(json!({}));
        other["apiVersion"] = json!("example.com/v1");
        let mut of_another = live.clone();
        of_another["metadata"]["managedFields"][0]["apiVersion"] = json!("example.com/v1");
        assert!(!is_applied(&of_another, &other));
    }
}
