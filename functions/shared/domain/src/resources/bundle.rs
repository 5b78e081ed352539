//! Bundles of manifests applied to green. What is in them goes with the cluster; the ledger keeps which bundle is there
//! whole.

use crate::{
    Kind, Migration, PhaseError, Progress, ResourceKey, Side, Status,
    input::OnAbort,
    manifest::{
        apply::apply,
        prepare::{Hosts, prepare, routes, unchanged},
    },
    plan::workloads::Bundle,
    ports::{Kubernetes, Ledger, Manifests},
};
use serde_json::{Value, json};

/// The IAM actions of the calls made here. In Kubernetes, Bascule's role applies as an administrator of the cluster.
pub const ACTIONS: &[&str] = &["eks:DescribeCluster", "s3:GetObject", "s3:GetObjectVersion", "sts:AssumeRole"];

/// Kept back of an invocation's time, for the cursor.
const RESERVE: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// A bundle on green under these hosts.
#[must_use]
pub fn key(bundle: &Bundle, hosts: Hosts) -> ResourceKey {
    let name = match hosts {
        Hosts::Temporary => bundle.uri.clone(),
        Hosts::Public => format!("{} under public hosts", bundle.uri),
    };
    ResourceKey::new(Side::Green, Kind::Bundle, name)
}

/// Applies a bundle under temporary hosts, with suspended holds, where the ledger does not know it as applied.
///
/// An invocation that runs out of time, or that waits for a CustomResourceDefinition, saves how far it came as the progress
/// of deploy-workloads. Applying again what was applied changes nothing, so a crash costs only time.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan; `Refused` with the names where green's API refuses objects;
/// `NotReady` where there is more to do.
pub async fn ensure<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Temporary);
    let entry = ports.entry(migration, &key).await?;
    if entry.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    let objects = unchanged(ports, bundle, &migration.plan.workloads.replace).await?;
    let objects = prepare(objects, &migration.plan.workloads, Hosts::Temporary);
    let from = cursor(ports.progress(migration, Progress::DeployWorkloads).await?.as_ref(), bundle);
    ports.intend(migration, &key, json!({ "digest": bundle.digest, "objects": bundle.objects })).await?;
    let api = ports.connect(&migration.input.green.cluster).await?;
    let deadline = migration.deadline.checked_sub(RESERVE).unwrap_or(migration.deadline);
    match apply(&api, &objects, from, deadline).await {
        Ok(()) => ports.present(migration, &key, &bundle.digest).await,
        Err((reached, error)) => {
            if error.condition.is_retried() && reached > from {
                let progress = json!({ "bundle": bundle.uri, "digest": bundle.digest, "applied": reached });
                ports.save_progress(migration, Progress::DeployWorkloads, progress).await?;
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

/// Forgets that a bundle is on green: its objects go with the cluster.
///
/// # Errors
/// Only what the calls answer.
pub async fn forget<P: Ledger>(ports: &P, migration: &Migration, bundle: &Bundle) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Temporary);
    match ports.live(migration, &key).await? {
        Some(_) => ports.absent(migration, &key).await,
        None => Ok(()),
    }
}

/// Gives the routes of a bundle that is on green the hosts that production knows.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan.
pub async fn ensure_public_hosts<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Public);
    if ports.entry(migration, &key).await?.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    ports.intend(migration, &key, json!({ "hosts": "public" })).await?;
    apply_routes(ports, migration, bundle, Hosts::Public).await?;
    ports.present(migration, &key, &bundle.digest).await
}

/// Takes the hosts that production knows from a bundle's routes: where green is kept, by applying them under the temporary
/// ones. Where it is not, they go with the cluster.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan.
pub async fn remove_public_hosts<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Public);
    if ports.live(migration, &key).await?.is_none() {
        return Ok(());
    }
    if migration.input.on_abort == OnAbort::Keep {
        apply_routes(ports, migration, bundle, Hosts::Temporary).await?;
    }
    ports.absent(migration, &key).await
}

async fn apply_routes<P: Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
    hosts: Hosts,
) -> Result<(), PhaseError> {
    let objects = unchanged(ports, bundle, &migration.plan.workloads.replace).await?;
    let routes = routes(objects, &migration.plan.workloads, hosts);
    if routes.is_empty() {
        return Ok(());
    }
    let api = ports.connect(&migration.input.green.cluster).await?;
    let applied = apply(&api, &routes, 0, migration.deadline).await;
    applied.map_err(|(_, error)| error.during(format!("hosts of {}", bundle.uri)))
}
