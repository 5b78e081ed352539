//! Rules of EC2 security groups. A rule in a group that Bascule did not create, and a rule of green's cluster security
//! group, has an entry of its own in the ledger; the others go with their group.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side, ownership,
    plan::compute::{
        Direction, Peer, Rule, SecurityGroup,
        rules::{Clones, Copied, Wanted},
    },
    ports::{Ledger, Network},
    reconcile,
};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
];

/// The name of the entry for the rule that lets Bascule's functions reach green's Kubernetes API.
pub const FUNCTIONS_TO_KUBERNETES: &str = "functions-to-kubernetes-api";

/// The rule of this name: [`Copied::key`] or [`FUNCTIONS_TO_KUBERNETES`].
#[must_use]
pub fn key(name: &str) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::SecurityGroupRule, name)
}

/// What distinguishes a rule in the account: EC2's own ids change when a rule is added again.
#[must_use]
pub fn id(group_id: &str, rule: &Rule) -> String {
    format!("{group_id}/{rule}")
}

/// Whether the group has a rule that allows the same.
#[must_use]
pub fn has(groups: &[SecurityGroup], group_id: &str, rule: &Rule) -> bool {
    groups.iter().any(|group| group.id == group_id && group.rules.iter().any(|found| found.allows_the_same(rule)))
}

/// Adds one rule, with an entry of its own. `present` are the groups of the VPC.
///
/// # Errors
/// `NotReady` while EC2 does not know one of `clones` yet.
pub async fn ensure<P: Ledger + Network>(
    ports: &P,
    migration: &Migration,
    name: &str,
    wanted: &Wanted,
    clones: &Clones,
    present: &[SecurityGroup],
) -> Result<(), PhaseError> {
    let key = key(name);
    let detail = serde_json::to_value(wanted).map_err(|error| PhaseError::conflict(format!("{key}: {error}")))?;
    let id = id(&wanted.group_id, &wanted.rule);
    let found = has(present, &wanted.group_id, &wanted.rule).then(|| id.clone());
    reconcile::ensure(
        ports,
        migration,
        &key,
        detail,
        || async { Ok(found) },
        || async { add(ports, migration, wanted, clones).await.map(|()| id) },
    )
    .await
    .map(drop)
}

/// Adds those of `rules` that are missing. With an entry for each in a group that Bascule did not create or, where
/// `record_all`, for every one. `present` are the groups of the VPC.
///
/// # Errors
/// `Conflict` where a rule names a group of blue that has no clone; `NotReady` while EC2 does not know one of `clones` yet.
pub async fn ensure_copied<P: Ledger + Network>(
    ports: &P,
    migration: &Migration,
    rules: &[Copied],
    clones: &Clones,
    present: &[SecurityGroup],
    record_all: bool,
) -> Result<(), PhaseError> {
    let blue_groups = migration.plan.compute.blue_groups();
    for copied in rules {
        let Some(wanted) = copied.resolve(clones, &blue_groups) else {
            return Err(PhaseError::conflict(format!(
                "the rule {} names a group that green has no clone of",
                copied.key
            )));
        };
        if copied.foreign || record_all {
            ensure(ports, migration, &copied.key, &wanted, clones, present).await?;
        } else if !has(present, &wanted.group_id, &wanted.rule) {
            add(ports, migration, &wanted, clones).await?;
        }
    }
    Ok(())
}

async fn add<P: Network>(ports: &P, migration: &Migration, wanted: &Wanted, clones: &Clones) -> Result<(), PhaseError> {
    let added = ports.authorize(&wanted.group_id, &wanted.rule, &ownership::tags(migration, Side::Green)).await;
    added.map_err(|error| reconcile::unless_new(error, clones.values()))
}

/// Removes the rules that the ledger knows and for which `only` holds.
///
/// # Errors
/// `Conflict` where an entry cannot be read.
pub async fn remove_where<P: Ledger + Network>(
    ports: &P,
    migration: &Migration,
    only: impl Fn(&ResourceKey, &Wanted) -> bool,
) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, Side::Green, Kind::SecurityGroupRule).await? {
        let wanted: Wanted = serde_json::from_value(entry.detail)
            .map_err(|error| PhaseError::conflict(format!("{}: its detail cannot be read: {error}", entry.key)))?;
        if only(&entry.key, &wanted) {
            delete(ports, &wanted.group_id, &wanted.rule).await?;
            ports.absent(migration, &entry.key).await?;
        }
    }
    Ok(())
}

/// Deletes a rule; nothing where it, or its group, is gone.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: Network>(ports: &P, group_id: &str, rule: &Rule) -> Result<(), PhaseError> {
    ports.revoke(group_id, rule).await
}

/// Whether this is the rule that EC2 gives every new group: everything out.
#[must_use]
pub fn is_default_egress(rule: &Rule) -> bool {
    rule.direction == Direction::Egress
        && rule.protocol == "-1"
        && (rule.peer == Peer::Ipv4("0.0.0.0/0".to_owned()) || rule.peer == Peer::Ipv6("::/0".to_owned()))
}
