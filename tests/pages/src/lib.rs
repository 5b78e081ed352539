//! The pages of `decide` on loopback, with the shop in memory behind them, so that a real browser can read and answer them.
//!
//! The server simulates a function URL: it gives the function the event of
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads> and turns its answer into a response. AWS's speaks
//! HTTPS under a name of its own, and this one HTTP on 127.0.0.1, which browsers trust alike
//! (<https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy>).

mod shop;

pub use shop::Shop;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use decide::desk::handle;
use domain::Invocation;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Map, Value, json};
use std::{net::SocketAddr, sync::Arc};
use testing::Account;
use tokio::{net::TcpListener, task::JoinHandle};

/// A server, until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves the pages of this account.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(account: Arc<Account>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(serve).with_state(account);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the pages are closed: {error}");
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    State(account): State<Arc<Account>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let text = |value: &http::HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let headers: Map<String, Value> =
        headers.iter().map(|(name, value)| (name.to_string(), text(value).into())).collect();
    let event = json!({
        "version": "2.0",
        "rawPath": uri.path(),
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": { "http": { "method": method.as_str() }, "domainName": host, "timeEpoch": 0 },
        "body": STANDARD.encode(body),
        "isBase64Encoded": true,
    });
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    answer(handle(&*account, event, invocation).await.ok())
}

/// A function that fails is a 502 to the browser.
fn answer(answer: Option<Value>) -> Response {
    let answer = answer.unwrap_or_else(|| json!({ "statusCode": 502 }));
    let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(502);
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap_or_default());
    }
    let body = Body::from(answer["body"].as_str().unwrap_or_default().to_owned());
    response.body(body).unwrap_or_else(|error| Response::new(Body::from(error.to_string())))
}
