//! Blue's node groups, all in one pass, and its Fargate profiles, of which EKS deletes one at a time.

use crate::blue::delete;
use domain::{
    Kind, Migration, Outcome, PhaseError,
    ports::{FargateProfiles, Ledger, NodeGroups},
    reconcile::Waiting,
    resources::{fargate_profile, node_group},
};

/// Deletes the node groups and Fargate profiles that the approved list names.
///
/// # Errors
/// `NotReady` while EKS drains and deletes; `Conflict` where another one has the name now.
pub async fn converge<P: Ledger + FargateProfiles + NodeGroups>(
    ports: &P,
    migration: &Migration,
) -> Result<Outcome, PhaseError> {
    let cluster = &migration.plan.compute.blue.name;
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes_of(Kind::NodeGroup) {
        let find = || node_group::find(ports, cluster, &planned.name);
        let remove = async |_| node_group::delete(ports, cluster, &planned.name).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.take(fargate(ports, migration).await)?;
    waiting.finish()?;
    Ok(Outcome::done())
}

async fn fargate<P: Ledger + FargateProfiles>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.blue.name;
    for planned in migration.plan.deletes_of(Kind::FargateProfile) {
        let find = || fargate_profile::find(ports, cluster, &planned.name);
        let remove = async |_| fargate_profile::delete(ports, cluster, &planned.name).await;
        delete(ports, migration, planned, find, remove).await?;
    }
    Ok(())
}
