//! The temporary API: an export and import of the main one, on its own URL, with the same keys, pointing at green.

use crate::{Ports, rewrite};
use domain::gateway::temporary::restore;
use domain::plan::edge::{Api, Stage, UsagePlan, keys};
use domain::reconcile::{ensure, ensure_absent};
use domain::{Entry, Kind, Migration, PhaseError, Side};
use serde_json::{Value, json};

const NAME: usize = 128;

/// Makes API, deployment, stage and usage plans, and tells the ledger the URL.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration, link: &str) -> Result<(), PhaseError> {
    let api = api(ports, migration, link).await?;
    let deployment = deployment(ports, migration, &api).await?;
    stage(ports, migration, &api, &deployment).await?;
    for like in &migration.plan.edge.usage_plans {
        usage_plan(ports, migration, &api, like).await?;
    }
    let url = keys::url(&migration.plan.region, &api, &migration.plan.edge.stage.name);
    let progress = json!({ "temporaryApi": api, "temporaryUrl": url });
    if ports.progress(migration, "provision-edge").await?.as_ref() != Some(&progress) {
        ports.save_progress(migration, "provision-edge", progress).await?;
    }
    Ok(())
}

async fn find_api<P: Ports>(ports: &P, name: &str) -> Result<Option<Api>, PhaseError> {
    let apis = ports.apis().await?;
    Ok(apis.into_iter().find(|api| api.name == name))
}

async fn api<P: Ports>(ports: &P, migration: &Migration, link: &str) -> Result<String, PhaseError> {
    let edge = &migration.plan.edge;
    let key = keys::temporary_api();
    let name = &keys::name(migration, &key, NAME);
    let find = || async { Ok(find_api(ports, name).await?.map(|api| api.id)) };
    let create = || async {
        let export = ports.export(&edge.api.id, &edge.stage.name).await?;
        let hosts = &migration.input.workloads.hosts;
        let document = rewrite::temporary(export, name, &edge.vpc_link.id, link, hosts);
        ports.import(&document, &edge.api.endpoint_type).await
    };
    let id = ensure(ports, migration, &key, Value::Null, find, create).await?;
    let Some(imported) = ports.api(&id).await? else {
        return Err(PhaseError::not_ready(format!("the temporary API {id} is not visible yet")));
    };
    tagged(ports, migration, &imported).await?;
    restore(ports, &edge.api, &imported).await?;
    Ok(id)
}

/// An import cannot give tags, and the function's role may change and delete only an API that has them.
async fn tagged<P: Ports>(ports: &P, migration: &Migration, api: &Api) -> Result<(), PhaseError> {
    let tags = keys::tags(migration, Side::Temporary, &migration.plan.edge.api.tags);
    if tags.iter().all(|(key, value)| api.tags.get(key) == Some(value)) {
        return Ok(());
    }
    ports.tag(&api.id, &tags).await?;
    Err(PhaseError::not_ready(format!("the temporary API {} got its tags, which IAM may see a moment later", api.id)))
}

async fn deployment<P: Ports>(ports: &P, migration: &Migration, api: &str) -> Result<String, PhaseError> {
    let key = keys::temporary_deployment();
    let description = &keys::name(migration, &key, NAME);
    let find = || async {
        let deployments = ports.deployments(api).await?;
        Ok(deployments.into_iter().find(|found| found.description == *description).map(|found| found.id))
    };
    let create = || ports.create_deployment(api, description);
    ensure(ports, migration, &key, json!({ "api": api }), find, create).await
}

async fn stage<P: Ports>(ports: &P, migration: &Migration, api: &str, deployment: &str) -> Result<(), PhaseError> {
    let like = &migration.plan.edge.stage;
    let find = || async { Ok(ports.stage(api, &like.name).await?.map(|stage| stage.name)) };
    let create = || async {
        let stage = Stage {
            name: like.name.clone(),
            deployment_id: deployment.to_owned(),
            variables: like.variables.clone(),
            tags: keys::tags(migration, Side::Temporary, &like.tags),
            ..Stage::default()
        };
        ports.create_stage(api, &stage).await?;
        Ok(like.name.clone())
    };
    ensure(ports, migration, &keys::temporary_stage(), json!({ "api": api }), find, create).await?;
    Ok(())
}

async fn usage_plan<P: Ports>(ports: &P, migration: &Migration, api: &str, like: &UsagePlan) -> Result<(), PhaseError> {
    let key = keys::temporary_usage_plan(&like.id);
    let name = keys::name(migration, &key, NAME);
    let covers = (api.to_owned(), migration.plan.edge.stage.name.clone());
    let plan = &UsagePlan {
        id: String::new(),
        name: name.clone(),
        stages: vec![covers],
        tags: keys::tags(migration, Side::Temporary, &like.tags),
        ..like.clone()
    };
    let find = || async { Ok(find_plan(ports, api, &name).await?.map(|found| found.id)) };
    let create = || ports.create_usage_plan(plan);
    let id = ensure(ports, migration, &key, json!({ "api": api }), find, create).await?;
    let found = find_plan(ports, api, &name).await?.unwrap_or_default();
    for key_id in like.key_ids.iter().filter(|key_id| !found.key_ids.contains(key_id)) {
        ports.add_key(&id, key_id).await?;
    }
    Ok(())
}

async fn find_plan<P: Ports>(ports: &P, api: &str, name: &str) -> Result<Option<UsagePlan>, PhaseError> {
    let plans = ports.usage_plans(Some(api)).await?;
    Ok(plans.into_iter().find(|plan| plan.name == name))
}

/// Deletes usage plans and API; the API takes its stage and deployment with it.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = keys::temporary_api();
    let name = &keys::name(migration, &key, NAME);
    let find = || async { Ok(find_api(ports, name).await?.map(|api| api.id)) };
    let entries = ports.entries(migration).await?;
    let known = |entry: &&Entry| {
        entry.key.side == Side::Temporary && entry.is_live() && entry.key.name.starts_with("qualification")
    };
    let entries: Vec<&Entry> = entries.iter().filter(known).collect();
    for entry in entries.iter().filter(|entry| entry.key.kind == Kind::UsagePlan) {
        let name = &keys::name(migration, &entry.key, NAME);
        let find = || async {
            let plans = ports.usage_plans(Some("")).await?;
            Ok(plans.into_iter().find(|plan| plan.name == *name).map(|plan| plan.id))
        };
        let delete = |id: String| async move {
            let plans = ports.usage_plans(Some("")).await?;
            let stages = plans.into_iter().filter(|plan| plan.id == id).flat_map(|plan| plan.stages);
            for (api, stage) in stages {
                ports.remove_stage(&id, &api, &stage).await?;
            }
            ports.delete_usage_plan(&id).await
        };
        ensure_absent(ports, migration, &entry.key, find, delete).await?;
    }
    let delete = |id: String| async move {
        if let Some(api) = ports.api(&id).await? {
            tagged(ports, migration, &api).await?;
        }
        ports.delete_api(&id).await
    };
    ensure_absent(ports, migration, &key, find, delete).await?;
    for entry in entries.iter().filter(|entry| gone_with_the_api(entry.key.kind)) {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

const fn gone_with_the_api(kind: Kind) -> bool {
    matches!(kind, Kind::Stage | Kind::StageShift | Kind::Deployment)
}
