//! The temporary API, on which people qualify green: an export and import of the public one, on a URL of its own
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html>).

mod address;

pub use address::{host, path, url};

use crate::Tags;
use crate::plan::edge::{Api, api::ENDPOINT_EXTENSION};
use crate::ports::gateway::Patch;
use crate::ports::{Apis, Ledger};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, names, ownership, reconcile, resource_policy};
use serde_json::Value;
use std::future::Future;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "apigateway:DELETE /apis/*",
    "apigateway:DELETE /restapis/*",
    "apigateway:GET /apis",
    "apigateway:GET /apis/*",
    "apigateway:GET /restapis",
    "apigateway:GET /restapis/*",
    "apigateway:PATCH /apis/*",
    "apigateway:PATCH /restapis/*",
    "apigateway:POST /restapis",
    "apigateway:POST /tags/*",
    "apigateway:PUT /apis",
    "apigateway:PUT /apis/*",
    "apigateway:PUT /restapis/*",
    "apigateway:PUT /tags/*",
];

/// The longest name given, in characters. API Gateway documents no limit.
const NAME: usize = 128;

/// The extension that holds an API's resource policy
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html>).
const POLICY: &str = "x-amazon-apigateway-policy";

/// What the ledger calls the temporary API; the names of all that is in it begin so.
pub(super) fn qualification(migration: &Migration) -> String {
    migration.plan.edge.of_api("qualification")
}

/// The ledger's key of the temporary API.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Temporary, Kind::RestApi, qualification(migration))
}

/// The name of the temporary API, by which it is found.
#[must_use]
pub fn name(migration: &Migration) -> String {
    names::for_key(&migration.id, &key(migration), NAME)
}

/// The tags of the temporary API: the public API's, and Bascule's.
#[must_use]
pub fn tags(migration: &Migration) -> Tags {
    ownership::tags_like(migration, Side::Temporary, &migration.plan.edge.api.tags)
}

/// The temporary API.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: Apis>(ports: &P, migration: &Migration) -> Result<Option<Api>, PhaseError> {
    Ok(all(ports, migration).await?.into_iter().next())
}

/// Every API of the temporary API's name.
async fn all<P: Apis>(ports: &P, migration: &Migration) -> Result<Vec<Api>, PhaseError> {
    let name = name(migration);
    let mut apis = ports.apis().await?;
    apis.retain(|api| api.name == name);
    Ok(apis)
}

/// Imports the temporary API where there is none, with the public API's settings and tags, and gives its id. `document` is asked
/// for what to import only where it is imported.
///
/// # Errors
/// `NotReady` while what was imported cannot be read, or has just got its tags.
pub async fn ensure<P, F>(ports: &P, migration: &Migration, document: impl FnOnce() -> F) -> Result<String, PhaseError>
where
    P: Ledger + Apis,
    F: Future<Output = Result<Value, PhaseError>>,
{
    let public = &migration.plan.edge.api;
    let find = || async {
        let found = all(ports, migration).await?.into_iter().map(|api| api.id).collect();
        reconcile::chosen(ports, migration, &key(migration), found).await
    };
    let create = || async {
        ports.import(&own(document().await?, public, &name(migration)), &public.endpoint_type, public.protocol).await
    };
    let id = reconcile::ensure(ports, migration, &key(migration), Value::Null, find, create).await?;
    let Some(imported) = ports.api(&id).await? else {
        return Err(PhaseError::not_ready(format!("the temporary API {id} is not visible yet")));
    };
    tagged(ports, migration, &imported).await?;
    restore(ports, public, &imported).await?;
    // Of an import that had no answer in time and was carried out all the same.
    for other in all(ports, migration).await?.iter().filter(|other| other.id != id) {
        tagged(ports, migration, other).await?;
        delete(ports, &other.id).await?;
    }
    Ok(id)
}

/// Gives the temporary API its tags where the import is all that was done of it: roles may delete no API without them.
///
/// # Errors
/// `NotReady` where it has just got them.
pub async fn ensure_tags<P: Apis>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    match find(ports, migration).await? {
        Some(api) => tagged(ports, migration, &api).await,
        None => Ok(()),
    }
}

/// An import cannot give tags, and the functions' roles may change and delete only an API that has them.
async fn tagged<P: Apis>(ports: &P, migration: &Migration, api: &Api) -> Result<(), PhaseError> {
    let tags = tags(migration);
    if tags.iter().all(|(key, value)| api.tags.get(key) == Some(value)) {
        return Ok(());
    }
    ports.tag(&api.id, &tags).await?;
    Err(PhaseError::not_ready(format!("the temporary API {} got its tags, which IAM may see a moment later", api.id)))
}

/// Replaces the configuration of the temporary API, `api`, by a document.
///
/// # Errors
/// `Refused` where `api` is the public API, which is never overwritten.
pub async fn overwrite<P: Apis>(
    ports: &P,
    migration: &Migration,
    api: &str,
    document: Value,
) -> Result<(), PhaseError> {
    let public = &migration.plan.edge.api;
    if api == public.id {
        return Err(PhaseError::refused(format!("{api} is the public API, which is never overwritten")));
    }
    ports.overwrite(api, &own(document, public, &name(migration)), public.protocol).await?;
    let Some(now) = ports.api(api).await? else {
        return Err(PhaseError::unavailable(format!("the temporary API {api} is not visible")));
    };
    restore(ports, public, &now).await
}

/// A document of the public API as another API's own: under another title, which becomes the API's name, with a resource policy
/// that names the API itself, and behind the same VPC endpoints. It is reached by its default endpoint, which the public one may not have.
fn own(mut document: Value, public: &Api, name: &str) -> Value {
    document["info"]["title"] = name.into();
    let of_servers = document.get_mut("servers").and_then(Value::as_array_mut).into_iter().flatten();
    let endpoints = of_servers.filter_map(|server| server.get_mut(ENDPOINT_EXTENSION)).filter_map(Value::as_object_mut);
    endpoints.for_each(|endpoint| drop(endpoint.remove("disableExecuteApiEndpoint")));
    if let Some(endpoint) = document.get_mut(ENDPOINT_EXTENSION).and_then(Value::as_object_mut) {
        endpoint.remove("disableExecuteApiEndpoint");
    }
    if !public.vpc_endpoint_ids.is_empty() {
        address::associate(&mut document, &public.vpc_endpoint_ids);
    }
    if let Some(statements) = document.get_mut(POLICY).and_then(|policy| policy.get_mut("Statement")) {
        resource_policy::own(statements, &public.id);
    }
    document
}

/// Sets what an import lost of the public API's own settings.
async fn restore<P: Apis>(ports: &P, public: &Api, imported: &Api) -> Result<(), PhaseError> {
    let patches = lost(public, imported);
    if patches.is_empty() { Ok(()) } else { ports.update_api(&imported.id, &patches).await }
}

/// What sets the settings in which an import differs from the public API: an export holds most of them, not all.
fn lost(public: &Api, imported: &Api) -> Vec<Patch> {
    let mut patches = Vec::new();
    // Terraform's provider knows an overwrite to do that (its rest_api.go).
    if public.endpoint_type != imported.endpoint_type {
        let path = format!("/endpointConfiguration/types/{}", imported.endpoint_type);
        patches.push(Patch::replace(&path, &public.endpoint_type));
    }
    for id in public.vpc_endpoint_ids.iter().filter(|id| !imported.vpc_endpoint_ids.contains(id)) {
        patches.push(Patch::Add("/endpointConfiguration/vpcEndpointIds".to_owned(), id.clone()));
    }
    // Before its stage is made: it takes effect with the next change of a stage
    // (https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html).
    if imported.execute_api_disabled {
        patches.push(Patch::replace("/disableExecuteApiEndpoint", "false"));
    }
    if public.api_key_source != imported.api_key_source {
        patches.push(Patch::replace("/apiKeySource", &public.api_key_source));
    }
    if public.minimum_compression_size != imported.minimum_compression_size {
        let size = public.minimum_compression_size.map(|size| size.to_string()).unwrap_or_default();
        patches.push(Patch::replace("/minimumCompressionSize", size));
    }
    for media_type in &public.binary_media_types {
        if !imported.binary_media_types.contains(media_type) {
            // A slash in a JSON Pointer (RFC 6901).
            let path = format!("/binaryMediaTypes/{}", media_type.replace('~', "~0").replace('/', "~1"));
            patches.push(Patch::Add(path, String::new()));
        }
    }
    patches
}

/// Deletes an API with its stages and deployments. Usage plans must not cover its stages any more.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: Apis>(ports: &P, id: &str) -> Result<(), PhaseError> {
    ports.delete_api(id).await
}

/// Deletes the temporary API, as far as the ledger knows it, and all that is in it.
///
/// # Errors
/// `NotReady` while API Gateway deletes.
pub async fn remove<P: Ledger + Apis>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let find = || async { Ok(find(ports, migration).await?.map(|api| api.id)) };
    let delete = |id: String| async move { delete(ports, &id).await };
    reconcile::ensure_absent(ports, migration, &key(migration), find, delete).await?;
    for entry in
        ports.entries(migration).await?.iter().filter(|entry| entry.is_live() && is_inside(migration, &entry.key))
    {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

/// Whether this is part of the temporary API, and deleted with it.
fn is_inside(migration: &Migration, key: &ResourceKey) -> bool {
    let api = qualification(migration);
    let inside = key.name.strip_prefix(&api);
    key.side == Side::Temporary
        && matches!(key.kind, Kind::Stage | Kind::StageShift | Kind::Deployment)
        && inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::super::{deployment, integration, stage, stage_shift, usage_plan};
    use super::*;
    use crate::plan::edge::{Edge, OtherApi};
    use serde_json::json;

    #[test]
    fn settings_that_an_import_loses_are_set_again() {
        let public = Api {
            api_key_source: "HEADER".to_owned(),
            minimum_compression_size: Some(1024),
            binary_media_types: vec!["image/png".to_owned(), "application/zip".to_owned()],
            ..Api::default()
        };
        let imported = Api { binary_media_types: vec!["image/png".to_owned()], ..public.clone() };
        assert_eq!(lost(&public, &public), []);
        let add = Patch::Add("/binaryMediaTypes/application~1zip".to_owned(), String::new());
        assert_eq!(lost(&public, &imported), [add]);
        let imported = Api { minimum_compression_size: None, ..public.clone() };
        assert_eq!(lost(&public, &imported), [Patch::replace("/minimumCompressionSize", "1024")]);
    }

    #[test]
    fn a_document_without_a_policy_changes_in_its_title_only() {
        let document = json!({ "info": { "title": "shop", "version": "1" }, "paths": { "/cart": {} } });
        let expected = json!({ "info": { "title": "temporary", "version": "1" }, "paths": { "/cart": {} } });
        assert_eq!(own(document, &Api::default(), "temporary"), expected);
    }

    #[test]
    fn a_temporary_api_has_a_default_endpoint_where_the_public_one_has_none() {
        let public = Api { execute_api_disabled: true, ..Api::default() };
        let closed = json!({ "disableExecuteApiEndpoint": true, "vpcEndpointIds": ["vpce-1"] });
        let document = json!({ "info": {}, "servers": [{ "url": "https://x", ENDPOINT_EXTENSION: closed }], ENDPOINT_EXTENSION: closed });
        let open = json!({ "vpcEndpointIds": ["vpce-1"] });
        let expected = json!({ "info": { "title": "t" }, "servers": [{ "url": "https://x", ENDPOINT_EXTENSION: open }], ENDPOINT_EXTENSION: open });
        assert_eq!(own(document, &public, "t"), expected);
        assert_eq!(lost(&public, &public), [Patch::replace("/disableExecuteApiEndpoint", "false")]);
        assert_eq!(lost(&public, &Api::default()), []);
    }

    #[test]
    fn an_overwrite_that_reset_the_endpoint_type_is_mended() {
        let public = Api { endpoint_type: "REGIONAL".to_owned(), ..Api::default() };
        let imported = Api { endpoint_type: "EDGE".to_owned(), ..public.clone() };
        assert_eq!(lost(&public, &imported), [Patch::replace("/endpointConfiguration/types/EDGE", "REGIONAL")]);
    }

    #[test]
    fn an_endpoint_that_an_import_lost_is_associated_again() {
        let public = Api { vpc_endpoint_ids: vec!["vpce-1".to_owned(), "vpce-2".to_owned()], ..Api::default() };
        let imported = Api { vpc_endpoint_ids: vec!["vpce-1".to_owned()], ..Api::default() };
        let add = Patch::Add("/endpointConfiguration/vpcEndpointIds".to_owned(), "vpce-2".to_owned());
        assert_eq!(lost(&public, &imported), [add]);
    }

    /// The shop behind two APIs, as seen from each.
    fn views() -> [Migration; 2] {
        let api = |id: &str| Api { id: id.to_owned(), ..Api::default() };
        let others = vec![OtherApi { api: api("shop2"), ..OtherApi::default() }];
        let migration = Migration::behind(Edge { api: api("shop1"), others, ..Edge::default() });
        let [first, second] = &migration.per_api()[..] else { unreachable!("two APIs") };
        [first.as_ref().clone(), second.as_ref().clone()]
    }

    fn of_temporary(migration: &Migration) -> [ResourceKey; 4] {
        [
            deployment::temporary(migration),
            deployment::temporary_of_blue(migration),
            stage::temporary(migration),
            stage_shift::temporary(migration),
        ]
    }

    #[test]
    fn what_belongs_to_the_public_api_does_not_go_with_the_temporary_one() {
        let [migration, other] = &views();
        let outside = [
            deployment::trial(migration),
            deployment::green(migration),
            stage::keeper(migration, Side::Blue),
            stage::keeper(migration, Side::Green),
            usage_plan::temporary(migration, "gold"),
            usage_plan::smoke(migration),
        ];
        assert_eq!(of_temporary(migration).iter().find(|key| !is_inside(migration, key)), None);
        assert_eq!(of_temporary(other).iter().find(|key| !is_inside(other, key)), None);
        let foreign = of_temporary(other);
        assert_eq!(outside.iter().chain(&foreign).find(|key| is_inside(migration, key)), None);
        assert_eq!(of_temporary(migration).iter().find(|key| is_inside(other, key)), None);
    }

    #[test]
    fn every_api_has_keys_of_its_own_and_those_of_one_alone_are_as_they_always_were() {
        let keys = |migration: &Migration| {
            let own = [
                key(migration),
                deployment::trial(migration),
                deployment::green(migration),
                stage::keeper(migration, Side::Blue),
                usage_plan::temporary(migration, "gold"),
                usage_plan::smoke(migration),
                integration::window(migration),
                stage_shift::key(migration),
            ];
            own.iter().chain(&of_temporary(migration)).map(ToString::to_string).collect::<Vec<_>>()
        };
        let [first, second] = &views();
        assert!(keys(first).iter().all(|key| !keys(second).contains(key)), "{:?}", keys(first));
        let alone = Migration::behind(Edge { api: first.plan.edge.api.clone(), ..Edge::default() });
        assert_eq!(keys(first), keys(&alone));
        assert_eq!(key(&alone).to_string(), "RESOURCE#temporary#RestApi#qualification");
        assert_eq!(deployment::green(&alone).to_string(), "RESOURCE#green#Deployment#G");
    }
}
