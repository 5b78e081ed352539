//! Green's EC2 security groups, each a clone of one of blue's
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>).
//!
//! The cluster security group is not among them: EKS makes and deletes it with the cluster.

use crate::{
    Condition, Entry, Kind, Migration, PhaseError, ResourceKey, Side, Status, names,
    ownership::{self, clone_tags},
    plan::compute::{SecurityGroup, rules::Clones},
    ports::{Clock, Clusters, Ledger, Network},
    reconcile,
};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "ec2:CreateSecurityGroup",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteSecurityGroup",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
    "eks:DescribeCluster",
];

/// Characters of a group's name
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>).
const LONGEST_NAME: usize = 255;

/// The clone of the group with blue's id.
#[must_use]
pub fn key(blue: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::SecurityGroup, blue)
}

/// The name of the clone, by which it is found where its id was lost.
#[must_use]
pub fn name(migration: &Migration, blue: &SecurityGroup) -> String {
    names::unique(&migration.id, Side::Green, Kind::SecurityGroup, &blue.name, LONGEST_NAME)
}

/// Makes the clone, without blue's rules, and gives its id. `present` are the groups of the VPC.
///
/// # Errors
/// `NotReady` where it was created before and EC2 does not show it yet.
pub async fn ensure<P: Ledger + Network + Clock>(
    ports: &P,
    migration: &Migration,
    blue: &SecurityGroup,
    present: &[SecurityGroup],
) -> Result<String, PhaseError> {
    let clone = SecurityGroup {
        id: String::new(),
        name: name(migration, blue),
        description: blue.description.clone(),
        vpc_id: blue.vpc_id.clone(),
        rules: Vec::new(),
        tags: clone_tags(migration, &blue.tags),
    };
    let found = present.iter().find(|found| found.name == clone.name && ownership::is_own(migration, &found.tags));
    reconcile::ensure(
        ports,
        migration,
        &key(&blue.id),
        reconcile::intended(ports.now()),
        || async { Ok(found.map(|found| found.id.clone())) },
        || async {
            let created = ports.create_security_group(&clone).await;
            // The name is this migration's own: the group was created before, and is not to be seen yet.
            created.map_err(|error| match error.condition {
                Condition::Refused if error.message.contains("InvalidGroup.Duplicate") => {
                    PhaseError::not_ready(error.message)
                }
                _ => error,
            })
        },
    )
    .await
}

/// Which of blue's security groups has which clone, as the ledger knows them.
///
/// # Errors
/// Only what the calls answer.
pub async fn clones<P: Ledger>(ports: &P, migration: &Migration) -> Result<Clones, PhaseError> {
    let known = ports.live_of(migration, Side::Green, Kind::SecurityGroup).await?.into_iter();
    let present = known.filter(|entry| entry.status == Status::Present);
    Ok(present.filter_map(|entry| entry.id.map(|id| (entry.key.name, id))).collect())
}

/// Like [`clones`], with green's cluster security group for blue's.
///
/// # Errors
/// `Conflict` where green's cluster is gone.
pub async fn clones_with_cluster<P: Ledger + Clusters>(ports: &P, migration: &Migration) -> Result<Clones, PhaseError> {
    let compute = &migration.plan.compute;
    let mut clones = clones(ports, migration).await?;
    let green = ports.cluster(&compute.green.name).await?;
    let green = green.ok_or_else(|| PhaseError::conflict(format!("the cluster {} is gone", compute.green.name)))?;
    clones.insert(compute.blue.cluster_security_group_id.clone(), green.cluster.cluster_security_group_id);
    Ok(clones)
}

/// The groups that this migration made in blue's VPC.
///
/// # Errors
/// Only what the calls answer.
pub async fn own<P: Network>(ports: &P, migration: &Migration) -> Result<Vec<SecurityGroup>, PhaseError> {
    let mut groups = ports.security_groups(&migration.plan.compute.blue.vpc_id).await?;
    groups.retain(|group| ownership::is_own(migration, &group.tags));
    Ok(groups)
}

/// Makes the clone that `entry` stands for absent.
///
/// # Errors
/// `NotReady` while EC2 still sees the group in use, or may not show it yet.
pub async fn remove<P: Ledger + Network + Clock>(
    ports: &P,
    migration: &Migration,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let find = || async {
        let own = own(ports, migration).await?;
        Ok(own.into_iter().find(|group| is_clone(migration, entry, group)).map(|group| group.id))
    };
    reconcile::settled(entry, ports.now(), find).await?;
    reconcile::ensure_absent(ports, migration, &entry.key, find, async |id| delete(ports, &id).await).await
}

fn is_clone(migration: &Migration, entry: &Entry, found: &SecurityGroup) -> bool {
    let blue = migration.plan.compute.security_groups.iter().find(|group| group.id == entry.key.name);
    entry.id.as_deref() == Some(&found.id) || blue.is_some_and(|blue| name(migration, blue) == found.name)
}

/// Deletes a group; nothing where it is gone.
///
/// # Errors
/// `NotReady` while network interfaces or rules of other groups use it.
pub async fn delete<P: Network>(ports: &P, id: &str) -> Result<(), PhaseError> {
    ports.delete_security_group(id).await
}

/// Removes the rules by which groups that are about to be deleted name each other: EC2 deletes none of them otherwise,
/// in whatever order.
///
/// # Errors
/// Only what the calls answer.
pub async fn untie<P: Network>(ports: &P, groups: &[SecurityGroup]) -> Result<(), PhaseError> {
    let is_one = |id: &str| groups.iter().any(|group| group.id == id);
    for group in groups {
        for rule in group.rules.iter().filter(|rule| rule.peer_group().is_some_and(is_one)) {
            ports.revoke(&group.id, rule).await?;
        }
    }
    Ok(())
}

/// Deletes the network interfaces that the VPC CNI left behind when the last nodes of `cluster` went: they hold their
/// groups.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete_left_interfaces<P: Network>(ports: &P, vpc_id: &str, cluster: &str) -> Result<(), PhaseError> {
    for interface in ports.network_interfaces(vpc_id).await? {
        if interface.is_left_by(cluster) {
            ports.delete_network_interface(&interface.id).await?;
        }
    }
    Ok(())
}
