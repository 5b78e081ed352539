//! Requests through deployment G itself, on its own stage, with one of production's API keys.

use crate::Ports;
use domain::plan::edge::{Edge, UsagePlan};
use domain::ports::probes::Probe;
use domain::resources::{stage::keeper_name, usage_plan};
use domain::{Input, Migration, PhaseError, Progress, Side};
use serde_json::{Value, json};

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

/// Lets one of production's keys in and tries G with it.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let now = ports.now();
    let edge = &migration.plan.edge;
    let stage = &keeper_name(migration, Side::Green);
    let key = usage_plan::enabled_key(ports, edge).await?;
    if let Some((id, _)) = &key {
        // Without throttle and quota: nobody else calls this stage.
        let like = UsagePlan { key_ids: vec![id.clone()], ..UsagePlan::default() };
        usage_plan::ensure(ports, migration, &usage_plan::smoke(), (&edge.api.id, stage), &like).await?;
    }
    let saved = ports.progress(migration, Progress::PrepareCutover).await?.unwrap_or_default();
    let since = saved.get("smokeSince").and_then(Value::as_str).and_then(|since| since.parse().ok());
    let since: jiff::Timestamp = if let Some(since) = since {
        since
    } else {
        ports.save_progress(migration, Progress::PrepareCutover, json!({ "smokeSince": now })).await?;
        now
    };
    let mut failed = Vec::new();
    for check in checks(&migration.input, edge) {
        let probe = Probe {
            api: edge.api.id.clone(),
            stage: stage.clone(),
            path: check.path.clone(),
            key: key.as_ref().map(|(_, key)| key.clone()),
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

/// Takes the key's way to G's stage away again.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    usage_plan::remove(ports, migration, &usage_plan::smoke()).await?;
    if ports.progress(migration, Progress::PrepareCutover).await?.is_some_and(|progress| !progress.is_null()) {
        ports.save_progress(migration, Progress::PrepareCutover, Value::Null).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::edge::LinkedMethod;

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
        let integration = |method: &str, path: &str| LinkedMethod {
            method: method.to_owned(),
            path: path.to_owned(),
            ..LinkedMethod::default()
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
