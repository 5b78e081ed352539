//! The stand-in for kube-proxy: a TCP listener for each node port on every node, which relays connections to the Pods of the
//! Service (<https://kubernetes.io/docs/reference/networking/virtual-ips/>). kube-proxy rewrites packets in the kernel; with a
//! relay, Pods see a loopback address of this machine as the client.

mod table;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use table::Table;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::{controllers::slices, observed::Observed, store::Resource};

/// Time-out of connections to Pods.
const CONNECT: Duration = Duration::from_secs(5);

/// The table of node ports, watched by all nodes.
pub(crate) type Routes = watch::Receiver<Arc<Table>>;

/// Updates the table on every change until it is aborted.
pub(crate) async fn watch_services(observed: Arc<Observed>, routes: watch::Sender<Arc<Table>>) {
    let services = Resource::core("services");
    let store = observed.store();
    let mut of_services = store.changes_of(&services);
    let mut of_slices = store.changes_of(&slices());
    loop {
        of_services.mark_unchanged();
        of_slices.mark_unchanged();
        let new = table::build(&store.all(&services), &store.all(&slices()));
        routes.send_if_modified(|table| {
            let changed = **table != new;
            if changed {
                *table = Arc::new(new);
            }
            changed
        });
        tokio::select! {
            changed = of_services.changed() => if changed.is_err() { return },
            changed = of_slices.changed() => if changed.is_err() { return },
        }
    }
}

/// An empty table and its sender.
pub(crate) fn routes() -> (watch::Sender<Arc<Table>>, Routes) {
    watch::channel(Arc::new(Table::default()))
}

/// Listens on the ports of one node. Aborting it closes all connections.
pub(crate) async fn serve_node(node: String, address: Ipv4Addr, mut routes: Routes) {
    let mut listeners: HashMap<u16, tokio::task::AbortHandle> = HashMap::new();
    let mut tasks = JoinSet::new();
    loop {
        let table = routes.borrow_and_update().clone();
        listeners.retain(|port, task| {
            let wanted = table.ports.contains_key(port) || table.checks.contains_key(port);
            if !wanted {
                task.abort();
            }
            wanted && !task.is_finished()
        });
        for port in table.ports.keys().chain(table.checks.keys()) {
            if listeners.contains_key(port) {
                continue;
            }
            match TcpListener::bind(SocketAddr::from((address, *port))).await {
                Ok(listener) => {
                    let task = listen(listener, *port, node.clone(), routes.clone());
                    listeners.insert(*port, tasks.spawn(task));
                }
                Err(error) => tracing::warn!(node, port, %error, "a node port is taken on this machine"),
            }
        }
        tokio::select! {
            changed = routes.changed() => if changed.is_err() { return },
            Some(_) = tasks.join_next() => {}
        }
    }
}

async fn listen(listener: TcpListener, port: u16, node: String, routes: Routes) {
    // Connections end with the node and, unlike those in a kernel, with the Service.
    let mut connections = JoinSet::new();
    let turn = AtomicUsize::new(0);
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let table = routes.borrow().clone();
                if let Some(backend) = table.checks.get(&port) {
                    connections.spawn(report(client, backend.service.clone(), backend.local_ready(&node)));
                } else if let Some(backend) = table.ports.get(&port) {
                    let usable = backend.usable(&node);
                    if let Some(address) = usable.get(turn.fetch_add(1, Ordering::Relaxed) % usable.len().max(1)) {
                        connections.spawn(relay(client, *address));
                    }
                    // Without an endpoint the connection is closed; kube-proxy would reject it.
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn relay(mut client: TcpStream, address: SocketAddr) {
    let relayed = async {
        let mut pod = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await.map_err(io::Error::from)??;
        pod.set_nodelay(true)?;
        client.set_nodelay(true)?;
        tokio::io::copy_bidirectional(&mut client, &mut pod).await
    };
    if let Err(error) = relayed.await {
        tracing::debug!(%address, %error, "a connection ended");
    }
}

/// Answers a load balancer's health check like kube-proxy: 200 if a Pod of the Service is ready on the node, else 503.
async fn report(mut client: TcpStream, service: String, ready: usize) {
    let reported = async {
        let mut request = [0; 1024];
        let _ = client.read(&mut request).await?;
        let (namespace, name) = service.split_once('/').unwrap_or_default();
        let body = serde_json::json!({
            "service": {"namespace": namespace, "name": name}, "localEndpoints": ready, "serviceProxyHealthy": true,
        })
        .to_string();
        let status = if ready > 0 { "200 OK" } else { "503 Service Unavailable" };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        client.write_all(answer.as_bytes()).await?;
        client.shutdown().await
    };
    if let Err(error) = reported.await {
        tracing::debug!(%error, "a health check connection ended");
    }
}
