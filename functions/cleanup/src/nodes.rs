//! Blue's node groups, all in one pass.

use crate::blue::{Waiting, delete};
use domain::{
    Kind, Migration, Outcome, PhaseError,
    ports::{Ledger, NodeGroups},
};

/// Deletes the node groups that the approved list names.
///
/// # Errors
/// `NotReady` while EKS drains and deletes; whatever the ports answer.
pub async fn converge<P: Ledger + NodeGroups>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let cluster = &migration.plan.compute.blue.name;
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes.iter().filter(|planned| planned.kind == Kind::NodeGroup) {
        let name = &planned.name;
        let find = || async { Ok(ports.node_group(cluster, name).await?.map(|found| found.arn)) };
        let remove = |_| async move {
            match ports.node_group(cluster, name).await? {
                Some(found) if found.status != "DELETING" => ports.delete_node_group(cluster, name).await,
                _ => Ok(()),
            }
        };
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
}
