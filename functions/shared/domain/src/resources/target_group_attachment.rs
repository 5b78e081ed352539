//! The Auto Scaling groups of green's node groups in green's target groups
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html>).

use crate::ports::load_balancers::Target;
use crate::ports::scaling::AutoScalingGroup;
use crate::ports::{Ledger, Scaling};
use crate::{Entry, Kind, Migration, PhaseError, ResourceKey, Side, reconcile};
use serde_json::{Value, json};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "autoscaling:AttachLoadBalancerTargetGroups",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DetachLoadBalancerTargetGroups",
];

/// The ledger's key of a node group of green in the clone of the target group of this name.
#[must_use]
pub fn key(target_group: &str, node_group: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::TargetGroupAttachment, format!("{target_group}/{node_group}"))
}

/// Attaches an Auto Scaling group to green's target group, with the ARN `arn`, in place of the one of this name. What somebody else
/// attached, to a target group of the user's, is left alone.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Scaling>(
    ports: &P,
    migration: &Migration,
    (target_group, arn): (&str, &str),
    group: &AutoScalingGroup,
) -> Result<(), PhaseError> {
    let detail = json!({ "autoScalingGroup": group.name, "targetGroup": arn });
    let id = || format!("{} {arn}", group.name);
    let find = || async { Ok(group.target_group_arns.iter().any(|found| found == arn).then(id)) };
    let create = || async {
        ports.attach(&group.name, arn).await?;
        Ok(id())
    };
    let key = key(target_group, &group.node_group);
    let is_attached = group.target_group_arns.iter().any(|found| found == arn);
    if is_attached && ports.live(migration, &key).await?.is_none() {
        return Ok(());
    }
    reconcile::ensure(ports, migration, &key, detail, find, create).await?;
    Ok(())
}

/// The ids of the group's instances in service that are not registered with the target group yet.
#[must_use]
pub fn unregistered<'a>(group: &'a AutoScalingGroup, targets: &[Target]) -> Vec<&'a str> {
    let ids = group.instance_ids.iter().map(String::as_str);
    ids.filter(|id| !targets.iter().any(|target| target.id == *id)).collect()
}

/// Detaches an Auto Scaling group from the target group with this ARN.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: Scaling>(ports: &P, group: &str, target_group: &str) -> Result<(), PhaseError> {
    ports.detach(group, target_group).await
}

/// Detaches every Auto Scaling group that the ledger knows.
///
/// # Errors
/// `NotReady` while a group is still being detached.
pub async fn remove_all<P: Ledger + Scaling>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, Side::Green, Kind::TargetGroupAttachment).await? {
        remove(ports, migration, &entry).await?;
    }
    Ok(())
}

/// Proves that green's node groups are behind no target group any more, as far as the ledger knows: nodes go after the edge, whose
/// guard asks what production serves.
///
/// # Errors
/// `GuardBreached` while one is.
pub async fn all_removed<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let left = ports.live_of(migration, Side::Green, Kind::TargetGroupAttachment).await?;
    if left.is_empty() {
        return Ok(());
    }
    let left: Vec<&str> = left.iter().map(|entry| entry.key.name.as_str()).collect();
    Err(PhaseError::guard_breached(format!(
        "green's nodes are still in target groups ({}), and nothing of them was deleted: start the rollback machine, which undoes \
         provision-edge first",
        left.join(", ")
    )))
}

async fn remove<P: Ledger + Scaling>(ports: &P, migration: &Migration, entry: &Entry) -> Result<(), PhaseError> {
    let text = |field: &str| entry.detail.get(field).and_then(Value::as_str).unwrap_or_default();
    let (group, arn) = (text("autoScalingGroup"), text("targetGroup"));
    let find = || async {
        let groups = ports.attached_to(arn).await?;
        Ok(groups.into_iter().find(|found| found.name == group).map(|found| found.name))
    };
    let delete = |name: String| async move { delete(ports, &name, arn).await };
    reconcile::ensure_absent(ports, migration, &entry.key, find, delete).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_awaited_until_it_is_registered_in_whatever_health() {
        let group = AutoScalingGroup { instance_ids: vec!["i-1".to_owned(), "i-2".to_owned()], ..Default::default() };
        let target = Target { id: "i-1".to_owned(), port: 30080, state: "unhealthy".to_owned(), reason: String::new() };
        assert_eq!(unregistered(&group, &[]), ["i-1", "i-2"]);
        assert_eq!(unregistered(&group, &[target]), ["i-2"]);
    }
}
