//! Blue's security groups and launch templates, and the network interfaces that its nodes left.

use crate::blue::{Waiting, delete};
use domain::{
    Kind, Migration, Outcome, PhaseError,
    ports::{LaunchTemplates, Ledger, Network},
    security_groups::remove_interfaces,
};

/// Deletes what is left of blue's network, and its launch templates.
///
/// # Errors
/// `NotReady` while network interfaces still use a group; whatever the ports answer.
pub async fn converge<P: Ledger + Network + LaunchTemplates>(
    ports: &P,
    migration: &Migration,
) -> Result<Outcome, PhaseError> {
    let blue = &migration.plan.compute.blue;
    let mut waiting = Waiting::default();
    remove_interfaces(ports, &blue.vpc_id, &blue.name).await?;
    remove_rules_among(ports, migration).await?;
    for planned in migration.plan.deletes.iter().filter(|planned| planned.kind == Kind::SecurityGroup) {
        let find = || async {
            let groups = ports.security_groups(&blue.vpc_id).await?;
            Ok(groups.into_iter().map(|group| group.id).find(|id| planned.id.as_deref() == Some(id)))
        };
        let remove = |id: String| async move { ports.delete_security_group(&id).await };
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    for planned in migration.plan.deletes.iter().filter(|planned| planned.kind == Kind::LaunchTemplate) {
        let id = planned.id.as_deref().unwrap_or_default();
        let find = || async { Ok(ports.launch_template(id, "$Default", &[]).await?.map(|found| found.id)) };
        let remove = |id: String| async move { ports.delete_launch_template(&id).await };
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
}

/// Groups that name each other cannot be deleted, in whatever order: their rules go first.
async fn remove_rules_among<P: Network>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for group in ports.security_groups(&migration.plan.compute.blue.vpc_id).await? {
        if !migration.plan.may_delete(Kind::SecurityGroup, &group.id) {
            continue;
        }
        for rule in &group.rules {
            if rule.peer_group().is_some_and(|peer| migration.plan.may_delete(Kind::SecurityGroup, peer)) {
                ports.revoke(&group.id, rule).await?;
            }
        }
    }
    Ok(())
}
