//! Usage plans that let production's API keys into stages of Bascule's own
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>).

use super::rest_api::qualification;
use crate::Tags;
use crate::plan::edge::{Edge, UsagePlan};
use crate::ports::gateway::ApiKey;
use crate::ports::{Ledger, UsagePlans};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, names, ownership, reconcile};
use serde_json::json;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "apigateway:DELETE /usageplans/*",
    "apigateway:GET /apikeys/*",
    "apigateway:GET /usageplans",
    "apigateway:GET /usageplans/*/keys",
    "apigateway:PATCH /usageplans/*",
    "apigateway:POST /usageplans",
    "apigateway:POST /usageplans/*/keys",
    "apigateway:PUT /tags/*",
];

/// The longest name given, in characters. API Gateway documents no limit.
const NAME: usize = 128;

/// The ledger's key of the usage plan that lets the keys of production's plan with this id into the temporary API.
#[must_use]
pub fn temporary(migration: &Migration, id: &str) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::UsagePlan, format!("{}/{id}", qualification(migration)))
}

/// The ledger's key of the usage plan that lets one key into the stages that hold deployments B and G.
#[must_use]
pub fn smoke(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::UsagePlan, migration.plan.edge.of_api("smoke"))
}

/// The name of a usage plan, by which it is found.
#[must_use]
pub fn name(migration: &Migration, key: &ResourceKey) -> String {
    names::for_key(&migration.id, key, NAME)
}

/// The tags of a usage plan like this one: the same, and Bascule's.
#[must_use]
pub fn tags(migration: &Migration, like: &UsagePlan) -> Tags {
    ownership::tags_like(migration, Side::Temporary, &like.tags)
}

/// A usage plan, with the ids of its keys where it covers a stage of `api`.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: UsagePlans>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
    api: &str,
) -> Result<Option<UsagePlan>, PhaseError> {
    Ok(all(ports, migration, key, api).await?.into_iter().next())
}

/// Every usage plan of this name.
async fn all<P: UsagePlans>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
    api: &str,
) -> Result<Vec<UsagePlan>, PhaseError> {
    let name = name(migration, key);
    let mut plans = ports.usage_plans(Some(api)).await?;
    plans.retain(|plan| plan.name == name);
    Ok(plans)
}

/// Creates a usage plan like this one, but for the stages (API and name) that it covers, where there is none, and adds its keys.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + UsagePlans>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
    stages: &[(String, String)],
    like: &UsagePlan,
) -> Result<(), PhaseError> {
    let plan = &UsagePlan {
        id: String::new(),
        name: name(migration, key),
        stages: stages.to_vec(),
        tags: tags(migration, like),
        ..like.clone()
    };
    let api = stages.first().map_or("", |(api, _)| api);
    let existing = || async {
        let found = all(ports, migration, key, api).await?.into_iter().map(|plan| plan.id).collect();
        reconcile::chosen(ports, migration, key, found).await
    };
    let create = || ports.create_usage_plan(plan);
    let id = reconcile::ensure(ports, migration, key, json!({ "api": api }), existing, create).await?;
    let found = all(ports, migration, key, api).await?.into_iter().find(|plan| plan.id == id).unwrap_or_default();
    for key_id in like.key_ids.iter().filter(|key_id| !found.key_ids.contains(key_id)) {
        ports.add_key(&id, key_id).await?;
    }
    Ok(())
}

/// The first of production's keys that is enabled, as id and value. The value stays in memory.
///
/// # Errors
/// Only what the calls answer.
pub async fn enabled_key<P: UsagePlans>(ports: &P, edge: &Edge) -> Result<Option<(String, ApiKey)>, PhaseError> {
    for id in edge.usage_plans.iter().flat_map(|plan| &plan.key_ids) {
        if let Some(key) = ports.api_key(id).await? {
            return Ok(Some((id.clone(), key)));
        }
    }
    Ok(None)
}

/// Takes a usage plan's stages out of it, and deletes it: API Gateway deletes none that covers a stage.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: UsagePlans>(ports: &P, id: &str) -> Result<(), PhaseError> {
    // The plans alone: their keys are read for no API.
    let plans = ports.usage_plans(Some("")).await?;
    if let Some(plan) = plans.into_iter().find(|plan| plan.id == id && !plan.stages.is_empty()) {
        ports.remove_stages(id, &plan.stages).await?;
    }
    ports.delete_usage_plan(id).await
}

/// Deletes a usage plan, as far as the ledger knows it.
///
/// # Errors
/// `NotReady` while API Gateway deletes.
pub async fn remove<P: Ledger + UsagePlans>(
    ports: &P,
    migration: &Migration,
    key: &ResourceKey,
) -> Result<(), PhaseError> {
    let find = || async { Ok(find(ports, migration, key, "").await?.map(|plan| plan.id)) };
    let delete = |id: String| async move { delete(ports, &id).await };
    reconcile::ensure_absent(ports, migration, key, find, delete).await
}

/// Deletes every usage plan that the ledger knows.
///
/// # Errors
/// As for [`remove`].
pub async fn remove_all<P: Ledger + UsagePlans>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, Side::Temporary, Kind::UsagePlan).await? {
        remove(ports, migration, &entry.key).await?;
    }
    Ok(())
}
