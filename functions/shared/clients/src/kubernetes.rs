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
        let context = "assuming the role for the Kubernetes API";
        let unreadable = || PhaseError::unavailable(format!("{context}: the answer has no credentials"));
        let Some(role) = self.optional_setting("BASCULE_KUBERNETES_ROLE_ARN") else {
            let own = self.config().credentials_provider();
            let own =
                own.ok_or_else(|| PhaseError::denied("there are no credentials to ask the Kubernetes API with"))?;
            // Read from the environment, which holds what it holds: trying again finds nothing else.
            let own = own.provide_credentials().await;
            return own
                .map_err(|_| PhaseError::denied("the environment has no credentials to ask the Kubernetes API with"));
        };
        let client = aws_sdk_sts::Client::new(self.config());
        let answer = client.assume_role().role_arn(role).role_session_name("bascule").send().await;
        let assumed = answer.map_err(|error| phase_error(context, &error))?.credentials.ok_or_else(unreadable)?;
        let expires = SystemTime::try_from(assumed.expiration).map_err(|_| unreadable())?;
        let token = Some(assumed.session_token);
        Ok(Credentials::new(assumed.access_key_id, assumed.secret_access_key, token, Some(expires), "AssumeRole"))
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;
    use domain::Condition;
    use std::time::{Duration, SystemTime};

    // As in the example of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    const ASSUMED: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/bascule</Arn><AssumedRoleId>ARO123EXAMPLE123:bascule</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
<SessionToken>AQoDYXdzEPT//////////wEXAMPLE</SessionToken><Expiration>2019-11-09T13:34:41Z</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata></AssumeRoleResponse>"#;
    const DENIED: &str = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
<Message>not authorized to perform: sts:AssumeRole</Message></Error><RequestId>1</RequestId></ErrorResponse>"#;

    #[tokio::test]
    async fn the_role_in_the_clusters_is_assumed_and_a_refusal_is_a_missing_permission() {
        let scenario = Scenario::new(&[(200, ASSUMED), (403, DENIED)]);
        let credentials = scenario.account.kubernetes_credentials().await.unwrap();
        assert_eq!(credentials.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
        assert_eq!(credentials.session_token(), Some("AQoDYXdzEPT//////////wEXAMPLE"));
        assert_eq!(credentials.expiry(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_573_306_481)));
        let error = scenario.account.kubernetes_credentials().await.unwrap_err();
        assert_eq!(error.condition, Condition::Denied, "{error}");
    }
}
