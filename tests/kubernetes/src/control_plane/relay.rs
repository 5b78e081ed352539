//! A relay in front of a real API server, under the cluster's own certificate: it passes on requests and answers, watches too.

mod text;

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::{body::Incoming, client::conn::http1::SendRequest, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::server::Server;
use text::Replaced;
pub(super) use text::Replacement;

/// The longest that a client takes for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Is told of the method of every request before it is passed on.
pub type Witness = Arc<dyn Fn(&Method) + Send + Sync>;

/// What happens to what passes.
#[derive(Clone, Default)]
pub(super) struct Manner {
    pub(super) witness: Option<Witness>,
    /// What is replaced in answers.
    pub(super) replacement: Option<Arc<Replacement>>,
}

/// A running relay. It ends, with its connections, when it is dropped.
pub struct Relay {
    port: u16,
    _tasks: JoinSet<()>,
}

impl Relay {
    pub(super) async fn start(server: Server, tls: Arc<ServerConfig>, manner: Manner) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, TlsAcceptor::from(tls), server, manner));
        Ok(Self { port, _tasks: tasks })
    }

    /// Its URL, which stands for that of the API server.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, server: Server, manner: Manner) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, acceptor.clone(), server.clone(), manner.clone()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Each connection of a client has one to the API server.
async fn connection(stream: TcpStream, acceptor: TlsAcceptor, server: Server, manner: Manner) {
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    if let Err(error) = stream.get_ref().0.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let onward = Arc::new(Mutex::new(None));
    let service = service_fn(move |request| pass(request, server.clone(), onward.clone(), manner.clone()));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a relayed connection ended");
    }
}

type Body = Either<Replaced, Full<Bytes>>;

async fn pass(
    mut request: Request<Incoming>,
    server: Server,
    onward: Arc<Mutex<Option<SendRequest<Incoming>>>>,
    manner: Manner,
) -> Result<Response<Body>, hyper::Error> {
    if let Some(witness) = &manner.witness {
        witness(request.method());
    }
    if manner.replacement.is_some() {
        // Text can be replaced in JSON that is not compressed.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    }
    let mut onward = onward.lock().await;
    if onward.as_ref().is_none_or(SendRequest::is_closed) {
        *onward = server.connect().await.map_err(|error| tracing::debug!(%error, "no API server")).ok();
    }
    let Some(sender) = onward.as_mut() else {
        let mut response = Response::new(Either::Right(Full::default()));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        return Ok(response);
    };
    sender.ready().await?;
    let (mut head, body) = sender.send_request(request).await?.into_parts();
    if manner.replacement.is_some() {
        head.headers.remove(header::CONTENT_LENGTH);
    }
    Ok(Response::from_parts(head, Either::Left(Replaced::new(body, manner.replacement))))
}
