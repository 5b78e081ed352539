//! Builds green's edge beside blue's: a clone of the load balancer, a VPC link to it, and a temporary API on which people
//! qualify green. With the step `attach-nodes` it registers green's nodes with the clone's target groups.
//!
//! Where blue's load balancer belongs to a Service, green's comes with the workloads: then the step `connect` makes VPC link and
//! temporary API once it is there, and the others have nothing to do.

pub mod attach;
pub mod balancer;
pub mod rewrite;
pub mod temporary;

use domain::gateway::{made, way};
use domain::plan::Whose;
use domain::ports::{Apis, Functions, Ledger, LoadBalancers, Scaling, Stages, TargetGroups, UsagePlans, VpcLinks};
use domain::resources::{load_balancer, target_group_attachment, vpc_link};
use domain::{Migration, Outcome, PhaseError, Whole};

/// The states of the migrate machine that run this phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// Load balancer, VPC link and temporary API.
    #[strum(serialize = "")]
    Build,
    /// Green's nodes as targets of the load balancer.
    AttachNodes,
    /// VPC link and temporary API of a load balancer that came with the workloads.
    Connect,
}

/// Everything that this phase reaches.
pub trait Ports:
    Ledger + Apis + Stages + UsagePlans + Functions + VpcLinks + LoadBalancers + TargetGroups + Scaling
{
}

impl<T> Ports for T where
    T: Ledger + Apis + Stages + UsagePlans + Functions + VpcLinks + LoadBalancers + TargetGroups + Scaling
{
}

/// Makes green's edge exist, verifies what of it the user built, or registers green's nodes with it.
///
/// # Errors
/// `NotReady` while AWS works on it, `Unhealthy` where AWS gave up.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration, step: Step) -> Result<Outcome, PhaseError> {
    let comes_with_workloads = migration.plan.edge.service.is_some();
    match step {
        Step::Build if !comes_with_workloads => {
            let load_balancer = balancer::converge(ports, migration).await?;
            connect(ports, migration, &load_balancer).await?;
        }
        // Its controller registers nodes or Pods.
        Step::AttachNodes if !comes_with_workloads => attach::converge(ports, migration).await?,
        Step::Connect if comes_with_workloads => {
            let load_balancer = made(ports, migration, &load_balancer::key(migration)).await?;
            connect(ports, migration, &load_balancer).await?;
        }
        Step::Build | Step::AttachNodes | Step::Connect => {}
    }
    Ok(Outcome::done())
}

/// Makes what stands before green's load balancer.
async fn connect<P: Ports>(ports: &P, migration: &Migration, load_balancer: &str) -> Result<(), PhaseError> {
    // A VPC link V2 is no load balancer's own: blue's leads to green's as well.
    if migration.plan.edge.own_link().is_some() {
        let link = match migration.plan.whose(&vpc_link::key(migration)) {
            Whose::Bascules => vpc_link::ensure(ports, migration, load_balancer).await?,
            Whose::Users(id) => id.to_owned(),
        };
        vpc_link::ready(ports, &link).await?;
    }
    temporary::converge(ports, migration).await
}

/// Takes everything down again, in the reverse order: what refers to a thing goes before the thing.
///
/// # Errors
/// `NotReady` while AWS is deleting; `GuardBreached` where a stage still sends requests to green.
pub async fn undo<P: Ports>(ports: &P, migration: &Migration, _: Whole) -> Result<Outcome, PhaseError> {
    way::green_is_unused(ports, migration).await?;
    target_group_attachment::remove_all(ports, migration).await?;
    temporary::undo(ports, migration).await?;
    vpc_link::remove(ports, migration).await?;
    // A load balancer that came with a Service goes with it (deploy-workloads).
    if migration.plan.edge.service.is_none() {
        balancer::undo(ports, migration).await?;
    }
    Ok(Outcome::done())
}
