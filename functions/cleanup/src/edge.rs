//! Deletes what was temporary of the edge, and blue's part of it.
//!
//! Green's deployment stays: production runs on it. Its own stage goes with the other one, since production's stage holds it now.

use crate::blue;
use domain::gateway::{self, way};
use domain::plan::Planned;
use domain::ports::load_balancers::Named;
use domain::ports::{Apis, Ledger, LoadBalancers, Stages, TargetGroups, UsagePlans, VpcLinks};
use domain::resources::{deployment, load_balancer, rest_api, stage, target_group, usage_plan, vpc_link};
use domain::{Kind, Migration, Outcome, PhaseError, ResourceKey, Side};

/// Everything that is deleted here.
pub trait Ports: Ledger + Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups {}

impl<T> Ports for T where T: Ledger + Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups {}

/// Proves once more that nothing sends requests to blue, before the first of its edge is deleted: days may have passed since the
/// guard, while people were asked.
///
/// # Errors
/// `GuardBreached` where something does.
pub async fn guard<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    unless_begun(ports, migration, listed(migration, Kind::VpcLink, &edge.vpc_link.id)?).await
}

/// The guard, until the deletion of this was asked for.
async fn unless_begun<P: Ports>(ports: &P, migration: &Migration, planned: &Planned) -> Result<(), PhaseError> {
    let key = ResourceKey::new(Side::Blue, planned.kind, &planned.name);
    if ports.entry(migration, &key).await?.is_some() {
        return Ok(());
    }
    way::blue_is_unused(ports, migration).await
}

/// Proves that blue's link is gone: without it no request reaches blue's nodes.
///
/// # Errors
/// `Refused` while the link is there.
pub async fn is_gone<P: VpcLinks>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let id = &migration.plan.edge.vpc_link.id;
    match ports.vpc_link(id).await? {
        Some(link) if link.status != "DELETING" => Err(PhaseError::refused(format!(
            "blue's VPC link {id} is {}: blue's edge goes before its nodes and its control plane. Start the cleanup machine",
            link.status
        ))),
        _ => Ok(()),
    }
}

/// Deletes, in the order in which things refer to each other.
///
/// # Errors
/// `NotReady` while AWS is deleting; `Refused` where the approved plan does not list what is to be deleted of blue;
/// `GuardBreached` where something sends requests to it.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let edge = &migration.plan.edge;
    usage_plan::remove_all(ports, migration).await?;
    rest_api::remove(ports, migration).await?;
    for side in [Side::Blue, Side::Green] {
        stage::remove(ports, migration, &edge.api.id, &stage::keeper(side)).await?;
    }
    let (g, _) = gateway::green(ports, migration).await?;
    deployment::sweep(ports, migration, &edge.api.id, &deployment::green(), &g).await?;
    no_way_back(ports, migration).await?;
    link(ports, migration, &edge.vpc_link.id).await?;
    balancer(ports, migration, &edge.load_balancer.arn).await?;
    for group in &edge.target_groups {
        group_of_targets(ports, migration, &group.arn).await?;
    }
    Ok(Outcome::done())
}

/// The originals that the way back would need are void: there is none any more.
async fn no_way_back<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.entries(migration).await?.iter().filter(|entry| entry.is_live() && entry.key.kind.is_way_back())
    {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

/// The line of the approved list: nothing of blue is deleted without one.
fn listed<'a>(migration: &'a Migration, kind: Kind, id: &str) -> Result<&'a Planned, PhaseError> {
    let planned =
        migration.plan.deletes.iter().find(|planned| planned.kind == kind && planned.id.as_deref() == Some(id));
    planned.ok_or_else(|| PhaseError::refused(format!("the approved plan does not list {kind} {id} for deletion")))
}

async fn link<P: Ports>(ports: &P, migration: &Migration, id: &str) -> Result<(), PhaseError> {
    let find = || async { Ok(ports.vpc_link(id).await?.map(|link| link.id)) };
    let delete = |id: String| async move { vpc_link::delete(ports, &id).await };
    blue::delete(ports, migration, listed(migration, Kind::VpcLink, id)?, find, delete).await
}

async fn balancer<P: Ports>(ports: &P, migration: &Migration, arn: &str) -> Result<(), PhaseError> {
    // A VPC link V2 may name it, and needs no VPC link V1.
    unless_begun(ports, migration, listed(migration, Kind::LoadBalancer, arn)?).await?;
    let find = || async { Ok(ports.load_balancer(Named::Arn(arn)).await?.map(|balancer| balancer.arn)) };
    let delete = |arn: String| async move { load_balancer::delete(ports, &arn).await };
    blue::delete(ports, migration, listed(migration, Kind::LoadBalancer, arn)?, find, delete).await
}

async fn group_of_targets<P: Ports>(ports: &P, migration: &Migration, arn: &str) -> Result<(), PhaseError> {
    let find = || async { Ok(ports.target_group(Named::Arn(arn)).await?.map(|group| group.arn)) };
    let delete = |arn: String| async move { target_group::delete(ports, &arn).await };
    blue::delete(ports, migration, listed(migration, Kind::TargetGroup, arn)?, find, delete).await
}
