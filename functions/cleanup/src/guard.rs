//! Proves before the deletion of blue that no API refers to it and that its load balancer has no flows.

use domain::gateway::{self, export};
use domain::plan::edge::{Connection, Edge, Stage};
use domain::ports::gateway::Method;
use domain::ports::migrations::Life;
use domain::ports::{Apis, Clock, Flows, Ledger, Migrations, Stages};
use domain::resources::{rest_api, stage::keeper_name};
use domain::shift::Shift;
use domain::{Migration, Outcome, PhaseError, Progress, Side};
use serde_json::json;
use std::collections::BTreeMap;

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
    ports.save_progress(migration, Progress::Cleanup, seen).await
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

/// Every method, by its configuration, and every stage, by what it serves, that goes to blue, of every API of the account. What is
/// Bascule's own goes with the cleanup.
async fn pointing_at_blue<P: Ports>(ports: &P, migration: &Migration) -> Result<Vec<String>, PhaseError> {
    let edge = &migration.plan.edge;
    let temporary = ports.entry(migration, &rest_api::key()).await?.and_then(|entry| entry.id);
    let own = [Side::Blue, Side::Green].map(|side| keeper_name(migration, side));
    let mut pointing = Vec::new();
    for api in ports.apis().await? {
        if Some(&api.id) == temporary.as_ref() {
            continue;
        }
        let methods = ports.methods(&api.id).await?;
        // Links in stage variables are known per stage: the exports below have them.
        let linked = methods.iter().filter_map(Method::linked);
        let to_blue = linked.filter(|method| edge.is_blue(&method.integration.connection, &BTreeMap::new()));
        pointing.extend(to_blue.map(|method| format!("{method} of the API {}", api.id)));
        let stages = ports.stages(&api.id).await?;
        for stage in stages.iter().filter(|stage| api.id != edge.api.id || !own.contains(&stage.name)) {
            let found = stage_points_at_blue(ports, edge, &api.id, stage, &stages).await?;
            pointing.extend(found.map(|what| format!("{what} of the API {}", api.id)));
        }
    }
    Ok(pointing)
}

/// What of a stage goes to blue. An export shows the stage's own deployment; that of its canary is seen only where another of the
/// API's `stages` serves it. One that cannot be seen counts as going to blue, and so does one with links in stage variables,
/// which a canary may override.
async fn stage_points_at_blue<P: Ports>(
    ports: &P,
    edge: &Edge,
    api: &str,
    stage: &Stage,
    stages: &[Stage],
) -> Result<Option<String>, PhaseError> {
    let name = &stage.name;
    let variable = stage.variables.values().any(|value| *value == edge.vpc_link.id);
    if variable || export::serves_blue(&ports.export(api, name).await?, stage, edge) {
        return Ok(Some(format!("the stage {name}")));
    }
    let Some(canary) = &stage.canary else {
        return Ok(None);
    };
    let Some(shown) = stages.iter().find(|other| other.deployment_id == canary.deployment_id) else {
        return Ok(Some(format!(
            "perhaps the canary of the stage {name}, whose deployment {} no stage shows (promote or delete it)",
            canary.deployment_id
        )));
    };
    let served = ports.export(api, &shown.name).await?;
    let in_variable = export::connections(&served).any(|found| matches!(found, Connection::StageVariable(_)));
    Ok((in_variable || export::serves_blue(&served, stage, edge)).then(|| format!("the canary of the stage {name}")))
}

/// Blue's load balancer must report no flows for the given time. One that reports nothing may have any number.
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
