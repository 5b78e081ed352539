//! Clusters: options, start, nodes and stop.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};

use crate::{
    api::{request::Api, server},
    authentication::{Authentication, Authenticator},
    bootstrap,
    certificates::{self, Certificates},
    controllers::{self, pods},
    directory,
    kubelet::{self, Surroundings},
    nodes, object,
    proxy::{self, Routes},
    random,
    store::Resource,
    writes::Objects,
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
    port: u16,
    certificates: Certificates,
    authentication: Arc<Authentication>,
    objects: Arc<Objects>,
    options: Options,
    directory: PathBuf,
    routes: Routes,
    /// Tasks of API server, controllers and kubelet, aborted when the cluster ends.
    tasks: Mutex<JoinSet<()>>,
    nodes: Mutex<HashMap<String, Node>>,
}

struct Node {
    address: Ipv4Addr,
    proxy: AbortHandle,
}

impl Cluster {
    /// Starts the API server and the controllers. There are no nodes yet, so Pods stay Pending.
    ///
    /// # Errors
    /// [`StartError`] if a loopback socket, the certificates or the temporary directory cannot be created.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let certificates = certificates::issue(&options.name)?;
        let authentication =
            Arc::new(Authentication::new(options.name.clone(), options.authenticator.clone(), random::token()));
        let io = |what: &str| {
            let what = what.to_owned();
            move |source| StartError::Io { what, source }
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(io("listening for the API"))?;
        let port = listener.local_addr().map_err(io("listening for the API"))?.port();
        let directory = directory::create(&options.name).map_err(io("creating the cluster's directory"))?;

        let objects = Arc::new(Objects::new());
        bootstrap::furnish(&objects, port);
        let api =
            Api { objects: objects.clone(), authentication: authentication.clone(), version: options.version.clone() };
        let (sender, routes) = proxy::routes();
        let surroundings = Arc::new(Surroundings::new(
            objects.clone(),
            options.name.clone(),
            options.traefik.clone(),
            directory.clone(),
            options.subnet,
        ));
        let kubeconfig_file = surroundings.kubeconfig();
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, certificates.server.clone(), Arc::new(api)));
        tasks.spawn(controllers::run(objects.clone(), certificates.ca_pem.clone()));
        tasks.spawn(proxy::watch_services(objects.clone(), sender));
        tasks.spawn(kubelet::run(surroundings));
        let (tasks, nodes) = (Mutex::new(tasks), Mutex::default());
        let inner = Inner { port, certificates, authentication, objects, options, directory, routes, tasks, nodes };
        let cluster = Self { inner: Arc::new(inner) };
        directory::write_private(&kubeconfig_file, &cluster.kubeconfig())
            .map_err(io("writing the cluster's kubeconfig"))?;
        Ok(cluster)
    }

    /// The URL of the API server, `https://127.0.0.1:PORT`, for `cluster.endpoint` of EKS.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://127.0.0.1:{}", self.inner.port)
    }

    /// The CA certificate of the API server in PEM. EKS returns it in base64.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.inner.certificates.ca_pem.clone()
    }

    /// A kubeconfig with a token of `system:masters`, for the cluster's own components and for users of the sandbox. Never
    /// log it; write it only to files of mode 0600.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        let token = self.inner.authentication.internal_token();
        kubeconfig(&self.inner.options.name, &self.endpoint(), &self.inner.certificates.ca_pem, token)
    }

    /// Adds a node, which is Ready and listens on the `nodePort`s of all Services.
    ///
    /// # Errors
    /// [`StartError::NodeExists`] if another node has the name or the address.
    // Async, since joining may take time in other implementations.
    #[allow(clippy::unused_async, reason = "the signature is the one of an instance that boots")]
    pub async fn add_node(&self, node: NodeSpec) -> Result<(), StartError> {
        let inner = &self.inner;
        let mut nodes = inner.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if nodes.contains_key(&node.name) || nodes.values().any(|other| other.address == node.address) {
            return Err(StartError::NodeExists(node.name));
        }
        let proxy = proxy::serve_node(node.name.clone(), node.address, inner.routes.clone());
        let proxy = inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(proxy);
        let (object, status) = nodes::object(&node, &inner.options.version);
        let resource = Resource::core("nodes");
        if inner.objects.make(&resource, "", object).is_none() {
            proxy.abort();
            return Err(StartError::NodeExists(node.name));
        }
        inner.objects.modify(&resource, "", &node.name, |node| node["status"] = status);
        nodes.insert(node.name, Node { address: node.address, proxy });
        Ok(())
    }

    /// Drains and removes a node: evicts its Pods, and stops listening on `nodePort`s after the last Pod is gone. Does nothing
    /// if there is no such node.
    pub async fn remove_node(&self, name: &str) {
        let objects = &self.inner.objects;
        let nodes = Resource::core("nodes");
        objects.modify(&nodes, "", name, |node| node["spec"]["unschedulable"] = true.into());
        let left = Instant::now() + EVICTION;
        loop {
            let of_node = |pod: &Arc<Value>| object::text(pod, "/spec/nodeName") == Some(name);
            let pods: Vec<_> = objects.store.all(&pods::resource()).into_iter().filter(of_node).collect();
            if pods.is_empty() || Instant::now() > left {
                break;
            }
            for pod in pods.iter().filter(|pod| !object::is_terminating(pod)) {
                objects.discard(&pods::resource(), pod);
            }
            // DaemonSets tolerate cordons and would recreate their Pods, so the Node is deleted before those Pods.
            if pods.iter().all(|pod| object::controller(pod).is_some_and(|owner| owner["kind"] == "DaemonSet")) {
                self.forget_node_object(name);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.forget_node_object(name);
        let node = self.inner.nodes.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(node) = node {
            node.proxy.abort();
        }
    }

    fn forget_node_object(&self, name: &str) {
        let nodes = Resource::core("nodes");
        if let Some(node) = self.inner.objects.store.get(&nodes, "", name) {
            self.inner.objects.discard(&nodes, &node);
        }
    }

    /// Stops Pods and their processes, nodes, controllers and the API server.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        self.inner.nodes.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
