//! Requests through deployment G itself, on its own stage, with one of production's API keys. G must answer as blue does: as
//! production's stage answers, or, where a resource policy allows production's stage alone, as the stage that holds B.

use crate::Ports;
use domain::plan::edge::{Api, UsagePlan};
use domain::ports::gateway::ApiKey;
use domain::ports::probes::Probe;
use domain::resources::{stage::keeper_name, usage_plan};
use domain::smoke::{checks, is_refusal};
use domain::{Migration, PhaseError, Progress, Side};
use serde_json::{Value, json};
use std::borrow::Cow;

/// How long a new stage and its usage plan may take to be known everywhere. API Gateway publishes no figure; after this an answer
/// other than expected is taken for what it is.
const SETTLING: jiff::SignedDuration = jiff::SignedDuration::from_secs(180);

/// The migration as seen from each API.
type PerApi<'a> = [Cow<'a, Migration>];

/// Lets one of production's keys in and tries the G of each API with it.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration, apis: &PerApi<'_>) -> Result<(), PhaseError> {
    // Without its default endpoint no request comes to the stages of an API that hold B and G, and with their names in the path none is
    // what production's would be.
    let (apis, untried): (Vec<_>, Vec<_>) =
        apis.iter().partition(|migration| migration.plan.edge.is_tried_on_its_own_stages());
    let untried = untried.iter().map(|migration| &migration.plan.edge.api);
    let (closed, with_stage): (Vec<_>, Vec<_>) = untried.partition(|api| api.execute_api_disabled);
    let ids = |apis: Vec<&Api>| apis.into_iter().map(|api| api.id.clone()).collect::<Vec<_>>();
    let mut untried = json!({});
    for (name, ids) in [("withoutDefaultEndpoint", ids(closed)), ("withStageInPath", ids(with_stage))] {
        if !ids.is_empty() {
            untried[name] = json!(ids);
        }
    }
    if apis.is_empty() {
        return ports.record(migration, "G is not tried", untried).await;
    }
    let now = ports.now();
    let mut keys = Vec::new();
    for migration in &apis {
        keys.push(key(ports, migration).await?);
    }
    let since = since(ports, migration, now).await?;
    let is_settled = now.duration_since(since) >= SETTLING;
    let (mut failed, mut refused) = (Vec::new(), Vec::new());
    for (migration, key) in apis.iter().zip(keys) {
        let of = if migration.plan.edge.others.is_empty() { "" } else { &migration.plan.edge.api.id };
        let told = |fault: String| format!("{of} {fault}").trim().to_owned();
        let (bad, closed) = tried(ports, migration, key.as_ref()).await?;
        failed.extend(bad.into_iter().map(told));
        refused.extend(closed.into_iter().map(told));
    }
    if failed.is_empty() && (refused.is_empty() || is_settled) {
        let mut evidence = json!({ "since": since, "refusedAsB": refused });
        if let (Some(evidence), Value::Object(untried)) = (evidence.as_object_mut(), untried) {
            evidence.extend(untried);
        }
        return ports.record(migration, "G answers as blue does", evidence).await;
    }
    failed.extend(refused);
    let message = format!("through deployment G: {}", failed.join("; "));
    if is_settled { Err(PhaseError::unhealthy(message)) } else { Err(PhaseError::not_ready(message)) }
}

/// Lets one of production's keys into the stages that hold B and G.
async fn key<P: Ports>(ports: &P, migration: &Migration) -> Result<Option<ApiKey>, PhaseError> {
    let edge = &migration.plan.edge;
    let [b, g] = &[Side::Blue, Side::Green].map(|side| keeper_name(migration, side));
    let key = usage_plan::enabled_key(ports, edge).await?;
    if let Some((id, _)) = &key {
        // Without throttle and quota: nobody else calls these stages.
        let like = UsagePlan { key_ids: vec![id.clone()], ..UsagePlan::default() };
        let stages = [b, g].map(|stage| (edge.api.id.clone(), stage.clone()));
        usage_plan::ensure(ports, migration, &usage_plan::smoke(migration), &stages, &like).await?;
    }
    Ok(key.map(|(_, key)| key))
}

/// What answers otherwise than expected through G, and of these what is refused through B as well.
async fn tried<P: Ports>(
    ports: &P,
    migration: &Migration,
    key: Option<&ApiKey>,
) -> Result<(Vec<String>, Vec<String>), PhaseError> {
    let edge = &migration.plan.edge;
    let [b, g] = &[Side::Blue, Side::Green].map(|side| keeper_name(migration, side));
    let whole = async |stage: &str, path: &str| {
        let (api, stage, path) = (edge.api.id.clone(), stage.to_owned(), path.to_owned());
        let vpc_endpoint = edge.vpc_endpoint.clone();
        ports.probe(&Probe { api, vpc_endpoint, stage, path, key: key.cloned() }).await
    };
    let ask = async |stage: &str, path: &str| Ok::<_, PhaseError>(whole(stage, path).await?.status);
    let (mut failed, mut refused) = (Vec::new(), Vec::new());
    for check in checks(&migration.input, edge) {
        let green = ask(g, &check.path).await?;
        let production = ask(&edge.stage.name, &check.path).await?;
        let Some(fault) = check.fault(production, green) else { continue };
        if is_refusal(green) && check.fault(ask(b, &check.path).await?, green).is_none() {
            refused.push(fault);
        } else {
            failed.push(fault);
        }
    }
    if let Some(marker) = &migration.input.cutover.marker {
        // Before a request of production's meets green: a text that tells nothing would send traffic back.
        let path = marker.path_of(&edge.api.id);
        for (stage, side, text) in [(b, Side::Blue, &marker.blue), (g, Side::Green, &marker.green)] {
            let answered = whole(stage, path).await?;
            if marker.side(&answered.body) != Some(side) {
                failed.push(format!(
                    "$.cutover.marker: {}'s answer to {path} has the status {} and does not tell its side: it is to have {text:?}, and not the \
                     other's text",
                    side.name(),
                    answered.status
                ));
            }
        }
    }
    Ok((failed, refused))
}

/// Since when G is tried.
async fn since<P: Ports>(
    ports: &P,
    migration: &Migration,
    now: jiff::Timestamp,
) -> Result<jiff::Timestamp, PhaseError> {
    let saved = ports.progress(migration, Progress::PrepareCutover).await?.unwrap_or_default();
    let since = saved.get("smokeSince").and_then(Value::as_str).and_then(|since| since.parse().ok());
    if let Some(since) = since {
        return Ok(since);
    }
    ports.save_progress(migration, Progress::PrepareCutover, json!({ "smokeSince": now })).await?;
    Ok(now)
}

/// Takes the key's way to the stages away again.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration, apis: &PerApi<'_>) -> Result<(), PhaseError> {
    for migration in apis {
        usage_plan::remove(ports, migration, &usage_plan::smoke(migration)).await?;
    }
    if ports.progress(migration, Progress::PrepareCutover).await?.is_some_and(|progress| !progress.is_null()) {
        ports.save_progress(migration, Progress::PrepareCutover, Value::Null).await?;
    }
    Ok(())
}
