//! Clusters: options, start, nodes and stop.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};

use crate::{
    authentication::Authenticator,
    control_plane::{Assets, ControlPlane, Relay},
    controllers::{self, Fargate, FargateProfile, Provisioned, pods},
    directory,
    kubelet::{self, Surroundings},
    mirror, nodes, object,
    observed::Observed,
    proxy::{self, Routes},
    start::Started,
    store::Resource,
};

/// Time that the Pods of a removed node have to terminate; then they are deleted with it.
const EVICTION: Duration = Duration::from_secs(30);

/// Options of a cluster.
pub struct Options {
    /// The name of the EKS cluster, which stand-in Pods report in their answers.
    pub name: String,
    /// The Kubernetes version in EKS's format: `1.33`.
    pub version: String,
    /// Authenticates bearer tokens, other than that of the cluster's own components.
    pub authenticator: Arc<dyn Authenticator>,
    /// The Traefik binary, started for Pods with a Traefik image.
    pub traefik: PathBuf,
    /// Number of the cluster's loopback network `127.<64 + subnet>.0.0/16`: 0 to 190, and unique among the clusters of a
    /// machine.
    pub subnet: u8,
    /// With the programs of a control plane the cluster has a real one, in the version that these are; without, the one in this process.
    pub assets: Option<Assets>,
}

/// A node to add: an EC2 instance that joins the cluster.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    /// The Node's name; on EKS the private DNS name, such as `ip-10-0-1-23.eu-central-1.compute.internal`.
    pub name: String,
    /// The id of its EC2 instance (`i-…`), for `spec.providerID`.
    pub instance_id: String,
    /// Its loopback address, `127.<64 + subnet>.0.<n>`, on which its `nodePort`s listen.
    pub address: Ipv4Addr,
    /// Labels in addition to those of every node.
    pub labels: BTreeMap<String, String>,
    /// Taints.
    pub taints: Vec<Taint>,
}

/// A taint of a node (<https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// The taint's key.
    pub key: String,
    /// The taint's value, possibly empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// Errors of starting a cluster or adding a node.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The certificates could not be generated.
    #[error("generating certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS server rejected the certificate.
    #[error("configuring TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A loopback socket or a temporary directory could not be created.
    #[error("{what}: {source}")]
    Io {
        /// The operation that failed.
        what: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A node with this name or address exists.
    #[error("node {0} exists")]
    NodeExists(String),
    /// A program of a control plane ended, or did not answer in time.
    #[error("{program} {fault}; the end of its log:\n{log}")]
    Program {
        /// The program.
        program: &'static str,
        /// What it did or did not do.
        fault: String,
        /// The last lines that it wrote.
        log: String,
    },
}

/// A running cluster. Clones share it; it ends with [`Cluster::stop`] or when the last clone is dropped.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: String,
    ca_pem: String,
    kubeconfig: String,
    observed: Arc<Observed>,
    options: Options,
    directory: PathBuf,
    routes: Routes,
    /// Tasks of API server, controllers and kubelet, aborted when the cluster ends.
    tasks: Mutex<JoinSet<()>>,
    nodes: Mutex<HashMap<String, Node>>,
    /// The real control plane, where the cluster has one, and the relay that Pods reach it by.
    real: tokio::sync::Mutex<Option<(ControlPlane, Relay)>>,
}

struct Node {
    address: Ipv4Addr,
    proxy: AbortHandle,
}

impl Cluster {
    /// Starts the API server and the controllers. There are no nodes yet, so Pods stay Pending.
    ///
    /// # Errors
    /// [`StartError`] if a loopback socket, the certificates or the temporary directory cannot be created, or a program of a real
    /// control plane ends.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let io = |what: &str| {
            let what = what.to_owned();
            move |source| StartError::Io { what, source }
        };
        let directory = directory::create(&options.name).map_err(io("creating the cluster's directory"))?;
        let started = Started::new(&options).await?;
        let Started { endpoint, ca_pem, kubeconfig, observed, mut tasks, .. } = started;
        let (sender, routes) = proxy::routes();
        let surroundings = Arc::new(Surroundings::new(
            observed.clone(),
            options.name.clone(),
            options.traefik.clone(),
            directory.clone(),
            options.subnet,
        ));
        directory::write_private(&surroundings.kubeconfig(), &started.kubeconfig_of_pods)
            .map_err(io("writing the cluster's kubeconfig"))?;
        tasks.spawn(proxy::watch_services(observed.clone(), sender));
        tasks.spawn(kubelet::run(surroundings));
        let inner = Inner {
            endpoint,
            ca_pem,
            kubeconfig,
            observed,
            options,
            directory,
            routes,
            tasks: Mutex::new(tasks),
            nodes: Mutex::default(),
            real: tokio::sync::Mutex::new(started.real),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The URL of the API server, `https://127.0.0.1:PORT`, for `cluster.endpoint` of EKS.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.inner.endpoint.clone()
    }

    /// The CA certificate of the API server in PEM. EKS returns it in base64.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.inner.ca_pem.clone()
    }

    /// A kubeconfig with a token of `system:masters`, for the cluster's own components and for users of the sandbox. Never
    /// log it; write it only to files of mode 0600.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        self.inner.kubeconfig.clone()
    }

    /// The volumes that the stand-in for the driver of Amazon EBS has made; a real control plane has no such driver, and none of them.
    #[must_use]
    pub fn provisioned(&self) -> Vec<Provisioned> {
        match &*self.inner.observed {
            Observed::Here(objects) => controllers::provisioned(&objects.store),
            Observed::There(_) => Vec::new(),
        }
    }

    /// Says which volume of Amazon EBS is behind one that the stand-in for its driver has made.
    pub fn made(&self, volume: &str, handle: &str) {
        if let Observed::Here(objects) = &*self.inner.observed {
            controllers::made(objects, volume, handle);
        }
    }

    /// Says which Pods run on Fargate from now on; those of a profile that is not there any more are deleted. A real control plane has no
    /// such scheduler here: its Pods stay on nodes.
    pub fn set_fargate_profiles(&self, profiles: Vec<FargateProfile>) {
        if let Observed::Here(objects) = &*self.inner.observed {
            let version = self.inner.options.version.clone();
            *objects.fargate.lock().unwrap_or_else(PoisonError::into_inner) = Fargate { version, profiles };
        }
    }

    /// Adds a node, which is Ready and listens on the `nodePort`s of all Services.
    ///
    /// # Errors
    /// [`StartError::NodeExists`] if another node has the name or the address.
    pub async fn add_node(&self, node: NodeSpec) -> Result<(), StartError> {
        let inner = &self.inner;
        let exists = || StartError::NodeExists(node.name.clone());
        {
            let mut nodes = inner.nodes.lock().unwrap_or_else(PoisonError::into_inner);
            if nodes.contains_key(&node.name) || nodes.values().any(|other| other.address == node.address) {
                return Err(exists());
            }
            let proxy = proxy::serve_node(node.name.clone(), node.address, inner.routes.clone());
            let proxy = inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(proxy);
            nodes.insert(node.name.clone(), Node { address: node.address, proxy });
        }
        let made = match &*inner.observed {
            Observed::Here(objects) => {
                nodes::make(objects, &node, &inner.options.version).then_some(()).ok_or_else(exists)
            }
            Observed::There(_) => match &*inner.real.lock().await {
                Some((plane, _)) => plane.add_node(&mirror::outward(&node)).await,
                // It was stopped meanwhile.
                None => Ok(()),
            },
        };
        if made.is_err() {
            self.forget(&node.name);
        }
        made
    }

    /// Drains and removes a node: evicts its Pods, stops listening on `nodePort`s after the last Pod is gone, and returns when the
    /// API server has the Node no more; a real one takes a deletion a moment after it was asked. Does nothing if there is no
    /// such node.
    pub async fn remove_node(&self, name: &str) {
        let observed = &self.inner.observed;
        observed.cordon(name);
        let left = Instant::now() + EVICTION;
        loop {
            let of_node = |pod: &Arc<Value>| object::text(pod, "/spec/nodeName") == Some(name);
            let pods: Vec<_> = observed.store().all(&pods::resource()).into_iter().filter(of_node).collect();
            if pods.is_empty() || Instant::now() > left {
                break;
            }
            for pod in pods.iter().filter(|pod| !object::is_terminating(pod)) {
                observed.delete(&pods::resource(), pod);
            }
            // DaemonSets tolerate cordons and would recreate their Pods, so the Node is deleted before those Pods.
            if pods.iter().all(|pod| object::controller(pod).is_some_and(|owner| owner["kind"] == "DaemonSet")) {
                self.delete_node_object(name);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.delete_node_object(name);
        self.forget(name);
        let (nodes, left) = (Resource::core("nodes"), Instant::now() + EVICTION);
        while observed.store().get(&nodes, "", name).is_some() && Instant::now() < left {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends what listens on the ports of a node.
    fn forget(&self, name: &str) {
        let node = self.inner.nodes.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(node) = node {
            node.proxy.abort();
        }
    }

    fn delete_node_object(&self, name: &str) {
        let nodes = Resource::core("nodes");
        if let Some(node) = self.inner.observed.store().get(&nodes, "", name) {
            self.inner.observed.delete(&nodes, &node);
        }
    }

    /// Stops Pods and their processes, nodes, controllers and the API server.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        self.inner.nodes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let real = self.inner.real.lock().await.take();
        if let Some((plane, _)) = real {
            plane.stop().await;
        }
        self.inner.remove_directory();
    }
}

impl Inner {
    fn remove_directory(&self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, directory = %self.directory.display(), "the directory cannot be removed");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.remove_directory();
    }
}

/// A kubeconfig for a cluster with one user.
pub(crate) fn kubeconfig(cluster: &str, endpoint: &str, ca_pem: &str, token: &str) -> String {
    use base64::Engine as _;
    let ca = base64::engine::general_purpose::STANDARD.encode(ca_pem);
    serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": cluster,
        "clusters": [{"name": cluster, "cluster": {"server": endpoint, "certificate-authority-data": ca}}],
        "users": [{"name": "system:admin", "user": {"token": token}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "system:admin"}}],
    })
    .to_string()
}
