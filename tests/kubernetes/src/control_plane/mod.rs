//! A real control plane: the programs of Kubernetes on loopback, with their data in a temporary directory.

mod administrator;
mod assets;
mod commands;
mod relay;
mod review;
mod server;

use std::{
    fs::File,
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) use administrator::Administrator;
use commands::{Ports, file};
use http::{Method, StatusCode};
use rustls::ServerConfig;
use serde_json::{Value, json};
use server::Server;
use tokio::{net::TcpListener, task::JoinSet};

pub use assets::Assets;
pub use relay::{Relay, Witness};

use crate::{
    authentication::Authenticator,
    certificates,
    cluster::{self, NodeSpec, StartError},
    directory,
    mirror::{Mirror, Translation},
    nodes,
    process::{self, Process},
    random,
};

/// The longest that the API server takes to be ready; on two busy processors it was seen to take half a minute.
const START: Duration = Duration::from_mins(2);

/// Time from SIGTERM to SIGKILL.
const STOP: Duration = Duration::from_secs(2);

/// How much of a log an error shows.
const TAIL: usize = 4000;

/// Which programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// etcd and kube-apiserver: objects are stored and nothing else happens to them.
    Api,
    /// kube-controller-manager, kube-scheduler and kwok too, which keeps nodes Ready; somebody else runs Pods.
    Nodes,
    /// The same, where kwok says that Pods run.
    All,
}

/// A running control plane. Its programs are killed when this is dropped, and when this process dies.
pub struct ControlPlane {
    name: String,
    ports: Ports,
    ca_pem: String,
    /// With the certificate of the API server, for relays in front of it.
    tls: Arc<ServerConfig>,
    administrator: Administrator,
    directory: PathBuf,
    /// In the order in which they started.
    programs: Vec<Process>,
    /// The webhook, which ends with this.
    _tasks: JoinSet<()>,
}

impl ControlPlane {
    /// Starts the programs and waits until the API server is ready. `name` is that of the EKS cluster, and `authenticator` is
    /// asked by the API server for bearer tokens. The group `view` has the role of that name, as in the cluster in this process.
    ///
    /// # Errors
    /// [`StartError`] if files or sockets cannot be made, or a program ends or is not ready within two minutes.
    pub async fn start(
        assets: &Assets,
        name: &str,
        authenticator: Arc<dyn Authenticator>,
        parts: Parts,
    ) -> Result<Self, StartError> {
        let io = |what: &str| {
            let what = what.to_owned();
            move |source| StartError::Io { what, source }
        };
        let issued = certificates::issue(name)?;
        let directory = directory::create(name).map_err(io("creating the control plane's directory"))?;
        let free = free_ports().map_err(io("looking for free ports"))?;
        let webhook = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(io("listening for the webhook"))?;
        let webhook_port = webhook.local_addr().map_err(io("listening for the webhook"))?.port();
        let mut tasks = JoinSet::new();
        tasks.spawn(review::serve(webhook, name.to_owned(), authenticator));
        let token = random::token();
        let mut plane = Self {
            name: name.to_owned(),
            ports: free,
            administrator: Administrator::new(Server::new(free.api, &issued.ca_pem)?, token.clone()),
            ca_pem: issued.ca_pem,
            tls: issued.server,
            directory,
            programs: Vec::new(),
            _tasks: tasks,
        };
        let (signing, verifying) = certificates::signing_keys()?;
        let files = [
            (file::AUTHORITY, plane.ca_pem.clone()),
            (file::CERTIFICATE, issued.server_pem),
            (file::KEY, issued.server_key_pem),
            (file::SIGNING, signing),
            (file::VERIFYING, verifying),
            (file::TOKENS, format!("{token},system:admin,system:admin,system:masters\n")),
            (file::ANONYMOUS, commands::anonymous().to_string()),
            (file::WEBHOOK, commands::webhook(webhook_port).to_string()),
            (file::KUBECONFIG, plane.kubeconfig()),
            (file::STAGES, commands::stages(parts == Parts::All)),
        ];
        for (file, text) in files {
            directory::write_private(&plane.directory.join(file), &text).map_err(io(file))?;
        }
        plane.run(assets, "etcd", commands::etcd(&plane.directory, free))?;
        plane.run(assets, "kube-apiserver", commands::api_server(&plane.directory, free))?;
        plane.ready().await?;
        if parts != Parts::Api {
            plane.run(assets, "kube-controller-manager", commands::controller_manager(&plane.directory))?;
            plane.run(assets, "kube-scheduler", commands::scheduler(&plane.directory))?;
            plane.run(assets, "kwok", commands::kwok(&plane.directory))?;
        }
        plane.make("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &view()).await?;
        if parts != Parts::Api {
            plane.controlled().await?;
        }
        Ok(plane)
    }

    /// The URL of the API server, `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api)
    }

    /// The port of the API server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.api
    }

    /// The CA certificate of the API server in PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A kubeconfig with a token of `system:masters`. Never log it; write it only to files of mode 0600.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_at(&self.endpoint())
    }

    /// The same by way of a relay.
    pub(crate) fn kubeconfig_at(&self, endpoint: &str) -> String {
        cluster::kubeconfig(&self.name, endpoint, &self.ca_pem, self.administrator.token())
    }

    /// Starts a relay in front of the API server, under its certificate, that tells of the method of every request.
    ///
    /// # Errors
    /// [`StartError::Io`] if it cannot listen.
    pub async fn relay(&self, witness: Witness) -> Result<Relay, StartError> {
        self.relay_with(relay::Manner { witness: Some(witness), replacement: None }).await
    }

    /// A mirror of what nodes see, for the cluster with this number of a loopback network, and the relay by which its Pods see the API
    /// server: with the addresses of this machine.
    pub(crate) async fn mirror(&self, subnet: u8, tasks: &mut JoinSet<()>) -> Result<(Arc<Mirror>, Relay), StartError> {
        let translation = Translation::of(subnet);
        let (from, to) = translation.beginnings();
        let replacement = Some(Arc::new(relay::Replacement { from, to }));
        let relay = self.relay_with(relay::Manner { witness: None, replacement }).await?;
        let mirror = Mirror::start(&self.administrator.at(relay.port()), translation, tasks);
        Ok((mirror, relay))
    }

    /// The same in a certain manner.
    async fn relay_with(&self, manner: relay::Manner) -> Result<Relay, StartError> {
        let started = Relay::start(self.administrator.server().clone(), self.tls.clone(), manner).await;
        started.map_err(|source| StartError::Io { what: "listening for a relay".to_owned(), source })
    }

    /// Adds a node. Where kwok says that its Pods are running there are no containers, and nothing answers.
    ///
    /// # Errors
    /// [`StartError::NodeExists`] if another node has the name.
    pub async fn add_node(&self, node: &NodeSpec) -> Result<(), StartError> {
        let (object, status) = nodes::object(node, "1.37");
        self.make("/api/v1/nodes", &object).await?;
        let body = json!({"status": status});
        let path = format!("/api/v1/nodes/{}/status", node.name);
        let sent = self.administrator.send(Method::PATCH, &path, Some(("application/merge-patch+json", &body))).await;
        self.judged(sent, "did not take the status of a node").map(drop)
    }

    /// Creates an object.
    async fn make(&self, collection: &str, object: &Value) -> Result<(), StartError> {
        match self.administrator.send(Method::POST, collection, Some(("application/json", object))).await {
            Ok((StatusCode::CONFLICT, _)) => {
                Err(StartError::NodeExists(object["metadata"]["name"].as_str().unwrap_or_default().to_owned()))
            }
            sent => self.judged(sent, &format!("did not create what was sent to {collection}")).map(drop),
        }
    }

    fn judged(&self, sent: io::Result<(StatusCode, Value)>, fault: &str) -> Result<Value, StartError> {
        match sent {
            Ok((status, body)) if status.is_success() => Ok(body),
            Ok((status, body)) => Err(self.fault("kube-apiserver", format!("{fault}: {status} {body}"))),
            Err(error) => Err(self.fault("kube-apiserver", format!("{fault}: {error}"))),
        }
    }

    fn run(&mut self, assets: &Assets, program: &'static str, arguments: Vec<String>) -> Result<(), StartError> {
        let io = |source| StartError::Io { what: format!("starting {program}"), source };
        let log = File::create(self.log(program)).map_err(io)?;
        let mut command = process::command(&assets.program(program));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", &self.directory)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(io)?)
            .stderr(log);
        self.programs.push(Process::start(command).map_err(io)?);
        Ok(())
    }

    /// Waits until the API server says that it is ready, with its own initial objects made.
    async fn ready(&self) -> Result<(), StartError> {
        let end = Instant::now() + START;
        loop {
            for (program, process) in ["etcd", "kube-apiserver"].into_iter().zip(&self.programs) {
                if process.has_ended() {
                    return Err(self.fault(program, "ended".to_owned()));
                }
            }
            if let Ok((StatusCode::OK, _)) = self.administrator.send(Method::GET, "/readyz", None).await {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(self.fault("kube-apiserver", format!("was not ready within {} s", START.as_secs())));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until the controllers work: one of them fills in the role `view`
    /// (<https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles>).
    async fn controlled(&self) -> Result<(), StartError> {
        let end = Instant::now() + START;
        loop {
            let role = self
                .administrator
                .send(Method::GET, "/apis/rbac.authorization.k8s.io/v1/clusterroles/view", None)
                .await;
            let role = self.judged(role, "did not show the role view")?;
            if role["rules"].as_array().is_some_and(|rules| !rules.is_empty()) {
                return Ok(());
            }
            for (program, process) in
                ["kube-controller-manager", "kube-scheduler", "kwok"].into_iter().zip(&self.programs[2..])
            {
                if process.has_ended() {
                    return Err(self.fault(program, "ended".to_owned()));
                }
            }
            if Instant::now() > end {
                let fault = format!("did not fill in the role view within {} s", START.as_secs());
                return Err(self.fault("kube-controller-manager", fault));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn log(&self, program: &str) -> PathBuf {
        self.directory.join(format!("{program}.log"))
    }

    fn fault(&self, program: &'static str, fault: String) -> StartError {
        StartError::Program { program, fault, log: tail(&self.log(program)) }
    }

    /// Ends the programs, the last one first, and removes the directory.
    pub async fn stop(mut self) {
        while let Some(mut program) = self.programs.pop() {
            program.stop(STOP).await;
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.programs.clear();
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            tracing::warn!(%error, directory = %self.directory.display(), "the directory cannot be removed");
        }
    }
}

/// The binding of EKS's access policies that the cluster in this process has as well.
fn view() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "view"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "view"}],
    })
}

/// Ports that nothing listens on. Another process may take one before a program listens on it; then the start fails.
fn free_ports() -> io::Result<Ports> {
    let bound: Vec<std::net::TcpListener> =
        (0..3).map(|_| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    let port = |index: usize| bound[index].local_addr().map(|address| address.port());
    Ok(Ports { etcd: port(0)?, peers: port(1)?, api: port(2)? })
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]).into_owned()
}
