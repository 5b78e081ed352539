//! A cluster whose nodes and Pods are in this process.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use kubernetes::{Assets, Cluster, NodeSpec, Options};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{CLUSTER, Stage, Tokens};

/// The next loopback network: tests run in parallel, each with its own network.
static SUBNET: AtomicU8 = AtomicU8::new(100);

/// A cluster with one node.
pub(crate) struct Here {
    /// A namespace of it.
    pub(crate) stage: Stage,
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The first node's address.
    pub(crate) node: Ipv4Addr,
    subnet: u8,
}

impl Here {
    /// Starts one where Pods with Traefik's image run this binary, and all others are stand-ins.
    pub(crate) async fn start(traefik: PathBuf) -> Self {
        Self::start_on(None, traefik).await
    }

    /// The same, with a real control plane where its programs are given.
    pub(crate) async fn start_on(assets: Option<Assets>, traefik: PathBuf) -> Self {
        let subnet = SUBNET.fetch_add(1, Ordering::Relaxed);
        let options = Options {
            name: CLUSTER.to_owned(),
            version: "1.33".to_owned(),
            authenticator: Arc::new(Tokens),
            traefik,
            subnet,
            assets,
        };
        let cluster = Cluster::start(options).await.unwrap();
        let stage = Stage::make(&cluster.kubeconfig(), format!("test-{subnet}"), "33").await;
        let here = Self { stage, cluster, node: Ipv4Addr::new(127, 64 + subnet, 0, 1), subnet };
        here.add_node(1).await;
        here
    }

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
