//! Applies the bundles to green, in their order, with temporary hosts and suspended holds.

use domain::{
    Kind, Migration, Outcome, PhaseError, ResourceKey, Side, Status,
    manifest::{
        apply::apply,
        prepare::{Hosts, prepare, unchanged},
    },
    plan::workloads::Bundle,
    ports::{Kubernetes, Ledger, Manifests},
};
use serde_json::{Value, json};

/// The key of this phase's progress in the ledger.
const PHASE: &str = "deploy-workloads";

/// Kept back of an invocation's time, for the cursor.
const RESERVE: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// Applies every bundle that the ledger does not know as applied.
///
/// An invocation that runs out of time, or that waits for a CustomResourceDefinition, saves how far it came. Applying again
/// what was applied changes nothing, so a crash costs only time.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan, `Refused` with the names where green's API refuses objects,
/// `NotReady` where there is more to do.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + Manifests + Kubernetes,
{
    let mut objects = 0;
    for bundle in &migration.plan.workloads.bundles {
        deploy(ports, migration, bundle).await.map_err(|error| error.during(&bundle.uri))?;
        objects += bundle.objects;
    }
    Ok(Outcome::done().with("objects", objects))
}

/// Deletes nothing in green, on purpose: the undos that follow delete the cluster whole. What would outlive it in the account is
/// never there: preflight refuses volumes, load balancers outside of holds, and whatever else makes AWS resources from
/// inside of a cluster; and a held Service has given its load balancer back before (shift-traffic's undo). Where green is
/// kept, its workloads are what is kept. So only the ledger changes.
///
/// # Errors
/// What the ledger answers.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger,
{
    for bundle in &migration.plan.workloads.bundles {
        let key = key(bundle);
        if ports.live(migration, &key).await?.is_some() {
            ports.absent(migration, &key).await?;
        }
    }
    if ports.progress(migration, PHASE).await?.is_some_and(|progress| !progress.is_null()) {
        ports.save_progress(migration, PHASE, Value::Null).await?;
    }
    Ok(Outcome::done())
}

fn key(bundle: &Bundle) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Bundle, &bundle.uri)
}

async fn deploy<P>(ports: &P, migration: &Migration, bundle: &Bundle) -> Result<(), PhaseError>
where
    P: Ledger + Manifests + Kubernetes,
{
    let key = key(bundle);
    let entry = ports.entry(migration, &key).await?;
    if entry.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    let objects = unchanged(ports, bundle).await?;
    let objects = prepare(objects, &migration.plan.workloads, Hosts::Temporary);
    let from = cursor(ports.progress(migration, PHASE).await?.as_ref(), bundle);
    ports.intend(migration, &key, json!({ "digest": bundle.digest, "objects": bundle.objects })).await?;
    let api = ports.connect(&migration.input.green.cluster).await?;
    let deadline = migration.deadline.checked_sub(RESERVE).unwrap_or(migration.deadline);
    match apply(&api, &objects, from, deadline).await {
        Ok(()) => ports.present(migration, &key, &bundle.digest).await,
        Err((reached, error)) => {
            if error.condition.is_retried() && reached > from {
                let progress = json!({ "bundle": bundle.uri, "digest": bundle.digest, "applied": reached });
                ports.save_progress(migration, PHASE, progress).await?;
            }
            Err(error)
        }
    }
}

/// Where to go on in this bundle.
fn cursor(progress: Option<&Value>, bundle: &Bundle) -> usize {
    progress
        .filter(|progress| progress["bundle"] == bundle.uri.as_str() && progress["digest"] == bundle.digest.as_str())
        .and_then(|progress| progress["applied"].as_u64())
        .and_then(|applied| usize::try_from(applied).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
