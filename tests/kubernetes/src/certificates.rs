//! The cluster's certificate authority and the certificate of its API server.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::cluster::StartError;

/// The TLS settings of the API server, and the CA that its clients trust.
pub(crate) struct Certificates {
    /// The CA certificate in PEM, for `cluster.certificateAuthority.data` of EKS.
    pub(crate) ca_pem: String,
    /// The TLS configuration of the server, for HTTP/1.1 only.
    pub(crate) server: Arc<ServerConfig>,
    /// The server's certificate in PEM, for a server that reads it from a file.
    pub(crate) server_pem: String,
    /// Its private key (PKCS #8) in PEM.
    pub(crate) server_key_pem: String,
}

/// Issues a certificate for `127.0.0.1`, `localhost` and the names that Pods use, signed by a new CA of `cluster`.
pub(crate) fn issue(cluster: &str) -> Result<Certificates, StartError> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    authority.distinguished_name = named("kubernetes");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut server = CertificateParams::new(vec![
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        "kubernetes.default.svc".to_owned(),
        "kubernetes.default.svc.cluster.local".to_owned(),
    ])?;
    server.distinguished_name = named(&format!("{cluster} API server"));
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &authority)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Certificates {
        ca_pem: authority.pem(),
        server: Arc::new(config),
        server_pem: certificate.pem(),
        server_key_pem: key.serialize_pem(),
    })
}

/// A private key (PKCS #8) and its public key, both in PEM, for the tokens of service accounts.
pub(crate) fn signing_keys() -> Result<(String, String), StartError> {
    let key = KeyPair::generate()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}
