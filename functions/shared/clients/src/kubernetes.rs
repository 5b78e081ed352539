//! The Kubernetes APIs of EKS clusters, on kube. Objects are JSON: what is applied was written by others, and the types of one
//! Kubernetes version would drop what another version knows.

mod cluster;
mod condition;
mod connection;
mod discovery;
mod token;
mod window;

pub use cluster::Cluster;

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use base64::{Engine, engine::general_purpose::STANDARD};
use connection::{Endpoint, certificates, client};
use domain::{
    PhaseError,
    ports::{Kubernetes, kubernetes::Reached},
};
use kube::Error;
use std::time::SystemTime;

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
            Err(error) => {
                Some(condition::condition(&format!("GET /version of cluster {cluster}"), &error, false).message)
            }
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
        let settling = condition::is_settling(endpoint.created_at, jiff::Timestamp::now());
        client(cluster, endpoint, Some(token)).map(|client| Cluster::new(cluster, client, settling))
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
        let created_at =
            found.created_at.and_then(|at| jiff::Timestamp::from_second(at.secs()).ok()).unwrap_or_default();
        Ok(Some(Endpoint { url, certificate_authority, version: found.version.unwrap_or_default(), created_at }))
    }

    /// Those of the role that has the access entries; the function's own where the template names none.
    async fn kubernetes_credentials(&self) -> Result<Credentials, PhaseError> {
        let provided = if let Some(role) = self.optional_setting("BASCULE_KUBERNETES_ROLE_ARN") {
            let provider = AssumeRoleProvider::builder(role).session_name("bascule").configure(self.config());
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
                let message = format!("assuming the role for the Kubernetes API: {}", condition::cause(&other));
                if message.contains("AccessDenied") {
                    PhaseError::denied(message)
                } else {
                    PhaseError::unavailable(message)
                }
            }
        })
    }
}
