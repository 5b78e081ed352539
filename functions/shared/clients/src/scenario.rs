//! For the tests of clients: a conversation with AWS, written down in advance.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::Account;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;

/// An account that answers in the given order, and what it was asked.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The account.
    pub(crate) account: Account,
    client: StaticReplayClient,
}

impl Scenario {
    /// With these answers: status and body.
    pub(crate) fn new(answers: &[(u16, &str)]) -> Self {
        let events = answers.iter().map(|(status, body)| {
            let request = http::Request::builder().uri("https://aws.invalid").body(SdkBody::empty()).unwrap();
            let response = http::Response::builder()
                .status(*status)
                // EKS names its errors in the body's `__type` as well as here; EC2 in the XML.
                .header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000")
                .body(SdkBody::from(*body))
                .unwrap();
            ReplayEvent::new(request, response)
        });
        let client = StaticReplayClient::new(events.collect());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("AKIDEXAMPLE", "secret", None)))
            .retry_config(RetryConfig::disabled())
            .http_client(client.clone())
            .build();
        Self { account: Account::new(config, std::collections::BTreeMap::new()), client }
    }

    /// What was asked: method, path with query, body.
    pub(crate) fn asked(&self) -> Vec<(String, String, String)> {
        self.client
            .actual_requests()
            .map(|request| {
                let uri = request.uri();
                let path = uri.split_once("amazonaws.com").map_or(uri, |(_, path)| path);
                let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
                (request.method().to_owned(), path.to_owned(), body)
            })
            .collect()
    }
}
