//! Green's routes get the names that production knows. Blue keeps them too: each cluster answers behind its own load
//! balancer, and only the stage decides who is asked.

use domain::{
    Kind, Migration, PhaseError, ResourceKey, Side, Status,
    input::OnAbort,
    manifest::{
        apply::apply,
        prepare::{Hosts, routes, unchanged},
    },
    plan::workloads::Bundle,
    ports::{Kubernetes, Ledger, Manifests},
};
use serde_json::json;

/// Applies the routes of every bundle as they were written. Everything else of the bundles is on green already, unchanged, and holds
/// stay suspended.
///
/// # Errors
/// `Conflict` where the manifests changed since the plan; what green's API answers.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Manifests + Kubernetes,
{
    if migration.plan.workloads.hosts.is_empty() {
        return Ok(());
    }
    for bundle in &migration.plan.workloads.bundles {
        let key = key(bundle);
        if status(ports, migration, &key).await? == Some(Status::Present) {
            continue;
        }
        ports.intend(migration, &key, json!({ "hosts": "public" })).await?;
        put(ports, migration, bundle, Hosts::Public).await?;
        ports.present(migration, &key, &bundle.digest).await?;
    }
    Ok(())
}

/// Puts the temporary hosts back where green is kept: a cluster that production may not reach does not answer to
/// production's names. Where green is deleted there is nothing to do.
///
/// # Errors
/// As for [`converge`].
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Manifests + Kubernetes,
{
    for bundle in &migration.plan.workloads.bundles {
        let key = key(bundle);
        if !matches!(status(ports, migration, &key).await?, Some(Status::Intended | Status::Present)) {
            continue;
        }
        if migration.input.on_abort == OnAbort::Keep {
            put(ports, migration, bundle, Hosts::Temporary).await?;
        }
        ports.absent(migration, &key).await?;
    }
    Ok(())
}

fn key(bundle: &Bundle) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Bundle, format!("{} under public hosts", bundle.uri))
}

async fn status<P: Ledger>(ports: &P, migration: &Migration, key: &ResourceKey) -> Result<Option<Status>, PhaseError> {
    Ok(ports.entry(migration, key).await?.map(|entry| entry.status))
}

async fn put<P>(ports: &P, migration: &Migration, bundle: &Bundle, hosts: Hosts) -> Result<(), PhaseError>
where
    P: Manifests + Kubernetes,
{
    let objects = unchanged(ports, bundle).await?;
    let routes = routes(objects, &migration.plan.workloads, hosts);
    if routes.is_empty() {
        return Ok(());
    }
    let api = ports.connect(&migration.input.green.cluster).await?;
    apply(&api, &routes, 0, migration.deadline)
        .await
        .map_err(|(_, error)| error.during(format!("hosts of {}", bundle.uri)))
}

#[cfg(test)]
mod tests;
