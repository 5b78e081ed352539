//! How long calls of the control plane take.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{ApiGateway, deployments};
use crate::rest_routes;

impl ApiGateway {
    /// How long a deployment waits for the links that its integrations use.
    pub(super) fn wait_for_links(&self, request: &http::Request<Bytes>, now: Instant) -> Duration {
        let path = request.uri().path();
        match rest_routes::find(rest_routes::of_apigateway(path), request.method().as_str(), path) {
            Some(("CreateDeployment", labels)) => {
                deployments::ready_in(&self.state(), labels.first().copied().unwrap_or_default(), now)
            }
            _ => Duration::ZERO,
        }
    }

    /// How long a call takes to answer.
    pub(super) fn duration(&self, request: &http::Request<Bytes>) -> Duration {
        let uri = request.uri();
        let found = rest_routes::find(rest_routes::of_apigateway(uri.path()), request.method().as_str(), uri.path());
        match found.map(|(operation, _)| rest_routes::with_mode(operation, uri.query())) {
            Some("ImportRestApi" | "PutRestApi" | "CreateDeployment" | "ImportApi" | "ReimportApi") => {
                self.inner.definition
            }
            _ => Duration::ZERO,
        }
    }
}
