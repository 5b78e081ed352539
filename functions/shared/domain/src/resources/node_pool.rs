//! Karpenter's NodePools and EC2NodeClasses (<https://karpenter.sh/docs/concepts/>), by which it makes nodes that no Auto Scaling group has.
//!
//! They come with the bundles, and go while Karpenter still runs: what it made is deleted by nobody else. A NodePool takes its NodeClaims with
//! it; Karpenter holds each by a finalizer until it has drained the node and the instance is terminated
//! (<https://karpenter.sh/docs/concepts/disruption/#control-flow>). An EC2NodeClass holds the instance profiles and launch templates that
//! Karpenter made for it, and is held in turn while a NodeClaim refers to it
//! (<https://karpenter.sh/docs/concepts/nodeclasses/>, `pkg/controllers/nodeclass/controller.go` of aws/karpenter-provider-aws).

use crate::{
    Kind, Migration, PhaseError, ResourceKey, Side, Status,
    object::ObjectId,
    plan::{Planned, compute::auto_mode},
    ports::{Kubernetes, KubernetesApi, Ledger, Network, network::Instance},
    reconcile::Waiting,
};
use serde_json::{Value, json};

/// The IAM actions of the calls made here. In Kubernetes, Bascule's role is an administrator of both clusters.
pub const ACTIONS: &[&str] = &["ec2:DescribeInstances", "eks:DescribeCluster", "sts:AssumeRole"];

/// Karpenter's API groups.
const POOLS: &str = "karpenter.sh";
const CLASSES: &str = "karpenter.k8s.aws";

/// The API group of the NodeClasses of EKS Auto Mode, which is a Karpenter that EKS runs
/// (<https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html>).
const AUTO_CLASSES: &str = "eks.amazonaws.com";

/// The label of NodeClaims and nodes, and the tag of instances, with the name of the NodePool
/// (<https://karpenter.sh/docs/concepts/nodeclasses/#spectags>).
pub const POOL: &str = "karpenter.sh/nodepool";

/// How many names one message holds.
const NAMED: usize = 10;

/// Whether it is a NodePool.
#[must_use]
pub fn is_pool(id: &ObjectId) -> bool {
    id.group() == POOLS && id.kind == "NodePool"
}

/// Whether it is an EC2NodeClass.
#[must_use]
pub fn is_class(id: &ObjectId) -> bool {
    id.group() == CLASSES && id.kind == "EC2NodeClass"
}

/// Whether it is a NodeClass of EKS Auto Mode.
#[must_use]
pub fn is_auto_class(id: &ObjectId) -> bool {
    id.group() == AUTO_CLASSES && id.kind == "NodeClass"
}

/// Whether it is a NodePool whose nodes EKS Auto Mode makes, and deletes with the cluster
/// (<https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html>).
#[must_use]
pub fn is_auto_pool(id: &ObjectId, value: &Value) -> bool {
    is_pool(id) && value["spec"]["template"]["spec"]["nodeClassRef"]["group"] == AUTO_CLASSES
}

/// The NodePool that Karpenter made an instance for; nothing for those of EKS Auto Mode.
#[must_use]
pub fn pool_of(node: &Instance) -> Option<&str> {
    let is_autos = node.tags.contains_key(auto_mode::NODE_POOL_TAG);
    node.tags.get(POOL).filter(|_| !is_autos).map(String::as_str)
}

/// What distinguishes it in the account.
fn id(cluster: &str, object: &ObjectId) -> String {
    format!("{cluster}/{object}")
}

/// Green's.
#[must_use]
pub fn key(object: &ObjectId) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::NodePool, object.to_string())
}

/// The deletion of blue's, for the approved list.
#[must_use]
pub fn planned(blue: &str, object: &ObjectId) -> Planned {
    Planned::existing(Kind::NodePool, object.to_string(), id(blue, object)).with(json!(object))
}

/// What a line of the approved list is about.
///
/// # Errors
/// `Conflict` where the line cannot be read.
pub fn object_of(planned: &Planned) -> Result<ObjectId, PhaseError> {
    serde_json::from_value(planned.facts.clone())
        .map_err(|error| PhaseError::conflict(format!("the plan's facts of {} cannot be read: {error}", planned.name)))
}

/// Says in the ledger what the bundles are about to bring, since Karpenter makes nodes for it.
///
/// # Errors
/// Those of the ledger only.
pub async fn intend<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for object in &migration.plan.workloads.node_pools {
        if ports.live(migration, &key(object)).await?.is_none() {
            ports.intend(migration, &key(object), json!({ "id": object })).await?;
        }
    }
    Ok(())
}

/// Says that the bundles are applied.
///
/// # Errors
/// Those of the ledger only.
pub async fn made<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for object in &migration.plan.workloads.node_pools {
        let key = key(object);
        if ports.live(migration, &key).await?.is_some_and(|entry| entry.status != Status::Present) {
            ports.present(migration, &key, &id(&migration.input.green.cluster, object)).await?;
        }
    }
    Ok(())
}

/// Has Karpenter take away green's nodes that it made, as far as the ledger knows what it made them for.
///
/// # Errors
/// `NotReady` while it drains and terminates them.
pub async fn remove<P: Ledger + Kubernetes>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let entries = ports.live_of(migration, Side::Green, Kind::NodePool).await?;
    if entries.is_empty() {
        return Ok(());
    }
    if let Some(green) = api(ports, &migration.input.green.cluster).await? {
        let objects = entries.iter().map(|entry| serde_json::from_value(entry.detail["id"].clone()));
        let objects: Vec<ObjectId> = objects.collect::<Result<_, _>>().map_err(|error| {
            PhaseError::conflict(format!("an entry of a NodePool or an EC2NodeClass cannot be read: {error}"))
        })?;
        for of_kind in [is_pool, is_class] {
            let mut waiting = Waiting::default();
            for object in objects.iter().filter(|object| of_kind(object)) {
                ask(&green, object).await?;
                let left = left(&green, object).await?;
                waiting.take(if left.is_empty() { Ok(()) } else { Err(still_there(object, &left)) })?;
            }
            waiting.finish()?;
        }
    }
    for entry in entries {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

/// The API of a cluster; nothing where the cluster is gone, and took its objects with it.
///
/// # Errors
/// `NotReady` where the cluster has no API server now.
pub async fn api<P: Kubernetes>(ports: &P, cluster: &str) -> Result<Option<P::Api>, PhaseError> {
    super::service::api(ports, cluster).await
}

/// The id of one of blue's, where it is there, or something that Karpenter made for it.
///
/// # Errors
/// Whatever the API server answers.
pub async fn find<A: KubernetesApi>(api: &A, blue: &str, object: &ObjectId) -> Result<Option<String>, PhaseError> {
    Ok((!left(api, object).await?.is_empty()).then(|| id(blue, object)))
}

/// Asks for the deletion of one of blue's, with the NodeClaims of a NodePool.
///
/// # Errors
/// `NotReady` with what Karpenter has not taken away yet.
pub async fn delete<A: KubernetesApi>(api: &A, object: &ObjectId) -> Result<(), PhaseError> {
    ask(api, object).await?;
    let left = left(api, object).await?;
    if left.is_empty() { Ok(()) } else { Err(still_there(object, &left)) }
}

/// Ends once no instance is left that Karpenter made for a cluster.
///
/// # Errors
/// `NotReady` with those that are.
pub async fn none_left<P: Network>(ports: &P, cluster: &str) -> Result<(), PhaseError> {
    let nodes = ports.instances_tagged(&format!("kubernetes.io/cluster/{cluster}"), None).await?;
    let left: Vec<String> = nodes
        .iter()
        .filter_map(|node| Some(format!("{} of the NodePool {}", node.id, pool_of(node)?)))
        .take(NAMED)
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    Err(PhaseError::not_ready(format!(
        "Karpenter's nodes of {cluster} are still there: {}. Nothing else terminates them: see whether Karpenter runs there and what its log says of them, delete a \
         NodePool that is in no bundle, and where Karpenter is gone terminate them by hand",
        left.join(", ")
    )))
}

fn still_there(object: &ObjectId, left: &[String]) -> PhaseError {
    let more = left.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    PhaseError::not_ready(format!(
        "Karpenter is taking away what it made for {object}: {}{rest}. It drains nodes first: Pods with the annotation karpenter.sh/do-not-disrupt and \
         PodDisruptionBudgets that allow none to go hold it up until its terminationGracePeriod, and without one for good; delete these then",
        left[..left.len() - more].join(", ")
    ))
}

/// Deletes the object, and the NodeClaims of a NodePool: none of these is replaced once the NodePool is gone.
async fn ask<A: KubernetesApi>(api: &A, object: &ObjectId) -> Result<(), PhaseError> {
    if let Some(live) = api.get(object).await?
        && live["metadata"]["deletionTimestamp"].is_null()
    {
        api.delete(object, live["metadata"]["uid"].as_str()).await?;
    }
    for (claim, live) in claims(api, object).await? {
        if live["metadata"]["deletionTimestamp"].is_null() {
            api.delete(&claim, live["metadata"]["uid"].as_str()).await?;
        }
    }
    Ok(())
}

/// What is left of it: itself, and the NodeClaims of a NodePool.
async fn left<A: KubernetesApi>(api: &A, object: &ObjectId) -> Result<Vec<String>, PhaseError> {
    let mut left: Vec<String> = claims(api, object).await?.into_iter().map(|(claim, _)| claim.to_string()).collect();
    if api.get(object).await?.is_some() {
        left.insert(0, object.to_string());
    }
    Ok(left)
}

/// The NodeClaims of a NodePool, in the version of the API that the NodePool is written in.
async fn claims<A: KubernetesApi>(api: &A, object: &ObjectId) -> Result<Vec<(ObjectId, Value)>, PhaseError> {
    if !is_pool(object) {
        return Ok(Vec::new());
    }
    let all = api.list(&object.api_version, "NodeClaim", None).await?;
    let of_pool = all.into_iter().filter(|claim| claim["metadata"]["labels"][POOL] == object.name.as_str());
    Ok(of_pool
        .map(|claim| {
            let name = claim["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let version = object.api_version.clone();
            (ObjectId { api_version: version, kind: "NodeClaim".to_owned(), namespace: None, name }, claim)
        })
        .collect())
}
