//! The account that a Lambda works in: one type that implements the ports of `domain`.

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
#[cfg(feature = "apigateway")]
use domain::plan::edge::Protocol;
use domain::{
    PhaseError,
    archive::Archive,
    ports::{Clock, Settings},
};
#[cfg(feature = "apigateway")]
use std::sync::PoisonError;
use std::{collections::BTreeMap, ffi::OsString, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// What the names of infra/template.yaml's settings begin with.
const OWN: &str = "BASCULE_";

/// What Lambda sets, or the SDK would read, and Bascule reads too
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>).
const OTHERS: [&str; 2] = ["AWS_LAMBDA_FUNCTION_NAME", "AWS_ENDPOINT_URL_EXECUTE_API"];

/// The AWS account and Region of this Lambda, reached with its own role's credentials from the environment.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
    settings: BTreeMap<String, String>,
    /// When the last call of a loop was sent.
    last: Arc<Mutex<Option<Instant>>>,
    /// The APIs of API Gateway that answered, by their ids, which tell nothing of their kind.
    #[cfg(feature = "apigateway")]
    apis: Arc<std::sync::Mutex<Vec<(String, Protocol)>>>,
}

impl Account {
    /// On a loaded configuration and settings; tests give one whose HTTP client replays a conversation.
    #[must_use]
    pub fn new(config: SdkConfig, settings: BTreeMap<String, String>) -> Self {
        Self {
            config,
            settings,
            last: Arc::default(),
            #[cfg(feature = "apigateway")]
            apis: Arc::default(),
        }
    }

    /// From the Lambda's environment, on one HTTPS client with ring. Nothing is sent yet.
    ///
    /// Lambda puts the role's credentials and the Region there
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>), so the SDK's chain of
    /// profiles, single sign-on and metadata services is not linked: without it each package is a tenth smaller.
    #[must_use]
    pub fn from_environment() -> Self {
        let client =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        // An attempt that hangs must leave time for another one before the Lambda's own deadline.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(10))
            .build();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(variable("AWS_REGION").map(Region::new))
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
            .service_config(Endpoints(variable))
            .http_client(client)
            .timeout_config(timeouts)
            .build();
        Self::new(config, settings(std::env::vars_os().filter_map(text)))
    }

    /// What every SDK client is made from.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Waits until the time `gap` has passed since the last call that came here: loops of many calls keep below a quota that the
    /// whole account shares, instead of running into it.
    #[cfg(feature = "apigateway")]
    pub(crate) async fn pace(&self, gap: Duration) {
        let mut last = self.last.lock().await;
        if let Some(last) = *last {
            tokio::time::sleep_until(last + gap).await;
        }
        *last = Some(Instant::now());
    }

    /// Whether an API is a REST API or an HTTP API, where it has answered before.
    #[cfg(feature = "apigateway")]
    pub(crate) fn protocol(&self, api: &str) -> Option<Protocol> {
        let apis = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        apis.iter().find(|(id, _)| id == api).map(|(_, protocol)| *protocol)
    }

    /// Keeps what an API is. An id never changes its kind.
    #[cfg(feature = "apigateway")]
    pub(crate) fn remember(&self, api: &str, protocol: Protocol) {
        if self.protocol(api).is_none() {
            self.apis.lock().unwrap_or_else(PoisonError::into_inner).push((api.to_owned(), protocol));
        }
    }

    /// The Region that the Lambda runs in, empty where the environment names none.
    #[must_use]
    pub fn region(&self) -> &str {
        self.config.region().map_or("", |region| region.as_ref())
    }

    /// A setting from the Lambda's environment, as infra/template.yaml gives it.
    ///
    /// # Errors
    /// `Refused` where it is missing: the function was not deployed from the template.
    pub fn setting(&self, name: &str) -> Result<&str, PhaseError> {
        self.settings.get(name).map(String::as_str).ok_or_else(|| {
            PhaseError::refused(format!(
                "the environment variable {name} is missing; deploy the function from infra/template.yaml"
            ))
        })
    }

    /// A setting that may be missing or left empty.
    #[must_use]
    pub fn optional_setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl Settings for Account {
    fn kubernetes_role_arn(&self) -> Result<String, PhaseError> {
        self.setting("BASCULE_KUBERNETES_ROLE_ARN").map(ToOwned::to_owned)
    }

    fn functions_security_group(&self) -> Option<String> {
        self.optional_setting("BASCULE_SECURITY_GROUP_ID").map(ToOwned::to_owned)
    }

    fn irsa_roles(&self) -> Option<String> {
        self.optional_setting("BASCULE_IRSA_ROLES").map(ToOwned::to_owned)
    }

    fn approval_url(&self) -> Result<String, PhaseError> {
        self.setting("BASCULE_APPROVAL_URL").map(ToOwned::to_owned)
    }

    fn approvers_sign(&self) -> bool {
        self.optional_setting("BASCULE_APPROVER_AUTH") == Some("iam")
    }

    fn archive(&self) -> Option<Archive> {
        let bucket = self.optional_setting("BASCULE_REPORT_BUCKET")?.to_owned();
        let prefix = self.optional_setting("BASCULE_REPORT_PREFIX").unwrap_or_default().to_owned();
        Some(Archive { bucket, prefix })
    }

    fn decide_arn(&self) -> Result<String, PhaseError> {
        self.setting("BASCULE_DECIDE_ARN").map(ToOwned::to_owned)
    }

    fn observe_arn(&self) -> Result<String, PhaseError> {
        self.setting("BASCULE_OBSERVE_ARN").map(ToOwned::to_owned)
    }

    fn cleanup_machine_arn(&self) -> Result<String, PhaseError> {
        self.setting("BASCULE_CLEANUP_MACHINE_ARN").map(ToOwned::to_owned)
    }
}

impl Clock for Account {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    async fn sleep(&self, duration: jiff::SignedDuration) {
        tokio::time::sleep(duration.unsigned_abs()).await;
    }
}

/// A variable of the environment, where it is there and says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The endpoints of services from an environment: `AWS_ENDPOINT_URL_EKS` for one, `AWS_ENDPOINT_URL` for all
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
#[derive(Debug)]
struct Endpoints(fn(&str) -> Option<String>);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        (self.0)(&format!("{}_{service}", key.env())).or_else(|| (self.0)(key.env()))
    }
}

fn text((name, value): (OsString, OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// Of an environment what is a setting: nothing else is kept, since credentials are there too.
fn settings(environment: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    environment.filter(|(name, _)| name.starts_with(OWN) || OTHERS.contains(&name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Condition;

    fn account(environment: &[(&str, &str)]) -> Account {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Account::new(SdkConfig::builder().build(), settings(environment))
    }

    #[test]
    fn a_setting_that_the_template_did_not_give_is_refused_by_its_name() {
        let account = account(&[("BASCULE_TOPIC_ARN", "arn:aws:sns:topic"), ("BASCULE_SECURITY_GROUP_ID", "")]);
        assert_eq!(account.setting("BASCULE_TOPIC_ARN"), Ok("arn:aws:sns:topic"));
        assert_eq!(account.optional_setting("BASCULE_SECURITY_GROUP_ID"), None);
        let error = account.setting("BASCULE_LEDGER_TABLE").unwrap_err();
        assert_eq!(error.condition, Condition::Refused);
        assert!(error.message.contains("BASCULE_LEDGER_TABLE"), "{error}");
    }

    #[test]
    fn plans_and_reports_are_kept_where_the_template_names_a_bucket() {
        let archive =
            |bucket| account(&[("BASCULE_REPORT_BUCKET", bucket), ("BASCULE_REPORT_PREFIX", "bascule/")]).archive();
        let expected = Archive { bucket: "records".to_owned(), prefix: "bascule/".to_owned() };
        assert_eq!(archive("records"), Some(expected));
        assert_eq!(archive(""), None);
    }

    // The service ids and the order of precedence: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html.
    #[test]
    fn a_services_own_endpoint_comes_before_the_one_of_all() {
        let endpoints = Endpoints(fixed);
        for (service_id, expected) in
            [("Elastic Load Balancing v2", "http://localhost:2"), ("EKS", "http://localhost:1")]
        {
            let key = ServiceConfigKey::builder()
                .service_id(service_id)
                .env("AWS_ENDPOINT_URL")
                .profile("endpoint_url")
                .build()
                .unwrap();
            assert_eq!(endpoints.load_config(key).as_deref(), Some(expected), "{service_id}");
        }
    }

    fn fixed(name: &str) -> Option<String> {
        let value = match name {
            "AWS_ENDPOINT_URL" => "http://localhost:1",
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2" => "http://localhost:2",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn of_the_environment_credentials_are_not_kept() {
        let account = account(&[("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_LAMBDA_FUNCTION_NAME", "bascule-decide")]);
        assert_eq!(account.optional_setting("AWS_LAMBDA_FUNCTION_NAME"), Some("bascule-decide"));
        assert_eq!(account.optional_setting("AWS_SECRET_ACCESS_KEY"), None);
    }
}
