//! The temporary API: an export and import of the public one, on its own URL, with the same keys, pointing at green.

use crate::{Ports, rewrite};
use domain::gateway::counterparts::Counterparts;
use domain::resources::{deployment, lambda_permission, rest_api, stage, usage_plan};
use domain::{Migration, PhaseError, Progress, progress::TEMPORARY_URL};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Makes API, permissions of functions, deployment, stage and usage plans, and tells the ledger the URL.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let stage = &edge.stage.name;
    let api = &rest_api::ensure(ports, migration, || document(ports, migration)).await?;
    lambda_permission::ensure(ports, migration, api).await?;
    let deployment = deployment::ensure(ports, migration, api, &deployment::temporary(), async || Ok(())).await?;
    stage::ensure(ports, migration, api, &stage::temporary(), &deployment, BTreeMap::new()).await?;
    for like in &edge.usage_plans {
        let stages = [(api.clone(), stage.clone())];
        usage_plan::ensure(ports, migration, &usage_plan::temporary(&like.id), &stages, like).await?;
    }
    let url = rest_api::url(&migration.plan.region, api, stage);
    let progress = json!({ "temporaryApi": api, TEMPORARY_URL: url });
    if ports.progress(migration, Progress::ProvisionEdge).await?.as_ref() != Some(&progress) {
        ports.save_progress(migration, Progress::ProvisionEdge, progress).await?;
    }
    Ok(())
}

/// What production serves, from green.
async fn document<P: Ports>(ports: &P, migration: &Migration) -> Result<Value, PhaseError> {
    let edge = &migration.plan.edge;
    let export = ports.export(&edge.api.id, &edge.stage.name).await?;
    let hosts = &migration.input.workloads.hosts;
    let counterparts = Counterparts::known(ports, migration).await?;
    Ok(rewrite::temporary(export, &counterparts, hosts, &edge.stage.variables))
}

/// Deletes usage plans, permissions and API; the API takes its stage and deployments with it.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    usage_plan::remove_all(ports, migration).await?;
    lambda_permission::remove_all(ports, migration).await?;
    rest_api::ensure_tags(ports, migration).await?;
    rest_api::remove(ports, migration).await
}
