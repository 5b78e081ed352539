//! The API server as it is connected to: TLS that trusts the cluster's own certificate authority.

use std::{io, sync::Arc};

use bytes::Bytes;
use hyper::{
    body::Body,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A server on loopback with a certificate of the cluster: the API server, or a relay in front of it.
#[derive(Clone)]
pub(crate) struct Server {
    port: u16,
    tls: TlsConnector,
}

impl Server {
    /// Trusts this certificate authority.
    pub(super) fn new(port: u16, ca_pem: &str) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()).filter_map(Result::ok) {
            roots.add(certificate)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { port, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// The same authority's server on another port.
    pub(super) fn at(&self, port: u16) -> Self {
        Self { port, tls: self.tls.clone() }
    }

    /// A connection, which ends when the sender is dropped and the last answer is read.
    pub(crate) async fn connect<B>(&self) -> io::Result<SendRequest<B>>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("127.0.0.1").map_err(io::Error::other)?;
        let stream = self.tls.connect(name, stream).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to an API server ended");
            }
        });
        Ok(sender)
    }
}
