//! provision-network: green's security groups.
//!
//! Blue's groups that belong to blue alone are cloned, with their rules; a rule that names one of blue's groups names the clone on
//! green's side, so groups come first and rules in a second pass. Groups of others that let blue's groups in get an equivalent rule for green's.
//! What names the cluster security group waits for provision-control-plane: EKS makes that group with the cluster.

use domain::{
    Kind, Migration, Outcome, PhaseError, ResourceKey, Side,
    ownership::{self, clone_tags},
    plan::compute::{
        Rule, SecurityGroup,
        rules::{Clones, Copied},
    },
    ports::{Ledger, Network},
    reconcile::ensure,
    security_groups::{clone_name, ensure_rules, has, is_default_egress, remove_groups, remove_rules},
};
use serde_json::Value;

/// Makes green's security groups and rules.
///
/// # Errors
/// Whatever the ledger or EC2 answer.
pub async fn converge<P: Ledger + Network>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let compute = &migration.plan.compute;
    let vpc = &compute.blue.vpc_id;
    let before = ports.security_groups(vpc).await?;
    let mut clones = Clones::new();
    for group in &compute.security_groups {
        let clone = clone_of(migration, group);
        let found = before.iter().find(|found| found.name == clone.name && ownership::is_own(migration, &found.tags));
        let key = ResourceKey::new(Side::Green, Kind::SecurityGroup, &group.id);
        let id = ensure(
            ports,
            migration,
            &key,
            Value::Null,
            || async { Ok(found.map(|found| found.id.clone())) },
            || ports.create_security_group(&clone),
        )
        .await?;
        clones.insert(group.id.clone(), id);
    }

    let present = ports.security_groups(vpc).await?;
    let rules: Vec<_> = compute.copied_rules().into_iter().filter(|rule| !rule.needs_cluster).collect();
    ensure_rules(ports, migration, &rules, &clones, &present, false).await?;
    for (group, rule) in unwanted(&rules, &clones, &compute.blue_groups(), &present) {
        ports.revoke(&group, &rule).await?;
    }
    Ok(Outcome::done())
}

/// Removes the rules and groups that the ledger knows.
///
/// # Errors
/// `NotReady` while network interfaces still use a group; whatever the ledger or EC2 answer.
pub async fn undo<P: Ledger + Network>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    remove_rules(ports, migration, |_| true).await?;
    remove_groups(ports, migration).await?;
    Ok(Outcome::done())
}

/// What the clone of one of blue's groups is made from.
fn clone_of(migration: &Migration, group: &SecurityGroup) -> SecurityGroup {
    SecurityGroup {
        id: String::new(),
        name: clone_name(migration, group),
        description: group.description.clone(),
        vpc_id: group.vpc_id.clone(),
        rules: Vec::new(),
        tags: clone_tags(migration, &group.tags),
    }
}

/// The rule that lets everything out, which EC2 puts into every new group, where blue's group lacks it.
fn unwanted(rules: &[Copied], clones: &Clones, blue_groups: &[&str], present: &[SecurityGroup]) -> Vec<(String, Rule)> {
    let wanted: Vec<_> = rules.iter().filter_map(|rule| rule.resolve(clones, blue_groups)).collect();
    let mut unwanted = Vec::new();
    for id in clones.values() {
        for rule in present.iter().filter(|group| group.id == *id).flat_map(|group| &group.rules) {
            let is_wanted = wanted.iter().any(|wanted| wanted.group_id == *id && wanted.rule.allows_the_same(rule));
            if is_default_egress(rule) && !is_wanted && has(present, id, rule) {
                unwanted.push((id.clone(), rule.clone()));
            }
        }
    }
    unwanted
}
