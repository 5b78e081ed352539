//! provision-network: green's security groups.
//!
//! Blue's groups that belong to blue alone are cloned, with their rules; a rule that names one of blue's groups names the clone on
//! green's side, so groups come first and rules in a second pass. Groups of others that let blue's groups in get an equivalent rule for green's.
//! What names the cluster security group waits for provision-control-plane: EKS makes that group with the cluster.

use domain::{
    Kind, Migration, Outcome, PhaseError, Side,
    plan::compute::{
        Rule, SecurityGroup,
        rules::{Clones, Copied},
    },
    ports::{Clock, Ledger, Network},
    reconcile::Waiting,
    resources::{
        security_group,
        security_group_rule::{self, has, is_default_egress},
    },
};

/// Makes green's security groups and rules; where the user built green, verifies that they are there.
///
/// # Errors
/// `NotReady` while EC2 does not show a new group; `Conflict` where a rule names a group of blue that has no clone, or where groups of the
/// user's are gone.
pub async fn converge<P: Ledger + Network + Clock>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let compute = &migration.plan.compute;
    if let Some(existing) = &compute.existing {
        security_group::present(ports, &compute.blue.vpc_id, &existing.security_group_ids).await?;
        return Ok(Outcome::done());
    }
    let vpc = &compute.blue.vpc_id;
    let before = ports.security_groups(vpc).await?;
    let mut clones = Clones::new();
    for group in &compute.security_groups {
        clones.insert(group.id.clone(), security_group::ensure(ports, migration, group, &before).await?);
    }

    let present = ports.security_groups(vpc).await?;
    // A clone that a read does not show yet may have rules that have to go.
    let unseen: Vec<&str> =
        clones.values().filter(|id| !present.iter().any(|group| group.id == **id)).map(String::as_str).collect();
    if !unseen.is_empty() {
        return Err(PhaseError::not_ready(format!("security groups {} are not to be seen yet", unseen.join(", "))));
    }
    let rules: Vec<_> = compute.copied_rules().into_iter().filter(|rule| !rule.needs_cluster).collect();
    security_group_rule::ensure_copied(ports, migration, &rules, &clones, &present, false).await?;
    for (group, rule) in unwanted(&rules, &clones, &compute.blue_groups(), &present) {
        security_group_rule::delete(ports, &group, &rule).await?;
    }
    Ok(Outcome::done())
}

/// Removes the rules and groups that the ledger knows.
///
/// # Errors
/// `NotReady` while network interfaces still use a group, or EC2 may not show one yet.
pub async fn undo<P: Ledger + Network + Clock>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    security_group_rule::remove_where(ports, migration, |_, _| true).await?;
    let groups = ports.live_of(migration, Side::Green, Kind::SecurityGroup).await?;
    if groups.is_empty() {
        return Ok(Outcome::done());
    }
    let compute = &migration.plan.compute;
    security_group::untie(ports, &security_group::own(ports, migration).await?).await?;
    let own: Vec<String> = security_group::clones(ports, migration).await?.into_values().collect();
    security_group::delete_left_interfaces(ports, &compute.blue.vpc_id, &compute.green.name, &own).await?;
    let mut waiting = Waiting::default();
    for entry in &groups {
        waiting.take(security_group::remove(ports, migration, entry).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
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
