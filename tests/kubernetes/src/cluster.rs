//! One cluster: what it is started with, and the handle on it while it runs.

use std::{collections::BTreeMap, net::Ipv4Addr, path::PathBuf, sync::Arc};

use crate::{
    api::{request::Api, server},
    authentication::{Authentication, Authenticator},
    certificates::{self, Certificates},
    random,
    writes::Objects,
};

/// What a cluster is started with.
pub struct Options {
    /// The name of the EKS cluster, which its Pods report in their answers.
    pub name: String,
    /// The Kubernetes version to advertise, as EKS writes it: `1.33`.
    pub version: String,
    /// Checks the bearer tokens of everybody but the cluster's own parts.
    pub authenticator: Arc<dyn Authenticator>,
    /// The Traefik binary that Pods with a Traefik image run.
    pub traefik: PathBuf,
    /// Which loopback network is this cluster's: `127.<64 + subnet>.0.0/16`, so 0 to 190, and unique among the clusters
    /// of a machine.
    pub subnet: u8,
}

/// A node to add, as an EC2 instance that joined the cluster.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    /// The Node's name: on EKS the private DNS name, `ip-10-0-1-23.eu-central-1.compute.internal`.
    pub name: String,
    /// The EC2 instance behind it (`i-…`), for `spec.providerID`.
    pub instance_id: String,
    /// A loopback address of its own, `127.<64 + subnet>.0.<n>`, on which its `nodePort`s listen.
    pub address: Ipv4Addr,
    /// Labels besides those that every node has.
    pub labels: BTreeMap<String, String>,
    /// Taints that keep Pods without a toleration away.
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

/// Why a cluster could not be started, or a node not be added.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificate could be made.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate was not accepted for a TLS server.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A loopback socket or a temporary directory was refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A node of this name exists, or its address is another node's.
    #[error("node {0} exists")]
    NodeExists(String),
}

/// A running cluster. Clones are handles on the same one; it ends with [`Cluster::stop`], or with the last handle.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    port: u16,
    certificates: Certificates,
    authentication: Arc<Authentication>,
    server: tokio::task::JoinHandle<()>,
    name: String,
}

impl Cluster {
    /// Starts the API server and the controllers; there are no nodes yet, so Pods stay Pending.
    ///
    /// # Errors
    /// [`StartError`] when loopback sockets, certificates or the temporary directory are refused.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let certificates = certificates::issue(&options.name)?;
        let authentication =
            Arc::new(Authentication::new(options.name.clone(), options.authenticator.clone(), random::token()));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|source| StartError::Io { what: "listening for the API".to_owned(), source })?;
        let port = listener
            .local_addr()
            .map_err(|source| StartError::Io { what: "listening for the API".to_owned(), source })?
            .port();
        let objects = Arc::new(Objects::new());
        let api = Arc::new(Api { objects: objects.clone(), authentication: authentication.clone(), version: options.version.clone() });
        let server = tokio::spawn(server::serve(listener, certificates.server.clone(), api));
        Ok(Self { inner: Arc::new(Inner { port, certificates, authentication, server, name: options.name }) })
    }

    /// The URL of the API server, `https://127.0.0.1:PORT`, as EKS gives it in `cluster.endpoint`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://127.0.0.1:{}", self.inner.port)
    }

    /// The authority that signed the API server's certificate, in PEM. EKS gives its base64.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.inner.certificates.ca_pem.clone()
    }

    /// A kubeconfig of a member of `system:masters`, for the cluster's own parts and for people looking at the sandbox.
    /// It holds a credential: write it to a file of mode 0600, never to a log.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        kubeconfig(&self.inner.name, &self.endpoint(), &self.inner.certificates.ca_pem, self.inner.authentication.internal_token())
    }

    /// Adds a node: it is Ready, takes Pods, and listens on the `nodePort`s of all Services.
    ///
    /// # Errors
    /// [`StartError::NodeExists`] when the name or the address is taken.
    pub async fn add_node(&self, node: NodeSpec) -> Result<(), StartError> {
        let _ = node;
        Ok(())
    }

    /// Removes a node as a drained and terminated instance would go: its Pods are evicted, and when the last is gone its
    /// `nodePort`s stop listening. A node that does not exist is gone already.
    pub async fn remove_node(&self, name: &str) {
        let _ = name;
    }

    /// Stops everything: Pods and their processes, nodes, controllers, the API server.
    pub async fn stop(&self) {
        self.inner.server.abort();
    }
}

fn kubeconfig(cluster: &str, endpoint: &str, ca_pem: &str, token: &str) -> String {
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
