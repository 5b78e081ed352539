//! The temporary API: an export and import of the public one, on its own URL, with the same keys, pointing at green. Where several APIs are
//! switched, each has one.

use crate::{Ports, rewrite};
use domain::gateway::counterparts::Counterparts;
use domain::resources::{deployment, lambda_permission, rest_api, stage, usage_plan};
use domain::{
    Migration, PhaseError, Progress,
    progress::{OTHER_URLS, TEMPORARY_URL},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Makes the temporary API of each API, and tells the ledger the URLs.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let mut made = Vec::new();
    for migration in &migration.per_api() {
        made.push(of_api(ports, migration).await?);
    }
    let progress = progress(migration, &made);
    if ports.progress(migration, Progress::ProvisionEdge).await?.as_ref() != Some(&progress) {
        ports.save_progress(migration, Progress::ProvisionEdge, progress).await?;
    }
    Ok(())
}

/// The URLs of these temporary APIs, of which the first is that of the first API.
fn progress(migration: &Migration, made: &[String]) -> Value {
    let edges = migration.plan.edge.per_api();
    let mut urls = edges
        .iter()
        .zip(made)
        .map(|(edge, api)| rest_api::url(&migration.plan.region, api, edge.vpc_endpoint.as_deref(), &edge.stage.name));
    let mut progress = json!({ "temporaryApi": made.first(), TEMPORARY_URL: urls.next() });
    let others: Vec<String> = urls.collect();
    if !others.is_empty() {
        progress[OTHER_URLS] = json!(others);
    }
    progress
}

/// Makes API, permissions of functions, deployment, stage and usage plans, and gives the API's id.
async fn of_api<P: Ports>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let edge = &migration.plan.edge;
    let stage = &edge.stage.name;
    let api = rest_api::ensure(ports, migration, || document(ports, migration)).await?;
    lambda_permission::ensure(ports, migration, &api).await?;
    let deployment = deployment::ensure(ports, migration, &api, &deployment::temporary(migration)).await?;
    stage::ensure(ports, migration, &api, &stage::temporary(migration), &deployment, BTreeMap::new()).await?;
    for like in &edge.usage_plans {
        let stages = [(api.clone(), stage.clone())];
        usage_plan::ensure(ports, migration, &usage_plan::temporary(migration, &like.id), &stages, like).await?;
    }
    Ok(api)
}

/// What production serves, from green.
async fn document<P: Ports>(ports: &P, migration: &Migration) -> Result<Value, PhaseError> {
    let edge = &migration.plan.edge;
    let export = ports.export(&edge.api.id, &edge.stage.name).await?;
    let hosts = &migration.input.workloads.hosts;
    let counterparts = Counterparts::known(ports, migration).await?;
    Ok(rewrite::temporary(export, &counterparts, hosts, &edge.stage.variables))
}

/// Deletes usage plans, permissions and APIs; an API takes its stage and deployments with it.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    usage_plan::remove_all(ports, migration).await?;
    for migration in &migration.per_api() {
        lambda_permission::remove_all(ports, migration).await?;
        rest_api::ensure_tags(ports, migration).await?;
        rest_api::remove(ports, migration).await?;
    }
    Ok(())
}
