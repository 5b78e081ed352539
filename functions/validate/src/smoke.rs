//! The requests that G will be tried with, before people are asked: through production's own stage, which is blue, and through
//! the temporary API, which is green, with the same key. Where the public API has no default endpoint, green alone is tried.

use crate::Look;
use domain::{
    Migration, PhaseError,
    evidence::Smoke,
    gateway::made,
    plan::edge::Edge,
    ports::{Ledger, Probes, UsagePlans, probes::Probe},
    resources::{rest_api, usage_plan},
    smoke::{checks, is_refusal},
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

/// The default endpoint of an API without one must refuse: the setting takes effect with the next change of any stage, and that would be
/// Bascule's (<https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html>).
fn closed(edge: &Edge, status: u16) -> Result<(), PhaseError> {
    let (id, stage) = (&edge.api.id, &edge.stage.name);
    if is_refusal(status) {
        return Ok(());
    }
    Err(PhaseError::conflict(format!(
        "the default endpoint of {id} is disabled in its configuration and answers still: {status} on the stage {stage}. The next change of a \
         stage would disable it for whoever uses it. Deploy the API to {stage}, or enable the endpoint, then start a new migration"
    )))
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
        let blue = if edge.api.execute_api_disabled {
            closed(edge, blue.status)?;
            None
        } else {
            Some(blue)
        };
        let green = ask(&temporary, &check.path).await?;
        let fault = match &blue {
            Some(blue) => check.fault(blue.status, green.status),
            None => check.fault_alone(green.status),
        };
        faults.extend(fault.map(|fault| format!("{of} {fault}").trim().to_owned()));
        seen.push(Smoke {
            api: of.to_owned(),
            path: check.path,
            blue: blue.as_ref().map(|blue| blue.status),
            green: green.status,
            blue_millis: blue.map(|blue| blue.millis).unwrap_or_default(),
            green_millis: green.millis,
        });
    }
    Ok((seen, faults))
}
