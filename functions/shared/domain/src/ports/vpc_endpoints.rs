//! VPC endpoints, through which private APIs are reached.

use crate::PhaseError;
use std::future::Future;

/// A VPC endpoint for a service (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VpcEndpoint {
    /// The id.
    pub id: String,
    /// The VPC that it is in.
    pub vpc_id: String,
    /// `available`, `pending`, `failed`, …
    pub state: String,
    /// Whether the service's own DNS names lead to it inside of its VPC.
    pub has_private_dns: bool,
    /// Its policy, JSON; without one everybody may send everything through it.
    pub policy: Option<String>,
    /// The security groups of its network interfaces.
    pub group_ids: Vec<String>,
}

/// VPC endpoints.
pub trait VpcEndpoints: Sync {
    /// Those of the account in this Region for an AWS service, such as `execute-api`.
    fn vpc_endpoints(&self, service: &str) -> impl Future<Output = Result<Vec<VpcEndpoint>, PhaseError>> + Send;
}
