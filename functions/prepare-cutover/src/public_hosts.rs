//! Green's routes get the names that production knows. Blue keeps them too: each cluster answers behind its own load
//! balancer, and only the stage decides who is asked.

use domain::{
    Migration, PhaseError,
    ports::{Kubernetes, Ledger, Manifests},
    resources::bundle,
};

/// Applies the routes of every bundle as they were written. Everything else of the bundles is on green already, unchanged, and holds
/// stay suspended.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Manifests + Kubernetes,
{
    let workloads = &migration.plan.workloads;
    if workloads.hosts.is_empty() {
        return Ok(());
    }
    for bundle in &workloads.bundles {
        bundle::ensure_public_hosts(ports, migration, bundle).await?;
    }
    Ok(())
}

/// Puts the temporary hosts back where green is kept: a cluster that production may not reach does not answer to
/// production's names. Where green is deleted there is nothing to do.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Manifests + Kubernetes,
{
    for bundle in &migration.plan.workloads.bundles {
        bundle::remove_public_hosts(ports, migration, bundle).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
