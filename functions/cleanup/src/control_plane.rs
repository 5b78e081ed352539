//! Blue's control plane; and, at the very end, what Bascule itself had on green.

use crate::blue::{Waiting, delete};
use domain::{
    Kind, Migration, Outcome, PhaseError, ResourceKey, Side,
    plan::compute::rules::Wanted,
    ports::{Access, Clusters, Ledger, Network, Settings},
    reconcile::ensure_absent,
    security_groups::has,
};

/// Deletes the rules of others that name blue's groups, since EKS leaves a cluster security group that is named
/// anywhere; then the cluster, whose add-ons, access entries and Pod Identity associations go with it.
///
/// # Errors
/// `NotReady` while EKS deletes; `Conflict` where blue's name belongs to another cluster now; whatever the ports answer.
pub async fn converge<P: Ledger + Clusters + Network>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    remove_references(ports, migration).await?;
    let blue = &migration.plan.compute.blue;
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes.iter().filter(|planned| planned.kind == Kind::Cluster) {
        let find = || async {
            match ports.cluster(&planned.name).await? {
                Some(found) if found.cluster.endpoint != blue.endpoint => Err(PhaseError::conflict(format!(
                    "the cluster {} is another one than people approved the deletion of: its endpoint is {}, and was {}",
                    planned.name, found.cluster.endpoint, blue.endpoint
                ))),
                found => Ok(found.map(|found| found.cluster.arn)),
            }
        };
        let remove = |_| async move {
            match ports.cluster(&planned.name).await? {
                Some(found) if found.status == "DELETING" => Ok(()),
                Some(found) if found.cluster.deletion_protection => {
                    ports.drop_deletion_protection(&planned.name).await?;
                    Err(PhaseError::not_ready(format!("lifting the deletion protection of {}", planned.name)))
                }
                Some(_) => ports.delete_cluster(&planned.name).await,
                None => Ok(()),
            }
        };
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    // What Bascule made or changed inside the cluster, its own access entry and the holds, went with it.
    for entry in ports.entries(migration).await? {
        let inside = matches!(entry.key.kind, Kind::AccessEntry | Kind::Workload | Kind::Bundle);
        if entry.key.side == Side::Blue && inside && entry.is_live() {
            ports.absent(migration, &entry.key).await?;
        }
    }
    Ok(Outcome::done())
}

async fn remove_references<P: Ledger + Network>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    for reference in &compute.references {
        let id = format!("{}/{}", reference.group_id, reference.rule);
        let planned = migration
            .plan
            .deletes
            .iter()
            .find(|planned| planned.kind == Kind::SecurityGroupRule && planned.id.as_deref() == Some(&id));
        let Some(planned) = planned else { continue };
        let find = || async {
            let groups = ports.security_groups(&compute.blue.vpc_id).await?;
            Ok(has(&groups, &reference.group_id, &reference.rule).then(|| id.clone()))
        };
        let remove = |_| ports.revoke(&reference.group_id, &reference.rule);
        delete(ports, migration, planned, find, remove).await?;
    }
    Ok(())
}

/// Takes Bascule's own access entry and the way of its functions to the Kubernetes API off green: the last thing of all.
///
/// # Errors
/// Whatever the ports answer.
pub async fn leave_green<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Access + Network + Settings,
{
    let cluster = &migration.plan.compute.green.name;
    let role = ports.kubernetes_role_arn()?;
    // Where blue had an entry for the role that Bascule did not make, its copy belongs to the user.
    let copied = migration.plan.compute.access_entries.iter().any(|entry| entry.principal_arn == role);
    if !copied {
        let key = ResourceKey::new(Side::Green, Kind::AccessEntry, &role);
        let find = || async { Ok(ports.access_entry(cluster, &role).await?.map(|found| found.principal_arn)) };
        let remove = |principal: String| async move { ports.delete_access_entry(cluster, &principal).await };
        ensure_absent(ports, migration, &key, find, remove).await?;
    }
    let key = ResourceKey::new(Side::Green, Kind::SecurityGroupRule, domain::security_groups::FUNCTIONS_TO_KUBERNETES);
    if let Some(entry) = ports.live(migration, &key).await? {
        let wanted: Wanted = serde_json::from_value(entry.detail)
            .map_err(|error| PhaseError::conflict(format!("{key}: its detail cannot be read: {error}")))?;
        ports.revoke(&wanted.group_id, &wanted.rule).await?;
        ports.absent(migration, &key).await?;
    }
    Ok(())
}
