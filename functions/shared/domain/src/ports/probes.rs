//! Requests to the APIs that Bascule builds, as their callers send them.

use crate::PhaseError;
use crate::ports::gateway::ApiKey;
use std::future::Future;

/// A GET request through API Gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The API's id.
    pub api: String,
    /// The VPC endpoint that it goes through to a private API, where that is part of the host name.
    pub vpc_endpoint: Option<String>,
    /// The stage.
    pub stage: String,
    /// The path below the stage, with a leading slash.
    pub path: String,
    /// The API key, where the method needs one.
    pub key: Option<ApiKey>,
}

/// What answered a probe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The start of the body, at most 2,000 characters.
    pub body: String,
    /// From the first byte sent to the last one received, in milliseconds; with the handshake of the connection.
    pub millis: u32,
}

/// Requests to `https://{api}.execute-api.{region}.amazonaws.com/{stage}{path}`, without the stage where that is `$default`, or through a VPC endpoint to
/// `https://{api}-{vpc endpoint}.execute-api.{region}.amazonaws.com/{stage}{path}`.
pub trait Probes: Sync {
    /// Sends one request; `Unavailable` where nothing answers.
    fn probe(&self, probe: &Probe) -> impl Future<Output = Result<Answered, PhaseError>> + Send;
}
