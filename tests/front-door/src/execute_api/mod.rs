//! The data plane of API Gateway, which serves `{api}.execute-api.{region}.amazonaws.com`, the names of private APIs and custom domains.
//!
//! AWS terminates TLS, finds the stage by host and path, picks the stage's deployment or, at random, its canary's, checks
//! the API key, and calls the integration, for private ones through a VPC link's Network Load Balancer. This simulation
//! does so over plain HTTP/1.1 on loopback, by the `Host` header and the views of `apigateway::publication`. Its own
//! answers are the gateway responses of "Gateway response types for API Gateway".
//!
//! Not simulated: throttles and quotas of stages and usage plans, caches, Cognito authorizers (a method with one answers 500),
//! `SigV4` checks (a method with `AWS_IAM` answers 403), request validation, payload conversion, mapping templates beyond plain
//! text with `$context` and `$stageVariables`, AWS integrations other than Lambda proxies (500), and TLS towards backends (500).
//! Integrations without a VPC link reach addresses of this machine only. HTTP APIs are served by `http_api`.

mod functions;
mod gateway_response;
mod http_api;
mod integration_request;
mod integration_response;
mod mapping;
mod metrics;
mod route;
mod upstream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;

use crate::apigateway::{ApiGateway, Integration, Method, View, allows};
use crate::listener::{Answer, Listener};
pub use functions::{FunctionCall, Functions};
use jiff::Timestamp;

use functions::Lambda;
use gateway_response::{GatewayResponseType as Kind, gateway_response};
use mapping::Context;
pub use metrics::{Datum, Metrics};
use metrics::{Known, Observed};
use upstream::{Failure, Upstream};

/// Where an integration leads behind a VPC link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination<'integration> {
    /// The listener on this port of the load balancer with this ARN.
    Port(&'integration str, u16),
    /// The listener with this ARN.
    Listener(&'integration str),
}

/// Returns the address on this machine that accepts connections for a listener of a Network Load Balancer.
pub type Resolver = Arc<dyn Fn(Destination<'_>) -> Option<SocketAddr> + Send + Sync>;

/// Maximum payload of API Gateway: 10 MB.
const PAYLOAD_LIMIT: usize = 10 << 20;

/// A running data plane; it stops when it is dropped.
pub struct ExecuteApi {
    listener: Listener,
    metrics: Arc<Metrics>,
}

impl ExecuteApi {
    /// Starts serving the APIs of a control plane on a loopback address; port 0 means any free port.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(address: SocketAddr, gateway: &ApiGateway, resolver: Resolver) -> io::Result<Self> {
        Self::start_with(address, gateway, resolver, None).await
    }

    /// The same with functions; without them whatever invokes one fails.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start_with(
        address: SocketAddr,
        gateway: &ApiGateway,
        resolver: Resolver,
        functions: Option<Functions>,
    ) -> io::Result<Self> {
        let lambda = Lambda::new(functions);
        let metrics = Arc::<Metrics>::default();
        let (gateway, upstream) = (gateway.clone(), Upstream::new());
        let plane = Arc::new(Plane { gateway, resolver, upstream, lambda, metrics: Arc::clone(&metrics) });
        let listener = Listener::start(address, move |request| {
            let plane = Arc::clone(&plane);
            async move { plane.answer(request).await }
        })
        .await?;
        Ok(Self { listener, metrics })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// What it counts for `CloudWatch`, to be told there.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Stops listening and closes every connection.
    pub async fn stop(&self) {
        self.listener.stop().await;
    }
}

struct Plane {
    gateway: ApiGateway,
    resolver: Resolver,
    upstream: Upstream,
    lambda: Lambda,
    metrics: Arc<Metrics>,
}

impl Plane {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        let request_id = crate::request_id::random();
        let (at, clock) = (Timestamp::now(), Instant::now());
        let observed = Observed::default();
        let mut response = self.respond(request, &request_id, &observed).await?;
        self.metrics.count(&observed, at, response.status(), clock.elapsed());
        if let Ok(id) = http::HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        Ok(response.map(Full::new))
    }

    async fn respond(
        &self,
        request: http::Request<Incoming>,
        request_id: &str,
        observed: &Observed,
    ) -> io::Result<http::Response<Bytes>> {
        let view = self.gateway.view();
        let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Some(routed) = http_api::find(&view, self.gateway.region(), host, request.uri().path()) {
            return self.respond_http(&routed, &view, request, request_id, observed).await;
        }
        let Some(routed) = route::route(&view, self.gateway.region(), host, request.uri().path()) else {
            return Ok(gateway_response(Kind::AccessDenied, None));
        };
        let release = Arc::clone(routed.stage.pick());
        if let Some(api) = view.apis.get(&release.api) {
            observed.reached(Known::rest(&api.name, &release.api), &release.stage);
        }
        let configuration = Some(&release.snapshot.configuration);
        let verb = request.method().as_str();
        let has_method = |resource: &crate::apigateway::Resource| {
            resource.methods.contains_key(verb) || resource.methods.contains_key("ANY")
        };
        let Some(found) = release.snapshot.find(routed.path, has_method) else {
            return Ok(gateway_response(Kind::MissingAuthenticationToken, configuration));
        };
        let Some(method) = found.resource.methods.get(verb).or_else(|| found.resource.methods.get("ANY")) else {
            return Ok(gateway_response(Kind::MissingAuthenticationToken, configuration));
        };
        if let Some(policy) = &release.snapshot.rest_api.policy {
            let asked = self.gateway.place(&release.api).request(&release.stage, verb, routed.path);
            if !allows(policy, &asked, routed.vpc_endpoint) {
                return Ok(gateway_response(Kind::AccessDenied, configuration));
            }
        }
        let place = self.gateway.place(&release.api);
        let request_arn = place.request(&release.stage, verb, routed.path);
        let authorizer = match method.authorization_type.as_str() {
            "NONE" | "" => None,
            "AWS_IAM" => return Ok(gateway_response(Kind::MissingAuthenticationToken, configuration)),
            "CUSTOM" => {
                let authorizers = &release.snapshot.configuration.authorizers;
                let found = method.authorizer_id.as_ref().and_then(|id| authorizers.get(id));
                match found {
                    Some(authorizer) => Some(authorizer),
                    None => return Ok(gateway_response(Kind::AuthorizerConfigurationError, configuration)),
                }
            }
            _ => return Ok(gateway_response(Kind::AuthorizerConfigurationError, configuration)),
        };
        if method.api_key_required {
            let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok());
            if !key.is_some_and(|key| routed.stage.keys.contains(key)) {
                return Ok(gateway_response(Kind::InvalidApiKey, configuration));
            }
        }
        let Some(integration) = &method.method_integration else {
            return Ok(gateway_response(Kind::ApiConfigurationError, configuration));
        };

        let source = place.request(&release.stage, verb, &found.resource.path);
        let path = routed.path.to_owned();
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, PAYLOAD_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                return Ok(gateway_response(Kind::RequestTooLarge, configuration));
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        let context = Context {
            request_id,
            release: &release,
            parts: &parts,
            path: &path,
            resource_path: &found.resource.path,
            path_parameters: &found.parameters,
        };
        // The key was looked at above: AWS does not say which of the two comes first.
        if let Some(authorizer) = authorizer {
            let authorizer_arn = place.authorizer(&authorizer.id);
            if let Err(kind) = self.lambda.authorize(authorizer, &context, &authorizer_arn, &request_arn).await {
                return Ok(gateway_response(kind, configuration));
            }
        }
        if integration.kind == "AWS_PROXY" {
            let answer = observed.relayed(self.lambda.integrate(integration, &context, &source, &body)).await;
            return Ok(answer.unwrap_or_else(|kind| gateway_response(kind, configuration)));
        }
        let answer = self.integrate(&view, method, integration, &context, body, observed).await;
        Ok(answer.unwrap_or_else(|kind| gateway_response(kind, configuration)))
    }

    async fn integrate(
        &self,
        view: &View,
        method: &Method,
        integration: &Integration,
        context: &Context<'_>,
        body: Bytes,
        observed: &Observed,
    ) -> Result<http::Response<Bytes>, Kind> {
        match integration.kind.as_str() {
            "MOCK" => integration_response::mock(integration, method, context),
            "HTTP" | "HTTP_PROXY" => {
                let call = integration_request::build(integration, context, body)?;
                let connection = integration.connection_id.as_deref().map(|id| context.stage_variables(id));
                let link = connection.as_deref().filter(|_| integration.is_private());
                let target = integration.integration_target.as_deref().filter(|_| integration.is_private());
                let address = match link {
                    // Through a VPC link V2, which leads to any load balancer of its VPC.
                    Some(_) if target.is_some() => {
                        target.and_then(|arn| (self.resolver)(Destination::Port(arn, call.port)))
                    }
                    Some(link) => self.behind_link(view, link, call.port),
                    None => upstream::loopback(&call.host, call.port),
                };
                let address = address.ok_or(Kind::ApiConfigurationError)?;
                let timeout = Duration::from_millis(integration.timeout_in_millis.unwrap_or(29_000).into());
                let answer = observed.relayed(self.upstream.call(address, call.request, timeout)).await;
                let response = answer.map_err(|failure| match failure {
                    Failure::TimedOut => Kind::IntegrationTimeout,
                    Failure::Network(error) => {
                        tracing::debug!(%error, %address, "integration failed");
                        Kind::IntegrationFailure
                    }
                })?;
                if integration.kind == "HTTP_PROXY" {
                    Ok(integration_response::proxied(response))
                } else {
                    integration_response::mapped(integration, method, context, response)
                }
            }
            other => {
                tracing::warn!(integration = other, "this kind of integration is not simulated");
                Err(Kind::ApiConfigurationError)
            }
        }
    }

    fn behind_link(&self, view: &View, link: &str, port: u16) -> Option<SocketAddr> {
        let link = view.links.get(link)?;
        if link.available_from.is_none_or(|from| Instant::now() < from) {
            return None;
        }
        (self.resolver)(Destination::Port(&link.target, port))
    }
}
