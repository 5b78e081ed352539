//! Prepares the switch, so that it takes one call: green answers to the public hosts, deployment G differs from production's
//! deployment B in the VPC link only, both are held by stages of Bascule's own, and requests through G were tried.
//!
//! The main API's configuration points at green for as long as it takes to deploy G, and for no longer. Its originals are in
//! the plan and in the ledger before the first change.

pub mod deployments;
pub mod public_hosts;
pub mod smoke;
pub mod window;

use domain::gateway::{served::Switch, unmoved, way};
use domain::ports::{Apis, Clock, Kubernetes, Ledger, Manifests, Probes, Stages, UsagePlans};
use domain::{Migration, Outcome, PhaseError, Status, resources::deployment};

/// Everything that this phase reaches.
pub trait Ports: Ledger + Manifests + Kubernetes + Apis + Stages + UsagePlans + Probes + Clock {}

impl<T> Ports for T where T: Ledger + Manifests + Kubernetes + Apis + Stages + UsagePlans + Probes + Clock {}

/// Prepares the switch.
///
/// # Errors
/// `NotReady` while there is more to do, `Conflict` where the API was edited or deployed by others, `Unhealthy` where
/// requests through G do not answer as expected.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let apis = migration.per_api();
    // The configuration first: what an invocation that died left pointing at green goes back to blue, unless G still needs it.
    for migration in &apis {
        window::mend(ports, migration).await?;
    }
    public_hosts::converge(ports, migration).await?;
    // One API after the other: each window is as short as it can be.
    for migration in &apis {
        of_api(ports, migration).await?;
    }
    smoke::converge(ports, migration, &apis).await?;
    Ok(Outcome::done())
}

/// Makes what the switch of one API needs.
async fn of_api<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    unmoved(edge, ports.stage(&edge.api.id, &edge.stage.name).await?.as_ref())?;
    if edge.link_variable().is_some() {
        // Nothing is deployed: production's deployment sends requests to green on a stage with another variable.
        deployments::hold_b(ports, migration).await?;
        deployments::hold_green(ports, migration, &Switch::known(ports, migration).await?.green).await
    } else {
        deployments(ports, migration).await
    }
}

/// Makes deployment G, and holds it and B.
async fn deployments<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let g = match ports.entry(migration, &deployment::green(migration)).await? {
        Some(entry) if entry.status == Status::Present && entry.id.is_some() => entry.id.unwrap_or_default(),
        _ => {
            deployments::trial(ports, migration).await?;
            window::deploy(ports, migration).await?
        }
    };
    window::close(ports, migration, &g).await?;
    deployments::hold(ports, migration, &g).await?;
    deployments::end_trial(ports, migration).await
}

/// Takes the preparations back.
///
/// # Errors
/// `GuardBreached` where a stage still sends requests to green, which must keep its public hosts then.
pub async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let apis = migration.per_api();
    for migration in &apis {
        window::restore(ports, migration).await?;
    }
    way::green_is_unused(ports, migration).await?;
    smoke::undo(ports, migration, &apis).await?;
    for migration in &apis {
        deployments::undo(ports, migration).await?;
    }
    public_hosts::undo(ports, migration).await?;
    Ok(Outcome::done())
}
