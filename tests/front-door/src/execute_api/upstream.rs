//! HTTP client for backends, with kept-alive connections.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::PAYLOAD_LIMIT;

/// Time that an idle connection is kept. Backends usually close theirs after 60 s or more; a shorter time here avoids
/// requests on a connection that is being closed.
const KEPT: Duration = Duration::from_secs(30);

/// Why a backend did not answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No answer within the integration's time-out.
    TimedOut,
    /// The connection failed or broke.
    Network(String),
}

/// The connections to all backends.
#[derive(Debug)]
pub(crate) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT)
            .build(connector);
        Self { client }
    }

    /// Sends a request to an address, regardless of the host in its URI and headers, and reads the whole response.
    pub(crate) async fn call(
        &self,
        address: SocketAddr,
        mut request: http::Request<Full<Bytes>>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, Failure> {
        let network = |error: &dyn std::error::Error| {
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            Failure::Network(format!("{error}{source}"))
        };
        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(address.to_string().parse::<Authority>().map_err(|error| network(&error))?);
        *request.uri_mut() = Uri::from_parts(uri).map_err(|error| network(&error))?;
        let answered = async {
            let response = self.client.request(request).await.map_err(|error| network(&error))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, PAYLOAD_LIMIT).collect().await.map_err(|error| network(error.as_ref()))?;
            Ok(http::Response::from_parts(parts, body.to_bytes()))
        };
        tokio::time::timeout(timeout, answered).await.unwrap_or(Err(Failure::TimedOut))
    }
}

/// The address of the host of a public integration if it is on this machine. Other hosts are never called.
pub(crate) fn loopback(host: &str, port: u16) -> Option<SocketAddr> {
    let address: IpAddr = if host == "localhost" { IpAddr::from([127, 0, 0, 1]) } else { host.parse().ok()? };
    address.is_loopback().then(|| SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_called_without_a_link() {
        assert!(loopback("127.0.0.1", 80).is_some());
        assert!(loopback("localhost", 80).is_some());
        assert!(loopback("10.0.0.1", 80).is_none());
        assert!(loopback("example.com", 80).is_none());
    }
}
