//! Test clusters and clients for them.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt, ready};
use kube::{
    Client, Config,
    api::{Api, DynamicObject, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, GroupVersionKind},
    discovery::{self, Scope},
};
use kubernetes::{Authenticator, Cluster, Identity, NodeSpec, Options};
use sandbox::{project::Project, python::Python};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An authenticator with two tokens.
struct Tokens;

impl Authenticator for Tokens {
    fn authenticate(&self, cluster: String, bearer: String) -> BoxFuture<'static, Result<Identity, String>> {
        let group = match bearer.as_str() {
            "administrator" => "system:masters",
            "reader" => "view",
            _ => return ready(Err(format!("unknown in {cluster}"))).boxed(),
        };
        ready(Ok(Identity { username: bearer, groups: vec![group.to_owned()] })).boxed()
    }
}

/// The next loopback network: tests run in parallel, each with its own network.
static SUBNET: AtomicU8 = AtomicU8::new(100);

/// A cluster with one node.
pub(crate) struct Stage {
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The first node's address.
    pub(crate) node: Ipv4Addr,
    subnet: u8,
}

/// kubectl and Traefik, installed by the sandbox.
pub(crate) async fn tools() -> Python {
    let project = Project::locate().await.unwrap();
    Python::prepare(&project, &|line| eprintln!("{line}")).await.unwrap()
}

/// A cluster with one node, whose Pods are all stand-ins.
pub(crate) async fn stage() -> Stage {
    stage_with(PathBuf::new()).await
}

/// A cluster with one node, where Pods with Traefik's image run this binary.
pub(crate) async fn stage_with(traefik: PathBuf) -> Stage {
    let subnet = SUBNET.fetch_add(1, Ordering::Relaxed);
    let options = Options {
        name: "shop-blue".to_owned(),
        version: "1.33".to_owned(),
        authenticator: Arc::new(Tokens),
        traefik,
        subnet,
    };
    let cluster = Cluster::start(options).await.unwrap();
    let stage = Stage { cluster, node: Ipv4Addr::new(127, 64 + subnet, 0, 1), subnet };
    stage.add_node(1).await;
    stage
}

impl Stage {
    /// Adds the node of this number.
    pub(crate) async fn add_node(&self, number: u8) -> String {
        let node = NodeSpec {
            name: format!("ip-10-0-0-{number}.eu-central-1.compute.internal"),
            instance_id: format!("i-{number:017}"),
            address: Ipv4Addr::new(127, 64 + self.subnet, 0, number),
            labels: BTreeMap::from([("eks.amazonaws.com/nodegroup".to_owned(), "workers".to_owned())]),
            taints: Vec::new(),
        };
        let name = node.name.clone();
        self.cluster.add_node(node).await.unwrap();
        name
    }

    /// A client that presents a token.
    pub(crate) async fn client_with(&self, token: &str) -> Client {
        self.client_as(&serde_json::json!({"token": token})).await
    }

    /// A client without a token.
    pub(crate) async fn anonymous(&self) -> Client {
        self.client_as(&serde_json::json!({})).await
    }

    async fn client_as(&self, user: &Value) -> Client {
        let mut kubeconfig = Kubeconfig::from_yaml(&self.cluster.kubeconfig()).unwrap();
        kubeconfig.auth_infos[0].auth_info = Some(serde_json::from_value(user.clone()).unwrap());
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Client::try_from(config).unwrap()
    }

    /// A client with all permissions.
    pub(crate) async fn client(&self) -> Client {
        self.client_with("administrator").await
    }
}

/// The objects of a file in tests/data.
pub(crate) fn data(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    documents.into_iter().filter(Value::is_object).collect()
}

/// Applies objects in order and waits until definitions are Established.
pub(crate) async fn apply(client: &Client, objects: &[Value]) {
    for object in objects {
        let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let name = object.metadata.name.clone().unwrap();
        let api = api_of(client, &object).await;
        api.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(&object)).await.unwrap();
        if object.types.as_ref().unwrap().kind == "CustomResourceDefinition" {
            eventually("established", async || {
                let definition = api.get(&name).await.unwrap();
                has_condition(&definition.data, "Established").then_some(())
            })
            .await;
        }
    }
}

async fn api_of(client: &Client, object: &DynamicObject) -> Api<DynamicObject> {
    let kind = GroupVersionKind::try_from(object.types.as_ref().unwrap()).unwrap();
    let (resource, capabilities) = discovery::pinned_kind(client, &kind).await.unwrap();
    match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.metadata.namespace.as_deref().unwrap_or("default");
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    }
}

/// An API for any kind in the default namespace.
pub(crate) fn dynamic(client: &Client, group: &str, version: &str, kind: &str, plural: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(group, version, kind);
    Api::default_namespaced_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, plural))
}

/// Whether a condition is True.
pub(crate) fn has_condition(object: &Value, kind: &str) -> bool {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// Polls until there is a result.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "not within 20 seconds: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends a GET over a new connection, and returns the status and the body if it is JSON.
pub(crate) async fn get(address: SocketAddr, host: &str, path: &str) -> Option<(u16, Value)> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nx-api-key: secret\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.get(9..12)?.parse().ok()?;
        let body = answer.split_once("\r\n\r\n")?.1;
        Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    };
    tokio::time::timeout(Duration::from_secs(5), exchange).await.ok()?
}
