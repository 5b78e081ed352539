//! Whether a suspended object has stopped: by its own status, and a custom resource by the Pods that its controllers started for it.

use crate::{
    PhaseError,
    manifest::ObjectId,
    object::{autoscalers, is_built_in},
    ports::KubernetesApi,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many owners may stand between a Pod and the object for which it was made, such as a Job, a Workflow and a `CronWorkflow`.
const OWNERS: usize = 6;

/// How many Pods one message names.
const NAMED: usize = 3;

/// What of a suspended object still works, in words; nothing where it is gone.
///
/// # Errors
/// Only what the calls answer.
pub async fn remaining<A: KubernetesApi>(api: &A, id: &ObjectId) -> Result<Option<String>, PhaseError> {
    let Some(live) = api.get(id).await? else {
        return Ok(None);
    };
    let is_autoscaler = autoscalers::target(id, &live).is_some();
    if autoscalers::waits_for_pause(id, &live) {
        return Ok(Some(format!("{id} is not paused yet")));
    }
    if is_autoscaler {
        return Ok(None);
    }
    if let Some(works) = by_status(id, &live) {
        return Ok(Some(works));
    }
    if is_built_in(&id.api_version) {
        return Ok(None);
    }
    let pods = pods_of(api, id).await?;
    let more = if pods.len() > NAMED { ", …" } else { "" };
    Ok((!pods.is_empty())
        .then(|| format!("{id} still has {} ({}{more})", pods.len(), pods[..pods.len().min(NAMED)].join(", "))))
}

fn by_status(id: &ObjectId, live: &Value) -> Option<String> {
    let status = &live["status"];
    let count = |name: &str| status[name].as_i64().unwrap_or(0);
    let listed = |name: &str| i64::try_from(status[name].as_array().map_or(0, Vec::len)).unwrap_or(i64::MAX);
    let pods = match id.kind.as_str() {
        "DaemonSet" => count("currentNumberScheduled"),
        "Job" => count("active"),
        // Jobs that a CronJob has started end by themselves.
        "CronJob" => listed("active"),
        "Service" => {
            let balancers = status["loadBalancer"]["ingress"].as_array().map_or(0, Vec::len);
            return (balancers > 0).then(|| format!("{id} still has its load balancer"));
        }
        _ => count("replicas").max(listed("active")),
    };
    // A suspension that the controller has not seen yet says nothing about its Pods.
    let seen = count("observedGeneration") >= live["metadata"]["generation"].as_i64().unwrap_or(0)
        || matches!(id.kind.as_str(), "Job" | "CronJob")
        || (!is_built_in(&id.api_version) && status["observedGeneration"].is_null());
    if pods > 0 {
        Some(format!("{id} still has {pods}"))
    } else if seen {
        None
    } else {
        Some(format!("{id} is not suspended yet"))
    }
}

/// The Pods that still run for a custom resource, found by their owners and their owners' owners
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>): each controller counts them in a way of
/// its own, if it does.
async fn pods_of<A: KubernetesApi>(api: &A, id: &ObjectId) -> Result<Vec<String>, PhaseError> {
    let mut known = BTreeMap::new();
    let mut found = Vec::new();
    for pod in api.list("v1", "Pod", id.namespace.as_deref()).await? {
        let namespace = pod["metadata"]["namespace"].as_str();
        let ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        if ended || (id.namespace.is_some() && namespace != id.namespace.as_deref()) {
            continue;
        }
        if is_owned(api, &pod["metadata"], namespace, id, &mut known).await? {
            found.push(pod["metadata"]["name"].as_str().unwrap_or_default().to_owned());
        }
    }
    Ok(found)
}

async fn is_owned<A: KubernetesApi>(
    api: &A,
    metadata: &Value,
    namespace: Option<&str>,
    by: &ObjectId,
    known: &mut BTreeMap<ObjectId, Vec<ObjectId>>,
) -> Result<bool, PhaseError> {
    let mut owners = owners(metadata, namespace);
    for _ in 0..OWNERS {
        if owners.iter().any(|owner| owner.group() == by.group() && owner.kind == by.kind && owner.name == by.name) {
            return Ok(true);
        }
        let mut next = Vec::new();
        for owner in owners {
            if !known.contains_key(&owner) {
                let live = api.get(&owner).await?.unwrap_or_default();
                known.insert(owner.clone(), self::owners(&live["metadata"], namespace));
            }
            next.extend(known[&owner].clone());
        }
        owners = next;
    }
    Ok(false)
}

fn owners(metadata: &Value, namespace: Option<&str>) -> Vec<ObjectId> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let references = metadata["ownerReferences"].as_array().into_iter().flatten();
    references
        .map(|owner| ObjectId {
            api_version: text(&owner["apiVersion"]),
            kind: text(&owner["kind"]),
            namespace: namespace.map(str::to_owned),
            name: text(&owner["name"]),
        })
        .filter(|owner| owner.kind != "Node")
        .collect()
}
