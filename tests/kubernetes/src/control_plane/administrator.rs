//! Requests of the cluster's administrator to a real API server: few, each on a connection of its own.

use std::io;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;

use super::server::Server;

/// The administrator of one API server.
#[derive(Clone)]
pub(crate) struct Administrator {
    server: Server,
    token: String,
}

impl Administrator {
    /// Presents this token.
    pub(super) fn new(server: Server, token: String) -> Self {
        Self { server, token }
    }

    /// The same administrator at another port of the same authority.
    pub(super) fn at(&self, port: u16) -> Self {
        Self { server: self.server.at(port), token: self.token.clone() }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Sends one request; answers its status, and its body where that is JSON.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> io::Result<(StatusCode, Value)> {
        let response = self.open(method, path, body).await?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Sends one request; the body of its answer may take as long as it likes.
    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> io::Result<Response<Incoming>> {
        let mut sender = self.server.connect().await?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some((content_type, _)) = body {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let bytes = body.map(|(_, value)| Bytes::from(value.to_string())).unwrap_or_default();
        let request = request.body(Full::new(bytes)).map_err(io::Error::other)?;
        sender.send_request(request).await.map_err(io::Error::other)
    }
}
