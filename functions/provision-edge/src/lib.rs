//! Builds green's edge beside blue's: a clone of the load balancer, a VPC link to it, and a temporary API on which people
//! qualify green. With the step `attach-nodes` it registers green's nodes with the clone's target groups.

pub mod attach;
pub mod balancer;
pub mod link;
pub mod rewrite;
pub mod temporary;

use domain::ports::{Apis, Ledger, LoadBalancers, Scaling, Stages, TargetGroups, UsagePlans, VpcLinks};
use domain::{Migration, Outcome, PhaseError};

/// The step that registers green's nodes.
pub const ATTACH_NODES: &str = "attach-nodes";

/// Everything that this phase reaches.
pub trait Ports: Ledger + Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups + Scaling {}

impl<T> Ports for T where T: Ledger + Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups + Scaling {}

/// Makes green's edge exist, or registers green's nodes with it.
///
/// # Errors
/// `NotReady` while AWS works on it, `Unhealthy` where AWS gave up, `InvalidInput` for an unknown step; whatever the ports answer.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    match migration.step.as_str() {
        "" => {
            let load_balancer = balancer::converge(ports, migration).await?;
            let link = link::converge(ports, migration, &load_balancer).await?;
            temporary::converge(ports, migration, &link).await?;
        }
        ATTACH_NODES => attach::converge(ports, migration).await?,
        other => {
            return Err(PhaseError::invalid_input(format!(
                "$.step: found {other:?}, expected nothing or {ATTACH_NODES:?}"
            )));
        }
    }
    Ok(Outcome::done())
}

/// Takes everything down again, in the reverse order: what refers to a thing goes before the thing.
///
/// # Errors
/// `NotReady` while AWS is deleting; whatever the ports answer.
pub async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    attach::undo(ports, migration).await?;
    temporary::undo(ports, migration).await?;
    link::undo(ports, migration).await?;
    balancer::undo(ports, migration).await?;
    Ok(Outcome::done())
}
