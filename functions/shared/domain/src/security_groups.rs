//! Rules of security groups as entries of the ledger: what provision-network does before green's cluster security group exists,
//! and provision-control-plane after.

use crate::{
    Entry, Kind, Migration, PhaseError, ResourceKey, Side, Status,
    names::unique,
    ownership,
    plan::compute::{
        Direction, Rule, SecurityGroup,
        rules::{Clones, Copied, Wanted},
    },
    ports::{Ledger, Network},
    reconcile::{ensure, ensure_absent},
};

/// The name of the entry for the rule that lets Bascule's functions reach green's Kubernetes API.
pub const FUNCTIONS_TO_KUBERNETES: &str = "functions-to-kubernetes-api";

/// Which of blue's security groups has which clone, as the ledger knows them.
///
/// # Errors
/// Whatever the ledger answers.
pub async fn clones<P: Ledger>(ports: &P, migration: &Migration) -> Result<Clones, PhaseError> {
    Ok(of_kind(ports.entries(migration).await?, Kind::SecurityGroup)
        .into_iter()
        .filter(|entry| entry.status == Status::Present)
        .filter_map(|entry| entry.id.map(|id| (entry.key.name, id)))
        .collect())
}

fn of_kind(entries: Vec<Entry>, kind: Kind) -> Vec<Entry> {
    entries.into_iter().filter(|entry| entry.key.side == Side::Green && entry.key.kind == kind).collect()
}

/// Whether the group has a rule that allows the same.
#[must_use]
pub fn has(groups: &[SecurityGroup], group_id: &str, rule: &Rule) -> bool {
    groups.iter().any(|group| group.id == group_id && group.rules.iter().any(|found| found.allows_the_same(rule)))
}

/// Adds those of `rules` that are missing, with an entry for each in a group that Bascule did not create, or (`record_all`) for every one.
/// `present` are the groups of the VPC as they are.
///
/// # Errors
/// Whatever the ledger or EC2 answer.
pub async fn ensure_rules<P: Ledger + Network>(
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
            ensure_rule(ports, migration, &copied.key, &wanted, present).await?;
        } else if !has(present, &wanted.group_id, &wanted.rule) {
            ports.authorize(&wanted.group_id, &wanted.rule, &ownership::tags(migration, Side::Green)).await?;
        }
    }
    Ok(())
}

/// Adds one rule, with an entry of its own.
///
/// # Errors
/// Whatever the ledger or EC2 answer.
pub async fn ensure_rule<P: Ledger + Network>(
    ports: &P,
    migration: &Migration,
    name: &str,
    wanted: &Wanted,
    present: &[SecurityGroup],
) -> Result<(), PhaseError> {
    let key = ResourceKey::new(Side::Green, Kind::SecurityGroupRule, name);
    let detail = serde_json::to_value(wanted).map_err(|error| PhaseError::conflict(format!("{key}: {error}")))?;
    let id = format!("{}/{}", wanted.group_id, wanted.rule);
    let found = has(present, &wanted.group_id, &wanted.rule).then(|| id.clone());
    let tags = ownership::tags(migration, Side::Green);
    ensure(
        ports,
        migration,
        &key,
        detail,
        || async { Ok(found) },
        || async { ports.authorize(&wanted.group_id, &wanted.rule, &tags).await.map(|()| id) },
    )
    .await
    .map(drop)
}

/// Removes the rules that the ledger knows and for which `only` holds.
///
/// # Errors
/// Whatever the ledger or EC2 answer.
pub async fn remove_rules<P: Ledger + Network>(
    ports: &P,
    migration: &Migration,
    only: impl Fn(&Wanted) -> bool,
) -> Result<(), PhaseError> {
    for entry in of_kind(ports.entries(migration).await?, Kind::SecurityGroupRule) {
        if !entry.is_live() {
            continue;
        }
        let wanted: Wanted = serde_json::from_value(entry.detail)
            .map_err(|error| PhaseError::conflict(format!("{}: its detail cannot be read: {error}", entry.key)))?;
        if only(&wanted) {
            // EC2 says nothing where the rule, or its group, is gone.
            ports.revoke(&wanted.group_id, &wanted.rule).await?;
            ports.absent(migration, &entry.key).await?;
        }
    }
    Ok(())
}

/// Deletes the security groups that the ledger knows: first the rules by which they name each other, then what the
/// VPC CNI left of network interfaces, then the groups.
///
/// # Errors
/// `NotReady` while EC2 still sees a group in use.
pub async fn remove_groups<P: Ledger + Network>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let known: Vec<_> = of_kind(ports.entries(migration).await?, Kind::SecurityGroup)
        .into_iter()
        .filter(|entry| entry.is_live())
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    let compute = &migration.plan.compute;
    let present = own_groups(ports, migration).await?;
    for group in &present {
        for rule in group.rules.iter().filter(|rule| rule.peer_group().is_some()) {
            ports.revoke(&group.id, rule).await?;
        }
    }
    remove_interfaces(ports, &compute.blue.vpc_id, &compute.green.name).await?;
    let mut waiting = None;
    for entry in known {
        let find = || async {
            let own = own_groups(ports, migration).await?;
            Ok(own.into_iter().find(|group| is_clone(migration, &entry, group)).map(|group| group.id))
        };
        let delete = |id: String| async move { ports.delete_security_group(&id).await };
        match ensure_absent(ports, migration, &entry.key, find, delete).await {
            Err(error) if error.condition == crate::Condition::NotReady => waiting = Some(error),
            result => result?,
        }
    }
    waiting.map_or(Ok(()), Err)
}

/// The name of the clone of one of blue's groups, by which it is found where its id was lost.
#[must_use]
pub fn clone_name(migration: &Migration, blue: &SecurityGroup) -> String {
    unique(&migration.id, Side::Green, Kind::SecurityGroup, &blue.name, 255)
}

fn is_clone(migration: &Migration, entry: &Entry, found: &SecurityGroup) -> bool {
    let blue = migration.plan.compute.security_groups.iter().find(|group| group.id == entry.key.name);
    entry.id.as_deref() == Some(&found.id) || blue.is_some_and(|blue| clone_name(migration, blue) == found.name)
}

async fn own_groups<P: Network>(ports: &P, migration: &Migration) -> Result<Vec<SecurityGroup>, PhaseError> {
    let mut groups = ports.security_groups(&migration.plan.compute.blue.vpc_id).await?;
    groups.retain(|group| ownership::is_own(migration, &group.tags));
    Ok(groups)
}

/// Deletes the network interfaces that the VPC CNI left behind when the last nodes of `cluster` went.
///
/// # Errors
/// Whatever EC2 answers.
pub async fn remove_interfaces<P: Network>(ports: &P, vpc_id: &str, cluster: &str) -> Result<(), PhaseError> {
    for interface in ports.network_interfaces(vpc_id).await? {
        if interface.is_left_by(cluster) {
            ports.delete_network_interface(&interface.id).await?;
        }
    }
    Ok(())
}

/// Whether this is the rule that EC2 gives every new group: everything out.
#[must_use]
pub fn is_default_egress(rule: &Rule) -> bool {
    use crate::plan::compute::Peer;
    rule.direction == Direction::Egress
        && rule.protocol == "-1"
        && (rule.peer == Peer::Ipv4("0.0.0.0/0".to_owned()) || rule.peer == Peer::Ipv6("::/0".to_owned()))
}
