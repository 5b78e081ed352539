//! Proves before the deletion of blue that nothing but the API that was moved sends requests to its nodes and Pods.

use domain::ports::{Neighbours, Network, TargetGroups};
use domain::{Migration, PhaseError, neighbours};

/// Checks every target group and every load balancer of blue's VPC.
///
/// # Errors
/// `GuardBreached` with those that still send requests to blue.
pub async fn none_left<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Neighbours + TargetGroups + Network,
{
    let left = neighbours::others(ports, &migration.plan.compute, &migration.plan.edge).await?;
    if left.is_empty() {
        return Ok(());
    }
    Err(PhaseError::guard_breached(format!(
        "blue is still used by others, and nothing of it was deleted: {}. Move their clients to green, deregister the targets or delete the \
         Service or Ingress on blue, then start the cleanup machine again",
        left.join("; ")
    )))
}
