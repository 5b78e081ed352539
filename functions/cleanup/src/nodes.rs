//! Blue's nodes: those that Karpenter made, while it runs on the others; then the node groups, all in one pass, and its Fargate profiles, of which EKS deletes one at a time.

use crate::blue::delete;
use domain::{
    Kind, Migration, Outcome, PhaseError, ResourceKey, Side,
    object::ObjectId,
    plan::Planned,
    ports::{FargateProfiles, Kubernetes, Ledger, Network, NodeGroups},
    reconcile::Waiting,
    resources::{fargate_profile, node_group, node_pool},
};

/// Deletes what Karpenter made nodes for, and the node groups and Fargate profiles that the approved list names.
///
/// # Errors
/// `NotReady` while Karpenter or EKS drains and deletes; `Conflict` where another one has the name now.
pub async fn converge<P: Ledger + FargateProfiles + Kubernetes + Network + NodeGroups>(
    ports: &P,
    migration: &Migration,
) -> Result<Outcome, PhaseError> {
    karpenter(ports, migration).await?;
    let cluster = &migration.plan.compute.blue.name;
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes_of(Kind::NodeGroup) {
        let find = || node_group::find(ports, cluster, &planned.name);
        let remove = async |_| node_group::delete(ports, cluster, &planned.name).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.take(fargate(ports, migration).await)?;
    waiting.finish()?;
    Ok(Outcome::done())
}

async fn fargate<P: Ledger + FargateProfiles>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let cluster = &migration.plan.compute.blue.name;
    for planned in migration.plan.deletes_of(Kind::FargateProfile) {
        let find = || fargate_profile::find(ports, cluster, &planned.name);
        let remove = async |_| fargate_profile::delete(ports, cluster, &planned.name).await;
        delete(ports, migration, planned, find, remove).await?;
    }
    Ok(())
}

/// Has Karpenter take away its nodes: NodePools first, then the EC2NodeClasses that hold what it made for them.
async fn karpenter<P: Ledger + Kubernetes + Network>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let blue = &migration.plan.compute.blue.name;
    let mut left: Vec<(&Planned, ObjectId)> = Vec::new();
    for planned in migration.plan.deletes_of(Kind::NodePool) {
        let key = ResourceKey::new(Side::Blue, Kind::NodePool, &planned.name);
        if ports.entry(migration, &key).await?.is_none_or(|entry| entry.is_live()) {
            left.push((planned, node_pool::object_of(planned)?));
        }
    }
    if !left.is_empty() {
        let api = node_pool::api(ports, blue).await?;
        for of_kind in [node_pool::is_pool, node_pool::is_class] {
            let mut waiting = Waiting::default();
            for (planned, object) in left.iter().filter(|(_, object)| of_kind(object)) {
                let find = || async {
                    match &api {
                        Some(api) => node_pool::find(api, blue, object).await,
                        None => Ok(None),
                    }
                };
                let remove = async |_| match &api {
                    Some(api) => node_pool::delete(api, object).await,
                    None => Ok(()),
                };
                waiting.take(delete(ports, migration, planned, find, remove).await)?;
            }
            waiting.finish()?;
        }
    }
    node_pool::none_left(ports, blue).await
}
