//! The Kubernetes APIs of EKS clusters, on kube. Objects are JSON: what is applied was written by others, and the types of one
//! Kubernetes version would drop what another version knows.

mod cluster;
mod condition;
mod discovery;
mod token;
mod window;

pub use cluster::Cluster;

use crate::{
    Account,
    account::optional_setting,
    error::{code, phase_error},
};
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    PhaseError,
    ports::{Kubernetes, kubernetes::Reached},
};
use http::{HeaderValue, Uri, header::AUTHORIZATION};
use kube::{Client, Config, Error};
use std::time::{Duration, SystemTime};

/// A webhook may take 30 seconds to answer the API server
/// (<https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts>); more means that nobody answers.
const LONGEST_ANSWER: Duration = Duration::from_secs(35);

/// A private endpoint that this Lambda cannot reach says nothing at all.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);

/// How a cluster's API server is reached.
struct Endpoint {
    url: Uri,
    certificate_authority: Vec<Vec<u8>>,
    version: String,
}

impl Kubernetes for Account {
    type Api = Cluster;

    async fn reach(&self, cluster: &str) -> Result<Option<Reached>, PhaseError> {
        let Some(endpoint) = self.endpoint(cluster).await? else {
            return Ok(None);
        };
        let version = endpoint.version.clone();
        let client = client(cluster, endpoint, None)?;
        let request = http::Request::get("/version")
            .body(Vec::new())
            .map_err(|error| PhaseError::refused(format!("asking cluster {cluster} for its version: {error}")))?;
        let fault = match client.request_text(request).await {
            Ok(_) | Err(Error::Api(_)) => None,
            Err(error) => Some(condition::condition(&format!("GET /version of cluster {cluster}"), &error).message),
        };
        Ok(Some(Reached { version, fault }))
    }

    async fn connect(&self, cluster: &str) -> Result<Cluster, PhaseError> {
        let endpoint = self
            .endpoint(cluster)
            .await?
            .ok_or_else(|| PhaseError::not_ready(format!("cluster {cluster} has no API server yet, or was deleted")))?;
        let credentials = self.kubernetes_credentials().await?;
        let token = token::mint(cluster, self.region(), credentials, SystemTime::now())?;
        client(cluster, endpoint, Some(token)).map(|client| Cluster::new(cluster, client))
    }
}

impl Account {
    async fn endpoint(&self, cluster: &str) -> Result<Option<Endpoint>, PhaseError> {
        let context = format!("describing cluster {cluster}");
        let found = match aws_sdk_eks::Client::new(self.config()).describe_cluster().name(cluster).send().await {
            Ok(found) => found.cluster.unwrap_or_else(|| aws_sdk_eks::types::Cluster::builder().build()),
            Err(error) if code(&error) == "ResourceNotFoundException" => return Ok(None),
            Err(error) => return Err(phase_error(&context, &error)),
        };
        let authority = found.certificate_authority.and_then(|authority| authority.data);
        let (Some(url), Some(authority)) = (found.endpoint, authority) else {
            return Ok(None);
        };
        let unreadable = |what: &str| PhaseError::refused(format!("{context}: its {what} cannot be read"));
        let pem = STANDARD.decode(authority).map_err(|_| unreadable("certificate authority"))?;
        let certificate_authority = certificates(&pem).ok_or_else(|| unreadable("certificate authority"))?;
        let url = url.parse().map_err(|_| unreadable("endpoint"))?;
        Ok(Some(Endpoint { url, certificate_authority, version: found.version.unwrap_or_default() }))
    }

    /// Those of the role that has the access entries; the function's own where the template names none.
    async fn kubernetes_credentials(&self) -> Result<Credentials, PhaseError> {
        let provided = if let Some(role) = optional_setting("BASCULE_KUBERNETES_ROLE_ARN") {
            let provider = AssumeRoleProvider::builder(&role).session_name("bascule").configure(self.config());
            provider.build().await.provide_credentials().await
        } else {
            let provider = self
                .config()
                .credentials_provider()
                .ok_or_else(|| PhaseError::denied("there are no credentials to ask the Kubernetes API with"))?;
            provider.provide_credentials().await
        };
        provided.map_err(|error| match error {
            aws_credential_types::provider::error::CredentialsError::InvalidConfiguration(_) => {
                PhaseError::refused("the role for the Kubernetes API cannot be assumed: its configuration is invalid")
            }
            other => {
                let message = format!("assuming the role for the Kubernetes API: {}", innermost(&other));
                if message.contains("AccessDenied") {
                    PhaseError::denied(message)
                } else {
                    PhaseError::unavailable(message)
                }
            }
        })
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The certificates of a PEM file, as DER.
fn certificates(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(pem).ok()?;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let decoded: Option<Vec<Vec<u8>>> = blocks
        .map(|block| {
            let (body, _) = block.split_once("-----END CERTIFICATE-----")?;
            STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
        })
        .collect();
    decoded.filter(|certificates| !certificates.is_empty())
}

fn client(cluster: &str, endpoint: Endpoint, token: Option<String>) -> Result<Client, PhaseError> {
    let mut config = Config::new(endpoint.url);
    config.root_cert = Some(endpoint.certificate_authority);
    config.connect_timeout = Some(LONGEST_CONNECT);
    config.read_timeout = Some(LONGEST_ANSWER);
    // Throttles are answered by the window, which sees all requests.
    config.default_retry = false;
    if let Some(token) = token {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| PhaseError::refused(format!("the token for cluster {cluster} is no header value")))?;
        bearer.set_sensitive(true);
        config.headers.push((AUTHORIZATION, bearer));
    }
    Client::try_from(config).map_err(|error| {
        PhaseError::refused(format!("the connection to cluster {cluster} could not be set up: {}", innermost(&error)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_file_holds_one_certificate_or_several() {
        let block = "-----BEGIN CERTIFICATE-----\nAAEC\nAw==\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(block.as_bytes()), Some(vec![vec![0, 1, 2, 3]]));
        assert_eq!(certificates(block.repeat(2).as_bytes()).map(|all| all.len()), Some(2));
        for broken in
            ["", "-----BEGIN CERTIFICATE-----\nAA", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"]
        {
            assert_eq!(certificates(broken.as_bytes()), None, "{broken}");
        }
    }
}
