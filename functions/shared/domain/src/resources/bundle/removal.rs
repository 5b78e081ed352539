//! Bundles on a cluster that stays when the migration goes back: the user's own. What Bascule made there is deleted object by object, and
//! what was there before is given back to who manages it.

use super::key;
use crate::{
    Migration, PhaseError,
    manifest::{
        ObjectId, Placed, Prepared,
        apply::gravest,
        prepare::{Hosts, Preparation, read},
    },
    plan::workloads::Bundle,
    ports::{Kubernetes, KubernetesApi, Ledger, Manifests},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many names one message holds.
const NAMED: usize = 10;

/// How an entry names an object: kinds of one name in several API groups are different things.
fn name(id: &ObjectId) -> String {
    let (group, kind, namespace, name) = id.identity();
    format!("{group}/{kind}/{namespace}/{name}")
}

/// Those of the objects that the cluster has, each with whether it is being deleted.
async fn there<'a, A: KubernetesApi>(api: &A, objects: &[&'a Placed]) -> Result<Vec<(&'a Placed, bool)>, PhaseError> {
    let kinds: BTreeSet<(&str, &str)> =
        objects.iter().map(|placed| (placed.object.id.api_version.as_str(), placed.object.id.kind.as_str())).collect();
    let mut found = Vec::new();
    for (api_version, kind) in kinds {
        let live = api.metadata(api_version, kind).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        // A kind without namespaces has none here, whatever the manifest says.
        let live: BTreeMap<(String, String), bool> = live
            .iter()
            .map(|one| ((text(&one["namespace"]), text(&one["name"])), !one["deletionTimestamp"].is_null()))
            .collect();
        let of_kind = objects.iter().filter(|placed| placed.object.id.api_version == api_version);
        for placed in of_kind.filter(|placed| placed.object.id.kind == kind) {
            let id = &placed.object.id;
            let keys = [id.namespace_or_default(), ""].map(|namespace| (namespace.to_owned(), id.name.clone()));
            found.extend(keys.iter().find_map(|key| live.get(key)).map(|deleting| (*placed, *deleting)));
        }
    }
    Ok(found)
}

/// What the entry of a bundle keeps of the user's own cluster: which of the objects are there before the first is applied.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn before<A: KubernetesApi>(api: &A, objects: &[Placed]) -> Result<Value, PhaseError> {
    let all: Vec<&Placed> = objects.iter().collect();
    Ok(there(api, &all).await?.into_iter().map(|(placed, _)| name(&placed.object.id)).collect())
}

/// Takes a bundle off the user's own cluster: deletes what was not there before it, what is applied last first, and waits for each step,
/// since controllers of a later one may have to let go of what is theirs. Of what was there before, the fields are given up that nobody else
/// manages: an apply of none removes them
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).
///
/// # Errors
/// `NotReady` while objects are being deleted; `Conflict` where the manifests changed since the plan.
pub async fn remove<P: Ledger + Manifests + Kubernetes>(
    ports: &P,
    migration: &Migration,
    bundle: &Bundle,
) -> Result<(), PhaseError> {
    let key = key(bundle, Hosts::Temporary);
    let Some(entry) = ports.live(migration, &key).await? else { return Ok(()) };
    let preparation = Preparation::new(&migration.plan.workloads, Hosts::Temporary, &[]);
    let objects = read(ports, bundle, &preparation, |_| true).await?;
    let api = ports.connect(&migration.input.green.cluster).await?;
    let known: BTreeSet<&str> =
        entry.detail["before"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (others, made): (Vec<&Placed>, Vec<&Placed>) =
        objects.iter().partition(|placed| known.contains(name(&placed.object.id).as_str()));
    for step in made.chunk_by(|a, b| a.step == b.step).rev() {
        delete(&api, step).await?;
    }
    let others = there(&api, &others).await?;
    let bare: Vec<Prepared> = others.iter().map(|(placed, _)| bare(&placed.object)).collect();
    let answers = api.apply(&bare.iter().collect::<Vec<_>>(), migration.deadline).await;
    match gravest(answers.into_iter().filter_map(Result::err).collect()) {
        Some(error) => Err(error.during("giving back what was there before")),
        None => ports.absent(migration, &key).await,
    }
}

async fn delete<A: KubernetesApi>(api: &A, objects: &[&Placed]) -> Result<(), PhaseError> {
    let found = there(api, objects).await?;
    if found.is_empty() {
        return Ok(());
    }
    for (placed, _) in found.iter().filter(|(_, deleting)| !deleting) {
        api.delete(&placed.object.id, None).await?;
    }
    let left = there(api, objects).await?;
    if left.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = left.iter().take(NAMED).map(|(placed, _)| placed.object.id.to_string()).collect();
    Err(PhaseError::not_ready(format!("deleting {} objects from green: {}", left.len(), names.join(", "))))
}

/// The object without any field but those that say which it is.
fn bare(object: &Prepared) -> Prepared {
    let value = object.value();
    let mut metadata = json!({ "name": object.id.name });
    if let Some(namespace) = &object.id.namespace {
        metadata["namespace"] = json!(namespace);
    }
    let bare = json!({ "apiVersion": value["apiVersion"], "kind": value["kind"], "metadata": metadata });
    Prepared { json: bare.to_string().into_bytes().into_boxed_slice(), is_forced: false, ..object.clone() }
}
