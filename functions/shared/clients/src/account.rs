//! The account that a Lambda works in: one type that implements the ports of `domain`.

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use domain::PhaseError;
use std::time::Duration;

/// The AWS account and Region of this Lambda, reached with its own role's credentials from the environment.
#[derive(Debug, Clone)]
pub struct Account {
    config: SdkConfig,
}

impl Account {
    /// On a loaded configuration; tests give one whose HTTP client replays a conversation.
    #[must_use]
    pub const fn new(config: SdkConfig) -> Self {
        Self { config }
    }

    /// From the Lambda's environment, on one HTTPS client with ring. Nothing is sent yet.
    pub async fn from_environment() -> Self {
        let client =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        // An attempt that hangs must leave time for another one before the Lambda's own deadline.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(10))
            .build();
        let config =
            aws_config::defaults(BehaviorVersion::latest()).http_client(client).timeout_config(timeouts).load().await;
        Self::new(config)
    }

    /// What every SDK client is made from.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The Region that the Lambda runs in, empty where the environment names none.
    #[must_use]
    pub fn region(&self) -> &str {
        self.config.region().map_or("", |region| region.as_ref())
    }
}

/// A setting from the Lambda's environment, as infra/template.yaml gives it.
///
/// # Errors
/// `Refused` where it is missing: the function was not deployed from the template.
pub fn setting(name: &str) -> Result<String, PhaseError> {
    std::env::var(name).map_err(|_| {
        PhaseError::refused(format!(
            "the environment variable {name} is missing; deploy the function from infra/template.yaml"
        ))
    })
}

/// A setting that may be left empty.
#[must_use]
pub fn optional_setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
