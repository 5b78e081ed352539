//! The smoke tests of the input, through the temporary API: its own URL, blue's keys, green's load balancer.

use crate::Look;
use domain::{
    Kind, Migration, PhaseError, Side, Status,
    ports::{Ledger, Probes, UsagePlans, probes::Probe},
    resources::usage_plan,
};
use serde_json::{Value, json};

/// Sends every request once. Answers what was seen.
///
/// # Errors
/// [`Look::Trouble`] where a request answers something else than expected: an ingress controller learns of a route a moment after it
/// is applied.
pub(crate) async fn pass<P>(ports: &P, migration: &Migration) -> Result<Vec<Value>, Look>
where
    P: Ledger + Probes + UsagePlans,
{
    if migration.input.smoke.is_empty() {
        return Ok(Vec::new());
    }
    let api = temporary_api(ports, migration).await?;
    // The temporary API has the same keys as production.
    let key = usage_plan::enabled_key(ports, &migration.plan.edge).await?.map(|(_, key)| key);
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    for smoke in &migration.input.smoke {
        let probe = Probe {
            api: api.clone(),
            stage: migration.input.gateway.stage.clone(),
            path: smoke.path.clone(),
            key: key.clone(),
        };
        let answered = ports.probe(&probe).await?;
        if answered.status != smoke.expect {
            faults.push(format!("{} answered {}, expected {}", smoke.path, answered.status, smoke.expect));
        }
        seen.push(json!({ "path": smoke.path, "status": answered.status }));
    }
    if faults.is_empty() {
        Ok(seen)
    } else {
        Err(Look::Trouble(format!("smoke tests through the temporary API: {}", faults.join(", "))))
    }
}

async fn temporary_api<P: Ledger>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let entries = ports.entries(migration).await?;
    entries
        .into_iter()
        .find(|entry| {
            entry.key.side == Side::Temporary && entry.key.kind == Kind::RestApi && entry.status == Status::Present
        })
        .and_then(|entry| entry.id)
        .ok_or_else(|| PhaseError::conflict("the ledger knows no temporary API"))
}
