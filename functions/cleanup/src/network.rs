//! Blue's security groups and launch templates, and the network interfaces that its nodes left.

use crate::blue::delete;
use domain::{
    Kind, Migration, Outcome, PhaseError,
    ports::{LaunchTemplates, Ledger, Network, network::UserDataOf},
    reconcile::Waiting,
    resources::{launch_template, security_group},
};

/// Deletes what is left of blue's network, and its launch templates.
///
/// # Errors
/// `NotReady` while network interfaces still use a group.
pub async fn converge<P: Ledger + Network + LaunchTemplates>(
    ports: &P,
    migration: &Migration,
) -> Result<Outcome, PhaseError> {
    let blue = &migration.plan.compute.blue;
    let mut waiting = Waiting::default();
    let own: Vec<String> = migration.plan.compute.blue_groups().into_iter().map(str::to_owned).collect();
    security_group::delete_left_interfaces(ports, &blue.vpc_id, &blue.name, &own).await?;
    let mut groups = ports.security_groups(&blue.vpc_id).await?;
    groups.retain(|group| migration.plan.may_delete(Kind::SecurityGroup, &group.id));
    security_group::untie(ports, &groups).await?;
    for planned in migration.plan.deletes_of(Kind::SecurityGroup) {
        let find = || async {
            let groups = ports.security_groups(&blue.vpc_id).await?;
            Ok(groups.into_iter().map(|group| group.id).find(|id| planned.id.as_deref() == Some(id)))
        };
        let remove = async |id: String| security_group::delete(ports, &id).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    for planned in migration.plan.deletes_of(Kind::LaunchTemplate) {
        let id = planned.id.as_deref().unwrap_or_default();
        let find =
            || async { Ok(ports.launch_template(id, "$Default", &UserDataOf::default()).await?.map(|found| found.id)) };
        let remove = async |id: String| launch_template::delete(ports, &id).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
}
