//! Who calls: the migrate machine with the user's input, or the rollback machine at its end.

use crate::{Findings, compute, conclude, edge, understand, undo, workloads};
use clients::{Account, Invocation};
use domain::{Direction, Migration, MigrationId, Outcome, Payload, PhaseError, ports::Migrations};
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

/// Handles one call. An execution that was opened before gets the same answer again.
///
/// # Errors
/// `InvalidInput` or `Refused` with every problem; whatever AWS answers.
pub async fn handle(account: &Account, call: Call, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let id = &call.migration_id;
    if call.direction == Direction::Undo {
        let payload = Payload { migration_id: id.clone(), direction: call.direction, step: None };
        let refuse = async |_: &Account, _: &Migration| Err(PhaseError::refused("preflight only undoes here"));
        return clients::reconcile(account, "preflight", &payload, &invocation, &refuse, &undo).await;
    }
    if let Some(meta) = account.meta(id).await? {
        return match meta.outcome.as_deref() {
            Some("Refused") => {
                Err(PhaseError::refused("this execution was refused before; start a new one with a mended input"))
            }
            outcome => Ok(Outcome::done().with("dryRun", outcome == Some("Planned"))),
        };
    }
    let input = understand(account, id, &call.input).await?;
    let findings = Findings {
        compute: compute::read(account, &input).await?,
        edge: edge::read(account, &input).await?,
        workloads: workloads::read(account, &input).await?,
    };
    conclude(account, id, input, &call.input, findings).await
}
