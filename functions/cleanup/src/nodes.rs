//! Blue's node groups, all in one pass.

use crate::blue::delete;
use domain::{
    Kind, Migration, Outcome, PhaseError,
    ports::{Ledger, NodeGroups},
    reconcile::Waiting,
    resources::node_group,
};

/// Deletes the node groups that the approved list names.
///
/// # Errors
/// `NotReady` while EKS drains and deletes; `Conflict` where another node group has the name now.
pub async fn converge<P: Ledger + NodeGroups>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let cluster = &migration.plan.compute.blue.name;
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes_of(Kind::NodeGroup) {
        let find = || node_group::find(ports, cluster, &planned.name);
        let remove = async |_| node_group::delete(ports, cluster, &planned.name).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
}
