//! The requests that G will be tried with, before people are asked: through production's own stage, which is blue, and through
//! the temporary API, which is green, with the same key.

use crate::Look;
use domain::{
    Migration, PhaseError,
    evidence::Smoke,
    gateway::made,
    ports::{Ledger, Probes, UsagePlans, probes::Probe},
    resources::{rest_api, usage_plan},
    smoke::checks,
};

/// Sends every request of every API once to each. Answers what was seen.
///
/// # Errors
/// [`Look::Trouble`] where green answers something else than expected: an ingress controller learns of a route a moment after it is
/// applied.
pub(crate) async fn pass<P>(ports: &P, migration: &Migration) -> Result<Vec<Smoke>, Look>
where
    P: Ledger + Probes + UsagePlans,
{
    let (mut seen, mut faults) = (Vec::new(), Vec::new());
    for migration in &migration.per_api() {
        let (passed, failed) = of_api(ports, migration).await?;
        seen.extend(passed);
        faults.extend(failed);
    }
    if faults.is_empty() {
        Ok(seen)
    } else {
        Err(Look::Trouble(format!("smoke tests through the temporary API: {}", faults.join(", "))))
    }
}

/// What was seen of one API, and what was wrong with it.
async fn of_api<P>(ports: &P, migration: &Migration) -> Result<(Vec<Smoke>, Vec<String>), PhaseError>
where
    P: Ledger + Probes + UsagePlans,
{
    let edge = &migration.plan.edge;
    let (mut seen, mut faults) = (Vec::new(), Vec::new());
    let checks = checks(&migration.input, edge);
    if checks.is_empty() {
        return Ok((seen, faults));
    }
    let temporary = made(ports, migration, &rest_api::key(migration)).await?;
    // The temporary API has the same keys as production, and a stage of the same name.
    let key = usage_plan::enabled_key(ports, edge).await?.map(|(_, key)| key);
    let ask = async |api: &str, path: &str| {
        let (api, stage, path) = (api.to_owned(), edge.stage.name.clone(), path.to_owned());
        let vpc_endpoint = edge.vpc_endpoint.clone();
        ports.probe(&Probe { api, vpc_endpoint, stage, path, key: key.clone() }).await
    };
    let of = if edge.others.is_empty() { "" } else { &edge.api.id };
    for check in checks {
        let blue = ask(&edge.api.id, &check.path).await?;
        let green = ask(&temporary, &check.path).await?;
        faults.extend(check.fault(blue.status, green.status).map(|fault| format!("{of} {fault}").trim().to_owned()));
        seen.push(Smoke {
            api: of.to_owned(),
            path: check.path,
            blue: blue.status,
            green: green.status,
            blue_millis: blue.millis,
            green_millis: green.millis,
        });
    }
    Ok((seen, faults))
}
