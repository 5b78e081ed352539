//! The HTTP server of the front door: routes requests to services, checks permissions, records calls and injects faults.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use iam::Accesses;
use jiff::Timestamp;

use crate::apigateway::ApiGateway;
use crate::authorization::{Authorization, Callers};
use crate::calls::{Call, CallLog, error_code};
use crate::credential_scope::credential_scope;
use crate::exchanges::{Exchange, Exchanges};
use crate::fault_answer::{self, Protocol};
use crate::faults::{Fault, Faults, Moment};
use crate::listener::{Answer, Listener};
use crate::operation::operation;
use crate::proxy::{BODY_LIMIT, Proxy};

/// A service that answers requests instead of the emulator.
pub type Handler = Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, http::Response<Bytes>> + Send + Sync>;

/// Settings of a front door.
#[must_use]
pub struct Builder {
    emulator: String,
    services: HashMap<String, Handler>,
    authorization: Authorization,
    address: SocketAddr,
}

impl Builder {
    /// Registers the handler for requests that are signed for this service, named by its signing name.
    pub fn service(mut self, name: impl Into<String>, handler: Handler) -> Self {
        self.services.insert(name.into(), handler);
        self
    }

    /// Registers the API Gateway control plane under its signing name, with what IAM checks for it.
    pub fn apigateway(self, gateway: &ApiGateway) -> Self {
        self.service("apigateway", gateway.handler()).checked("apigateway", gateway.accesses())
    }

    /// Has callers' policies checked before this service, registered here or the emulator's, answers a request. Without
    /// [`Self::callers`] nothing is checked.
    pub fn checked(mut self, name: impl Into<String>, accesses: Accesses) -> Self {
        self.authorization.check(name.into(), accesses);
        self
    }

    /// Says whose the access keys are. Without it whoever signs may do everything.
    pub fn callers(mut self, callers: Callers) -> Self {
        self.authorization.identify(callers);
        self
    }

    /// Sets the address to listen on; by default a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Starts listening.
    ///
    /// # Errors
    /// The address cannot be bound, or the emulator's URL cannot be parsed or has no host.
    pub async fn start(self) -> io::Result<FrontDoor> {
        let entrance = Arc::new(Entrance {
            emulator: Proxy::new(&self.emulator)?,
            services: self.services,
            authorization: self.authorization,
            calls: CallLog::default(),
            exchanges: Exchanges::default(),
            faults: Faults::default(),
        });
        let inside = Arc::clone(&entrance);
        let listener = Listener::start(self.address, move |request| {
            let inside = Arc::clone(&inside);
            async move { inside.answer(request).await }
        })
        .await?;
        Ok(FrontDoor { listener, entrance })
    }
}

/// A running front door; it stops when it is dropped.
pub struct FrontDoor {
    listener: Listener,
    entrance: Arc<Entrance>,
}

impl FrontDoor {
    /// A front door that forwards to the emulator at this plain HTTP URL, such as `http://127.0.0.1:4566`.
    pub fn builder(emulator: impl Into<String>) -> Builder {
        Builder {
            emulator: emulator.into(),
            services: HashMap::new(),
            authorization: Authorization::default(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Every call so far, in the order of the answers.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls_from(0)
    }

    /// The calls so far without the first ones, in the order in which they were answered.
    #[must_use]
    pub fn calls_from(&self, first: usize) -> Vec<Call> {
        self.entrance.calls.from(first)
    }

    /// Every signed request so far that no fault rule met, with its answer.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.entrance.exchanges.all()
    }

    /// The fault rules in force; the handle changes them.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.entrance.faults.clone()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(&self) {
        self.listener.stop().await;
    }
}

struct Entrance {
    emulator: Proxy,
    services: HashMap<String, Handler>,
    authorization: Authorization,
    calls: CallLog,
    exchanges: Exchanges,
    faults: Faults,
}

impl Entrance {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await.map_err(io::Error::other)?.to_bytes();
        let request = http::Request::from_parts(parts, body);
        let start = Timestamp::now();
        let clock = Instant::now();
        let scope = credential_scope(request.headers(), request.uri().query());
        let service = scope.as_ref().map(|scope| scope.service.clone()).unwrap_or_default();
        let uri = request.uri();
        let operation =
            operation(&service, request.method(), uri.path(), uri.query(), request.headers(), request.body());
        let path = uri.path().to_owned();
        let faults = self.faults.hit(&service, &operation);

        let asked = scope
            .as_ref()
            .filter(|_| faults.is_empty())
            .map(|scope| self.asked(&service, &scope.access_key_id, &request));
        let key = scope.as_ref().map(|scope| scope.access_key_id.as_str());
        let answer = self.through_faults(&service, key, request, &faults).await;
        if let (Some(asked), Ok(answer)) = (asked, &answer) {
            self.exchanges.push(asked, answer);
        }
        self.calls.push(Call {
            operation,
            access_key_id: scope.map(|scope| scope.access_key_id),
            path,
            start,
            duration: clock.elapsed(),
            status: answer.as_ref().ok().map(|response| response.status().as_u16()),
            error: answer.as_ref().ok().and_then(error_code),
            faulted: !faults.is_empty(),
            service,
        });
        answer.map(|response| response.map(Full::new))
    }

    /// The half of an exchange that is known before the answer.
    fn asked(&self, service: &str, access_key_id: &str, request: &http::Request<Bytes>) -> Exchange {
        let mut headers = request.headers().clone();
        headers.remove(http::header::AUTHORIZATION);
        Exchange {
            service: service.to_owned(),
            access_key_id: access_key_id.to_owned(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers,
            body: request.body().clone(),
            is_simulated: self.services.contains_key(service),
            status: http::StatusCode::default(),
            answer_headers: http::HeaderMap::new(),
            answer: Bytes::new(),
        }
    }

    async fn through_faults(
        &self,
        service: &str,
        access_key_id: Option<&str>,
        request: http::Request<Bytes>,
        faults: &[(Moment, Fault)],
    ) -> io::Result<http::Response<Bytes>> {
        let protocol = Protocol::of(service, request.headers());
        if let Some(failed) = strike(service, protocol, faults, Moment::BeforeEffect).await {
            return failed;
        }
        let refused = self.authorization.refusal(service, access_key_id, &request).await;
        let answer = match (refused, self.services.get(service)) {
            (Some(refused), _) => Ok(refused),
            (None, Some(handler)) => Ok(handler(request).await),
            (None, None) => Ok(self.emulator.forward(request).await.unwrap_or_else(|error| {
                tracing::warn!(%error, service, "the emulator does not answer");
                fault_answer::error(protocol, 503, "ServiceUnavailable", "the emulator does not answer")
            })),
        };
        match strike(service, protocol, faults, Moment::AfterEffect).await {
            Some(failed) => failed,
            None => answer,
        }
    }
}

/// Applies the faults of one moment. `Some` is the answer, or the dropped connection, that replaces the service's answer.
async fn strike(
    service: &str,
    protocol: Protocol,
    faults: &[(Moment, Fault)],
    moment: Moment,
) -> Option<io::Result<http::Response<Bytes>>> {
    for (_, fault) in faults.iter().filter(|(at, _)| *at == moment) {
        match fault {
            Fault::Delayed(time) => tokio::time::sleep(*time).await,
            Fault::Error { status, code } => return Some(Ok(fault_answer::injected(protocol, *status, code))),
            Fault::Throttled => return Some(Ok(fault_answer::throttled(service, protocol))),
            Fault::Dropped => return Some(Err(io::Error::other("dropped by a fault rule"))),
        }
    }
    None
}
