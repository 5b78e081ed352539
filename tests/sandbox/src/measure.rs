//! Puts the report together from what was observed.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde_json::Value;

use crate::account::Account;
use crate::aws::Aws;
use crate::error::Result;
use crate::history::History;
use crate::init;
use crate::lambdas::Package;
use crate::load::{Records, Server};
use crate::processes::Peaks;
use crate::report::{Lambda, Phase, Requests, StepFunctions, Switch};
use crate::world::gateway::STAGE;

/// The figures of the requests.
#[must_use]
pub fn requests(records: &Records) -> Requests {
    Requests {
        sent: records.all.len(),
        failed: records.failed(),
        by_cluster: records.by_cluster(),
        p50_ms: records.latency(0.50),
        p99_ms: records.latency(0.99),
    }
}

/// The figures of the switch, from the control plane's record and the customers'.
#[must_use]
pub fn switch(account: &Account, records: &Records, api: &str, since: Timestamp) -> Switch {
    let moves: Vec<Timestamp> =
        account.gateway.switches(api, STAGE).iter().map(|switch| switch.time).filter(|time| *time >= since).collect();
    let winner = winner(records);
    Switch {
        control_plane_calls: moves.len(),
        last_blue_to_first_green_ms: records.last_blue_to_first_green(),
        // The way back is the last call's: what counts is when the cluster that serves in the end was alone.
        complete_ms: match winner {
            Server::Green => moves.first(),
            _ => moves.last(),
        }
        .map(|begin| records.complete(*begin, winner)),
    }
}

/// Which cluster served last.
#[must_use]
pub fn winner(records: &Records) -> Server {
    if records.share(std::time::Duration::from_secs(1)).green > 50.0 { Server::Green } else { Server::Blue }
}

/// The phases of all executions, in the order in which they were entered. What a Parallel hides from the history comes
/// from the functions' logs.
///
/// # Errors
/// When `CloudWatch` Logs refuses.
pub async fn phases(aws: &Aws, histories: &[History]) -> Result<Vec<Phase>> {
    let mut phases = Vec::new();
    for history in histories {
        let found = history.phases();
        for (number, phase) in found.iter().enumerate() {
            let mut ended = phase.ended;
            if let (None, Some(function)) = (ended, &phase.function) {
                // The next use of the same function, in a state of its own, is not this phase.
                let limit =
                    found[number..].iter().filter(|other| other.function.is_none()).map(|other| other.started).min();
                ended = last_invocation(aws, function, phase.started, limit).await?;
            }
            phases.push(Phase {
                name: phase.name.clone(),
                started_at: phase.started,
                ended_at: ended,
                attempts: phase.attempts,
            });
        }
    }
    phases.sort_by_key(|phase| phase.started_at);
    Ok(phases)
}

/// When the last invocation of a function ended, between two moments.
async fn last_invocation(
    aws: &Aws,
    function: &str,
    from: Timestamp,
    to: Option<Timestamp>,
) -> Result<Option<Timestamp>> {
    let mut question = serde_json::json!({
        "logGroupName": format!("/aws/lambda/bascule-{function}"),
        "startTime": from.as_millisecond(),
        "filterPattern": "REPORT",
    });
    if let Some(to) = to {
        question["endTime"] = to.as_millisecond().into();
    }
    let answer = aws.json("logs", "Logs_20140328.FilterLogEvents", &question).await?;
    let times = answer["events"].as_array().into_iter().flatten().filter_map(|event| event["timestamp"].as_i64());
    Ok(times.max().and_then(|time| Timestamp::from_millisecond(time).ok()))
}

/// The figures of Step Functions.
#[must_use]
pub fn step_functions(histories: &[History]) -> StepFunctions {
    histories.iter().fold(StepFunctions::default(), |sum, history| StepFunctions {
        transitions: sum.transitions + history.transitions(),
        history_events: sum.history_events + history.len(),
        largest_payload_bytes: sum.largest_payload_bytes.max(history.largest_payload()),
    })
}

/// The time that each function takes to start, measured before anything else runs.
///
/// # Errors
/// When a function does not start.
pub async fn starts(aws: &Aws, packages: &[Package]) -> Result<BTreeMap<String, f64>> {
    let mut starts = BTreeMap::new();
    for package in packages {
        let path = format!("/2015-03-31/functions/bascule-{}/configuration", package.name);
        let configuration = aws.rest("lambda", Method::GET, &path, None).await?;
        let time = init::measure(&package.binary, &package.name, &configuration["Environment"]["Variables"]).await?;
        starts.insert(package.name.clone(), time);
    }
    Ok(starts)
}

/// The functions' figures.
///
/// # Errors
/// When `CloudWatch` refuses.
pub async fn lambdas(
    aws: &Aws,
    packages: &[Package],
    starts: &BTreeMap<String, f64>,
    peaks: &Peaks,
) -> Result<Vec<Lambda>> {
    let mut lambdas = Vec::new();
    for package in packages {
        lambdas.push(Lambda {
            name: package.name.clone(),
            zip_bytes: package.zip.len(),
            init_ms: starts.get(&package.name).copied().unwrap_or_default(),
            max_rss_bytes: peaks.functions.get(&package.name).copied(),
            invocations: invocations(aws, &package.name).await?,
        });
    }
    Ok(lambdas)
}

/// How often a function was invoked: the invocations that its log tells of. (Lambda's metric `Invocations` would say the
/// same on AWS; ministack counts only those that come through Lambda's own API.)
async fn invocations(aws: &Aws, function: &str) -> Result<u64> {
    let mut count = 0;
    let mut token = Value::Null;
    loop {
        let mut question = serde_json::json!({
            "logGroupName": format!("/aws/lambda/bascule-{function}"),
            "filterPattern": "\"START RequestId\"",
        });
        if !token.is_null() {
            question["nextToken"] = token;
        }
        let mut answer = aws.json("logs", "Logs_20140328.FilterLogEvents", &question).await?;
        count += answer["events"].as_array().map_or(0, Vec::len) as u64;
        token = answer["nextToken"].take();
        if token.is_null() {
            return Ok(count);
        }
    }
}

/// The functions' calls by service and operation: everything at the front door that is signed with the temporary keys of
/// a role. The sandbox itself signs with the root user's.
#[must_use]
pub fn calls(account: &Account) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for call in account.front_door.calls() {
        if call.access_key_id.as_deref().is_some_and(|key| key.starts_with("ASIA")) {
            *counts.entry(call.service).or_default().entry(call.operation).or_default() += 1;
        }
    }
    counts
}

/// The outcome that an execution names in its output.
#[must_use]
pub fn named_outcome(history: &History) -> Option<String> {
    history.output.as_ref().map(|output| &output["outcome"]).and_then(Value::as_str).map(str::to_owned)
}
