//! provision-nodes: green's launch templates, its managed node groups side by side, and the add-ons that run on them.

mod addons;
mod groups;
mod templates;

use domain::{
    Migration, Outcome, PhaseError,
    ports::{Addons, Clock, Clusters, LaunchTemplates, Ledger, NodeGroups},
};

/// Makes launch templates and node groups, and the add-ons that come after the nodes.
///
/// # Errors
/// `NotReady` while EKS creates; `Unhealthy`, with what EKS complains of, where it fails.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + Clusters + NodeGroups + LaunchTemplates + Addons + Clock,
{
    let now = ports.now();
    let templates = templates::ensure(ports, migration).await?;
    groups::ensure_active(ports, migration, &templates).await?;
    addons::ensure_active(ports, migration, now).await?;
    Ok(Outcome::done())
}

/// Removes the node groups, then their launch templates. The add-ons go with the cluster.
///
/// # Errors
/// `NotReady` while EKS deletes; whatever the ports answer.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + NodeGroups + LaunchTemplates,
{
    groups::remove(ports, migration).await?;
    templates::remove(ports, migration).await?;
    Ok(Outcome::done())
}
