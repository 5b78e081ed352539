//! After the bake the API's configuration gets green's VPC link for good. Requests are not affected: the stage serves deployment G.

use domain::gateway::{self, integrations};
use domain::ports::{Apis, Ledger, Stages};
use domain::resources::integration;
use domain::{Migration, PhaseError, Status};
use serde_json::json;

/// Points the integrations of the plan at green's link, with their originals in the ledger first. Integrations that others have changed
/// since are left alone.
///
/// # Errors
/// `Conflict` where the stage does not serve green alone; `NotReady` after a batch.
pub async fn converge<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let key = integration::adopted();
    if ports.entry(migration, &key).await?.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    let (g, green) = gateway::green(ports, migration).await?;
    let stage = ports.stage(&edge.api.id, &edge.stage.name).await?.unwrap_or_default();
    if stage.deployment_id != g || stage.canary.is_some() {
        return Err(PhaseError::conflict(format!(
            "the stage {} does not serve green's deployment {g} alone; the configuration is left as it is",
            edge.stage.name
        )));
    }
    ports.intend(migration, &key, json!({ "integrations": edge.integrations })).await?;
    let foreign = integrations::point(ports, &edge.api.id, &edge.integrations, &edge.vpc_link.id, &green).await?;
    if !foreign.is_empty() {
        ports.record(migration, "integrations that others have changed are left alone", json!(foreign)).await?;
    }
    ports.present(migration, &key, &green).await
}

/// Puts the originals back.
///
/// # Errors
/// `NotReady` after a batch; `Conflict` where the originals in the ledger cannot be read.
pub async fn undo<P: Ledger + Apis>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = integration::adopted();
    let entry = ports.live(migration, &key).await?;
    let Some(entry) = entry else {
        return Ok(());
    };
    let edge = &migration.plan.edge;
    let originals = integration::originals(&entry)?;
    let (_, green) = gateway::green(ports, migration).await?;
    integrations::point(ports, &edge.api.id, &originals, &green, &edge.vpc_link.id).await?;
    ports.absent(migration, &key).await
}
