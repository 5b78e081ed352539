//! A new control plane, and what is on it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use kubernetes::{Assets, ControlPlane, Parts};
use sandbox::bench::{
    limit::Server,
    objects,
    stand_in::{CLUSTER, Everybody, Stored},
    versions,
};
use serde_json::Value;

/// The longest that a test waits for controllers; on busy processors they take their time.
const PATIENCE: Duration = Duration::from_mins(3);

/// For so long nothing is written once controllers have settled.
const QUIET: Duration = Duration::from_secs(2);

/// Every object by kind, namespace and name, with its version.
pub(crate) type Versions = BTreeMap<String, String>;

/// A control plane without nodes.
pub(crate) struct Arena {
    pub(crate) plane: ControlPlane,
    pub(crate) server: Server,
}

impl Arena {
    pub(crate) async fn open(assets: &Assets, parts: Parts) -> Self {
        let plane = ControlPlane::start(assets, CLUSTER, Arc::new(Everybody), parts).await.unwrap();
        let server = Server::new(plane.endpoint(), plane.ca_pem(), "test".to_owned()).unwrap();
        Self { plane, server }
    }

    /// The versions of all objects, once nothing has been written for a while.
    pub(crate) async fn settled(&self) -> Versions {
        let end = Instant::now() + PATIENCE;
        let mut found = versions::read(&self.server).await.unwrap();
        let mut since = Instant::now();
        while since.elapsed() < QUIET {
            assert!(Instant::now() < end, "the controllers do not settle");
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = versions::read(&self.server).await.unwrap();
            if now != found {
                (found, since) = (now, Instant::now());
            }
        }
        found
    }

    /// Waits until the names of all objects are these.
    pub(crate) async fn holds_only(&self, names: &[String]) {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = versions::read(&self.server).await.unwrap();
            let more: Vec<&String> = found.keys().filter(|name| !names.contains(name)).collect();
            if more.is_empty() && found.len() == names.len() {
                return;
            }
            assert!(Instant::now() < end, "left: {more:?}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Objects that own no field.
const BARE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: bare}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: bare, namespace: bare}}
";

/// The bundles of tests/data that others have written, with one of objects that have nothing but names, and their objects.
pub(crate) fn bundles() -> (Vec<Stored>, Vec<Value>) {
    let texts = [
        ("online-boutique.yaml", include_str!("../../../data/online-boutique.yaml")),
        ("bare.yaml", BARE),
        ("kube-prometheus.yaml", include_str!("../../../data/kube-prometheus.yaml")),
    ];
    let stored = texts.iter().map(|(key, text)| Stored::new(key, Arc::from(*text))).collect();
    let objects = texts.iter().flat_map(|(_, text)| objects::read(text).unwrap()).collect();
    (stored, objects)
}
