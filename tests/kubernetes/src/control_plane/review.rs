//! The webhook that reviews bearer tokens for a real API server, in front of an [`Authenticator`].

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::authentication::Authenticator;

/// Answers reviews until it is aborted.
pub(super) async fn serve(listener: TcpListener, cluster: String, authenticator: Arc<dyn Authenticator>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (cluster, authenticator) = (cluster.clone(), authenticator.clone());
                let service = service_fn(move |request| {
                    let (cluster, authenticator) = (cluster.clone(), authenticator.clone());
                    async move { Ok::<_, Infallible>(answer(request, cluster, &*authenticator).await) }
                });
                connections.spawn(async move {
                    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                        tracing::debug!(%error, "a connection of the API server ended");
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    cluster: String,
    authenticator: &dyn Authenticator,
) -> Response<Full<Bytes>> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let token = review.pointer("/spec/token").and_then(Value::as_str).unwrap_or_default().to_owned();
    let status = match authenticator.authenticate(cluster, token).await {
        Ok(identity) => {
            json!({"authenticated": true, "user": {"username": identity.username, "groups": identity.groups}})
        }
        Err(reason) => json!({"authenticated": false, "error": reason}),
    };
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status});
    let mut response = Response::new(Full::from(review.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}
