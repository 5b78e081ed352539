//! What a user has before the migration: a shop behind a public API, on the EKS cluster `shop-blue`.

use crate::aws::Aws;
use crate::error::{Error, Result};

pub mod alarm;
pub mod cluster;
pub mod edge;
pub mod flaws;
pub mod front;
pub mod gateway;
pub mod http_api;
pub mod irsa;
pub mod karpenter;
pub mod network;
pub mod nodes;
pub mod private;
pub mod roles;
pub mod routes;
pub mod service_balancer;
pub mod staff;
pub mod warehouse;
pub mod workloads;

/// The cluster that serves at the beginning.
pub const BLUE: &str = "shop-blue";
/// The cluster that the migration is to make.
pub const GREEN: &str = "shop-green";
/// The name that the ingress controller routes by, as the integrations of the public API send it.
pub const HOST: &str = "shop.example.com";
/// The name that green is qualified under.
pub const TEMPORARY_HOST: &str = "shop-green.example.com";
/// The node ports of the ingress controller's Service, for HTTP and HTTPS.
pub const NODE_PORTS: [u16; 2] = [30080, 30443];

/// Asks until `check` answers something, and gives up after two minutes.
///
/// # Errors
/// The first error of `check`, or that time ran out.
pub(crate) async fn eventually<T, F: Future<Output = Result<Option<T>>>>(
    what: &str,
    mut check: impl FnMut() -> F,
) -> Result<T> {
    for _ in 0..600 {
        if let Some(value) = check().await? {
            return Ok(value);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Err(Error::new(format!("{what}: not within two minutes")))
}

/// One call of the EC2 API, in the version that AWS publishes.
pub(crate) async fn ec2(aws: &Aws, action: &str, parameters: &[(&str, &str)]) -> Result<crate::xml::Element> {
    aws.query("ec2", "2016-11-15", action, parameters).await
}
