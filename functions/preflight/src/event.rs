//! Who calls: the migrate machine with the user's input, or the rollback machine at its end.

use crate::{Findings, compute, conclude, edge, refuse, undo, workloads};
use clients::{Account, Invocation};
use domain::{
    Condition, Direction, Migration, MigrationId, Outcome, Payload, PhaseError, Reading, Refusal, ports::Migrations,
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

/// Handles one call. An execution that was opened or refused before gets the same answer again.
///
/// # Errors
/// `InvalidInput`, `Refused` or `Conflict` with every problem; whatever AWS answers.
pub async fn handle(account: &Account, call: Call, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let id = &call.migration_id;
    if call.direction == Direction::Undo {
        let payload = Payload { migration_id: id.clone(), direction: call.direction, step: None };
        let refuse = async |_: &Account, _: &Migration| Err(PhaseError::refused("preflight only undoes here"));
        return clients::reconcile(account, "preflight", &payload, &invocation, &refuse, &undo).await;
    }
    if let Some(meta) = account.meta(id).await? {
        return match meta.refusal {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Outcome::done().with("dryRun", meta.outcome.as_deref() == Some("Planned"))),
        };
    }
    let reading = Reading::of(&call.input);
    let Some(input) = &reading.input else {
        return refuse(account, id, &call.input, Refusal::new(Condition::InvalidInput, reading.problems)).await;
    };
    let findings = Findings {
        compute: compute::read(account, input).await?,
        edge: edge::read(account, input).await?,
        workloads: workloads::read(account, input).await?,
    };
    conclude(account, id, &reading, input, &call.input, findings).await
}
