//! Proves before the deletion of blue that no API refers to it and that its load balancer has no flows.

use domain::gateway::{served::Switch, way};
use domain::ports::migrations::Life;
use domain::ports::{Apis, Clock, Flows, Ledger, Migrations, Stages};
use domain::shift::Shift;
use domain::{Migration, Outcome, PhaseError, Progress};
use serde_json::json;

/// The longest time without flows that is asked for; the idle time-out of a Network Load Balancer is 350 seconds
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#connection-idle-timeout>).
const QUIET: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// The ports of the guard.
pub trait Ports: Ledger + Apis + Stages + Flows {}

impl<T> Ports for T where T: Ledger + Apis + Stages + Flows {}

/// Proves that no API refers to blue and that it has no flows; the outcome says whether people are asked before it is deleted.
///
/// # Errors
/// `GuardBreached` where the bake has not ended well, or something still points at blue; `NotReady` while blue's load balancer
/// has flows or reports none, or the longest request to blue may still be under way.
pub async fn converge<P: Ports + Migrations + Clock>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    match ports.meta(&migration.id).await?.map(|meta| meta.life) {
        Some(Life::Promoted) => inspect(ports, migration, ports.now()).await?,
        // A run of the machine after the first: the guards were passed when the deletion began.
        Some(Life::CleaningUp) => return Ok(Outcome::done().with("approval", false)),
        _ => return Err(PhaseError::guard_breached("the bake has not ended well: blue is kept")),
    }
    Ok(Outcome::done().with("approval", migration.input.cleanup.approval))
}

/// Checks once, and keeps what was seen in the ledger.
///
/// # Errors
/// As for [`converge`].
pub async fn inspect<P: Ports>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<(), PhaseError> {
    let shift = Shift::saved(ports, migration).await?;
    let shifted_at = shift.ok_or_else(|| PhaseError::guard_breached("the ledger knows of no switch"))?.shifted_at;
    let timeouts = migration.plan.edge.per_api().iter().map(|edge| edge.longest_timeout_millis).max();
    let longest = jiff::SignedDuration::from_millis(i64::from(timeouts.unwrap_or_default()));
    if now.duration_since(shifted_at) < longest {
        return Err(PhaseError::not_ready("the longest request to blue may still be under way"));
    }
    own_stages(ports, migration).await?;
    way::blue_is_unused(ports, migration).await?;
    let flows = quiet(ports, migration, shifted_at, now).await?;
    let seen = json!({ "guardedAt": now, "flows": flows, "deletes": migration.plan.deletes });
    ports.save_progress(migration, Progress::Cleanup, seen).await
}

/// Production must still be on green's deployment, alone, or on a later one that does not use blue's link, on the stage of each API.
pub(crate) async fn own_stages<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for migration in &migration.per_api() {
        own_stage(ports, migration).await?;
    }
    Ok(())
}

async fn own_stage<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let switch = Switch::known(ports, migration).await?;
    let stage = ports.stage(&edge.api.id, &edge.stage.name).await?;
    let stage = stage.ok_or_else(|| PhaseError::guard_breached(format!("the stage {} is gone", edge.stage.name)))?;
    if switch.share(&stage).is_some_and(|share| share < 100) {
        return Err(PhaseError::guard_breached(format!("the stage {} serves blue", edge.stage.name)));
    }
    let canary = stage.canary.map(|canary| canary.deployment_id);
    if canary.is_some_and(|canary| canary != switch.green.deployment) {
        return Err(PhaseError::guard_breached(format!(
            "the stage {} has a canary that is not Bascule's",
            edge.stage.name
        )));
    }
    Ok(())
}

/// Blue's load balancer must have no flows for the given time. `ActiveFlowCount` is documented both as always reported and, like every
/// metric, as reported only while requests flow: one that was reported while blue served and is not any more is none. A load
/// balancer that never reported may have any number.
async fn quiet<P: Ports>(
    ports: &P,
    migration: &Migration,
    shifted_at: jiff::Timestamp,
    now: jiff::Timestamp,
) -> Result<f64, PhaseError> {
    let balancer = &migration.plan.edge.load_balancer;
    let after = i64::try_from(migration.input.cleanup.after.as_secs()).unwrap_or(i64::MAX);
    let window = jiff::SignedDuration::from_secs(after).min(QUIET);
    let since = now.checked_sub(window).unwrap_or(now);
    match ports.active_flows(&balancer.arn, since, now).await? {
        Some(flows) if flows < 0.5 => return Ok(flows),
        Some(flows) => {
            return Err(PhaseError::not_ready(format!(
                "{flows} flows on {} since {since}: somebody connects to blue's load balancer although production is on green, by its own \
                 DNS name, through a VPC link of a WebSocket or HTTP API or an endpoint service, or as a scan of the internet; nothing was \
                 deleted. Its flow logs say who: move them to green, or close its listeners or security groups to them. Where this took \
                 too long, start the cleanup machine again",
                balancer.name
            )));
        }
        None => {}
    }
    let serving = shifted_at.checked_sub(QUIET).unwrap_or(shifted_at);
    if ports.active_flows(&balancer.arn, serving, shifted_at).await?.is_some() {
        return Ok(0.0);
    }
    Err(PhaseError::not_ready(format!(
        "{} has reported no ActiveFlowCount since {since}, nor while it served, which proves nothing",
        balancer.name
    )))
}
