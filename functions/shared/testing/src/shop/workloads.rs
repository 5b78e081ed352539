//! What runs on the clusters.

use super::BLUE;
use crate::Account;
use domain::input::Host;
use domain::manifest::{Object, hold, workload};
use domain::plan::workloads::{Workload, Workloads};
use serde_json::{Value, json};

/// The URI of the shop's bundle.
pub const BUNDLE: &str = "s3://bucket/shop.yaml";

fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name, "namespace": "shop" }, "spec": spec })
}

pub(super) fn deployment(name: &str, replicas: i64, image: &str) -> Value {
    let template = json!({
        "metadata": { "labels": { "app": name } },
        "spec": { "containers": [{ "name": name, "image": image }] },
    });
    object("apps/v1", "Deployment", name, &json!({ "replicas": replicas, "template": template }))
}

pub(super) fn service(name: &str, spec: Value) -> Value {
    let mut service = object("v1", "Service", name, &json!({ "selector": { "app": name } }));
    if let (Some(all), Value::Object(more)) = (service["spec"].as_object_mut(), spec) {
        all.extend(more);
    }
    service
}

/// The bundle, as Kustomize renders it.
#[must_use]
pub fn manifests() -> Vec<Value> {
    vec![
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
        service("traefik", json!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 30_080 }] })),
        deployment("traefik", 1, "traefik:3"),
        service("web", json!({ "ports": [{ "port": 80 }] })),
        deployment("web", 2, "web:1"),
        deployment("consumer", 3, "consumer:1"),
        object("batch/v1", "CronJob", "nightly", &json!({ "schedule": "0 0 * * *" })),
        object("networking.k8s.io/v1", "Ingress", "shop", &json!({ "rules": [{ "host": "shop.example.com" }] })),
    ]
}

/// The bundle in S3, and blue as it runs: with more web servers than on a quiet day.
pub(super) fn put(account: &Account) {
    account.upload(BUNDLE, manifests());
    for manifest in manifests() {
        account.cluster(BLUE).put(manifest);
    }
    account.cluster(BLUE).put(deployment("web", 4, "web:1"));
}

pub(super) fn found(account: &Account) -> Workloads {
    let held = |kind: &str, name: &str| kind == "CronJob" || name == "consumer";
    let workloads = manifests().into_iter().filter_map(|value| Object::new(0, 0, value));
    let workloads =
        workloads.filter(|object| workload::is_workload(&object.id)).map(|Object { id, value, .. }| Workload {
            held: held(&id.kind, &id.name),
            images: workload::images(&id.kind, &value),
            replicas: workload::replicas(&id.kind, &value),
            autoscaled: false,
            resume: hold::suspension(&id, &value).map(|patches| patches.restore).unwrap_or_default(),
            id,
        });
    Workloads {
        bundles: vec![account.upload(BUNDLE, manifests())],
        workloads: workloads.collect(),
        hosts: vec![Host { primary: "shop.example.com".to_owned(), temporary: "green.example.com".to_owned() }],
        routes: 1,
        replace: Vec::new(),
        assumed: Vec::new(),
        volumes: Vec::new(),
        copies: Vec::new(),
        node_pools: Vec::new(),
    }
}
