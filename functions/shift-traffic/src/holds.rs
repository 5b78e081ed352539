//! Workloads that run in one cluster only move with the traffic: suspended on blue, then resumed on green as they were on
//! blue. And before any traffic moves: both sides still run what was qualified.

use domain::{
    Migration, PhaseError, Side,
    plan::workloads::Workload,
    ports::{Kubernetes, Ledger},
    release,
    resources::workload,
};

/// No traffic moves while a release is on one side only.
///
/// # Errors
/// `Conflict` with the names of the workloads that changed on one side only.
pub async fn compare<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let changed = release::one_sided(ports, migration).await?;
    if changed.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::conflict(format!(
            "released since green was qualified, on one side only: {}. Release it on the other side too, or roll it back; then start a new migration",
            changed.join("; ")
        )))
    }
}

/// Suspends the holds on blue, each with its original in the ledger before it is touched, waits until their Pods are gone, and
/// resumes them on green at blue's scale. To be called when green has all of the traffic, until it ends well.
///
/// # Errors
/// `NotReady` while Pods of a hold still run on blue.
pub async fn converge<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let holds: Vec<&Workload> = migration.plan.workloads.holds().collect();
    if holds.is_empty() {
        return Ok(());
    }
    let blue = ports.connect(&migration.input.blue.cluster).await?;
    let mut running = Vec::new();
    for hold in &holds {
        running.extend(workload::suspend_on_blue(ports, migration, &blue, hold).await?);
    }
    all_gone("blue", &running)?;
    let green = ports.connect(&migration.input.green.cluster).await?;
    for hold in &holds {
        workload::resume_on_green(ports, migration, &green, hold).await?;
    }
    Ok(())
}

/// Suspends the holds on green again, waits until their Pods are gone, and puts blue's back exactly as they were.
///
/// # Errors
/// `NotReady` while Pods of a hold still run on green.
pub async fn undo<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes,
{
    let on_green = workload::held(ports, migration, Side::Green).await?;
    if !on_green.is_empty() {
        let green = ports.connect(&migration.input.green.cluster).await?;
        let mut running = Vec::new();
        for entry in &on_green {
            running.extend(workload::suspend_on_green(&green, entry).await?);
        }
        all_gone("green", &running)?;
        for entry in &on_green {
            ports.absent(migration, &entry.key).await?;
        }
    }
    let on_blue = workload::held(ports, migration, Side::Blue).await?;
    if !on_blue.is_empty() {
        let blue = ports.connect(&migration.input.blue.cluster).await?;
        for entry in &on_blue {
            workload::restore_on_blue(ports, migration, &blue, entry).await?;
        }
    }
    Ok(())
}

fn all_gone(side: &str, running: &[String]) -> Result<(), PhaseError> {
    if running.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::not_ready(format!("waiting for Pods of holds to end on {side}: {}", running.join(", "))))
    }
}

#[cfg(test)]
mod tests;
