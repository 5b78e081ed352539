//! The add-ons that nodes need before they can join: vpc-cni and kube-proxy.

use domain::{
    Migration, PhaseError,
    plan::compute::Issue,
    ports::{Addons, Ledger, clusters::AddonStatus},
    reconcile::ensure_addon,
};

/// Makes the add-ons that come before the nodes, all in one pass, and waits until EKS has put them there.
pub(crate) async fn ensure<P: Addons + Ledger>(
    ports: &P,
    migration: &Migration,
    now: jiff::Timestamp,
) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let green = &compute.green.name;
    for addon in compute.addons(true) {
        ensure_addon(ports, migration, addon).await?;
    }
    for addon in compute.addons(true) {
        let found = ports.addon(green, &addon.name).await?;
        let found =
            found.ok_or_else(|| PhaseError::not_ready(format!("add-on {} is not to be seen yet", addon.name)))?;
        readiness(&found, now)?;
    }
    Ok(())
}

/// Without nodes an add-on may well be `DEGRADED`: provision-nodes looks at all of them again.
fn readiness(found: &AddonStatus, now: jiff::Timestamp) -> Result<(), PhaseError> {
    let name = &found.addon.name;
    match found.status.as_str() {
        "CREATING" | "UPDATING" => Err(PhaseError::not_ready(format!(
            "add-on {name} {} for {}",
            found.status,
            crate::cluster::elapsed(found.created_at, now)
        ))),
        "CREATE_FAILED" => Err(PhaseError::unhealthy(format!(
            "EKS could not create the add-on {name}: {}",
            Issue::list(&found.issues)
        ))),
        "DELETING" | "DELETE_FAILED" => Err(PhaseError::conflict(format!("somebody deletes the add-on {name}"))),
        _ => Ok(()),
    }
}
