//! The callers of this function: the migrate machine with the user's input, and the rollback machine at its end.

use crate::{Findings, compute, conclude, edge, identities, refuse, terraform, undo, watch, workloads};
use domain::{
    Condition, Direction, Invocation, Migration, MigrationId, Outcome, Payload, PhaseError, Reading, Refusal, Whole,
    invocation::reconcile,
    ports::{
        Alarms, Approvals, Clock, Kubernetes, Leases, Ledger, Manifests, Messages, Migrations, Neighbours,
        OidcProviders, Schedules, Settings, TerraformStates,
        migrations::{Life, Meta},
    },
};
use serde::Deserialize;
use serde_json::Value;

/// The payload of both.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    /// The execution's ARN.
    pub migration_id: MigrationId,
    /// The execution's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The user's input, as it was written.
    #[serde(default)]
    pub input: Value,
    /// Undo for the rollback machine.
    #[serde(default)]
    pub direction: Direction,
}

/// The ports of this phase.
pub trait Ports:
    compute::Ports
    + edge::Ports
    + Neighbours
    + Ledger
    + Migrations
    + Approvals
    + Leases
    + Alarms
    + Kubernetes
    + Manifests
    + Messages
    + OidcProviders
    + Schedules
    + Settings
    + TerraformStates
    + Clock
{
}

impl<T> Ports for T where
    T: compute::Ports
        + edge::Ports
        + Neighbours
        + Ledger
        + Migrations
        + Approvals
        + Leases
        + Alarms
        + Kubernetes
        + Manifests
        + Messages
        + OidcProviders
        + Schedules
        + Settings
        + TerraformStates
        + Clock
{
}

/// Handles one call. An execution that was opened or refused before gets the same answer again.
///
/// # Errors
/// `InvalidInput`, `Refused` or `Conflict` with every problem; for an undo, `Refused` with what is left of the migration.
pub async fn handle<P: Ports>(ports: &P, call: Call, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let id = &call.migration_id;
    if call.direction == Direction::Undo {
        let payload = Payload { migration_id: id.clone(), direction: call.direction, automatic: false, step: None };
        let never = async |_: &P, _: &Migration, _: Whole| Err(PhaseError::refused("preflight only undoes here"));
        let undo = async |ports: &P, migration: &Migration, _: Whole| undo(ports, migration).await;
        return reconcile(ports, "preflight", &payload, &invocation, never, undo).await;
    }
    if let Some(meta) = ports.meta(id).await? {
        return known(ports, meta, &invocation).await;
    }
    let reading = Reading::of(&call.input);
    let Some(input) = &reading.input else {
        return refuse(ports, id, &call.input, Refusal::new(Condition::InvalidInput, reading.problems)).await;
    };
    let compute = compute::read(ports, input).await?;
    let edge = edge::read(ports, input, &compute.facts).await?;
    let around = workloads::Around::of(&compute.facts, &edge.facts);
    let workloads = workloads::read(ports, input, &around).await?;
    let terraform = terraform::read(ports, input, &compute, &edge).await?;
    let mut findings = Findings { compute, edge, workloads, terraform };
    // Who else uses blue only matters to its deletion.
    if !input.keeps_blue() {
        let others = compute::neighbours(ports, &findings.compute.facts, &findings.edge.facts).await?;
        findings.compute.advice.extend(others);
    }
    let found = identities::read(ports, input, &mut findings.compute.facts, &findings.workloads.facts).await?;
    findings.compute.extend(found);
    let opened = conclude(ports, id, &reading, input, &call.input, findings).await?;
    if !input.dry_run {
        let (_, migration) = ports.load(id, invocation.deadline).await?;
        watch(ports, &migration).await?;
    }
    Ok(opened)
}

/// The same answer again; a migration that was opened is watched, which the try that opened it may not have come to.
async fn known<P: Ports>(ports: &P, meta: Meta, invocation: &Invocation) -> Result<Outcome, PhaseError> {
    if let Some(refusal) = meta.refusal {
        return Err(refusal.into());
    }
    if (meta.life, meta.direction) == (Life::Open, Direction::Converge) {
        let (_, migration) = ports.load(&meta.id, invocation.deadline).await?;
        watch(ports, &migration).await?;
    }
    Ok(Outcome::done().with("dryRun", meta.outcome.as_deref() == Some("Planned")))
}
