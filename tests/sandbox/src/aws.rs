//! Signed calls to AWS by the three wire protocols that its services speak, without an SDK: the sandbox asks little, and
//! what it asks must not share code with what it tests.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::error::{Context, Error, Result};
use crate::wire::Wire;
use crate::xml::Element;

/// The region that everything in the sandbox is in.
pub const REGION: &str = "eu-central-1";
/// The account, as ministack gives it to the root user's keys.
pub const ACCOUNT: &str = "000000000000";

/// What API Gateway says of a change that met another one (<https://github.com/hashicorp/terraform-provider-aws/issues/16439>).
const CONCURRENT: &str = "due to concurrent modification";

/// How long to wait after each throttled answer; the last one is final. API Gateway's slowest quota is one call in 30 s.
const PAUSES: [Duration; 10] = [
    Duration::from_millis(150),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_millis(1200),
    Duration::from_millis(2400),
    Duration::from_secs(4),
    Duration::from_secs(6),
    Duration::from_secs(8),
    Duration::from_secs(10),
    Duration::ZERO,
];

/// A principal that calls AWS at one endpoint.
#[derive(Clone, Debug)]
pub struct Aws {
    endpoint: String,
    credentials: Credentials,
    wire: Wire,
}

impl Aws {
    /// The account's administrator: the keys that ministack takes for the root user.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn administrator(endpoint: impl Into<String>) -> Result<Self> {
        let credentials = Credentials::new("test", "test", None, None, "sandbox");
        Ok(Self { endpoint: endpoint.into(), credentials, wire: Wire::plain()? })
    }

    /// The same endpoint for another principal.
    #[must_use]
    pub fn with_keys(&self, id: &str, secret: &str, token: &str) -> Self {
        let token = Some(token.to_owned()).filter(|token| !token.is_empty());
        let credentials = Credentials::new(id, secret, token, None, "sandbox");
        Self { credentials, ..self.clone() }
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A call of the query protocol (EC2, Elastic Load Balancing, Auto Scaling, `CloudFormation`, IAM, SNS, STS, `CloudWatch`).
    ///
    /// # Errors
    /// The service's error code and message.
    pub async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Element> {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body.extend(["&", &percent(name), "=", &percent(value)]);
        }
        let request = Request::builder()
            .method(Method::POST)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let answer = self.send(service, "/", request, Bytes::from(body)).await.context(action)?;
        Element::parse(&String::from_utf8_lossy(&answer)).context(format!("the answer to {action}"))
    }

    /// A call of the JSON protocol (Step Functions, DynamoDB, KMS, `EventBridge`).
    ///
    /// # Errors
    /// The service's error type and message.
    pub async fn json(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let request = Request::builder()
            .method(Method::POST)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target);
        let answer = self.send(service, "/", request, Bytes::from(body.to_string())).await.context(target)?;
        if answer.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&answer).context(target) }
    }

    /// A call of the REST protocol with JSON bodies (API Gateway, EKS, Lambda, Scheduler).
    ///
    /// # Errors
    /// The service's error type and message.
    pub async fn rest(&self, service: &str, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let what = format!("{method} {path}");
        let request = Request::builder().method(method).header("content-type", "application/json");
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let answer = self.send(service, path, request, body).await.context(&what)?;
        if answer.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&answer).context(&what) }
    }

    /// Stores an object in S3, addressed by path as loopback endpoints are.
    ///
    /// # Errors
    /// The service's answer, when it is a refusal.
    pub async fn put_object(&self, bucket: &str, key: &str, body: Bytes) -> Result<()> {
        let request = Request::builder().method(Method::PUT);
        self.send("s3", &format!("/{bucket}/{key}"), request, body).await.context(format!("PutObject {key}")).map(drop)
    }

    /// The text of an object in S3.
    ///
    /// # Errors
    /// The service's answer, when it is a refusal.
    pub async fn get_object(&self, bucket: &str, key: &str) -> Result<String> {
        let request = Request::builder().method(Method::GET);
        let answer = self.send("s3", &format!("/{bucket}/{key}"), request, Bytes::new()).await;
        Ok(String::from_utf8_lossy(&answer.context(format!("GetObject {key}"))?).into_owned())
    }

    /// A request to a function URL, signed; whatever it answers.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn function_url(
        &self,
        host: &str,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>> {
        let mut request =
            Request::builder().method(method).uri(format!("http://{host}{path}")).body(body).context("a request")?;
        let fetch_site = http::HeaderName::from_static("sec-fetch-site");
        for name in [header::CONTENT_TYPE, header::ACCEPT, header::USER_AGENT, fetch_site] {
            if let Some(value) = headers.get(&name) {
                request.headers_mut().insert(name, value.clone());
            }
        }
        request.headers_mut().insert(header::HOST, host.parse().context("the function's host")?);
        self.sign("lambda", &mut request)?;
        *request.uri_mut() = format!("{}{path}", self.endpoint).parse().context("the endpoint")?;
        self.wire.send(request).await
    }

    /// Creates an S3 bucket.
    ///
    /// # Errors
    /// The service's answer, when it is a refusal.
    pub async fn create_bucket(&self, bucket: &str) -> Result<()> {
        let body = format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        let request = Request::builder().method(Method::PUT);
        self.send("s3", &format!("/{bucket}"), request, Bytes::from(body)).await.context("CreateBucket").map(drop)
    }

    /// Sends a request, and again while the service asks for patience, as the SDKs do.
    async fn send(&self, service: &str, path: &str, request: http::request::Builder, body: Bytes) -> Result<Bytes> {
        let mut request = request
            .uri(format!("{}{path}", self.endpoint))
            .header("host", self.endpoint.trim_start_matches("http://"))
            .body(body)
            .context("building the request")?;
        let unsigned = request.clone();
        for pause in PAUSES {
            self.sign(service, &mut request)?;
            let answer = self.wire.send(request).await?;
            if answer.status().is_success() {
                return Ok(answer.into_body());
            }
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            let kind = answer.headers().get("x-amzn-errortype").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let throttled = answer.status() == StatusCode::TOO_MANY_REQUESTS || text.contains("Throttling");
            if !(throttled || text.contains(CONCURRENT)) || pause.is_zero() {
                return Err(Error::new(format!("{} {kind} {}", answer.status(), text.trim())));
            }
            tokio::time::sleep(pause).await;
            request = unsigned.clone();
        }
        Err(Error::new("throttled again and again"))
    }

    /// Signature Version 4 in the headers; S3 wants its path encoded once and the checksum of the body as a header.
    fn sign(&self, service: &str, request: &mut Request<Bytes>) -> Result<()> {
        let mut settings = SigningSettings::default();
        if service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        self.signature(service, request, settings)
    }

    /// A presigned URL: the request's signature as query parameters, for whoever holds the URL to send.
    ///
    /// # Errors
    /// When the URL cannot be signed.
    pub fn presign(&self, service: &str, url: &str, headers: &[(&str, &str)], lives: Duration) -> Result<String> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lives);
        let mut request = Request::builder().method(Method::GET).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Bytes::new()).context("building the request")?;
        self.signature(service, &mut request, settings)?;
        Ok(request.uri().to_string())
    }

    fn signature(&self, service: &str, request: &mut Request<Bytes>, settings: SigningSettings) -> Result<()> {
        let identity = self.credentials.clone().into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .context("signing")?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers,
            SignableBody::Bytes(request.body()),
        )
        .context("signing")?;
        let (instructions, _) = sign(signable, &parameters).context("signing")?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

/// What is not encoded: the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes everything but the unreserved characters of RFC 3986.
#[must_use]
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}
