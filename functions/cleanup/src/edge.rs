//! Deletes what was temporary of the edge, and blue's part of it.
//!
//! Green's deployment stays: production runs on it. Its own stage goes with the other one, since production's stage holds it now.

use crate::blue;
use domain::gateway::keeper_name;
use domain::plan::Planned;
use domain::plan::edge::keys;
use domain::ports::load_balancers::Named;
use domain::ports::{Apis, Ledger, LoadBalancers, Stages, TargetGroups, UsagePlans, VpcLinks};
use domain::reconcile::ensure_absent;
use domain::{Condition, Entry, Kind, Migration, Outcome, PhaseError, Side};

/// The attribute that keeps a load balancer from being deleted.
const PROTECTED: &str = "deletion_protection.enabled";

/// Everything that is deleted here.
pub trait Ports: Ledger + Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups {}

impl<T> Ports for T where T: Ledger + Apis + Stages + UsagePlans + VpcLinks + LoadBalancers + TargetGroups {}

/// Deletes, in the order in which things refer to each other.
///
/// # Errors
/// `NotReady` while AWS is deleting; whatever the ports answer.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let entries = ports.entries(migration).await?;
    let known = |entry: &&Entry| entry.is_live();
    let entries: Vec<&Entry> = entries.iter().filter(known).collect();
    for entry in entries.iter().filter(|entry| entry.key.kind == Kind::UsagePlan) {
        usage_plan(ports, migration, entry).await?;
    }
    temporary_api(ports, migration).await?;
    keepers(ports, migration).await?;
    // What stood for the way back: there is none any more.
    let passed = |entry: &&&Entry| {
        entry.key.kind == Kind::StageShift
            || entry.key.kind == Kind::Integration
            || (entry.key.side == Side::Temporary && [Kind::Stage, Kind::Deployment].contains(&entry.key.kind))
    };
    for entry in entries.iter().filter(passed) {
        ports.absent(migration, &entry.key).await?;
    }
    blues_link(ports, migration).await?;
    blues_balancer(ports, migration).await?;
    Ok(Outcome::done())
}

async fn usage_plan<P: Ports>(ports: &P, migration: &Migration, entry: &Entry) -> Result<(), PhaseError> {
    let name = &keys::name(migration, &entry.key, 128);
    let find = || async {
        let plans = ports.usage_plans(Some("")).await?;
        Ok(plans.into_iter().find(|plan| plan.name == *name).map(|plan| plan.id))
    };
    let delete = |id: String| async move {
        let plans = ports.usage_plans(Some("")).await?;
        for (api, stage) in plans.into_iter().filter(|plan| plan.id == id).flat_map(|plan| plan.stages) {
            ports.remove_stage(&id, &api, &stage).await?;
        }
        ports.delete_usage_plan(&id).await
    };
    ensure_absent(ports, migration, &entry.key, find, delete).await
}

async fn temporary_api<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = keys::temporary_api();
    let name = &keys::name(migration, &key, 128);
    let find = || async {
        let apis = ports.apis().await?;
        Ok(apis.into_iter().find(|api| api.name == *name).map(|api| api.id))
    };
    ensure_absent(ports, migration, &key, find, |id: String| async move { ports.delete_api(&id).await }).await
}

async fn keepers<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let api = &migration.plan.edge.api.id;
    for side in [Side::Blue, Side::Green] {
        let name = &keeper_name(migration, side);
        let find = || async { Ok(ports.stage(api, name).await?.map(|stage| stage.name)) };
        let delete = |name: String| async move { ports.delete_stage(api, &name).await };
        ensure_absent(ports, migration, &keys::keeper(side), find, delete).await?;
    }
    Ok(())
}

/// The line of the approved list: nothing of blue is deleted without one.
fn listed<'a>(migration: &'a Migration, kind: Kind, id: &str) -> Result<&'a Planned, PhaseError> {
    let planned =
        migration.plan.deletes.iter().find(|planned| planned.kind == kind && planned.id.as_deref() == Some(id));
    planned.ok_or_else(|| PhaseError::refused(format!("the approved plan does not list {kind} {id} for deletion")))
}

/// What refers to the thing was deleted a moment ago, and AWS may take a while to see that.
fn still_referred_to(error: PhaseError) -> PhaseError {
    match error.condition {
        Condition::Conflict | Condition::Refused => PhaseError::not_ready(error.message),
        _ => error,
    }
}

async fn blues_link<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let id = &migration.plan.edge.vpc_link.id;
    let find = || async { Ok(ports.vpc_link(id).await?.map(|link| link.id)) };
    let delete = |id: String| async move {
        match ports.vpc_link(&id).await? {
            Some(link) if link.status != "DELETING" => ports.delete_vpc_link(&id).await.map_err(still_referred_to),
            _ => Ok(()),
        }
    };
    blue::delete(ports, migration, listed(migration, Kind::VpcLink, id)?, find, delete).await
}

async fn blues_balancer<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let arn = &edge.load_balancer.arn;
    let find = || async { Ok(ports.load_balancer(Named::Arn(arn)).await?.map(|balancer| balancer.arn)) };
    let delete = |arn: String| async move {
        let balancer = ports.load_balancer(Named::Arn(&arn)).await?.unwrap_or_default();
        if balancer.attributes.get(PROTECTED).is_some_and(|value| value == "true") {
            let off = [(PROTECTED.to_owned(), "false".to_owned())].into();
            ports.set_load_balancer_attributes(&arn, &off).await?;
        }
        // Its listeners go with it. What may still refer to it is the endpoint service of the link that was just deleted.
        ports.delete_load_balancer(&arn).await.map_err(still_referred_to)
    };
    blue::delete(ports, migration, listed(migration, Kind::LoadBalancer, arn)?, find, delete).await?;
    for group in &edge.target_groups {
        let find = || async { Ok(ports.target_group(Named::Arn(&group.arn)).await?.map(|group| group.arn)) };
        let delete = |arn: String| async move { ports.delete_target_group(&arn).await };
        blue::delete(ports, migration, listed(migration, Kind::TargetGroup, &group.arn)?, find, delete).await?;
    }
    Ok(())
}
