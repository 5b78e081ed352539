//! Deployments: immutable snapshots of an API's configuration, found again by their descriptions
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_Deployment.html>).

use super::rest_api::qualification;
use crate::ports::{Ledger, Stages};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, names, reconcile};
use serde_json::json;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "apigateway:DELETE /apis/*/deployments/*",
    "apigateway:DELETE /restapis/*/deployments/*",
    "apigateway:GET /apis/*",
    "apigateway:GET /apis/*/deployments",
    "apigateway:GET /restapis/*/deployments",
    "apigateway:POST /apis/*/deployments",
    "apigateway:POST /restapis/*/deployments",
];

/// The longest name in a description, in characters.
const NAME: usize = 32;

/// The ledger's key of the trial deployment T of the public API, which shows undeployed edits.
#[must_use]
pub fn trial(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Deployment, migration.plan.edge.of_api("T"))
}

/// The ledger's key of deployment G of the public API, which sends requests to green. It stays: production runs on it.
#[must_use]
pub fn green(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::Deployment, migration.plan.edge.of_api("G"))
}

/// The ledger's key of the deployment of the temporary API that sends requests to green.
#[must_use]
pub fn temporary(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Deployment, qualification(migration))
}

/// The ledger's key of the deployment of the temporary API that sends requests to blue, for comparison once green serves.
#[must_use]
pub fn temporary_of_blue(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::Deployment, format!("{}/blue", qualification(migration)))
}

/// The description of a deployment, by which it is found.
#[must_use]
pub fn description(migration: &Migration, key: &ResourceKey) -> String {
    format!("Bascule {}: {}", migration.name(), names::for_key(&migration.id, key, NAME))
}

/// The id of a deployment of the API with the id `api`.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
) -> Result<Option<String>, PhaseError> {
    Ok(all(ports, migration, api, key).await?.into_iter().next())
}

/// The ids of every deployment with the description of this one.
async fn all<P: Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
) -> Result<Vec<String>, PhaseError> {
    let description = description(migration, key);
    let deployments = ports.deployments(api).await?;
    Ok(deployments.into_iter().filter(|found| found.description == description).map(|found| found.id).collect())
}

/// Deploys the API's configuration, to no stage, where that was not done yet, and gives the deployment's id.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
) -> Result<String, PhaseError> {
    let find = || async { reconcile::chosen(ports, migration, key, all(ports, migration, api, key).await?).await };
    let create = || async { ports.create_deployment(api, &description(migration, key)).await };
    reconcile::ensure(ports, migration, key, json!({ "api": api }), find, create).await
}

/// Deletes what else has the description of the deployment with the id `keep`: that of a create which had no answer in time and
/// was carried out all the same.
///
/// # Errors
/// Only what the calls answer.
pub async fn sweep<P: Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
    keep: &str,
) -> Result<(), PhaseError> {
    for other in all(ports, migration, api, key).await?.iter().filter(|other| *other != keep) {
        delete(ports, api, other).await?;
    }
    Ok(())
}

/// Deletes a deployment.
///
/// # Errors
/// `Conflict` while a stage uses it.
pub async fn delete<P: Stages>(ports: &P, api: &str, id: &str) -> Result<(), PhaseError> {
    ports.delete_deployment(api, id).await
}

/// Deletes a deployment of an API that stays, as far as the ledger knows it.
///
/// # Errors
/// As for [`delete`].
pub async fn remove<P: Ledger + Stages>(
    ports: &P,
    migration: &Migration,
    api: &str,
    key: &ResourceKey,
) -> Result<(), PhaseError> {
    let find = || find(ports, migration, api, key);
    let delete = |id: String| async move { delete(ports, api, &id).await };
    reconcile::ensure_absent(ports, migration, key, find, delete).await
}
