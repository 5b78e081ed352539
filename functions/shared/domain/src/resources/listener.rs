//! The listeners of green's load balancer, clones of blue's. AWS deletes them with the load balancer
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html>).

use super::load_balancer::attributes_to_set;
use crate::Tags;
use crate::plan::edge::Listener;
use crate::ports::{Ledger, LoadBalancers};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, ownership, reconcile};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "elasticloadbalancing:AddListenerCertificates",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:ModifyListenerAttributes",
];

/// The ledger's key of the listener on this port.
#[must_use]
pub fn key(port: u16) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Listener, port.to_string())
}

/// The tags of a listener: Bascule's alone.
#[must_use]
pub fn tags(migration: &Migration) -> Tags {
    ownership::tags(migration, Side::Green)
}

/// The listener of a load balancer on this port. Listeners have no names; a port has one.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: LoadBalancers>(ports: &P, load_balancer: &str, port: u16) -> Result<Option<Listener>, PhaseError> {
    let listeners = ports.listeners(load_balancer).await?;
    Ok(listeners.into_iter().find(|found| found.port == port))
}

/// Creates a listener like this one where there is none, with its attributes. `like` names green's target groups already.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + LoadBalancers>(
    ports: &P,
    migration: &Migration,
    load_balancer: &str,
    like: &Listener,
) -> Result<(), PhaseError> {
    let tags = &tags(migration);
    let existing = || async { Ok(find(ports, load_balancer, like.port).await?.map(|found| found.arn)) };
    let create = || ports.create_listener(load_balancer, like, tags);
    let arn = reconcile::ensure(ports, migration, &key(like.port), Value::Null, existing, create).await?;
    if like.attributes.is_empty() {
        return Ok(());
    }
    let clone = find(ports, load_balancer, like.port).await?.unwrap_or_default();
    let attributes = attributes_to_set(&like.attributes, &clone.attributes);
    if !attributes.is_empty() {
        ports.set_listener_attributes(&arn, &attributes).await?;
    }
    Ok(())
}
