//! The HTTPS server (HTTP/1.1), with one task for each connection.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{
    answer::{self, Body},
    request::Api,
};
use crate::status::Status;

/// Maximum size of a request body (`MaxRequestBodyBytes` of `k8s.io/apiserver`).
const LARGEST: usize = 3 * 1024 * 1024;
/// Time-out of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves connections. Aborting it closes all of them.
pub(crate) async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, api: Arc<Api>) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, acceptor.clone(), api.clone()));
                }
                Err(error) => {
                    // Most likely too many open files: retry once connections have ended.
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            // Removes finished connections from the set.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, api: Arc<Api>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the TLS handshake failed");
            return;
        }
        Err(_) => return,
    };
    let service = service_fn(move |request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(respond(&api, request).await) }
    });
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

async fn respond(api: &Api, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body: Bytes = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return answer::error(&Status::bad_request(format!("the request's body: {error}"))),
    };
    api.answer(Request::from_parts(head, body)).await
}
