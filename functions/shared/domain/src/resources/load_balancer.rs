//! Green's Network Load Balancer, a clone of blue's
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html>).

use crate::Tags;
use crate::plan::edge::LoadBalancer;
use crate::ports::load_balancers::Named;
use crate::ports::{Ledger, LoadBalancers};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, names, ownership, reconcile};
use serde_json::Value;
use std::collections::BTreeMap;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:SetSecurityGroups",
];

/// The longest name of a load balancer, in characters
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>).
const NAME: usize = 32;

/// The attribute that keeps a load balancer from being deleted.
const DELETION_PROTECTION: &str = "deletion_protection.enabled";

/// The ledger's key of green's load balancer.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::LoadBalancer, &migration.plan.edge.load_balancer.name)
}

/// The name of green's load balancer.
#[must_use]
pub fn name(migration: &Migration) -> String {
    names::for_key(&migration.id, &key(migration), NAME)
}

/// The tags of green's load balancer: blue's, and Bascule's.
#[must_use]
pub fn tags(migration: &Migration) -> Tags {
    ownership::tags_like(migration, Side::Green, &migration.plan.edge.load_balancer.tags)
}

/// What has to be set of a clone's attributes: those of the original that it has too, with another value. Deletion protection is
/// never copied, since a protected clone could not be deleted on the way back.
pub(super) fn attributes_to_set(
    original: &BTreeMap<String, String>,
    clone: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    original
        .iter()
        .filter(|(key, value)| *key != DELETION_PROTECTION && clone.get(*key) != Some(value))
        // Elastic Load Balancing answers an empty value for what was never set, and does not take one.
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Green's load balancer, in whatever state.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: LoadBalancers>(ports: &P, migration: &Migration) -> Result<Option<LoadBalancer>, PhaseError> {
    ports.load_balancer(Named::Name(&name(migration))).await
}

/// Clones blue's load balancer where that was not done yet, with its attributes, and gives the clone's ARN.
///
/// # Errors
/// `NotReady` while the clone cannot be read.
pub async fn ensure<P: Ledger + LoadBalancers>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let like = &migration.plan.edge.load_balancer;
    let (name, tags) = (&name(migration), &tags(migration));
    let find = || async { Ok(find(ports, migration).await?.map(|balancer| balancer.arn)) };
    let create = || ports.create_load_balancer(name, like, tags);
    let arn = reconcile::ensure(ports, migration, &key(migration), Value::Null, find, create).await?;
    let Some(clone) = ports.load_balancer(Named::Arn(&arn)).await? else {
        return Err(PhaseError::not_ready(format!("load balancer {name} not visible yet")));
    };
    let attributes = attributes_to_set(&like.attributes, &clone.attributes);
    if !attributes.is_empty() {
        ports.set_load_balancer_attributes(&arn, &attributes).await?;
    }
    if let Some(enforcement) = &like.private_link_enforcement
        && clone.private_link_enforcement.as_ref() != Some(enforcement)
    {
        ports.enforce_on_private_link(&arn, &like.security_group_ids, enforcement).await?;
    }
    Ok(arn)
}

/// Waits until a load balancer is active.
///
/// # Errors
/// `NotReady` while it is provisioned, `Unhealthy` where that failed.
pub async fn ready<P: LoadBalancers>(ports: &P, arn: &str) -> Result<(), PhaseError> {
    match ports.load_balancer(Named::Arn(arn)).await? {
        Some(balancer) => readiness(&balancer),
        None => Err(PhaseError::not_ready(format!("load balancer {arn} not visible yet"))),
    }
}

pub(super) fn readiness(balancer: &LoadBalancer) -> Result<(), PhaseError> {
    match balancer.state.as_str() {
        "active" => Ok(()),
        "failed" => Err(PhaseError::unhealthy(format!(
            "the load balancer {} failed to come up; see it in the EC2 console and start again",
            balancer.arn
        ))),
        state => Err(PhaseError::not_ready(format!("load balancer {state}"))),
    }
}

/// Deletes a load balancer and its listeners, its deletion protection first.
///
/// # Errors
/// `NotReady` while an endpoint service still uses it: that of a VPC link which was deleted a moment ago.
pub async fn delete<P: LoadBalancers>(ports: &P, arn: &str) -> Result<(), PhaseError> {
    let Some(balancer) = ports.load_balancer(Named::Arn(arn)).await? else {
        return Ok(());
    };
    if balancer.attributes.get(DELETION_PROTECTION).is_some_and(|value| value == "true") {
        let off = [(DELETION_PROTECTION.to_owned(), "false".to_owned())].into();
        ports.set_load_balancer_attributes(arn, &off).await?;
    }
    ports.delete_load_balancer(arn).await
}

/// Deletes green's load balancer, as far as the ledger knows it, and its listeners with it.
///
/// # Errors
/// As for [`delete`], and `NotReady` while Elastic Load Balancing deletes.
pub async fn remove<P: Ledger + LoadBalancers>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let find = || async { Ok(find(ports, migration).await?.map(|balancer| balancer.arn)) };
    let delete = |arn: String| async move { delete(ports, &arn).await };
    reconcile::ensure_absent(ports, migration, &key(migration), find, delete).await?;
    reconcile::gone_with(ports, migration, Side::Green, Kind::LoadBalancer).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;

    fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_set_and_deletion_protection_never() {
        let original = map(&[
            ("load_balancing.cross_zone.enabled", "true"),
            ("deletion_protection.enabled", "true"),
            ("access_logs.s3.bucket", ""),
            ("dns_record.client_routing_policy", "any_availability_zone"),
        ]);
        let clone = map(&[
            ("load_balancing.cross_zone.enabled", "false"),
            ("dns_record.client_routing_policy", "any_availability_zone"),
        ]);
        assert_eq!(attributes_to_set(&original, &clone), map(&[("load_balancing.cross_zone.enabled", "true")]));
    }

    // The states of <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html>.
    #[test]
    fn only_an_active_load_balancer_is_ready_and_only_a_failed_one_never_will_be() {
        for (state, expected) in [
            ("active", None),
            ("provisioning", Some(Condition::NotReady)),
            ("active_impaired", Some(Condition::NotReady)),
            ("failed", Some(Condition::Unhealthy)),
        ] {
            let balancer = LoadBalancer { state: state.to_owned(), ..LoadBalancer::default() };
            assert_eq!(readiness(&balancer).err().map(|error| error.condition), expected, "{state}");
        }
    }
}
