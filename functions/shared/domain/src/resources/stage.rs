//! Stages of Bascule's own: the temporary API's, and those that keep deployments B and G of the public API from being deleted,
//! since nobody can delete a deployment that a stage uses
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html>).

use super::rest_api::qualification;
use crate::Tags;
use crate::plan::edge::Stage;
use crate::ports::gateway::Patch;
use crate::ports::{Ledger, Stages};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, names, ownership, reconcile};
use serde_json::json;
use std::collections::BTreeMap;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "apigateway:DELETE /apis/*/stages/*",
    "apigateway:DELETE /restapis/*/stages/*",
    "apigateway:GET /apis/*",
    "apigateway:GET /apis/*/stages/*",
    "apigateway:GET /restapis/*/stages/*",
    "apigateway:PATCH /apis/*/stages/*",
    "apigateway:PATCH /restapis/*/stages/*",
    "apigateway:POST /apis/*/stages",
    "apigateway:POST /restapis/*/stages",
    "apigateway:POST /tags/*",
    "apigateway:PUT /tags/*",
];

/// The longest name given, in characters; API Gateway takes 128
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html>).
const NAME: usize = 64;

/// The ledger's key of the temporary API's stage.
#[must_use]
pub fn temporary(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Stage, qualification(migration))
}

/// The ledger's key of the public API's stage that holds deployment B, blue's, or G, green's.
#[must_use]
pub fn keeper(migration: &Migration, side: Side) -> ResourceKey {
    let deployment = if side == Side::Blue { "B" } else { "G" };
    ResourceKey::new(side, Kind::Stage, migration.plan.edge.of_api(&format!("bascule-{deployment}")))
}

/// The name of the stage that holds deployment B, or G.
#[must_use]
pub fn keeper_name(migration: &Migration, side: Side) -> String {
    name(migration, &keeper(migration, side))
}

/// The name of a stage. The temporary API's is called as production's: backends see it in the path of private integrations.
#[must_use]
pub fn name(migration: &Migration, key: &ResourceKey) -> String {
    if *key == temporary(migration) {
        migration.plan.edge.stage.name.clone()
    } else {
        names::for_key(&migration.id, key, NAME)
    }
}

/// The tags of a stage: those of production's, and Bascule's.
#[must_use]
pub fn tags(migration: &Migration) -> Tags {
    ownership::tags_like(migration, Side::Temporary, &migration.plan.edge.stage.tags)
}

/// Creates a stage of the API with the id `api`, with the variables of production's, but for these `others`, and with its client
/// certificate, where there is none.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
    deployment: &str,
    others: BTreeMap<String, String>,
) -> Result<(), PhaseError> {
    let name = name(migration, key);
    let mut variables = migration.plan.edge.stage.variables.clone();
    variables.extend(others);
    let find = || async { Ok(ports.stage(api, &name).await?.map(|stage| stage.name)) };
    let create = || async {
        let stage = Stage {
            name: name.clone(),
            deployment_id: deployment.to_owned(),
            variables: variables.clone(),
            tags: tags(migration),
            ..Stage::default()
        };
        ports.create_stage(api, &stage).await?;
        Ok(name.clone())
    };
    reconcile::ensure(ports, migration, key, json!({ "api": api }), find, create).await?;
    // `CreateStage` takes none; without it a backend that asks for it refuses every request.
    let Some(certificate) = &migration.plan.edge.stage.client_certificate_id else {
        return Ok(());
    };
    let there = ports.stage(api, &name).await?.and_then(|stage| stage.client_certificate_id);
    if there.as_ref() != Some(certificate) {
        ports.update_stage(api, &name, &[Patch::replace("/clientCertificateId", certificate)]).await?;
    }
    Ok(())
}

/// Lets a stage of Bascule's own serve this deployment; false where there is no such stage.
///
/// # Errors
/// Only what the calls answer.
pub async fn serve<P: Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
    deployment: &str,
) -> Result<bool, PhaseError> {
    let name = &name(migration, key);
    let Some(stage) = ports.stage(api, name).await? else {
        return Ok(false);
    };
    if stage.deployment_id != deployment {
        ports.update_stage(api, name, &[Patch::replace("/deploymentId", deployment)]).await?;
    }
    Ok(true)
}

/// Deletes a stage.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: Stages>(ports: &P, api: &str, name: &str) -> Result<(), PhaseError> {
    ports.delete_stage(api, name).await
}

/// Deletes a stage of an API that stays, as far as the ledger knows it.
///
/// # Errors
/// `NotReady` while API Gateway deletes.
pub async fn remove<P: Ledger + Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
) -> Result<(), PhaseError> {
    let name = &name(migration, key);
    let find = || async { Ok(ports.stage(api, name).await?.map(|stage| stage.name)) };
    let delete = |name: String| async move { delete(ports, api, &name).await };
    reconcile::ensure_absent(ports, migration, key, find, delete).await
}
