//! How fast the API server takes the same requests from 32 plain connections that do nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::objects::stage;
use crate::error::{Context, Error, Result};

/// How many connections.
const CONNECTIONS: usize = 32;

/// How long custom resources wait until their kind is served.
const PATIENCE: Duration = Duration::from_secs(30);

/// An API server with a token that may do everything.
#[derive(Clone, Debug)]
pub struct Server {
    url: String,
    token: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Server {
    /// Connects when it is first asked.
    ///
    /// # Errors
    /// When the certificate authority cannot be read.
    pub fn new(url: String, ca_pem: &str, token: String) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            roots.add(certificate.context("a certificate")?).context("a certificate authority")?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("TLS")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(tcp);
        Ok(Self { url, token, client: Client::builder(TokioExecutor::new()).build(connector) })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: Method, path: &str, accept: &str, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, accept);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/apply-patch+yaml");
        }
        let request = request.body(Full::new(body)).context("a request")?;
        let response = self.client.request(request).await.context(format!("asking for {path}"))?;
        let status = response.status();
        Ok((status, response.into_body().collect().await.context("reading an answer")?.to_bytes()))
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn get(&self, path: &str, accept: &str) -> Result<Value> {
        let (status, body) = self.accepted(Method::GET, path, accept, Bytes::new()).await?;
        if !status.is_success() {
            return Err(Error::new(format!("GET {path}: {status} {}", String::from_utf8_lossy(&body))));
        }
        serde_json::from_slice(&body).context(format!("reading {path}"))
    }

    /// Sends a request again for as long as the server answers 429: the storage of a new definition is initialized for a moment.
    async fn accepted(&self, method: Method, path: &str, accept: &str, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let end = Instant::now() + PATIENCE;
        loop {
            let (status, answer) = self.send(method.clone(), path, accept, body.clone()).await?;
            if status != StatusCode::TOO_MANY_REQUESTS || Instant::now() > end {
                return Ok((status, answer));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The request that applies one object.
struct Apply {
    path: String,
    body: Bytes,
}

/// How long it takes to apply the objects: namespaces first, then definitions until they are established, then everything else,
/// each part at once.
///
/// # Errors
/// When the server refuses an object.
pub(super) async fn measure(server: &Server, objects: &[Value]) -> Result<f64> {
    let mut seconds = 0.0;
    let mut plurals = Plurals::default();
    for wanted in 0..=2 {
        let mut applies = Vec::new();
        for object in objects.iter().filter(|object| stage(object) == wanted) {
            let path = plurals.path(server, object).await?;
            applies.push(Apply { path, body: Bytes::from(object.to_string()) });
        }
        let begin = Instant::now();
        stream::iter(&applies)
            .map(|apply| put(server, apply))
            .buffer_unordered(CONNECTIONS)
            .try_collect::<()>()
            .await?;
        if wanted == 1 {
            stream::iter(&applies)
                .map(|apply| established(server, apply))
                .buffer_unordered(CONNECTIONS)
                .try_collect::<()>()
                .await?;
        }
        seconds += begin.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

async fn put(server: &Server, apply: &Apply) -> Result<()> {
    let path = format!("{}?fieldManager=limit&force=true", apply.path);
    let (status, body) = server.accepted(Method::PATCH, &path, "application/json", apply.body.clone()).await?;
    if status.is_success() {
        return Ok(());
    }
    Err(Error::new(format!("PATCH {path}: {status} {}", String::from_utf8_lossy(&body))))
}

async fn established(server: &Server, definition: &Apply) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = server.get(&definition.path, "application/json").await?;
        let mut conditions = found["status"]["conditions"].as_array().into_iter().flatten();
        if conditions.any(|condition| condition["type"] == "Established" && condition["status"] == "True") {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(Error::new(format!("{} was not established in time", definition.path)));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The plurals and scopes of kinds, asked for once.
#[derive(Debug, Default)]
pub struct Plurals(BTreeMap<(String, String), (String, bool)>);

impl Plurals {
    /// The path of an object. A kind whose definition was just established may take a moment to be served.
    ///
    /// # Errors
    /// When its kind is not served in time.
    pub async fn path(&mut self, server: &Server, object: &Value) -> Result<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (text(&object["apiVersion"]), text(&object["kind"]));
        let root = if key.0.contains('/') { format!("/apis/{}", key.0) } else { format!("/api/{}", key.0) };
        let end = Instant::now() + PATIENCE;
        while !self.0.contains_key(&key) {
            let list = server.get(&root, "application/json").await;
            if Instant::now() > end {
                let found = list.map_or_else(|error| error.to_string(), |_| format!("{root} does not have it"));
                return Err(Error::new(format!("{} {} is not served: {found}", key.0, key.1)));
            }
            for resource in list.iter().flat_map(|list| list["resources"].as_array().into_iter().flatten()) {
                let plural = text(&resource["name"]);
                if !plural.contains('/') {
                    let kind = (key.0.clone(), text(&resource["kind"]));
                    self.0.entry(kind).or_insert((plural, resource["namespaced"] == true));
                }
            }
            if !self.0.contains_key(&key) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let (plural, namespaced) = &self.0[&key];
        let name = text(&object["metadata"]["name"]);
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        Ok(if *namespaced {
            format!("{root}/namespaces/{namespace}/{plural}/{name}")
        } else {
            format!("{root}/{plural}/{name}")
        })
    }
}
