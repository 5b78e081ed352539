//! Deletes what was temporary of the edge, and blue's part of it.
//!
//! Green's deployment stays: production runs on it. Its own stage goes with the other one, since production's stage holds it now.

use crate::blue;
use domain::gateway::{served::Switch, way};
use domain::plan::Planned;
use domain::plan::edge::Service;
use domain::ports::load_balancers::Named;
use domain::ports::{
    Apis, Clock, Functions, Kubernetes, Ledger, LoadBalancers, Snapshots, Stages, TargetGroups, UsagePlans, VpcLinks,
};
use domain::resources::{
    deployment, lambda_permission, load_balancer, rest_api, service, snapshot, stage, target_group, usage_plan,
    vpc_link,
};
use domain::{Kind, Migration, Outcome, PhaseError, ResourceKey, Side};
use serde_json::json;

/// Everything that is deleted here.
pub trait Ports:
    Ledger
    + Apis
    + Clock
    + Stages
    + UsagePlans
    + Functions
    + VpcLinks
    + LoadBalancers
    + TargetGroups
    + Kubernetes
    + Snapshots
{
}

impl<T> Ports for T where
    T: Ledger
        + Apis
        + Clock
        + Stages
        + UsagePlans
        + Functions
        + VpcLinks
        + LoadBalancers
        + TargetGroups
        + Kubernetes
        + Snapshots
{
}

/// Proves once more that nothing sends requests to blue, before the first of its edge is deleted: days may have passed since the
/// guard, while people were asked.
///
/// # Errors
/// `GuardBreached` where something does.
pub async fn guard<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    unless_begun(ports, migration, first(migration)?).await
}

/// What goes first of blue's edge: without it no request reaches blue.
fn first(migration: &Migration) -> Result<&Planned, PhaseError> {
    let edge = &migration.plan.edge;
    match (edge.own_link(), &edge.service) {
        (Some(link), _) => listed(migration, Kind::VpcLink, &link.id),
        (None, Some(_)) => listed(migration, Kind::Service, &edge.load_balancer.dns_name),
        (None, None) => listed(migration, Kind::LoadBalancer, &edge.load_balancer.arn),
    }
}

/// The guard, until the deletion of this was asked for.
async fn unless_begun<P: Ports>(ports: &P, migration: &Migration, planned: &Planned) -> Result<(), PhaseError> {
    let key = ResourceKey::new(Side::Blue, planned.kind, &planned.name);
    if ports.entry(migration, &key).await?.is_some() {
        return Ok(());
    }
    way::blue_is_unused(ports, migration).await
}

/// Proves that blue's link is gone, or its load balancer where a VPC link V2 leads there: without it no request reaches blue's nodes.
///
/// # Errors
/// `Refused` while it is there.
pub async fn is_gone<P: VpcLinks + LoadBalancers>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let status = match edge.own_link() {
        Some(link) => ports.vpc_link(&link.id).await?.map(|link| link.status).filter(|status| status != "DELETING"),
        None => ports.load_balancer(Named::Arn(&edge.load_balancer.arn)).await?.map(|balancer| balancer.state),
    };
    match status {
        Some(status) => Err(PhaseError::refused(format!(
            "blue's {} is {status}: blue's edge goes before its nodes and its control plane. Start the cleanup machine",
            edge.entrance()
        ))),
        None => Ok(()),
    }
}

/// Deletes, in the order in which things refer to each other.
///
/// # Errors
/// `NotReady` while AWS is deleting; `Refused` where the approved plan does not list what is to be deleted of blue;
/// `GuardBreached` where something sends requests to it.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let edge = &migration.plan.edge;
    temporary(ports, migration).await?;
    if let Some(blue) = edge.own_link() {
        link(ports, migration, &blue.id).await?;
    }
    if let Some(of) = &edge.service {
        with_service(ports, migration, of).await?;
    }
    balancer(ports, migration, &edge.load_balancer.arn).await?;
    for group in &edge.target_groups {
        group_of_targets(ports, migration, &group.arn).await?;
    }
    Ok(Outcome::done())
}

/// Deletes what was there for the switch and the way back only.
///
/// # Errors
/// `NotReady` while AWS is deleting.
pub(crate) async fn temporary<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    usage_plan::remove_all(ports, migration).await?;
    for migration in &migration.per_api() {
        of_api(ports, migration).await?;
    }
    snapshot::remove_all(ports, migration).await?;
    no_way_back(ports, migration).await
}

/// The temporary API of one API, and the stages that hold its deployments.
async fn of_api<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    lambda_permission::remove_all(ports, migration).await?;
    rest_api::remove(ports, migration).await?;
    for side in [Side::Blue, Side::Green] {
        stage::remove(ports, migration, &edge.api.id, &stage::keeper(migration, side)).await?;
    }
    if edge.link_variable().is_none() {
        let g = Switch::known(ports, migration).await?.green.deployment;
        deployment::sweep(ports, migration, &edge.api.id, &deployment::green(migration), &g).await?;
    }
    Ok(())
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

/// Deletes blue's Service while its controller runs, which deletes the load balancer with its target groups and listeners first.
async fn with_service<P: Ports>(ports: &P, migration: &Migration, of: &Service) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let planned = listed(migration, Kind::Service, &edge.load_balancer.dns_name)?;
    if ports.entry(migration, &service::key(Side::Blue, of)).await?.is_some_and(|entry| !entry.is_live()) {
        return Ok(());
    }
    unless_begun(ports, migration, planned).await?;
    let balancer = listed(migration, Kind::LoadBalancer, &edge.load_balancer.arn)?;
    let groups = edge.target_groups.iter().map(|group| listed(migration, Kind::TargetGroup, &group.arn));
    for goes in std::iter::once(Ok(balancer)).chain(groups) {
        let goes = goes?;
        ports.intend(migration, &ResourceKey::new(Side::Blue, goes.kind, &goes.name), json!({ "id": goes.id })).await?;
    }
    let api = service::api(ports, &migration.input.blue.cluster).await?;
    let find = || async {
        match &api {
            Some(api) => service::find_on_blue(api, edge).await,
            None => Ok(None),
        }
    };
    let delete = |_| async {
        match &api {
            Some(api) => service::delete_on_blue(api, of).await,
            None => Ok(()),
        }
    };
    blue::delete(ports, migration, planned, find, delete).await
}

async fn balancer<P: Ports>(ports: &P, migration: &Migration, arn: &str) -> Result<(), PhaseError> {
    let planned = listed(migration, Kind::LoadBalancer, arn)?;
    // A VPC link V2 may name it, and needs no VPC link V1.
    unless_begun(ports, migration, planned).await?;
    let find = || async { Ok(ports.load_balancer(Named::Arn(arn)).await?.map(|balancer| balancer.arn)) };
    let delete = |arn: String| async move {
        goes_with_service(migration, &planned.name)?;
        load_balancer::delete(ports, &arn).await
    };
    blue::delete(ports, migration, planned, find, delete).await
}

/// What belongs to a Service is its controller's to delete.
fn goes_with_service(migration: &Migration, what: &str) -> Result<(), PhaseError> {
    let of = migration.plan.edge.service.as_ref();
    of.map_or(Ok(()), |of| Err(PhaseError::not_ready(service::still_there(of, what))))
}

async fn group_of_targets<P: Ports>(ports: &P, migration: &Migration, arn: &str) -> Result<(), PhaseError> {
    let planned = listed(migration, Kind::TargetGroup, arn)?;
    let find = || async { Ok(ports.target_group(Named::Arn(arn)).await?.map(|group| group.arn)) };
    let delete = |arn: String| async move {
        goes_with_service(migration, &planned.name)?;
        target_group::delete(ports, &arn).await
    };
    blue::delete(ports, migration, planned, find, delete).await
}
