//! Puts the report together from what was observed.

use std::collections::{BTreeMap, BTreeSet};

use front_door::Call;
use http::Method;
use jiff::Timestamp;
use serde_json::Value;

use crate::account::Account;
use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::history::History;
use crate::init;
use crate::invocations;
use crate::lambdas::Package;
use crate::load::{Records, Server};
use crate::processes::Peaks;
use crate::report::{Lambda, Phase, Requests, StepFunctions, Switch};
use crate::world::gateway::STAGE;

/// The services of Bascule's own table and topic and of the functions' logs.
const OWN: [&str; 3] = ["dynamodb", "sns", "logs"];

/// What the names of operations begin with that change nothing; or the method, of one without a name. A code of KMS
/// (`GenerateMac`, for links of pages) is computed and kept nowhere.
const READS: [&str; 7] = ["Describe", "GenerateMac", "Get", "List", "Head", "GET ", "HEAD "];

/// The errors of calls that IAM refuses.
const DENIALS: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "InvalidClientTokenId",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

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

/// When calls moved traffic of these APIs, from the control plane's record.
#[must_use]
pub fn moves(account: &Account, apis: &[&str], since: Timestamp) -> Vec<Timestamp> {
    let all = apis.iter().flat_map(|api| account.gateway.switches(api, STAGE));
    let mut moves: Vec<Timestamp> = all.map(|switch| switch.time).filter(|time| *time >= since).collect();
    moves.sort();
    moves
}

/// The figures of the switch, from these calls and the customers' record.
#[must_use]
pub fn switch(moves: &[Timestamp], records: &Records) -> Switch {
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

/// Which cluster served last; [`Server::Other`] where none ever did.
#[must_use]
pub fn winner(records: &Records) -> Server {
    records.served_last().unwrap_or(Server::Other)
}

/// What is said of it in the end.
#[must_use]
pub const fn outcome(winner: Server) -> &'static str {
    match winner {
        Server::Green => "GreenServes",
        Server::Blue => "BlueServes",
        Server::Other => "NobodyServes",
    }
}

/// The phases of all executions, in the order in which they were entered. What happens inside of a Parallel, which the
/// history does not tell, comes from the definition and the functions' logs.
///
/// # Errors
/// When Step Functions or `CloudWatch` Logs refuses.
pub async fn phases(aws: &Aws, histories: &[History]) -> Result<Vec<Phase>> {
    let mut phases = Vec::new();
    for history in histories {
        phases.extend(history.phases().into_iter().map(|phase| Phase {
            name: phase.name,
            started_at: phase.started,
            ended_at: phase.ended,
            attempts: phase.attempts,
        }));
        let parallels = history.parallels();
        if parallels.is_empty() {
            continue;
        }
        let definition = definition(aws, &history.arn).await?;
        for (parallel, entered, left) in parallels {
            for (name, function) in branch_tasks(&definition["States"][&parallel]) {
                let all = invocations::of(aws, &function).await?;
                let within =
                    all.iter().filter(|one| one.started >= entered && left.is_none_or(|left| one.ended <= left));
                let within: Vec<_> = within.collect();
                let (Some(first), Some(last)) = (within.first(), within.last()) else { continue };
                let attempts = u32::try_from(within.len()).unwrap_or(u32::MAX);
                phases.push(Phase { name, started_at: first.started, ended_at: Some(last.ended), attempts });
            }
        }
    }
    phases.sort_by_key(|phase| phase.started_at);
    Ok(phases)
}

/// The definition that an execution runs.
async fn definition(aws: &Aws, execution: &str) -> Result<Value> {
    let question = serde_json::json!({"executionArn": execution});
    let answer = aws.json("states", "AWSStepFunctions.DescribeStateMachineForExecution", &question).await?;
    serde_json::from_str(answer["definition"].as_str().unwrap_or("null")).context("the definition")
}

/// The tasks in the branches of a Parallel: name and the folder of the function.
fn branch_tasks(parallel: &Value) -> Vec<(String, String)> {
    let branches = parallel["Branches"].as_array().into_iter().flatten();
    let states = branches.filter_map(|branch| branch["States"].as_object()).flatten();
    states
        .filter_map(|(name, state)| {
            let arn = state["Arguments"]["FunctionName"].as_str()?;
            let function = arn.split(':').find_map(|part| part.strip_prefix("bascule-"))?;
            Some((name.clone(), function.to_owned()))
        })
        .collect()
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
            invocations: invocations::of(aws, &package.name).await?.len() as u64,
        });
    }
    Ok(lambdas)
}

/// The functions' calls by service and operation: everything at the front door that is signed with the temporary keys of
/// a role. The sandbox itself signs with the root user's.
#[must_use]
pub fn calls(recorded: &[Call]) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for call in recorded.iter().filter(|call| function(call).is_some()) {
        *counts.entry(call.service.clone()).or_default().entry(call.operation.clone()).or_default() += 1;
    }
    counts
}

/// The functions' calls that IAM refused, each once.
#[must_use]
pub fn denied(recorded: &[Call]) -> Vec<String> {
    let refused = recorded.iter().filter(|call| function(call).is_some()).filter_map(|call| {
        let error = call.error.as_deref().filter(|error| DENIALS.contains(error))?;
        Some(format!("{} {}: {error}", call.service, call.operation))
    });
    refused.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The key of the function that called, each of which has its own; nothing where the sandbox did.
#[must_use]
pub fn function(call: &Call) -> Option<&str> {
    call.access_key_id.as_deref().filter(|key| key.starts_with("ASIA"))
}

/// The functions' calls, as [`calls`] counts them, that change something: other than in Bascule's own table and topic and
/// the functions' own logs.
#[must_use]
pub fn writes(calls: &BTreeMap<String, BTreeMap<String, u64>>) -> Vec<String> {
    let outside = calls.iter().filter(|(service, _)| !OWN.contains(&service.as_str()));
    outside
        .flat_map(|(service, operations)| operations.keys().map(move |operation| (service, operation)))
        .filter(|(_, operation)| !READS.iter().any(|verb| operation.starts_with(verb)))
        .map(|(service, operation)| format!("{service} {operation}"))
        .collect()
}

/// The outcome that an execution names in its output.
#[must_use]
pub fn named_outcome(history: &History) -> Option<String> {
    history.output.as_ref().map(|output| &output["outcome"]).and_then(Value::as_str).map(str::to_owned)
}
