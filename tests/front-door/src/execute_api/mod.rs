//! The data plane of API Gateway: what answers at `{api}.execute-api.{region}.amazonaws.com` and at custom domains.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::apigateway::ApiGateway;
use crate::listener::Listener;
use jiff::Timestamp;

/// Finds where a listener port of a Network Load Balancer (by ARN) answers on this machine.
pub type Resolver = Arc<dyn Fn(&str, u16) -> Option<SocketAddr> + Send + Sync>;

/// How many requests of a stage one deployment has served, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The REST API.
    pub api: String,
    /// The stage.
    pub stage: String,
    /// The deployment whose snapshot decided.
    pub deployment: String,
    /// Requests so far.
    pub requests: u64,
    /// When the first of them arrived.
    pub first: Timestamp,
    /// When the last of them arrived.
    pub last: Timestamp,
}

/// A running data plane; it stops when it is dropped.
pub struct ExecuteApi {
    listener: Listener,
}

impl ExecuteApi {
    /// Starts serving what the control plane publishes, on an address of loopback (port 0: any free one).
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(address: SocketAddr, gateway: &ApiGateway, resolver: Resolver) -> io::Result<Self> {
        let _ = (gateway, resolver);
        let listener = Listener::start(address, |_| async { Err(io::Error::other("nothing is published")) }).await?;
        Ok(Self { listener })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Which deployment of which stage served how many requests, and when.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        Vec::new()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(&self) {
        self.listener.stop().await;
    }
}
