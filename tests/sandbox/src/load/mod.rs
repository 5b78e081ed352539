//! Customers of the shop: an open loop that sends requests to the public API at a steady rate, whatever comes back.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::{Context, Error, Result};
use crate::world::front::functions;
use crate::world::gateway::Api;
use crate::world::routes;

pub mod records;

pub use records::{Failure, Record, Records, Server};

/// How long a customer waits for an answer: longer than API Gateway's own limit of 29 seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many failures are kept in words; all are counted.
const FAILURES_KEPT: usize = 50;

/// Where the requests go.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address of the execute-api data plane, which every public host name resolves to.
    pub address: SocketAddr,
    /// `Host` header and path prefix of each public name: the custom domain's, and the API's own with its stage.
    pub names: Vec<(String, String)>,
    /// The API with its keys.
    pub api: Api,
}

/// The running generator.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    stopped: Arc<AtomicBool>,
    pacer: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    records: Mutex<Records>,
    sent: AtomicU64,
    begin: Instant,
}

/// One request as it will be sent, built once and used again and again.
#[derive(Clone, Debug)]
struct Template {
    method: http::Method,
    uri: Uri,
    host: String,
    key: String,
}

impl Load {
    /// Starts sending `rate` requests a second: every method of the shop in turn, over both public names, with both keys where it has keys.
    ///
    /// # Errors
    /// When a request cannot be built from the target.
    pub fn start(target: &Target, rate: u32) -> Result<Self> {
        let templates = templates(target)?;
        let (begin, started) = (Instant::now(), Timestamp::now());
        let shared = Arc::new(Shared { records: Mutex::new(Records::new(started)), sent: AtomicU64::new(0), begin });
        let stopped = Arc::new(AtomicBool::new(false));
        let pacer = tokio::spawn(pace(Arc::clone(&shared), Arc::clone(&stopped), templates, rate.max(1)));
        Ok(Self { shared, stopped, pacer })
    }

    /// What has been recorded so far.
    pub fn look<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        look(&self.shared.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many requests have been sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// Sends no more, waits for every answer that is still to come, and hands over the records.
    ///
    /// # Errors
    /// When the generator itself broke.
    pub async fn stop(self) -> Result<Records> {
        self.stopped.store(true, Ordering::Relaxed);
        self.pacer.await.context("the load generator")?;
        Ok(self.shared.records.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn templates(target: &Target) -> Result<Vec<Template>> {
    let mut templates = Vec::new();
    for (number, sample) in routes::samples().into_iter().enumerate() {
        for (host, prefix) in &target.names {
            let uri = format!("http://{}{prefix}{}", target.address, sample.path);
            templates.push(Template {
                method: sample.method.parse().context("a method")?,
                uri: uri.parse().context("a URI")?,
                host: host.clone(),
                // An HTTP API has none, and passes on what it gets.
                key: target.api.keys.get(number % target.api.keys.len().max(1)).cloned().unwrap_or_default(),
            });
        }
    }
    Ok(templates)
}

/// Sends request number n at n / rate seconds, however long the others take.
async fn pace(shared: Arc<Shared>, stopped: Arc<AtomicBool>, templates: Vec<Template>, rate: u32) {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_mins(1)).build(connector);
    let gap = Duration::from_secs(1) / rate;
    let mut clock = tokio::time::interval(gap);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut running = JoinSet::new();
    let mut number = 0;
    while !stopped.load(Ordering::Relaxed) {
        let due = clock.tick().await.into_std();
        let template = templates[number % templates.len()].clone();
        number += 1;
        shared.sent.fetch_add(1, Ordering::Relaxed);
        let (client, shared) = (client.clone(), Arc::clone(&shared));
        running.spawn(async move { shared.keep(due, &template, exchange(&client, &template).await) });
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

async fn exchange(client: &Client<HttpConnector, Full<Bytes>>, template: &Template) -> Result<Server> {
    let body =
        if template.method == http::Method::GET { Bytes::new() } else { Bytes::from_static(b"{\"quantity\": 1}") };
    let request = Request::builder()
        .method(template.method.clone())
        .uri(template.uri.clone())
        .header("host", &template.host)
        .header("x-api-key", &template.key)
        .header("authorization", functions::TOKEN)
        .header("content-type", "application/json")
        .body(Full::new(body))
        .context("building the request")?;
    let exchange = async {
        let answer = client.request(request).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Error::new(format!("{error}: {cause}"))
        })?;
        let status = answer.status();
        let body = answer.into_body().collect().await.context("reading the answer")?.to_bytes();
        if status != StatusCode::OK {
            let start = String::from_utf8_lossy(&body).chars().take(200).collect::<String>();
            return Err(Error::new(format!("{status} {start}")));
        }
        let answer: serde_json::Value = serde_json::from_slice(&body).context("an answer that is not a service's")?;
        answer["cluster"].as_str().map(Server::named).context("an answer that names no cluster")
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::new("no answer within 30 seconds")),
    }
}

impl Shared {
    /// Latency counts from when the request was due: a generator that falls behind may not make the API look faster.
    fn keep(&self, due: Instant, template: &Template, answer: Result<Server>) {
        let start = due.saturating_duration_since(self.begin);
        let latency = due.elapsed();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match answer {
            Ok(server) => Some(server),
            Err(error) => {
                if records.failures.len() < FAILURES_KEPT {
                    let request = format!("{} {} at {}", template.method, template.uri.path(), template.host);
                    records.failures.push(Failure { start, request, reason: error.to_string() });
                }
                None
            }
        };
        records.all.push(Record { start, latency, server });
    }
}
