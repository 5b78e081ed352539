//! Forwards requests to the emulator unchanged.

use std::io;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HeaderMap, HeaderName, TRANSFER_ENCODING};
use http::uri::{PathAndQuery, Scheme, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Maximum size of a request or response body: 64 MiB.
pub(crate) const BODY_LIMIT: usize = 64 << 20;

/// Hop-by-hop headers (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 6] = [
    CONNECTION,
    TRANSFER_ENCODING,
    EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    http::header::UPGRADE,
];

/// A client of one backend.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: http::uri::Authority,
}

impl Proxy {
    /// A proxy to a plain HTTP address such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// The URL cannot be parsed or has no host.
    pub(crate) fn new(url: &str) -> io::Result<Self> {
        let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
        let uri: Uri = url.parse().map_err(|error| invalid(format!("{url}: {error}")))?;
        let authority = uri.authority().cloned().ok_or_else(|| invalid(format!("{url} names no host")))?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), authority })
    }

    /// Sends the request with all its end-to-end headers, `Host` included, and returns the backend's response.
    ///
    /// # Errors
    /// The backend cannot be reached, or its response body is longer than [`BODY_LIMIT`].
    pub(crate) async fn forward(&self, request: http::Request<Bytes>) -> io::Result<http::Response<Bytes>> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        parts.uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(io::Error::other)?;
        remove_hop_by_hop(&mut parts.headers);
        let method = parts.method.clone();
        let response =
            self.client.request(http::Request::from_parts(parts, Full::new(body))).await.map_err(io::Error::other)?;
        let (mut parts, body) = response.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(io::Error::other)?.to_bytes();
        remove_hop_by_hop(&mut parts.headers);
        // A response to HEAD has a Content-Length and no body.
        if method != http::Method::HEAD {
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(http::Response::from_parts(parts, body))
    }
}

/// Removes the hop-by-hop headers.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}
