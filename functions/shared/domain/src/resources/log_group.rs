//! The CloudWatch log group of a control plane. Where logging is on EKS creates it without retention, and it leaves it behind
//! when the cluster goes (<https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html>); one that is there
//! before the cluster it writes to. So green's is made first, like blue's.
//!
//! A group is deleted after its cluster is gone, since EKS would create it again. Even then EKS may send what it still had
//! (<https://github.com/terraform-aws-modules/terraform-aws-eks/issues/920>): a group that appears later is left alone.

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    ownership::{self, clone_tags},
    plan::{Found, Planned, compute::Compute},
    ports::{Ledger, LogGroups, log_groups::LogGroup},
    reconcile,
};
use serde_json::{Value, json};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
];

/// The group of green's control plane.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::LogGroup, name(&migration.plan.compute.green.name))
}

/// The name that EKS gives the group of a cluster.
#[must_use]
pub fn name(cluster: &str) -> String {
    format!("/aws/eks/{cluster}/cluster")
}

/// What preflight plans for the groups of both clusters; nothing of blue's where that is kept.
///
/// # Errors
/// Only what the calls answer.
pub async fn plan<P: LogGroups>(ports: &P, compute: &Compute, keeps_blue: bool) -> Result<Found<()>, PhaseError> {
    let blue = ports.log_group(&name(&compute.blue.name)).await?;
    let green = ports.log_group(&name(&compute.green.name)).await?;
    Ok(planned(compute, blue.as_ref(), green.is_some(), keeps_blue))
}

/// Green's group is created where blue sends logs to one, unless the user built green; blue's is deleted, unless people protected it.
fn planned(compute: &Compute, blue: Option<&LogGroup>, green_exists: bool, keeps_blue: bool) -> Found<()> {
    let mut found = Found::new(());
    let Some(blue) = blue else {
        return found;
    };
    if compute.existing.is_none() {
        found.extend(created(compute, blue, green_exists));
    }
    if !keeps_blue {
        found.extend(deleted(blue));
    }
    found
}

fn created(compute: &Compute, blue: &LogGroup, green_exists: bool) -> Found<()> {
    let mut found = Found::new(());
    let green = name(&compute.green.name);
    if green_exists {
        found.advice.push(format!(
            "the log group {green} exists already, left by an earlier cluster of this name: green's control plane writes to it as it is"
        ));
    } else if !compute.blue.logging.is_empty() {
        found.creates.push(Planned::new(Kind::LogGroup, green).with(facts(blue)));
        if blue.metric_filters > 0 {
            found.advice.push(format!(
                "the {} metric filters of the log group {} are not copied, nor are its subscriptions",
                blue.metric_filters, blue.name
            ));
        }
    }
    found
}

fn deleted(blue: &LogGroup) -> Found<()> {
    let mut found = Found::new(());
    if blue.deletion_protection {
        found.advice.push(format!("the log group {} is protected from deletion: the cleanup leaves it", blue.name));
    } else {
        found.deletes.push(Planned::existing(Kind::LogGroup, &blue.name, &blue.arn).with(facts(blue)));
        found.advice.push(format!(
            "the cleanup deletes the log group {}: export what is to be kept of blue's control plane logs",
            blue.name
        ));
    }
    found
}

fn facts(group: &LogGroup) -> Value {
    json!(group)
}

fn read(planned: &Planned) -> Result<LogGroup, PhaseError> {
    serde_json::from_value(planned.facts.clone())
        .map_err(|error| PhaseError::conflict(format!("the plan's facts of {} cannot be read: {error}", planned.name)))
}

/// Green's group, where this migration created it.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: LogGroups>(ports: &P, migration: &Migration) -> Result<Option<LogGroup>, PhaseError> {
    let found = ports.log_group(&key(migration).name).await?;
    Ok(found.filter(|found| ownership::is_own(migration, &found.tags)))
}

/// Makes green's group with blue's key, class, tags and retention, where the plan has one.
///
/// # Errors
/// `Conflict` where somebody else created it since the plan; `NotReady` while it is not to be seen.
pub async fn ensure<P: Ledger + LogGroups>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let Some(planned) = migration.plan.creates_of(Kind::LogGroup).next() else {
        return Ok(());
    };
    let blue = read(planned)?;
    let group = LogGroup { name: planned.name.clone(), tags: clone_tags(migration, &blue.tags), ..blue };
    let find_arn = || async { Ok(find(ports, migration).await?.map(|found| found.arn)) };
    let create = || create(ports, migration, &group);
    reconcile::ensure(ports, migration, &key(migration), Value::Null, find_arn, create).await?;
    let now = find(ports, migration).await?.and_then(|found| found.retention_in_days);
    match group.retention_in_days {
        Some(days) if now != Some(days) => ports.set_retention(&group.name, days).await,
        _ => Ok(()),
    }
}

/// Creates a group and gives its ARN, which `CreateLogGroup` does not answer.
async fn create<P: LogGroups>(ports: &P, migration: &Migration, group: &LogGroup) -> Result<String, PhaseError> {
    let created = ports.create_log_group(group).await;
    let found = match created {
        // A group that was created before and could not be seen until now.
        Err(error) if error.condition == crate::Condition::Conflict => find(ports, migration).await?.ok_or(error)?,
        created => {
            created?;
            let found = find(ports, migration).await?;
            found.ok_or_else(|| PhaseError::not_ready(format!("log group {} is not to be seen yet", group.name)))?
        }
    };
    Ok(found.arn)
}

/// Makes green's group absent, with its events.
///
/// # Errors
/// `NotReady` while CloudWatch Logs still has it.
pub async fn remove<P: Ledger + LogGroups>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = key(migration);
    let find = || async { Ok(find(ports, migration).await?.map(|found| found.arn)) };
    reconcile::ensure_absent(ports, migration, &key, find, async |_| delete(ports, &key.name).await).await
}

/// The ARN of the group that people approved the deletion of.
///
/// # Errors
/// `Conflict` where the name belongs to a group that was created since: its ARN is the same.
pub async fn find_approved<P: LogGroups>(ports: &P, planned: &Planned) -> Result<Option<String>, PhaseError> {
    let approved = read(planned)?;
    match ports.log_group(&planned.name).await? {
        Some(found) if found.created_at != approved.created_at => Err(PhaseError::conflict(format!(
            "the log group {} was created again since people approved its deletion; it is left as it is, delete it by hand",
            planned.name
        ))),
        found => Ok(found.map(|found| found.arn)),
    }
}

/// Deletes a group with its events; nothing where it is gone.
///
/// # Errors
/// `Refused` where it was protected from deletion.
pub async fn delete<P: LogGroups>(ports: &P, name: &str) -> Result<(), PhaseError> {
    ports.delete_log_group(name).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compute::{Cluster, Green};

    fn compute(logging: &[&str]) -> Compute {
        Compute {
            blue: Cluster {
                name: "shop-blue".to_owned(),
                logging: logging.iter().map(|&kind| kind.to_owned()).collect(),
                ..Cluster::default()
            },
            green: Green { name: "shop-green".to_owned(), ..Green::default() },
            ..Compute::default()
        }
    }

    fn blue() -> LogGroup {
        LogGroup {
            name: "/aws/eks/shop-blue/cluster".to_owned(),
            arn: "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/eks/shop-blue/cluster".to_owned(),
            retention_in_days: Some(90),
            ..LogGroup::default()
        }
    }

    fn names(planned: &[Planned]) -> Vec<&str> {
        planned.iter().map(|planned| planned.name.as_str()).collect()
    }

    #[test]
    fn greens_group_is_created_like_blues_where_blue_sends_logs_and_blues_is_listed_for_deletion() {
        for (logging, group, green_exists, creates, deletes) in [
            (
                &["api"][..],
                Some(blue()),
                false,
                &["/aws/eks/shop-green/cluster"][..],
                &["/aws/eks/shop-blue/cluster"][..],
            ),
            (&["api"], Some(blue()), true, &[], &["/aws/eks/shop-blue/cluster"]),
            (&[], Some(blue()), false, &[], &["/aws/eks/shop-blue/cluster"]),
            (&["api"], None, false, &[], &[]),
            (
                &["api"],
                Some(LogGroup { deletion_protection: true, ..blue() }),
                false,
                &["/aws/eks/shop-green/cluster"],
                &[],
            ),
        ] {
            let found = planned(&compute(logging), group.as_ref(), green_exists, false);
            assert_eq!(names(&found.creates), creates, "{logging:?} {group:?}");
            assert_eq!(names(&found.deletes), deletes, "{logging:?} {group:?}");
        }
    }

    #[test]
    fn a_group_of_the_users_is_not_made_and_one_of_a_blue_that_stays_not_deleted() {
        let existing = Some(crate::plan::ExistingCluster::default());
        let found = planned(&Compute { existing, ..compute(&["api"]) }, Some(&blue()), true, true);
        assert_eq!(found, Found::new(()));
    }

    #[test]
    fn what_is_planned_keeps_what_blues_group_is_like() {
        let found = planned(&compute(&["audit"]), Some(&blue()), false, false);
        assert_eq!(found.creates.iter().map(read).collect::<Vec<_>>(), [Ok(blue())]);
        assert_eq!(found.deletes.iter().map(read).collect::<Vec<_>>(), [Ok(blue())]);
        assert_eq!(found.deletes[0].id, Some(blue().arn));
    }
}
