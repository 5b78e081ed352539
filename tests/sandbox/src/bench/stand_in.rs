//! Simulates the two calls to AWS of an apply: Amazon EKS describes the cluster
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html>), and Amazon S3 serves the bundle
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>). Whoever signs is answered.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::http::header::ETAG;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::{BoxFuture, FutureExt, ready};
use kubernetes::{Authenticator, Identity};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::digest::sha256;
use crate::error::{Context, Result};

/// The name of the cluster.
pub const CLUSTER: &str = "bench";

/// Everybody who presents a token is an administrator of the cluster.
#[derive(Clone, Copy, Debug)]
pub struct Everybody;

impl Authenticator for Everybody {
    fn authenticate(
        &self,
        _cluster: String,
        _bearer: String,
    ) -> BoxFuture<'static, std::result::Result<Identity, String>> {
        ready(Ok(Identity { username: "bench".to_owned(), groups: vec!["system:masters".to_owned()] })).boxed()
    }
}

/// A bundle in the bucket.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// What it is.
    pub text: Arc<str>,
    /// The SHA-256 of the text.
    pub digest: String,
}

impl Stored {
    /// A bundle under this key.
    #[must_use]
    pub fn new(key: &str, text: Arc<str>) -> Self {
        Self { key: key.to_owned(), digest: sha256(&*text), text }
    }

    /// Where it is.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("s3://{BUCKET}/{}", self.key)
    }
}

/// The bucket.
const BUCKET: &str = "bench";

/// The servers' address; they end when it is dropped.
#[derive(Debug)]
pub struct StandIn {
    endpoint: String,
    task: JoinHandle<()>,
}

impl StandIn {
    /// Serves a cluster, whose API server answers at this URL under this certificate authority, and bundles with their digests.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(url: String, ca_pem: &str, bundles: Vec<Stored>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening for EKS and S3")?;
        let endpoint = format!("http://{}", listener.local_addr().context("the address of EKS and S3")?);
        let cluster = json!({"cluster": {
            "name": CLUSTER, "arn": format!("arn:aws:eks:eu-central-1:123456789012:cluster/{CLUSTER}"), "status": "ACTIVE",
            "version": "1.37", "createdAt": 1_700_000_000.0, "endpoint": url,
            "certificateAuthority": {"data": STANDARD.encode(ca_pem)},
        }});
        let mut router = Router::new().route("/clusters/{name}", get(async move || axum::Json(cluster)));
        for bundle in bundles {
            let path = format!("/{BUCKET}/{}", bundle.key);
            let answer =
                async move || ([(ETAG, format!("\"{}\"", bundle.digest))], bundle.text.to_string()).into_response();
            router = router.route(&path, get(answer));
        }
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "EKS and S3 ended");
            }
        });
        Ok(Self { endpoint, task })
    }

    /// For `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}
