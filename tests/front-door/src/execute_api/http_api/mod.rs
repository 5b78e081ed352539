//! The data plane of HTTP APIs.
//!
//! AWS finds the stage, then the route, and calls its integration: "Routing API requests"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation>). Its own
//! answers are JSON with a message, and none of gateway responses.
//!
//! Not simulated: authorizers (a route with one answers 401 where nothing identifies the caller, else 500), `SigV4` checks (a route with
//! `AWS_IAM` answers 403), Lambda integrations (500), services of Cloud Map and TLS towards backends (500), cross-origin resource sharing,
//! throttles and mappings of answers. Integrations without a VPC link reach addresses of this machine only.

mod request;
mod routing;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use super::metrics::{Known, Observed};
use super::{Destination, PAYLOAD_LIMIT, Plane, upstream};
use crate::apigateway::{HttpIntegration, View};
use crate::proxy::remove_hop_by_hop;
use request::{Context, Target};
pub(super) use routing::{Routed, find};

impl Plane {
    /// Answers a request that [`find`] found to be an HTTP API's.
    pub(super) async fn respond_http(
        &self,
        routed: &Routed<'_>,
        view: &View,
        request: http::Request<Incoming>,
        request_id: &str,
        observed: &Observed,
    ) -> io::Result<http::Response<Bytes>> {
        let Some((stage, path)) = routed.stage_and_path(request.uri().path()) else {
            return Ok(answer(StatusCode::NOT_FOUND));
        };
        let release = Arc::clone(&stage.release);
        if routed.is_default_endpoint && release.snapshot.about.disable_execute_api_endpoint {
            return Ok(answer(StatusCode::NOT_FOUND));
        }
        observed.reached(Known::http(&release.api), &release.stage);
        let Some(found) = routing::select(&release.snapshot.configuration, request.method().as_str(), path) else {
            return Ok(answer(StatusCode::NOT_FOUND));
        };
        match found.route.authorization_type.as_str() {
            "NONE" => {}
            "AWS_IAM" => return Ok(answer(StatusCode::FORBIDDEN)),
            _ if !request.headers().contains_key("authorization") => return Ok(answer(StatusCode::UNAUTHORIZED)),
            _ => return Ok(answer(StatusCode::INTERNAL_SERVER_ERROR)),
        }
        let Some(integration) = release.snapshot.configuration.integration_of(found.route) else {
            return Ok(answer(StatusCode::INTERNAL_SERVER_ERROR));
        };
        let path = path.to_owned();
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, PAYLOAD_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Ok(answer(StatusCode::PAYLOAD_TOO_LARGE));
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        let context = Context { request_id, release: &release, parts: &parts, path: &path, route: &found };
        let relayed = self.relay_http(view, integration, &context, body, observed).await;
        Ok(relayed.unwrap_or_else(answer))
    }

    /// Calls the backend. What does not answer, or not in time, is a 503 (cortexlabs/cortex#1225 holds AWS's answer).
    async fn relay_http(
        &self,
        view: &View,
        integration: &HttpIntegration,
        context: &Context<'_>,
        body: Bytes,
        observed: &Observed,
    ) -> Result<http::Response<Bytes>, StatusCode> {
        if integration.integration_type != "HTTP_PROXY" || integration.tls_config.is_some() {
            tracing::warn!(integration = integration.integration_type, "this kind of integration is not simulated");
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let call = request::build(integration, context, body).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        let address = match &call.target {
            Target::Listener(arn) => {
                let link = view.links.get(integration.connection_id.as_deref().unwrap_or_default());
                let carries = link.and_then(|link| link.available_from).is_some_and(|from| from <= Instant::now());
                if carries { (self.resolver)(Destination::Listener(arn)) } else { None }
            }
            Target::Host(host, port) => upstream::loopback(host, *port),
        };
        let address = address.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        let timeout = Duration::from_millis(integration.timeout_in_millis.into());
        let answered = observed.relayed(self.upstream.call(address, call.request, timeout)).await;
        let mut response = answered.map_err(|failure| {
            tracing::debug!(?failure, %address, "integration failed");
            StatusCode::SERVICE_UNAVAILABLE
        })?;
        remove_hop_by_hop(response.headers_mut());
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
        Ok(response)
    }
}

/// API Gateway's own answer with this status. "If there's no `$default` stage, then the API returns `{"message":"Not Found"}`", and so it
/// is with the others.
fn answer(status: StatusCode) -> http::Response<Bytes> {
    let message = match status {
        StatusCode::INTERNAL_SERVER_ERROR => "Internal Server Error",
        other => other.canonical_reason().unwrap_or_default(),
    };
    let mut response = http::Response::new(Bytes::from(format!("{{\"message\":\"{message}\"}}")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
