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
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::error::{Context, Result};

/// The name of the cluster.
pub(super) const CLUSTER: &str = "bench";

/// Where the bundle is.
pub(super) const BUNDLE: &str = "s3://bench/bundle.yaml";

/// The servers' address; they end when it is dropped.
#[derive(Debug)]
pub(super) struct StandIn {
    endpoint: String,
    task: JoinHandle<()>,
}

impl StandIn {
    /// Serves a cluster, whose API server answers at this URL under this certificate authority, and a bundle with its digest.
    ///
    /// # Errors
    /// When no port is free.
    pub(super) async fn start(url: String, ca_pem: &str, bundle: Arc<str>, digest: String) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening for EKS and S3")?;
        let endpoint = format!("http://{}", listener.local_addr().context("the address of EKS and S3")?);
        let cluster = json!({"cluster": {
            "name": CLUSTER, "arn": format!("arn:aws:eks:eu-central-1:123456789012:cluster/{CLUSTER}"), "status": "ACTIVE",
            "version": "1.37", "createdAt": 1_700_000_000.0, "endpoint": url,
            "certificateAuthority": {"data": STANDARD.encode(ca_pem)},
        }});
        let router = Router::new().route("/clusters/{name}", get(async move || axum::Json(cluster))).route(
            "/bench/bundle.yaml",
            get(async move || ([(ETAG, format!("\"{digest}\""))], bundle.to_string()).into_response()),
        );
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "EKS and S3 ended");
            }
        });
        Ok(Self { endpoint, task })
    }

    /// For `AWS_ENDPOINT_URL`.
    #[must_use]
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}
