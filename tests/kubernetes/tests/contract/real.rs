//! The real API server, which all tests share: each has a namespace of its own.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use kubernetes::{Assets, ControlPlane, NodeSpec, Parts};
use tokio::runtime::Runtime;

use crate::support::{CLUSTER, Stage, Tokens};

/// Started by the first test that needs it.
pub(crate) struct Real {
    assets: Assets,
    /// Lives longer than the runtimes of the tests.
    runtime: Runtime,
    plane: OnceLock<Result<ControlPlane, String>>,
    namespaces: AtomicU32,
}

impl Real {
    pub(crate) fn new(assets: Assets) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { assets, runtime, plane: OnceLock::new(), namespaces: AtomicU32::new(1) }
    }

    /// The programs.
    pub(crate) fn assets(&self) -> Assets {
        self.assets.clone()
    }

    /// A namespace of a test.
    pub(crate) async fn stage(self: Arc<Self>) -> Stage {
        let namespace = format!("test-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        let kubeconfig = tokio::task::spawn_blocking(move || {
            let start = || self.runtime.block_on(start(&self.assets));
            self.plane.get_or_init(start).as_ref().map(ControlPlane::kubeconfig).map_err(Clone::clone)
        });
        let kubeconfig = kubeconfig.await.unwrap();
        let kubeconfig = kubeconfig.unwrap_or_else(|error| panic!("the control plane does not start: {error}"));
        Stage::make(&kubeconfig, namespace, "37").await
    }

    /// Ends the programs.
    pub(crate) fn stop(self: Arc<Self>) {
        let Some(real) = Arc::into_inner(self) else { return };
        if let Some(Ok(plane)) = real.plane.into_inner() {
            real.runtime.block_on(plane.stop());
        }
    }
}

async fn start(assets: &Assets) -> Result<ControlPlane, String> {
    let plane = ControlPlane::start(assets, CLUSTER, Arc::new(Tokens), Parts::All).await;
    let plane = plane.map_err(|error| error.to_string())?;
    for number in 1..=2 {
        let node = NodeSpec {
            name: format!("ip-10-0-0-{number}.eu-central-1.compute.internal"),
            instance_id: format!("i-{number:017}"),
            address: Ipv4Addr::new(10, 0, 0, number),
            labels: BTreeMap::new(),
            taints: Vec::new(),
        };
        plane.add_node(&node).await.map_err(|error| error.to_string())?;
    }
    Ok(plane)
}
