//! The requests that G will be tried with, before people are asked: through production's own stage, which is blue, and through
//! the temporary API, which is green, with the same key.

use crate::Look;
use domain::{
    Kind, Migration, PhaseError, Side, Status,
    evidence::Smoke,
    ports::{Ledger, Probes, UsagePlans, probes::Probe},
    resources::usage_plan,
    smoke::checks,
};

/// Sends every request once to each. Answers what was seen.
///
/// # Errors
/// [`Look::Trouble`] where green answers something else than expected: an ingress controller learns of a route a moment after it is
/// applied.
pub(crate) async fn pass<P>(ports: &P, migration: &Migration) -> Result<Vec<Smoke>, Look>
where
    P: Ledger + Probes + UsagePlans,
{
    let edge = &migration.plan.edge;
    let checks = checks(&migration.input, edge);
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let temporary = temporary_api(ports, migration).await?;
    // The temporary API has the same keys as production, and a stage of the same name.
    let key = usage_plan::enabled_key(ports, edge).await?.map(|(_, key)| key);
    let ask = async |api: &str, path: &str| {
        let (api, stage, path) = (api.to_owned(), edge.stage.name.clone(), path.to_owned());
        ports.probe(&Probe { api, stage, path, key: key.clone() }).await
    };
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    for check in checks {
        let blue = ask(&edge.api.id, &check.path).await?;
        let green = ask(&temporary, &check.path).await?;
        faults.extend(check.fault(blue.status, green.status));
        seen.push(Smoke {
            path: check.path,
            blue: blue.status,
            green: green.status,
            blue_millis: blue.millis,
            green_millis: green.millis,
        });
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
