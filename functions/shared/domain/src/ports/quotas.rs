//! Service Quotas as phases use it.

use crate::PhaseError;
use std::future::Future;

/// The quotas of the account in this Region.
pub trait Quotas: Sync {
    /// A quota by service and code, such as `ec2` and `L-1216C47A`; `None` where Service Quotas does not know it.
    fn quota(&self, service: &str, code: &str) -> impl Future<Output = Result<Option<f64>, PhaseError>> + Send;
}
