//! The report: what was observed, as JSON for programs and as a page for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::inventory::Left;
use crate::sides::Row;
use crate::snapshot::Unchanged;
use crate::terraform::Row as Plans;

/// Everything observed in one run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Who serves in the end: `GreenServes` or `BlueServes`; `NobodyServes` where neither ever did.
    pub outcome: String,
    /// What the customers saw.
    pub requests: Requests,
    /// What the report for people says of requests by the side that served; empty where no traffic was moved.
    pub by_side: Vec<Row>,
    /// How traffic moved.
    pub switch: Switch,
    /// The states with a task, in the order in which they were entered.
    pub phases: Vec<Phase>,
    /// What Step Functions did, all executions together.
    pub step_functions: StepFunctions,
    /// The functions.
    pub lambda: Vec<Lambda>,
    /// Calls of the functions by service and operation.
    pub aws_calls: BTreeMap<String, BTreeMap<String, u64>>,
    /// What customers hold on to.
    pub unchanged: Unchanged,
    /// What Terraform plans before and after, where it manages the shop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terraform: Vec<Plans>,
    /// What stayed and should not have.
    pub left: Left,
    /// Who answered on the temporary URL during the bake; nobody where no bake began. Not part of the JSON.
    #[serde(skip)]
    pub compared: Option<String>,
    /// The plan, Markdown, where the run was to end with it. Not part of the JSON.
    #[serde(skip)]
    pub plan: Option<String>,
    /// Calls of the functions that their roles do not allow. Not part of the JSON.
    #[serde(skip)]
    pub denied: Vec<String>,
    /// The functions whose processes were killed, once for each time. Not part of the JSON.
    #[serde(skip)]
    pub killed: Vec<String>,
    /// Why the run is not what was expected; empty when it is. Not part of the JSON.
    #[serde(skip)]
    pub disappointments: Vec<String>,
    /// Resident memory of everything together at its worst, in bytes. Not part of the JSON.
    #[serde(skip)]
    pub memory: u64,
}

/// What the customers saw.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// Requests sent.
    pub sent: usize,
    /// Requests without the expected answer.
    pub failed: usize,
    /// Requests by the cluster that served.
    pub by_cluster: BTreeMap<&'static str, usize>,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// Latency that 99 % stayed below, in milliseconds.
    pub p99_ms: f64,
}

/// How traffic moved.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Switch {
    /// Control-plane calls after which the production stage served something else.
    pub control_plane_calls: usize,
    /// From the last request that blue served before green's first, to that one; `null` when green never served.
    pub last_blue_to_first_green_ms: Option<f64>,
    /// From the first of the calls to the last request of the cluster that traffic left; `null` without a call.
    pub complete_ms: Option<f64>,
}

/// A state with a task.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// The state's name.
    pub name: String,
    /// When it was entered.
    pub started_at: Timestamp,
    /// When it was left.
    pub ended_at: Option<Timestamp>,
    /// How often its task ran.
    pub attempts: u32,
}

/// What Step Functions did.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepFunctions {
    /// State transitions that AWS would charge for.
    pub transitions: usize,
    /// Events in the histories.
    pub history_events: usize,
    /// The largest input or output of a state, in bytes.
    pub largest_payload_bytes: usize,
}

/// A function.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lambda {
    /// The folder's name.
    pub name: String,
    /// Size of the package that was deployed here, in bytes: without optimisation, several times what users deploy.
    pub zip_bytes: usize,
    /// From the start of the process to its first question for an event.
    pub init_ms: f64,
    /// Peak resident memory of its processes; `null` when it never ran.
    pub max_rss_bytes: Option<u64>,
    /// How often it was invoked.
    pub invocations: u64,
}

/// Dollars for a thousand state transitions.
/// <https://aws.amazon.com/step-functions/pricing/>
const DOLLARS_PER_THOUSAND_TRANSITIONS: f64 = 0.025;

impl Report {
    /// Adds the requests, Terraform's plans and the disappointments of another run.
    pub fn join(&mut self, other: Self) {
        self.requests.sent += other.requests.sent;
        self.requests.failed += other.requests.failed;
        self.terraform.extend(other.terraform);
        self.disappointments.extend(other.disappointments);
    }

    /// Whether everything was as expected.
    #[must_use]
    pub fn satisfied(&self) -> bool {
        self.disappointments.is_empty()
    }

    /// The page for people. Its figures are rounded anyway.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn page(&self) -> String {
        let clusters: Vec<String> =
            self.requests.by_cluster.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let mut lines = vec![
            String::new(),
            format!("  outcome     {}", self.outcome),
            format!(
                "  requests    {} sent, {} failed; served by {}",
                self.requests.sent,
                self.requests.failed,
                clusters.join(", ")
            ),
            format!("  latency     p50 {:.1} ms, p99 {:.1} ms", self.requests.p50_ms, self.requests.p99_ms),
            format!("  switch      {} control-plane calls{}", self.switch.control_plane_calls, self.switch.words()),
        ];
        lines.extend(self.by_side.iter().map(|row| format!("  CloudWatch  {}", row.line())));
        if let (Some(first), Some(last)) =
            (self.phases.first(), self.phases.iter().filter_map(|phase| phase.ended_at).max())
        {
            lines.push(format!(
                "  phases      {} in {:.0} s",
                self.phases.len(),
                last.duration_since(first.started_at).as_secs_f64()
            ));
            lines.extend(self.phases.iter().map(|phase| phase.line(first.started_at)));
        }
        let steps = &self.step_functions;
        let dollars = steps.transitions as f64 / 1000.0 * DOLLARS_PER_THOUSAND_TRANSITIONS;
        lines.push(format!(
            "  machines    {} transitions (${dollars:.4}), {} events, largest payload {} bytes",
            steps.transitions, steps.history_events, steps.largest_payload_bytes
        ));
        let calls: u64 = self.aws_calls.values().flat_map(BTreeMap::values).sum();
        let invocations: u64 = self.lambda.iter().map(|lambda| lambda.invocations).sum();
        lines.push(format!(
            "  functions   {invocations} invocations, {calls} calls of AWS, {:.0} MB at most",
            self.lambda.iter().filter_map(|one| one.max_rss_bytes).max().unwrap_or(0) as f64 / 1e6
        ));
        lines.push(format!("  memory      {:.0} MB for everything", self.memory as f64 / 1e6));
        lines.push(format!(
            "  unchanged   {}",
            if self.unchanged.all() {
                "API, stage, keys, usage plans, domain".to_owned()
            } else {
                format!("{:?}", self.unchanged)
            }
        ));
        lines.extend(self.terraform.iter().map(Plans::line));
        lines.push(format!(
            "  left        {} orphans, {} unknown to the ledger",
            self.left.orphans.len(),
            self.left.unknown_to_ledger.len()
        ));
        lines.extend(self.left.orphans.iter().take(20).map(|orphan| format!("              {orphan}")));
        lines.push(String::new());
        lines.extend(self.plan.clone());
        lines.join("\n")
    }
}

impl Switch {
    fn words(&self) -> String {
        let milliseconds =
            |value: Option<f64>, what: &str| value.map(|value| format!("; {what} {value:.0} ms")).unwrap_or_default();
        milliseconds(self.last_blue_to_first_green_ms, "last blue to first green")
            + &milliseconds(self.complete_ms, "complete after")
    }
}

impl Phase {
    fn line(&self, begin: Timestamp) -> String {
        let at = self.started_at.duration_since(begin).as_secs_f64();
        let length = self.ended_at.map_or_else(
            || "   not left".to_owned(),
            |end| format!("{:7.1} s  ", end.duration_since(self.started_at).as_secs_f64()),
        );
        format!("              {at:6.1} s {length} {:3} x {}", self.attempts, self.name)
    }
}
