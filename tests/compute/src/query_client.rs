//! A client of the emulator's EC2, STS and CloudWatch, which use the query protocol.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::{query_protocol::Fault, xml::Element};

/// Maximum time of a call to the emulator.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of the emulator that signs as the account's root user.
pub(crate) struct QueryClient {
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: String,
    region: String,
    account: String,
}

impl QueryClient {
    /// A client of the endpoint `http://host:port`.
    pub(crate) fn new(endpoint: &str, region: &str, account: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
        }
    }

    /// The region that calls are signed for.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Calls an action and parses its response. Errors keep the service's code and message.
    pub(crate) async fn call(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(String, String)],
    ) -> Result<Element, Fault> {
        let own = [("Action", action), ("Version", version)];
        let pairs = parameters.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(own.into_iter().chain(pairs)).finish();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/", self.endpoint))
            .header(header::HOST, self.host())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body.clone())))
            .map_err(|error| unreachable_service(service, &error))?;
        self.sign(service, &mut request, body.as_bytes()).map_err(|error| unreachable_service(service, &error))?;
        let (status, answer) = self.send(service, request).await?;
        read(service, status, &answer)
    }

    /// Sends a request that the caller has signed, with its path, query and headers.
    pub(crate) async fn replay(
        &self,
        service: &str,
        path_and_query: &str,
        headers: &[(&str, &str)],
    ) -> Result<Element, Fault> {
        let mut request = Request::builder().uri(format!("{}{path_and_query}", self.endpoint));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::default()).map_err(|error| unreachable_service(service, &error))?;
        let (status, answer) = self.send(service, request).await?;
        read(service, status, &answer)
    }

    fn host(&self) -> &str {
        self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host)
    }

    async fn send(&self, service: &str, request: Request<Full<Bytes>>) -> Result<(u16, String), Fault> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| unreachable_service(service, &error))?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map_err(|error| unreachable_service(service, &error))?;
            Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
        };
        tokio::time::timeout(PATIENCE, exchange).await.map_err(|error| unreachable_service(service, &error))?
    }

    fn sign(
        &self,
        service: &str,
        request: &mut Request<Full<Bytes>>,
        body: &[u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        // The emulator uses the account id as the access key of the root user.
        let identity = Credentials::new(&self.account, "test", None, None, "sandbox").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| Ok::<_, header::ToStrError>((name.to_string(), value.to_str()?.to_owned())))
            .collect::<Result<_, _>>()?;
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            SignableBody::Bytes(body),
        )?;
        let (instructions, _signature) = sign(signable, &parameters)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

fn unreachable_service(service: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault { status: 500, code: "ServiceUnavailable".into(), message: format!("{service} cannot be reached: {error}") }
}

/// Parses a response, or its error: `<Errors><Error>` from EC2, `<Error>` from other services.
fn read(service: &str, status: u16, body: &str) -> Result<Element, Fault> {
    let Some(tree) = Element::parse(body) else {
        return Err(unreachable_service(service, &format!("answer {status} is not XML")));
    };
    if (200..300).contains(&status) {
        return Ok(tree);
    }
    let error = tree.find("Error");
    let part = |name: &str| error.and_then(|error| error.child_text(name)).unwrap_or_default().to_owned();
    Err(Fault { status, code: part("Code"), message: part("Message") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_ec2_keeps_its_code() {
        let body = "<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code><Message>no</Message></Error></Errors></Response>";
        let fault = read("ec2", 400, body).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.message.as_str()), ("InvalidSubnetID.NotFound", "no"));
    }
}
