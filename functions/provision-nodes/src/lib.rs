//! provision-nodes: green's launch templates, its managed node groups side by side, its Fargate profiles one after the other, and the add-ons
//! that run on them.

use domain::{
    Kind, Migration, Outcome, PhaseError, Side,
    plan::compute::{Cluster, rules::Clones},
    ports::{Addons, Clock, Clusters, FargateProfiles, LaunchTemplates, Ledger, Network, NodeGroups},
    reconcile::Waiting,
    resources::{
        addon, cluster, fargate_profile, launch_template, node_group, node_pool, security_group,
        target_group_attachment,
    },
};
use std::collections::BTreeMap;

/// Makes launch templates, node groups and Fargate profiles, and the add-ons that come after the nodes; where the user built them, verifies them.
///
/// # Errors
/// `NotReady` while EKS creates; `Unhealthy`, with what EKS complains of, where it fails.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + Clusters + FargateProfiles + NodeGroups + LaunchTemplates + Addons + Clock,
{
    let compute = &migration.plan.compute;
    let green = cluster::ready(ports, migration).await?.cluster;
    let mut waiting = Waiting::default();
    let addons: Vec<&String> = if let Some(existing) = &compute.existing {
        existing.addons.iter().collect()
    } else {
        make_nodes(ports, migration, &green).await?;
        waiting.take(fargate_profile::ensure_all(ports, migration).await)?;
        compute.addons.iter().map(|addon| &addon.name).collect()
    };
    waiting.take(node_group::all_ready(ports, migration).await)?;
    waiting.finish()?;
    if compute.existing.is_none() {
        for addon in compute.addons(false) {
            addon::ensure(ports, migration, addon).await?;
        }
    }
    let mut waiting = Waiting::default();
    for name in addons {
        waiting.take(addon::ready(ports, migration, name, true).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
}

async fn make_nodes<P>(ports: &P, migration: &Migration, green: &Cluster) -> Result<(), PhaseError>
where
    P: Ledger + Clusters + NodeGroups + LaunchTemplates + Clock,
{
    let compute = &migration.plan.compute;
    let clones = security_group::clones_with_cluster(ports, migration).await?;
    let templates = templates(ports, migration, &clones, green).await?;
    for like in &compute.node_groups {
        let template = match &like.launch_template {
            None => None,
            Some(key) => Some(
                templates
                    .get(key)
                    .ok_or_else(|| PhaseError::conflict(format!("the launch template {key} has no clone")))?,
            ),
        };
        node_group::ensure(ports, migration, like, template, &clones).await?;
    }
    Ok(())
}

/// Makes the launch templates, and gives the id of each clone by the key of what it is a clone of.
async fn templates<P: Ledger + LaunchTemplates + Clock>(
    ports: &P,
    migration: &Migration,
    clones: &Clones,
    green: &Cluster,
) -> Result<BTreeMap<String, String>, PhaseError> {
    let mut ids = BTreeMap::new();
    for template in &migration.plan.compute.launch_templates {
        ids.insert(template.key(), launch_template::ensure(ports, migration, template, clones, green).await?);
    }
    Ok(ids)
}

/// Removes the node groups and the Fargate profiles, then the launch templates. The add-ons go with the cluster.
///
/// # Errors
/// `NotReady` while EKS deletes, or nodes of Karpenter are left; `GuardBreached` while the nodes are behind a load balancer.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError>
where
    P: Ledger + FargateProfiles + Network + NodeGroups + LaunchTemplates + Clock,
{
    target_group_attachment::all_removed(ports, migration).await?;
    // Karpenter runs on the node groups: without them nobody terminates what it made.
    if !migration.plan.workloads.node_pools.is_empty() {
        node_pool::none_left(ports, &migration.plan.compute.green.name).await?;
    }
    let mut waiting = Waiting::default();
    waiting.take(fargate_profile::remove_all(ports, migration).await)?;
    for entry in ports.live_of(migration, Side::Green, Kind::NodeGroup).await? {
        waiting.take(node_group::remove(ports, migration, &entry.key.name).await)?;
    }
    waiting.finish()?;
    let mut waiting = Waiting::default();
    for entry in ports.live_of(migration, Side::Green, Kind::LaunchTemplate).await? {
        waiting.take(launch_template::remove(ports, migration, &entry).await)?;
    }
    waiting.finish()?;
    Ok(Outcome::done())
}
