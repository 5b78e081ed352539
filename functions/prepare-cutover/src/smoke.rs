//! Requests through deployment G itself, on its own stage, with production's API keys.

use crate::Ports;
use domain::gateway::keeper_name;
use domain::plan::edge::{Edge, UsagePlan, keys};
use domain::ports::gateway::ApiKey;
use domain::ports::probes::Probe;
use domain::reconcile::{ensure, ensure_absent};
use domain::{Input, Kind, Migration, PhaseError, Side};
use serde_json::{Value, json};

const PHASE: &str = "prepare-cutover";

/// How long a new stage and its usage plan may take to be known everywhere. API Gateway publishes no figure; after this an answer
/// other than expected is taken for what it is.
const SETTLING: jiff::SignedDuration = jiff::SignedDuration::from_secs(180);

/// How many requests are made up where the input names none.
const MADE_UP: usize = 3;

/// A request and what must answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The path below the stage.
    pub path: String,
    /// The status, or nothing for any but a refusal of API Gateway (403, 429) or a failure (5xx).
    pub expect: Option<u16>,
}

impl Check {
    /// Whether the answer is as expected.
    #[must_use]
    pub fn passes(&self, status: u16) -> bool {
        match self.expect {
            Some(expected) => status == expected,
            None => status < 500 && status != 403 && status != 429,
        }
    }
}

/// What the input asks to be tried, or else a few of the API's own paths without parameters.
#[must_use]
pub fn checks(input: &Input, edge: &Edge) -> Vec<Check> {
    if !input.smoke.is_empty() {
        return input
            .smoke
            .iter()
            .map(|smoke| Check { path: smoke.path.clone(), expect: Some(smoke.expect) })
            .collect();
    }
    let plain = edge
        .integrations
        .iter()
        .filter(|integration| ["GET", "ANY"].contains(&integration.method.as_str()) && !integration.path.contains('{'));
    plain.take(MADE_UP).map(|integration| Check { path: integration.path.clone(), expect: None }).collect()
}

/// Lets the keys in and tries G.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let now = ports.now();
    let edge = &migration.plan.edge;
    for like in &edge.usage_plans {
        usage_plan(ports, migration, like).await?;
    }
    let saved = ports.progress(migration, PHASE).await?.unwrap_or_default();
    let since = saved.get("smokeSince").and_then(Value::as_str).and_then(|since| since.parse().ok());
    let since: jiff::Timestamp = if let Some(since) = since {
        since
    } else {
        ports.save_progress(migration, PHASE, json!({ "smokeSince": now })).await?;
        now
    };
    let key = any_key(ports, edge).await?;
    let mut failed = Vec::new();
    for check in checks(&migration.input, edge) {
        let probe = Probe {
            api: edge.api.id.clone(),
            stage: keeper_name(migration, Side::Green),
            path: check.path.clone(),
            key: key.clone(),
        };
        let answered = ports.probe(&probe).await?;
        if !check.passes(answered.status) {
            let expected = check.expect.map_or_else(|| "no refusal or failure".to_owned(), |status| status.to_string());
            failed.push(format!("GET {} answered {}, expected {expected}", check.path, answered.status));
        }
    }
    if failed.is_empty() {
        return ports.record(migration, "G answers as expected", json!({ "since": since })).await;
    }
    let message = format!("through deployment G: {}", failed.join("; "));
    if now.duration_since(since) < SETTLING {
        Err(PhaseError::not_ready(message))
    } else {
        Err(PhaseError::unhealthy(message))
    }
}

/// One of the keys that the stage takes; its value stays in memory.
async fn any_key<P: Ports>(ports: &P, edge: &Edge) -> Result<Option<ApiKey>, PhaseError> {
    for id in edge.usage_plans.iter().flat_map(|plan| &plan.key_ids) {
        if let Some(key) = ports.api_key(id).await? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

async fn usage_plan<P: Ports>(ports: &P, migration: &Migration, like: &UsagePlan) -> Result<(), PhaseError> {
    let api = &migration.plan.edge.api.id;
    let key = keys::smoke_usage_plan(&like.id);
    let name = &keys::name(migration, &key, 128);
    let plan = &UsagePlan {
        id: String::new(),
        name: name.clone(),
        stages: vec![(api.clone(), keeper_name(migration, Side::Green))],
        tags: keys::tags(migration, Side::Temporary, &like.tags),
        ..like.clone()
    };
    let find = || async { Ok(find_plan(ports, api, name).await?.map(|found| found.id)) };
    let create = || ports.create_usage_plan(plan);
    let id = ensure(ports, migration, &key, Value::Null, find, create).await?;
    let found = find_plan(ports, api, name).await?.unwrap_or_default();
    for key_id in like.key_ids.iter().filter(|key_id| !found.key_ids.contains(key_id)) {
        ports.add_key(&id, key_id).await?;
    }
    Ok(())
}

async fn find_plan<P: Ports>(ports: &P, api: &str, name: &str) -> Result<Option<UsagePlan>, PhaseError> {
    let plans = ports.usage_plans(Some(api)).await?;
    Ok(plans.into_iter().find(|plan| plan.name == name))
}

/// Takes the keys' way to G's stage away again.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let entries = ports.entries(migration).await?;
    let plans = entries
        .iter()
        .filter(|entry| entry.key.kind == Kind::UsagePlan && entry.key.name.starts_with("smoke/") && entry.is_live());
    for entry in plans {
        let name = &keys::name(migration, &entry.key, 128);
        let find = || async { Ok(find_plan(ports, "", name).await?.map(|plan| plan.id)) };
        let delete = |id: String| async move {
            let stages = find_plan(ports, "", name).await?.unwrap_or_default().stages;
            for (api, stage) in stages {
                ports.remove_stage(&id, &api, &stage).await?;
            }
            ports.delete_usage_plan(&id).await
        };
        ensure_absent(ports, migration, &entry.key, find, delete).await?;
    }
    if ports.progress(migration, PHASE).await?.is_some_and(|progress| !progress.is_null()) {
        ports.save_progress(migration, PHASE, Value::Null).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::Integration;

    #[test]
    fn without_an_expected_status_only_refusals_and_failures_are_wrong() {
        let check = Check { path: "/".to_owned(), expect: None };
        let wrong: Vec<u16> =
            [200, 302, 401, 403, 404, 429, 500, 503, 504].into_iter().filter(|s| !check.passes(*s)).collect();
        assert_eq!(wrong, [403, 429, 500, 503, 504]);
        assert!(Check { expect: Some(404), ..check }.passes(404));
    }

    #[test]
    fn paths_with_parameters_are_not_made_up() {
        let integration = |method: &str, path: &str| Integration {
            method: method.to_owned(),
            path: path.to_owned(),
            ..Integration::default()
        };
        let edge = Edge {
            integrations: vec![
                integration("POST", "/cart"),
                integration("GET", "/product/{id}"),
                integration("GET", "/cart"),
                integration("ANY", "/any"),
            ],
            ..Edge::default()
        };
        let input = Input::read(&json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "restApiId": "a", "stage": "s" },
            "workloads": { "manifests": ["s3://b/k"] },
        }))
        .unwrap();
        let paths: Vec<String> = checks(&input, &edge).into_iter().map(|check| check.path).collect();
        assert_eq!(paths, ["/cart", "/any"]);
    }
}
