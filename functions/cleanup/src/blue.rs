//! How one thing of blue is deleted: only where the approved list names it, with an entry in the ledger before and after.

use domain::{Migration, PhaseError, ResourceKey, Side, plan::Planned, ports::Ledger, reconcile::ensure_absent};
use serde_json::json;

/// Deletes what the plan's list calls `planned`. `find` gives the id of what has its name now: where that is another one than
/// people approved, nothing is touched. What a state of Terraform manages is left to Terraform, and waited for.
///
/// # Errors
/// `NotReady` while AWS is still deleting, or people have not destroyed yet what Terraform manages; `Conflict` where something else has the name now.
pub async fn delete<L, F, D>(
    ledger: &L,
    migration: &Migration,
    planned: &Planned,
    find: impl Fn() -> F,
    delete: impl FnOnce(String) -> D,
) -> Result<(), PhaseError>
where
    L: Ledger,
    F: Future<Output = Result<Option<String>, PhaseError>>,
    D: Future<Output = Result<(), PhaseError>>,
{
    let approved = planned.id.as_deref().filter(|id| migration.plan.may_delete(planned.kind, id));
    let Some(approved) = approved else {
        return Err(PhaseError::refused(format!("{} {} is not in the approved list", planned.kind, planned.name)));
    };
    let key = ResourceKey::new(Side::Blue, planned.kind, &planned.name);
    let found = find().await?;
    if let (Some(command), Some(found)) = (&planned.destroyed_by, &found)
        && found == approved
    {
        return Err(PhaseError::not_ready(format!(
            "{} {} is still there and Terraform manages it; Bascule deletes nothing behind Terraform's back: {command}. Then the cleanup \
             goes on; where it has given up waiting, start it again",
            planned.kind, planned.name
        )));
    }
    match found {
        Some(found) if found != approved => {
            return Err(PhaseError::conflict(format!(
                "{} {} is {found} now, and {approved} was approved for deletion; nothing was touched",
                planned.kind, planned.name
            )));
        }
        // Intending again what is intended changes nothing.
        Some(found) => ledger.intend(migration, &key, json!({ "id": found })).await?,
        None => {}
    }
    ensure_absent(ledger, migration, &key, find, delete).await
}
