//! One HTTP client for everything the sandbox asks over plain HTTP or, of a cluster, over TLS.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Context, Result};

/// The longest that any single answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that keeps connections open and reads whole answers.
#[derive(Clone, Debug)]
pub struct Wire(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Wire {
    /// A client for plain HTTP on loopback: over HTTPS it trusts nobody.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn plain() -> Result<Self> {
        Self::trusting(&[])
    }

    /// A client that trusts one authority only, as a kubeconfig's `certificate-authority-data` asks.
    ///
    /// # Errors
    /// When `pem` is not a certificate.
    pub fn trusting(pem: &[u8]) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.context("reading the cluster's authority")?).context("the cluster's authority")?;
        }
        Ok(Self::with(builder()?.with_root_certificates(roots).with_no_client_auth()))
    }

    fn with(tls: ClientConfig) -> Self {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no complete answer within a minute.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let what = format!("{} {}", request.method(), request.uri().path());
        let exchange = async {
            let answer = self.0.request(request.map(Full::new)).await.context(&what)?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.context(&what)?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        tokio::time::timeout(PATIENCE, exchange).await.context(&what)?
    }
}

/// TLS on ring, named outright: with several providers linked, rustls would refuse to choose one.
fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .context("setting up TLS")
}
