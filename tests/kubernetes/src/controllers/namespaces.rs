//! Namespaces: default objects and deletion
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/>).

use serde_json::{Value, json};

use crate::{deletion::Options, object, store::Resource, writes::Objects};

pub(super) fn reconcile(objects: &Objects, ca_pem: &str) {
    for namespace in objects.store.all(&Resource::core("namespaces")) {
        if object::is_terminating(&namespace) {
            end(objects, &namespace);
        } else {
            furnish(objects, object::name(&namespace), ca_pem);
        }
    }
}

/// Creates the default `ServiceAccount` and the `ConfigMap` with the cluster's CA certificate.
fn furnish(objects: &Objects, namespace: &str, ca_pem: &str) {
    let furniture = [
        ("serviceaccounts", "ServiceAccount", "default", Value::Null),
        ("configmaps", "ConfigMap", "kube-root-ca.crt", json!({"ca.crt": ca_pem})),
    ];
    for (plural, kind, name, data) in furniture {
        if objects.store.get(&Resource::core(plural), namespace, name).is_none() {
            let mut made = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
            if data.is_object() {
                made["data"] = data;
            }
            objects.make(&Resource::core(plural), namespace, made);
        }
    }
}

/// Deletes the contents of a terminating namespace, then the namespace.
fn end(objects: &Objects, namespace: &Value) {
    let name = object::name(namespace);
    let contents = objects.store.contents(name);
    for (resource, object) in &contents {
        if object::is_terminating(object) {
            continue;
        }
        let Some(kind) = objects.kinds.of(resource) else { continue };
        if let Err(status) = objects.delete(&kind, name, object::name(object), &Options::default()) {
            tracing::debug!(status.message, "the object is deleted already");
        }
    }
    if contents.is_empty() {
        objects
            .modify(&Resource::core("namespaces"), "", name, |namespace| namespace["spec"]["finalizers"] = json!([]));
    }
}
