//! Requests to APIs of API Gateway, on hyper. `AWS_ENDPOINT_URL_EXECUTE_API` replaces the address that is connected to, as
//! `AWS_ENDPOINT_URL_…` does for AWS's services; the Host header keeps the API's name.

#[cfg(test)]
mod tests;

use crate::Account;
use domain::PhaseError;
use domain::ports::Probes;
use domain::ports::probes::{Answered, Probe};
use domain::resources::rest_api;
use http::{Request, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::time::Duration;

/// A REST API answers within 29 seconds unless its quota was raised
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// How much of a body is kept, in bytes.
const BODY: usize = 2_000;

/// More than this is not read, in bytes: API Gateway answers with at most 10 MB.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// Where to connect instead of the API's own address.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_EXECUTE_API";

impl Probes for Account {
    async fn probe(&self, probe: &Probe) -> Result<Answered, PhaseError> {
        let region = self.config().region().map(ToString::to_string).unwrap_or_default();
        let host = rest_api::host(&region, &probe.api, probe.vpc_endpoint.as_deref());
        let base = self.optional_setting(ENDPOINT).map_or_else(|| format!("https://{host}"), ToOwned::to_owned);
        let path = format!("{}{}", rest_api::path(&probe.stage), probe.path);
        let context = format!("GET https://{host}{path}");
        let mut request = Request::get(format!("{}{path}", base.trim_end_matches('/')))
            .header(header::HOST, &host)
            .header(header::USER_AGENT, "bascule");
        if let Some(key) = &probe.key {
            let mut value = http::HeaderValue::from_str(key.reveal())
                .map_err(|_| PhaseError::refused(format!("{context}: the API key is no header value")))?;
            value.set_sensitive(true);
            request = request.header("x-api-key", value);
        }
        let request =
            request.body(Empty::<Bytes>::new()).map_err(|error| PhaseError::refused(format!("{context}: {error}")))?;
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| PhaseError::refused(format!("{context}: no root certificates: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let begin = std::time::Instant::now();
        let answer = async {
            let answer = client.request(request).await.map_err(|error| error.to_string())?;
            let status = answer.status().as_u16();
            let body =
                Limited::new(answer.into_body(), LARGEST_BODY).collect().await.map_err(|error| error.to_string())?;
            let body = body.to_bytes();
            let start = body.get(..BODY).unwrap_or(&body);
            Ok::<_, String>(Answered {
                status,
                body: String::from_utf8_lossy(start).into_owned(),
                millis: u32::try_from(begin.elapsed().as_millis()).unwrap_or(u32::MAX),
            })
        };
        match tokio::time::timeout(LONGEST_ANSWER, answer).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(error)) => Err(PhaseError::unavailable(format!("{context}: {error}"))),
            Err(_) => Err(PhaseError::unavailable(format!("{context}: no answer in {LONGEST_ANSWER:?}"))),
        }
    }
}
