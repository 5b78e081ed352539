//! The stand-in for the kubelet, which runs the Pods that have a node.

mod addresses;
mod lifecycle;
mod probe;
mod stand_in;
mod status;
mod traefik;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use addresses::Addresses;
use tokio::task::JoinSet;

use crate::{controllers::pods, object, observed::Observed};

/// Settings for all Pods of a cluster.
pub(crate) struct Surroundings {
    pub(crate) observed: Arc<Observed>,
    /// The name of the cluster, which stand-in Pods report.
    pub(crate) cluster: String,
    /// The Traefik binary.
    pub(crate) traefik: PathBuf,
    /// The cluster's directory, with the kubeconfig that Traefik reads.
    pub(crate) directory: PathBuf,
    addresses: Addresses,
}

impl Surroundings {
    pub(crate) fn new(
        observed: Arc<Observed>,
        cluster: String,
        traefik: PathBuf,
        directory: PathBuf,
        subnet: u8,
    ) -> Self {
        Self { observed, cluster, traefik, directory, addresses: Addresses::new(subnet) }
    }

    /// The kubeconfig of the cluster's own components.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.directory.join("kubeconfig")
    }
}

/// Runs Pods. Aborting it ends all Pods.
pub(crate) async fn run(surroundings: Arc<Surroundings>) {
    let store = surroundings.observed.store();
    let mut changes = store.changes_of(&pods::resource());
    let mut running: HashMap<String, tokio::task::AbortHandle> = HashMap::new();
    let mut tasks = JoinSet::new();
    loop {
        changes.mark_unchanged();
        let pods = store.all(&pods::resource());
        // A Pod runs once: one that has stopped may still be seen for a moment.
        running.retain(|uid, task| !task.is_finished() || pods.iter().any(|pod| object::uid(pod) == uid));
        for pod in pods {
            let placed = object::text(&pod, "/spec/nodeName").is_some_and(|node| !node.is_empty());
            if placed && !running.contains_key(object::uid(&pod)) && !pods::has_ended(&pod) {
                let task = tasks.spawn(lifecycle::run(surroundings.clone(), pod.clone()));
                running.insert(object::uid(&pod).to_owned(), task);
            }
        }
        tokio::select! {
            news = changes.changed() => if news.is_err() { return },
            Some(_) = tasks.join_next() => {}
        }
    }
}
