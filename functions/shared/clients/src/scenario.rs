//! For the tests of clients: a conversation with AWS, written down in advance.

#[cfg(feature = "cloudwatch")]
pub(crate) mod cbor;

use crate::Account;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// What infra/template.yaml would give.
const SETTINGS: [(&str, &str); 10] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "bascule-provision-edge"),
    ("BASCULE_APPROVAL_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab"),
    ("BASCULE_DEAD_LETTERS_ARN", "arn:aws:sqs:us-west-2:123456789012:bascule-dead-letters"),
    ("BASCULE_KUBERNETES_ROLE_ARN", "arn:aws:iam::123456789012:role/demo"),
    ("BASCULE_LEDGER_TABLE", "bascule-ledger"),
    ("BASCULE_MIGRATE_MACHINE_ARN", "arn:aws:states:us-west-2:123456789012:stateMachine:bascule-migrate"),
    ("BASCULE_ROLLBACK_MACHINE_ARN", "arn:aws:states:us-west-2:123456789012:stateMachine:bascule-rollback"),
    ("BASCULE_SCHEDULE_GROUP", "bascule"),
    ("BASCULE_SCHEDULE_ROLE_ARN", "arn:aws:iam::123456789012:role/bascule-schedule"),
    ("BASCULE_TOPIC_ARN", "arn:aws:sns:us-west-2:123456789012:MyTopic"),
];

/// What AWS answers.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// An answer without headers of its own.
pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, headers: Vec::new(), body: body.into() }
}

impl Answer {
    /// With a header more.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// An error as the JSON protocols send it
/// (<https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization>).
pub(crate) fn fault(status: u16, code: &str, message: &str) -> Answer {
    answer(status, serde_json::json!({ "message": message }).to_string()).header("x-amzn-errortype", code)
}

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
        Self::of(answers.iter().map(|(status, body)| answer(*status, *body)))
    }

    /// With these answers.
    pub(crate) fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        let events = answers.into_iter().map(|answer| {
            let request = http::Request::builder().uri("https://aws.invalid").body(SdkBody::empty()).unwrap();
            let response = http::Response::builder()
                .status(answer.status)
                // EKS names its errors in the body's `__type` as well as in a header; EC2 in the XML.
                .header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000");
            let response =
                answer.headers.iter().fold(response, |response, (name, value)| response.header(*name, value));
            ReplayEvent::new(request, response.body(SdkBody::from(answer.body)).unwrap())
        });
        let client = StaticReplayClient::new(events.collect());
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("AKIDEXAMPLE", "secret", None)))
            .retry_config(RetryConfig::disabled())
            .http_client(client.clone())
            .build();
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { account: Account::new(config, settings.into()), client }
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

    /// Method and path with query of every request.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|(method, path, _)| format!("{method} {path}")).collect()
    }

    /// A header of every request, empty where it had none.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        self.client
            .actual_requests()
            .map(|request| request.headers().get(name).unwrap_or_default().to_owned())
            .collect()
    }

    /// The operations of the JSON protocols' requests, such as `AWSStepFunctions.SendTaskSuccess`.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.headers("x-amz-target")
    }

    /// The body of one request.
    pub(crate) fn bytes(&self, index: usize) -> Vec<u8> {
        self.client.actual_requests().nth(index).unwrap().body().bytes().unwrap().to_vec()
    }

    /// The body of one request as JSON.
    pub(crate) fn json(&self, index: usize) -> Value {
        serde_json::from_slice(&self.bytes(index)).unwrap()
    }

    /// The parameters of one request of a query protocol, decoded and sorted.
    pub(crate) fn form(&self, index: usize) -> Vec<String> {
        let body = self.asked().remove(index).2;
        let pairs = form_urlencoded::parse(body.as_bytes());
        let mut parameters: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        parameters.sort();
        parameters
    }
}
