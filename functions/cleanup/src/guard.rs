//! What must be true before blue is deleted: nothing points at it any more and nothing flows through it.

use domain::gateway;
use domain::plan::edge::Stage;
use domain::ports::gateway::Method;
use domain::ports::migrations::Life;
use domain::ports::{Apis, Clock, Flows, Ledger, Migrations, Stages};
use domain::resources::{rest_api, stage::keeper_name};
use domain::shift::Shift;
use domain::{Migration, Outcome, PhaseError, Side};
use serde_json::{Value, json};

/// The phase under which the ledger keeps what was seen: people who are asked about the deletion are shown it.
const PHASE: &str = "cleanup";

/// No more than this is asked of a load balancer that carries nothing; its idle time-out is 350 seconds
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html#connection-idle-timeout>).
const QUIET: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// Everything that the guard reads.
pub trait Ports: Ledger + Apis + Stages + Flows {}

impl<T> Ports for T where T: Ledger + Apis + Stages + Flows {}

/// Proves that blue carries nothing, and says whether people are to be asked before it is deleted.
///
/// # Errors
/// `GuardBreached` where something still points at blue, `NotReady` while something flows or the time is not over; whatever
/// the ports answer.
pub async fn converge<P: Ports + Migrations + Clock>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    match ports.meta(&migration.id).await?.map(|meta| meta.life) {
        Some(Life::Promoted) => inspect(ports, migration, ports.now()).await?,
        // A run of the machine after the first: the guards were passed when the deletion began.
        Some(Life::CleaningUp) => return Ok(Outcome::done().with("approval", false)),
        _ => return Err(PhaseError::guard_breached("the bake has not ended well: blue is kept")),
    }
    Ok(Outcome::done().with("approval", migration.input.cleanup.approval))
}

/// Whether blue carries nothing and nothing points at it, as seen now.
///
/// # Errors
/// As for [`converge`].
pub async fn inspect<P: Ports>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<(), PhaseError> {
    let shift = Shift::saved(ports, migration).await?;
    let shifted_at = shift.ok_or_else(|| PhaseError::guard_breached("the ledger knows of no switch"))?.shifted_at;
    let longest = jiff::SignedDuration::from_millis(i64::from(migration.plan.edge.longest_timeout_millis));
    if now.duration_since(shifted_at) < longest {
        return Err(PhaseError::not_ready("the longest request to blue may still be under way"));
    }
    own_stage(ports, migration).await?;
    let pointing = pointing_at_blue(ports, migration).await?;
    if !pointing.is_empty() {
        return Err(PhaseError::guard_breached(format!(
            "blue's VPC link {} is still used by {}. Point these at another link and deploy, then start the cleanup machine again",
            migration.plan.edge.vpc_link.id,
            pointing.join(", ")
        )));
    }
    let flows = quiet(ports, migration, now).await?;
    let seen = json!({ "guardedAt": now, "flows": flows, "deletes": migration.plan.deletes });
    ports.save_progress(migration, PHASE, seen).await
}

/// Production must still be on green's deployment, alone, or on a later one that does not use blue's link.
async fn own_stage<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let (g, _) = gateway::green(ports, migration).await?;
    let stage = ports.stage(&edge.api.id, &edge.stage.name).await?;
    let stage = stage.ok_or_else(|| PhaseError::guard_breached(format!("the stage {} is gone", edge.stage.name)))?;
    if stage.deployment_id == edge.deployment_b() {
        return Err(PhaseError::guard_breached(format!("the stage {} serves blue", edge.stage.name)));
    }
    let canary = stage.canary.map(|canary| canary.deployment_id);
    if canary.is_some_and(|canary| canary != g) {
        return Err(PhaseError::guard_breached(format!(
            "the stage {} has a canary that is not Bascule's",
            edge.stage.name
        )));
    }
    Ok(())
}

/// Integrations, and stages by what they serve, of every API of the account. What is Bascule's own goes with the cleanup.
async fn pointing_at_blue<P: Ports>(ports: &P, migration: &Migration) -> Result<Vec<String>, PhaseError> {
    let edge = &migration.plan.edge;
    let link = &edge.vpc_link.id;
    let temporary = ports.entry(migration, &rest_api::key()).await?.and_then(|entry| entry.id);
    let own = [Side::Blue, Side::Green].map(|side| keeper_name(migration, side));
    let mut pointing = Vec::new();
    for api in ports.apis().await? {
        if Some(&api.id) == temporary.as_ref() {
            continue;
        }
        let methods = ports.methods(&api.id).await?;
        pointing.extend(
            methods
                .iter()
                .filter(|method| uses(method, link))
                .map(|method| format!("{} {} of the API {}", method.method, method.path, api.id)),
        );
        let stages = ports.stages(&api.id).await?;
        for stage in stages.iter().filter(|stage| api.id != edge.api.id || !own.contains(&stage.name)) {
            pointing.extend(stage_uses(ports, &api.id, stage, link).await?);
        }
    }
    Ok(pointing)
}

fn uses(method: &Method, link: &str) -> bool {
    method.integration.as_ref().is_some_and(|backend| backend.connection_id == link)
}

/// An export shows what a stage serves, but for its canary: one of a deployment that cannot be seen counts as pointing at blue.
async fn stage_uses<P: Ports>(ports: &P, api: &str, stage: &Stage, link: &str) -> Result<Option<String>, PhaseError> {
    let serves =
        stage.variables.values().any(|value| value == link) || names(&ports.export(api, &stage.name).await?, link);
    Ok(serves.then(|| format!("the stage {} of the API {api}", stage.name)))
}

fn names(export: &Value, link: &str) -> bool {
    gateway::export::integrations(export)
        .any(|(_, _, integration)| integration.get("connectionId").is_some_and(|id| id == link))
}

/// No flow for the given time. A load balancer that reports nothing may carry anything.
async fn quiet<P: Ports>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<f64, PhaseError> {
    let balancer = &migration.plan.edge.load_balancer;
    let after = i64::try_from(migration.input.cleanup.after.as_secs()).unwrap_or(i64::MAX);
    let window = jiff::SignedDuration::from_secs(after).min(QUIET);
    let since = now.checked_sub(window).unwrap_or(now);
    match ports.active_flows(&balancer.arn, since).await? {
        Some(flows) if flows < 0.5 => Ok(flows),
        Some(flows) => Err(PhaseError::not_ready(format!("{flows} flows on {} since {since}", balancer.name))),
        None => Err(PhaseError::not_ready(format!(
            "{} has reported no ActiveFlowCount since {since}, which proves nothing",
            balancer.name
        ))),
    }
}
