//! The clone of blue's Network Load Balancer, with its target groups and listeners.

use crate::Ports;
use domain::plan::{Whose, edge::Listener};
use domain::resources::{listener, load_balancer, target_group};
use domain::{Migration, PhaseError};
use std::collections::BTreeMap;

/// Clones target groups, load balancer and listeners, unless the user built them, and gives the load balancer's ARN once it is active.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let arn = match migration.plan.whose(&load_balancer::key(migration)) {
        Whose::Bascules => clone(ports, migration).await?,
        Whose::Users(arn) => arn.to_owned(),
    };
    load_balancer::ready(ports, &arn).await?;
    Ok(arn)
}

async fn clone<P: Ports>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let edge = &migration.plan.edge;
    let mut groups = BTreeMap::new();
    for group in &edge.target_groups {
        groups.insert(group.arn.as_str(), target_group::ensure(ports, migration, group).await?);
    }
    let arn = load_balancer::ensure(ports, migration).await?;
    for like in &edge.listeners {
        let forwards_to = like.target_group_arns.iter().filter_map(|arn| groups.get(arn.as_str()).cloned());
        let like = Listener { target_group_arns: forwards_to.collect(), ..like.clone() };
        listener::ensure(ports, migration, &arn, &like).await?;
    }
    Ok(arn)
}

/// Deletes the load balancer with its listeners, and then the target groups, which its listeners use.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    load_balancer::remove(ports, migration).await?;
    for like in &migration.plan.edge.target_groups {
        target_group::remove(ports, migration, &like.name).await?;
    }
    Ok(())
}
