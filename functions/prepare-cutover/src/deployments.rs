//! The deployments of the switch: T, made of the configuration as it stands to show undeployed edits; B, which production
//! has; G, which sends requests to green. B and G are held by a stage each, since a deployment that a stage uses cannot be deleted
//! by anybody (<https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html>).

use crate::Ports;
use domain::gateway::{export, keeper_name};
use domain::plan::edge::{Stage, keys};
use domain::ports::gateway::Patch;
use domain::reconcile::{ensure, ensure_absent};
use domain::{Migration, PhaseError, ResourceKey, Side};
use serde_json::json;

/// What a deployment of Bascule's says of itself, by which it is found again.
#[must_use]
pub fn description(migration: &Migration, key: &ResourceKey) -> String {
    format!("Bascule {}: {}", migration.name(), keys::name(migration, key, 32))
}

async fn find<P: Ports>(ports: &P, migration: &Migration, key: &ResourceKey) -> Result<Option<String>, PhaseError> {
    let description = description(migration, key);
    let deployments = ports.deployments(&migration.plan.edge.api.id).await?;
    Ok(deployments.into_iter().find(|found| found.description == description).map(|found| found.id))
}

/// The deployment G, where it exists.
pub(crate) async fn find_g<P: Ports>(ports: &P, migration: &Migration) -> Result<Option<String>, PhaseError> {
    find(ports, migration, &keys::deployment_g()).await
}

/// Deploys the configuration as it stands, to no stage of the user's, and compares it with production's deployment.
pub(crate) async fn trial<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let api = &edge.api.id;
    keeper(ports, migration, Side::Blue, edge.deployment_b()).await?;
    if ports.entry(migration, &keys::window()).await?.is_some() {
        // The trial was passed before the window was opened.
        return Ok(());
    }
    let key = keys::deployment_t();
    let text = &description(migration, &key);
    let find = || find(ports, migration, &key);
    let create = || ports.create_deployment(api, text);
    let t = ensure(ports, migration, &key, json!({ "api": api }), find, create).await?;
    keeper(ports, migration, Side::Green, &t).await?;
    let production = ports.export(api, &edge.stage.name).await?;
    let trial = ports.export(api, &keeper_name(migration, Side::Green)).await?;
    let edits = export::differences(&production, &trial, 20);
    if edits.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::conflict(format!(
            "the API {api} has edits that were never deployed to {}: {}. Deploy or discard them, then start a new migration",
            edge.stage.name,
            edits.join("; ")
        )))
    }
}

/// Holds G with a stage of Bascule's own.
pub(crate) async fn hold<P: Ports>(ports: &P, migration: &Migration, g: &str) -> Result<(), PhaseError> {
    keeper(ports, migration, Side::Green, g).await
}

async fn keeper<P: Ports>(ports: &P, migration: &Migration, side: Side, deployment: &str) -> Result<(), PhaseError> {
    let api = &migration.plan.edge.api.id;
    let like = &migration.plan.edge.stage;
    let name = &keeper_name(migration, side);
    let find = || async { Ok(ports.stage(api, name).await?.map(|stage| stage.name)) };
    let create = || async {
        let stage = Stage {
            name: name.clone(),
            deployment_id: deployment.to_owned(),
            variables: like.variables.clone(),
            tags: keys::tags(migration, Side::Temporary, &like.tags),
            ..Stage::default()
        };
        ports.create_stage(api, &stage).await?;
        Ok(name.clone())
    };
    ensure(ports, migration, &keys::keeper(side), json!({ "api": api }), find, create).await?;
    let stage = ports.stage(api, name).await?.unwrap_or_default();
    if stage.deployment_id != deployment {
        ports.update_stage(api, name, &[Patch::replace("/deploymentId", deployment)]).await?;
    }
    Ok(())
}

/// Deletes T, which nothing uses any more.
pub(crate) async fn end_trial<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    delete(ports, migration, &keys::deployment_t()).await
}

async fn delete<P: Ports>(ports: &P, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
    let api = &migration.plan.edge.api.id;
    let delete = |id: String| async move { ports.delete_deployment(api, &id).await };
    ensure_absent(ports, migration, key, || find(ports, migration, key), delete).await
}

/// Deletes stages and deployments, unless production uses G.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let api = &edge.api.id;
    let g = ports.live(migration, &keys::deployment_g()).await?;
    if let Some(g) = g.and_then(|entry| entry.id)
        && let Some(stage) = ports.stage(api, &edge.stage.name).await?
    {
        let canary = stage.canary.map(|canary| canary.deployment_id);
        if stage.deployment_id == g || canary.as_ref() == Some(&g) {
            return Err(PhaseError::conflict(format!(
                "the stage {} of {api} still serves green's deployment {g}; run shift-traffic's undo first",
                edge.stage.name
            )));
        }
    }
    for side in [Side::Green, Side::Blue] {
        let name = &keeper_name(migration, side);
        let find = || async { Ok(ports.stage(api, name).await?.map(|stage| stage.name)) };
        let delete = |name: String| async move { ports.delete_stage(api, &name).await };
        ensure_absent(ports, migration, &keys::keeper(side), find, delete).await?;
    }
    delete(ports, migration, &keys::deployment_g()).await?;
    delete(ports, migration, &keys::deployment_t()).await
}
