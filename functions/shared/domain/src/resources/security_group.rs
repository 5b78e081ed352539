//! Green's EC2 security groups, each a clone of one of blue's
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>).
//!
//! The cluster security group is made by EKS with the cluster, and deleted with it unless a network interface still uses it: then EKS
//! leaves it behind (aws/aws-k8s-tester#416). So it has an entry like the clones, under the id of blue's.

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
    "ec2:CreateTags",
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

/// Notes that EKS is about to make green's cluster security group.
///
/// # Errors
/// Only what the calls answer.
pub async fn intend_cluster_group<P: Ledger + Clock>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = key(&migration.plan.compute.blue.cluster_security_group_id);
    match ports.live(migration, &key).await? {
        Some(_) => Ok(()),
        None => ports.intend(migration, &key, reconcile::intended(ports.now())).await,
    }
}

/// Notes which group EKS made for green's cluster, once EKS has named it and where it was intended.
///
/// # Errors
/// Only what the calls answer.
pub async fn know_cluster_group<P: Ledger>(ports: &P, migration: &Migration, id: &str) -> Result<(), PhaseError> {
    let key = key(&migration.plan.compute.blue.cluster_security_group_id);
    match ports.live(migration, &key).await? {
        Some(entry) if !id.is_empty() && entry.id.as_deref() != Some(id) => ports.present(migration, &key, id).await,
        _ => Ok(()),
    }
}

/// Gives green's cluster security group the tags that people gave blue's, and Bascule's own: EKS gives it its own only.
///
/// # Errors
/// `NotReady` while EC2 does not show it.
pub async fn tag_cluster_group<P: Network>(
    ports: &P,
    migration: &Migration,
    id: &str,
    present: &[SecurityGroup],
) -> Result<(), PhaseError> {
    let found = present.iter().find(|group| group.id == id);
    let found =
        found.ok_or_else(|| PhaseError::not_ready(format!("the cluster security group {id} is not to be seen yet")))?;
    let mut tags = clone_tags(migration, &migration.plan.compute.cluster_group_tags);
    // What EKS itself tags it with names green already.
    tags.retain(|key, value| {
        key != "Name" && !key.starts_with("kubernetes.io/cluster/") && found.tags.get(key) != Some(value)
    });
    if tags.is_empty() { Ok(()) } else { ports.tag_security_group(id, &tags).await }
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
        let groups = ports.security_groups(&migration.plan.compute.blue.vpc_id).await?;
        Ok(groups.into_iter().find(|group| is_clone(migration, entry, group)).map(|group| group.id))
    };
    reconcile::ensure_settled_absent(ports, migration, entry, find, async |id| delete(ports, &id).await).await
}

/// Whether this is the group of the entry: by its id, or by its name where its id was lost. The cluster security group has the name
/// that EKS chose.
fn is_clone(migration: &Migration, entry: &Entry, found: &SecurityGroup) -> bool {
    let blue = migration.plan.compute.security_groups.iter().find(|group| group.id == entry.key.name);
    let named = blue.is_some_and(|blue| name(migration, blue) == found.name);
    entry.id.as_deref() == Some(&found.id) || (named && ownership::is_own(migration, &found.tags))
}

/// Verifies that groups of the user's are there still.
///
/// # Errors
/// `Conflict` with those that are not.
pub async fn present<P: Network>(ports: &P, vpc_id: &str, ids: &[String]) -> Result<(), PhaseError> {
    let found = ports.security_groups(vpc_id).await?;
    let gone: Vec<&str> =
        ids.iter().filter(|id| !found.iter().any(|group| group.id == **id)).map(String::as_str).collect();
    if gone.is_empty() {
        return Ok(());
    }
    Err(PhaseError::conflict(format!(
        "green's security groups {} are gone from {vpc_id} since the plan; nothing was changed. Start a new migration once green is as it should be",
        gone.join(", ")
    )))
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

/// Deletes the network interfaces that were left behind when the last nodes of `cluster`, whose own groups these are, went: they
/// hold their groups.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete_left_interfaces<P: Network>(
    ports: &P,
    vpc_id: &str,
    cluster: &str,
    own_groups: &[String],
) -> Result<(), PhaseError> {
    for interface in ports.network_interfaces(vpc_id).await? {
        if interface.is_left_by(cluster, own_groups) {
            ports.delete_network_interface(&interface.id).await?;
        }
    }
    Ok(())
}
