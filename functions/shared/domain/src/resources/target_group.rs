//! Green's target groups, clones of those behind blue's load balancer
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html>).

use super::load_balancer::attributes_to_set;
use crate::Tags;
use crate::plan::edge::TargetGroup;
use crate::ports::load_balancers::Named;
use crate::ports::{Ledger, TargetGroups};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, names, ownership, reconcile};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
];

/// The longest name of a target group, in characters
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>).
const NAME: usize = 32;

/// The ledger's key of green's clone of the target group of this name.
#[must_use]
pub fn key(of: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::TargetGroup, of)
}

/// The name of green's clone of the target group of this name.
#[must_use]
pub fn name(migration: &Migration, of: &str) -> String {
    names::for_key(&migration.id, &key(of), NAME)
}

/// The tags of a clone of `like`: the same, and Bascule's.
#[must_use]
pub fn tags(migration: &Migration, like: &TargetGroup) -> Tags {
    ownership::tags_like(migration, Side::Green, &like.tags)
}

/// Green's clone of the target group of this name.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: TargetGroups>(
    ports: &P,
    migration: &Migration,
    of: &str,
) -> Result<Option<TargetGroup>, PhaseError> {
    ports.target_group(Named::Name(&name(migration, of))).await
}

/// Clones a target group where that was not done yet, with its attributes, and gives the clone's ARN.
///
/// # Errors
/// `NotReady` while the clone cannot be read.
pub async fn ensure<P: Ledger + TargetGroups>(
    ports: &P,
    migration: &Migration,
    like: &TargetGroup,
) -> Result<String, PhaseError> {
    let (name, tags) = (&name(migration, &like.name), &tags(migration, like));
    let find = || async { Ok(find(ports, migration, &like.name).await?.map(|group| group.arn)) };
    let create = || ports.create_target_group(name, like, tags);
    let arn = reconcile::ensure(ports, migration, &key(&like.name), Value::Null, find, create).await?;
    let Some(clone) = ports.target_group(Named::Arn(&arn)).await? else {
        return Err(PhaseError::not_ready(format!("target group {name} not visible yet")));
    };
    let attributes = attributes_to_set(&like.attributes, &clone.attributes);
    if !attributes.is_empty() {
        ports.set_target_group_attributes(&arn, &attributes).await?;
    }
    Ok(arn)
}

/// Deletes a target group.
///
/// # Errors
/// `NotReady` while a listener still uses it.
pub async fn delete<P: TargetGroups>(ports: &P, arn: &str) -> Result<(), PhaseError> {
    ports.delete_target_group(arn).await
}

/// Deletes green's clone of the target group of this name, as far as the ledger knows it.
///
/// # Errors
/// As for [`delete`].
pub async fn remove<P: Ledger + TargetGroups>(ports: &P, migration: &Migration, of: &str) -> Result<(), PhaseError> {
    let find = || async { Ok(find(ports, migration, of).await?.map(|group| group.arn)) };
    let delete = |arn: String| async move { delete(ports, &arn).await };
    reconcile::ensure_absent(ports, migration, &key(of), find, delete).await
}
