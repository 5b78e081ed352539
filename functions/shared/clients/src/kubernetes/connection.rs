//! The connection to a cluster's API server: TLS that trusts the cluster's own certificate authority and no other, and the
//! token in every request. Without kubeconfig files, plugins and proxies, which kube's own `Config` is for and a Lambda has not.

use super::condition::cause;
use domain::PhaseError;
use http::{HeaderValue, Uri, header::AUTHORIZATION};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use kube::{
    Client,
    client::{Body, middleware::BaseUriLayer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{sync::Arc, time::Duration};
use tower::ServiceBuilder;

/// A webhook may take 30 seconds to answer the API server
/// (<https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts>); more means that nobody answers.
const LONGEST_ANSWER: Duration = Duration::from_secs(35);

/// A private endpoint that this Lambda cannot reach says nothing at all.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);

/// How a cluster's API server is reached.
pub(super) struct Endpoint {
    pub(super) url: Uri,
    pub(super) certificate_authority: Vec<CertificateDer<'static>>,
    pub(super) version: String,
    pub(super) created_at: jiff::Timestamp,
}

/// The certificates of a PEM file; `None` where it has none, or one that cannot be read.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.ok().filter(|certificates| !certificates.is_empty())
}

/// A client that presents the token; anonymous without one.
pub(super) fn client(cluster: &str, endpoint: Endpoint, token: Option<String>) -> Result<Client, PhaseError> {
    let refused = |what: &str, error: &dyn std::error::Error| {
        PhaseError::refused(format!("the {what} of cluster {cluster} cannot be used: {}", cause(error)))
    };
    let tls = tls(endpoint.certificate_authority).map_err(|error| refused("certificate authority", &error))?;
    let bearer = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}"))).transpose();
    let bearer = bearer.map_err(|error| refused("token", &error))?.map(|mut bearer| {
        bearer.set_sensitive(true);
        bearer
    });
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    // Without it the first request of a connection waits until the end of its TLS handshake is acknowledged: a round trip, or the 40 ms
    // that a server may take (https://www.rfc-editor.org/rfc/rfc1122#page-96).
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(tcp);
    let mut connector = TimeoutConnector::new(https);
    connector.set_connect_timeout(Some(LONGEST_CONNECT));
    connector.set_read_timeout(Some(LONGEST_ANSWER));
    let service = ServiceBuilder::new()
        .layer(BaseUriLayer::new(endpoint.url))
        .map_request(move |mut request: http::Request<Body>| {
            if let Some(bearer) = &bearer {
                request.headers_mut().insert(AUTHORIZATION, bearer.clone());
            }
            request
        })
        .service(HttpClient::builder(TokioExecutor::new()).build(connector));
    Ok(Client::new(service, "default"))
}

fn tls(certificate_authority: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificate_authority {
        roots.add(certificate)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_file_holds_one_certificate_or_several() {
        let block = "-----BEGIN CERTIFICATE-----\nAAEC\nAw==\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(block.as_bytes()), Some(vec![CertificateDer::from(vec![0, 1, 2, 3])]));
        assert_eq!(certificates(block.repeat(2).as_bytes()).map(|all| all.len()), Some(2));
        for broken in
            ["", "-----BEGIN CERTIFICATE-----\nAA", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"]
        {
            assert_eq!(certificates(broken.as_bytes()), None, "{broken}");
        }
    }
}
