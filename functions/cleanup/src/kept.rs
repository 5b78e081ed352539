//! The end of a migration whose blue stays: what was temporary goes, and Bascule's own access with it; then people are told what is left
//! of blue, and what it costs.

use crate::{Ports, Step, begun, edge, end, guard, lives};
use domain::{
    Kind, Migration, Outcome, PhaseError, Progress, Side,
    plan::compute::NodeGroup,
    ports::migrations::Life,
    resources::{access_entry, authentication_mode},
    usd::dollars,
};
use serde_json::{Value, json};

/// Takes one step. None deletes anything of blue.
///
/// # Errors
/// As for the steps of a cleanup that deletes blue.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration, step: Step) -> Result<Outcome, PhaseError> {
    match step {
        Step::Guard => {
            let life = ports.meta(&migration.id).await?.map(|meta| meta.life);
            match life {
                Some(Life::Promoted) => guard::own_stages(ports, migration).await?,
                Some(Life::CleaningUp) => {}
                _ => return Err(PhaseError::guard_breached("the bake has not ended well: nothing is taken away")),
            }
            ports.keep_locks(migration).await?;
            Ok(Outcome::done().with("approval", false))
        }
        Step::Edge => {
            lives(ports, migration, &[Life::Promoted, Life::CleaningUp]).await?;
            ports.begin_cleanup(migration).await?;
            edge::temporary(ports, migration).await?;
            Ok(Outcome::done())
        }
        Step::Nodes | Step::Network => {
            begun(ports, migration).await?;
            Ok(Outcome::done())
        }
        Step::ControlPlane => {
            begun(ports, migration).await?;
            leave_blue(ports, migration).await?;
            Ok(Outcome::done())
        }
        Step::Inventory => end(ports, migration).await,
    }
}

/// Takes Bascule's access off blue. Its holds stay suspended, since green runs them now: how they were is of no use any more.
async fn leave_blue<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.live_of(migration, Side::Blue, Kind::AccessEntry).await? {
        access_entry::remove_own(ports, migration, Side::Blue, &entry.key.name).await?;
    }
    authentication_mode::leave(ports, migration).await?;
    for entry in ports.live_of(migration, Side::Blue, Kind::Workload).await? {
        ports.absent(migration, &entry.key).await?;
    }
    Ok(())
}

/// Keeps in the audit, at the end, what is left of blue, as far as the plan knows it, and what it costs.
///
/// # Errors
/// Those of the ledger, and of reading blue's node groups.
pub(crate) async fn tell<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let left = left(ports, migration).await?;
    if ports.progress(migration, Progress::Cleanup).await?.as_ref() != Some(&left) {
        ports.record(migration, "blue is kept", left.clone()).await?;
        ports.save_progress(migration, Progress::Cleanup, left).await?;
    }
    Ok(())
}

async fn left<P: Ports>(ports: &P, migration: &Migration) -> Result<Value, PhaseError> {
    let (compute, edge) = (&migration.plan.compute, &migration.plan.edge);
    let mut nodes = 0;
    let mut node_groups = Vec::new();
    for NodeGroup { name, .. } in &compute.node_groups {
        if let Some(group) = ports.node_group(&compute.blue.name, name).await? {
            nodes += group.scaling.desired;
            node_groups.push(format!("{name} ({} nodes)", group.scaling.desired));
        }
    }
    let costs = format!(
        "about {} a day with {nodes} nodes of managed node groups, at what the plan says of green's; {}",
        dollars(migration.plan.estimate.cents_per_day()),
        migration.plan.estimate.prices
    );
    Ok(json!({
        "cluster": compute.blue.name,
        "nodeGroups": node_groups,
        "loadBalancer": edge.load_balancer.name,
        "vpcLink": edge.own_link().map(|link| &link.id),
        "costs": costs,
        "holds": "the workloads that were moved stay suspended on blue",
    }))
}
