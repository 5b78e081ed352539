//! The approval page on a local URL: what `https://ID.lambda-url.REGION.on.aws` is on the internet.
//!
//! A function URL with `AuthType` NONE lets everybody in: AWS's front end takes requests without a signature and hands them
//! to the function. ministack, when it checks signatures, refuses them all the same. So the doorstep takes a browser's request
//! and passes it on signed by the account's administrator, unchanged otherwise; the function sees what a browser sent.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::error::{Context, Result};

/// A local address for one function URL.
#[derive(Debug)]
pub struct Doorstep {
    address: SocketAddr,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Function {
    aws: Aws,
    host: String,
}

impl Doorstep {
    /// Listens on loopback for the function at `url`.
    ///
    /// # Errors
    /// When the URL has no host or no port is free.
    pub async fn open(aws: &Aws, url: &str) -> Result<Self> {
        let uri: Uri = url.parse().context("the function's URL")?;
        let function = Function { aws: aws.clone(), host: uri.host().context("the function's host")?.to_owned() };
        let listener =
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.context("the approval page")?;
        let address = listener.local_addr().context("the approval page")?;
        let router = Router::new().fallback(pass_on).with_state(function);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the approval page is closed");
            }
        });
        Ok(Self { address, server })
    }

    /// The local form of a link to the function.
    ///
    /// # Errors
    /// When the link is no URL.
    pub fn local(&self, link: &str) -> Result<String> {
        let uri: Uri = link.parse().context("a link")?;
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        Ok(format!("http://{}{path}", self.address))
    }
}

impl Drop for Doorstep {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass_on(
    State(function): State<Function>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    match function.aws.function_url(&function.host, method, path, &headers, body).await {
        Ok(answer) => answer.map(axum::body::Body::from),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
