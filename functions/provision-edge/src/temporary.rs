//! The temporary API: an export and import of the main one, on its own URL, with the same keys, pointing at green.

use crate::{Ports, rewrite};
use domain::plan::edge::{Api, Stage, UsagePlan, keys};
use domain::ports::gateway::Patch;
use domain::reconcile::{ensure, ensure_absent};
use domain::{Entry, Kind, Migration, PhaseError, Side, Status};
use serde_json::{Value, json};

const NAME: usize = 128;

/// What the import lost of the main API's own settings: the export holds most, and what differs all the same is set.
#[must_use]
pub fn lost(main: &Api, imported: &Api) -> Vec<Patch> {
    let mut patches = Vec::new();
    if main.api_key_source != imported.api_key_source {
        patches.push(Patch::replace("/apiKeySource", &main.api_key_source));
    }
    if main.minimum_compression_size != imported.minimum_compression_size {
        let size = main.minimum_compression_size.map(|size| size.to_string()).unwrap_or_default();
        patches.push(Patch::replace("/minimumCompressionSize", size));
    }
    for media_type in &main.binary_media_types {
        if !imported.binary_media_types.contains(media_type) {
            // A slash in a JSON Pointer (RFC 6901).
            let path = format!("/binaryMediaTypes/{}", media_type.replace('~', "~0").replace('/', "~1"));
            patches.push(Patch::Add(path, String::new()));
        }
    }
    patches
}

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
    let tags = keys::tags(migration, Side::Temporary, &edge.api.tags);
    if !tags.iter().all(|(key, value)| imported.tags.get(key) == Some(value)) {
        ports.tag(&id, &tags).await?;
    }
    let patches = lost(&edge.api, &imported);
    if !patches.is_empty() {
        ports.update_api(&id, &patches).await?;
    }
    Ok(id)
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
        entry.key.side == Side::Temporary
            && entry.status != Status::Absent
            && entry.key.name.starts_with("qualification")
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
    ensure_absent(ports, migration, &key, find, |id: String| async move { ports.delete_api(&id).await }).await?;
    for entry in entries.iter().filter(|entry| [Kind::Stage, Kind::Deployment].contains(&entry.key.kind)) {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_an_import_loses_are_set_again() {
        let main = Api {
            api_key_source: "HEADER".to_owned(),
            minimum_compression_size: Some(1024),
            binary_media_types: vec!["image/png".to_owned(), "application/zip".to_owned()],
            ..Api::default()
        };
        let imported = Api { binary_media_types: vec!["image/png".to_owned()], ..main.clone() };
        assert_eq!(lost(&main, &main), []);
        let add = Patch::Add("/binaryMediaTypes/application~1zip".to_owned(), String::new());
        assert_eq!(lost(&main, &imported), [add]);
        let imported = Api { minimum_compression_size: None, ..main.clone() };
        assert_eq!(lost(&main, &imported), [Patch::replace("/minimumCompressionSize", "1024")]);
    }
}
