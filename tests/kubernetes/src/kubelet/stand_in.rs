//! The stand-in for a container: an HTTP server on every port of the Pod that answers with its Pod and the request. It answers
//! 200 on every path, which satisfies all HTTP probes. Other protocols are not served on its ports.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::Surroundings;
use crate::{controllers::moved_annotation, object, observed::Observed, selector::Selector, store::Resource};

/// Time that requests in flight get when a Pod stops.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The phase of a Pod's termination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Answers requests and closes each connection after its answer.
    Closing,
    Stopped,
}

/// The identity of a Pod in its answers.
struct Identity {
    cluster: String,
    namespace: String,
    service: String,
    pod: String,
    node: String,
}

/// A running stand-in.
pub(crate) struct StandIn {
    pod: Arc<Value>,
    address: Ipv4Addr,
    identity: Arc<Identity>,
    stage: watch::Sender<Stage>,
    open: BTreeSet<u16>,
    listeners: JoinSet<()>,
}

impl StandIn {
    pub(crate) fn new(surroundings: &Surroundings, pod: &Arc<Value>, address: Ipv4Addr) -> Self {
        let label = |key| object::label(pod, key).map(str::to_owned);
        let identity = Identity {
            cluster: surroundings.cluster.clone(),
            namespace: object::namespace(pod).to_owned(),
            service: label("app.kubernetes.io/name").or_else(|| label("app")).unwrap_or_default(),
            pod: object::name(pod).to_owned(),
            node: object::text(pod, "/spec/nodeName").unwrap_or_default().to_owned(),
        };
        Self {
            pod: pod.clone(),
            address,
            identity: Arc::new(identity),
            stage: watch::channel(Stage::Serving).0,
            open: BTreeSet::new(),
            listeners: JoinSet::new(),
        }
    }

    /// Opens the ports that are not open yet.
    pub(crate) async fn listen(&mut self, observed: &Observed) {
        for port in ports(&self.pod, observed) {
            if !self.open.insert(port) {
                continue;
            }
            match bind(self.address, port).await {
                Ok((listener, bound)) => {
                    if bound != port {
                        self.tell_moved(observed, port, bound);
                    }
                    self.listeners.spawn(accept(listener, self.identity.clone(), self.stage.subscribe()));
                }
                Err(error) => tracing::warn!(address = %self.address, port, %error, "a Pod's port cannot be opened"),
            }
        }
    }

    /// Annotates the Pod with a port's number on this machine, for the `EndpointSlices`.
    fn tell_moved(&self, observed: &Observed, port: u16, bound: u16) {
        observed.annotate(&self.pod, &moved_annotation(port), &bound.to_string());
    }

    /// Closes every connection after its next answer, so that clients do not reuse connections to this Pod.
    pub(crate) fn close_connections_after_answers(&self) {
        self.stage.send_replace(Stage::Closing);
    }

    /// Stops listening, waits for requests in flight, and ends.
    pub(crate) async fn stop(&mut self) {
        self.stage.send_replace(Stage::Stopped);
        let finished = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_ANSWERS, finished).await.is_err() {
            self.listeners.shutdown().await;
        }
    }
}

/// Binds a Pod's port. If the kernel reserves ports below 1024 for root (`net.ipv4.ip_unprivileged_port_start`), the port on
/// this machine is higher by 20,000.
async fn bind(address: Ipv4Addr, port: u16) -> io::Result<(TcpListener, u16)> {
    match TcpListener::bind(SocketAddr::from((address, port))).await {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && port < 1024 => {
            let moved = port + 20_000;
            Ok((TcpListener::bind(SocketAddr::from((address, moved))).await?, moved))
        }
        bound => Ok((bound?, port)),
    }
}

/// The ports of a Pod: declared by containers, used by probes, and targets of Services.
fn ports(pod: &Value, observed: &Observed) -> BTreeSet<u16> {
    let mut ports = BTreeSet::new();
    let mut add = |port: &Value| ports.extend(port.as_u64().and_then(|port| u16::try_from(port).ok()));
    for container in object::list(pod, "/spec/containers") {
        for port in object::list(container, "/ports").iter().filter(|port| port["protocol"] != "UDP") {
            add(&port["containerPort"]);
        }
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            for kind in ["httpGet", "tcpSocket", "grpc"] {
                add(&container[probe][kind]["port"]);
            }
        }
    }
    for service in observed.store().list(&Resource::core("services"), Some(object::namespace(pod))).0 {
        let selector = object::map(&service, "/spec/selector").filter(|selector| !selector.is_empty());
        if selector.is_some_and(|selector| Selector::from_map(selector).selects(pod)) {
            for port in object::list(&service, "/spec/ports") {
                add(&port["targetPort"]);
            }
        }
    }
    ports
}

async fn accept(listener: TcpListener, identity: Arc<Identity>, mut stage: watch::Receiver<Stage>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, identity.clone(), stage.clone()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stage) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stopped(stage: &mut watch::Receiver<Stage>) {
    // The sender is dropped when the Pod is gone.
    let _ = stage.wait_for(|stage| *stage == Stage::Stopped).await;
}

async fn serve(stream: TcpStream, peer: SocketAddr, identity: Arc<Identity>, mut stage: watch::Receiver<Stage>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let current = stage.clone();
    let service = service_fn(move |request| {
        let (identity, closing) = (identity.clone(), *current.borrow() >= Stage::Closing);
        async move { Ok::<_, Infallible>(answer(&identity, peer, request, closing).await) }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopped(&mut stage) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(
    identity: &Identity,
    peer: SocketAddr,
    request: Request<Incoming>,
    closing: bool,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let length = body.collect().await.map(|body| body.to_bytes().len()).unwrap_or_default();
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let answer = json!({
        "cluster": identity.cluster, "namespace": identity.namespace, "service": identity.service, "pod": identity.pod,
        "node": identity.node,
        "request": {
            "method": head.method.as_str(), "path": head.uri.path(), "query": head.uri.query(), "host": host,
            "headers": headers(&head.headers), "bodyBytes": length, "peer": peer.ip().to_string(),
        },
    });
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(cluster) = HeaderValue::from_str(&identity.cluster) {
        response.headers_mut().insert("x-served-by-cluster", cluster);
    }
    if closing {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The request headers in the answer: those that proxies add, and the client's user agent. Credentials are never returned. An
/// `x-api-key` should not arrive here, so its presence is reported without its value.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let shown = |name: &str| {
        name.starts_with("x-forwarded-")
            || name.starts_with("x-amzn-")
            || matches!(name, "x-real-ip" | "user-agent" | "accept" | "content-type" | "via" | "forwarded")
    };
    let mut seen: BTreeMap<String, String> = headers
        .iter()
        .filter(|(name, _)| shown(name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    if headers.contains_key("x-api-key") {
        seen.insert("x-api-key".to_owned(), "(present)".to_owned());
    }
    seen
}
