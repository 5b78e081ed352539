//! The input of a migration: what a user pastes into the Step Functions console.

mod analysis;
mod cleanup;
mod gateways;
mod green;
mod identities;
mod marker;
mod nodes;
mod prices;
mod read;
mod schema;
pub mod terraform;
mod volumes;

pub use analysis::{Analysis, Compared};
pub use cleanup::{BlueFate, Cleanup};
pub use gateways::{Gateway, Gateways};
pub use green::Green;
pub use identities::{Identities, Irsa};
pub use marker::{Marker, MarkerPath};
pub use nodes::{NodeGroupChange, Size};
pub use prices::Price;
pub use read::Reading;
pub use volumes::Volumes;

use crate::{Duration, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest that an approval, a bake or the time before the cleanup may take. The literal `TimeoutSeconds` of the
/// token tasks is a day longer.
pub const LONGEST_WAIT: Duration = Duration::from_days(30);

/// The shortest time after which no answer may mean yes: people must have had one to say no in.
pub const SHORTEST_SILENT_YES: Duration = Duration::from_hours(1);

/// The longest that the switch as a whole may take. The guard polls while a step is watched, and this keeps the polls of
/// all steps within the 25,000 history events of an execution
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
pub const LONGEST_CUTOVER: Duration = Duration::from_days(2);

/// What the user asks for. Unknown fields are errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// The cluster that serves now.
    pub blue: Blue,
    /// The cluster that replaces it.
    pub green: Green,
    /// The API in front, or a list of those whose methods share one VPC link or load balancer.
    pub gateway: Gateways,
    /// What runs on the clusters.
    pub workloads: Workloads,
    /// What becomes of the ways by which Pods get AWS credentials.
    #[serde(default)]
    pub identities: Identities,
    /// Requests that must answer as expected through green before anything is switched.
    #[serde(default)]
    pub smoke: Vec<Smoke>,
    /// How traffic moves.
    #[serde(default)]
    pub cutover: Cutover,
    /// How long blue is kept ready after the switch, under which alarms.
    #[serde(default)]
    pub bake: Bake,
    /// How people are asked.
    #[serde(default)]
    pub approval: Approval,
    /// What becomes of green when the migration goes back.
    #[serde(default)]
    pub on_abort: OnAbort,
    /// When and how blue is deleted.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// The Terraform projects whose states are handed over after the bake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terraform: Vec<terraform::Project>,
    /// Prices that the plan's estimate goes by, instead of us-east-1's for what is bought on demand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Price>,
    /// End with the plan: nothing is created.
    #[serde(default)]
    pub dry_run: bool,
}

/// The cluster that serves now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blue {
    /// The name of the EKS cluster.
    #[schemars(length(min = 1, max = 100), regex(pattern = "^[0-9A-Za-z][A-Za-z0-9_-]*$"))]
    pub cluster: String,
    /// The authentication mode that blue gets where it has `CONFIG_MAP`, in which Bascule cannot reach it. EKS lets no cluster come back from there,
    /// and a way back leaves it so; without this such a cluster is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AuthenticationMode")]
    pub authentication_mode: Option<AuthenticationMode>,
}

/// An authentication mode that blue may be moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AuthenticationMode {
    /// Access entries, and the ConfigMap `aws-auth` beside them.
    #[serde(rename = "API_AND_CONFIG_MAP")]
    ApiAndConfigMap,
}

/// What runs on the clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workloads {
    /// Rendered Kustomize, multi-document YAML in S3, applied in this order.
    #[schemars(length(min = 1), inner(regex(pattern = "^s3://[^/]+/.+$")))]
    pub manifests: Vec<String>,
    /// The hosts of the routes, and what they are called while green is qualified.
    #[serde(default)]
    pub hosts: Vec<Host>,
    /// Workloads that must run in one cluster only, as `Kind/namespace/name`, or `Kind/name` without a namespace.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){1,2}$")))]
    pub hold: Vec<String>,
    /// Workloads that work unasked and that may run in both clusters at once, in the same way.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){1,2}$")))]
    pub run: Vec<String>,
    /// What names blue in the manifests, as a word of its own, and what it becomes on green; the same, where it means something else.
    #[serde(default)]
    pub replace: Vec<Replacement>,
    /// Objects whose fields are taken from other field managers that set them on green, as `Kind/namespace/name` or `Kind/name`: a conflict
    /// over any other object ends the apply and names the manager.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){1,2}$")))]
    pub force_conflicts: Vec<String>,
    /// What of blue is in no bundle and stays behind: objects as `Kind/namespace/name` or `Kind/name`, all of a namespace as
    /// `Namespace/name`, all of a kind as `Kind`.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^[A-Z][A-Za-z0-9]*(/[^/]+){0,2}$")))]
    pub leave: Vec<String>,
    /// What becomes of the volumes that the bundles' objects ask for; what is not named is refused.
    #[serde(default)]
    pub volumes: Volumes,
}

/// A word of the manifests that names blue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replacement {
    /// As the manifests have it.
    #[schemars(length(min = 1, max = 253))]
    pub blue: String,
    /// As green gets it.
    #[schemars(length(min = 1, max = 253))]
    pub green: String,
}

/// One host of the routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Host {
    /// As production knows it.
    #[schemars(length(min = 1, max = 253))]
    pub primary: String,
    /// As the people who qualify green know it: a DNS name.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$")
    )]
    pub temporary: String,
}

/// A request that must answer as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Smoke {
    /// The path below the stage, with a leading slash.
    #[schemars(regex(pattern = "^/"))]
    pub path: String,
    /// The REST API that it is sent to; the API is to be named where `gateway` has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub rest_api_id: Option<String>,
    /// The HTTP API that it is sent to; the API is to be named where `gateway` has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub http_api_id: Option<String>,
    /// The HTTP status that it must answer.
    #[serde(default = "ok")]
    #[schemars(range(min = 100, max = 599))]
    pub expect: u16,
}

impl Smoke {
    /// Whether it is sent to the API of this id.
    #[must_use]
    pub fn is_of(&self, api: &str) -> bool {
        self.api().is_none_or(|(_, id)| id == api)
    }

    /// The API, by the field that names it.
    fn api(&self) -> Option<(&'static str, &str)> {
        gateways::named(self.rest_api_id.as_ref(), self.http_api_id.as_ref())
    }
}

/// How traffic moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cutover {
    /// Percentages of the traffic that green gets, rising, the last one 100. Straight is `[100]`.
    #[schemars(length(min = 1, max = 20), inner(range(min = 1, max = 100)))]
    pub steps: Vec<u8>,
    /// How long each step is watched.
    pub step_duration: Duration,
    /// The longest that the whole switch may take, at most 2 days.
    pub deadline: Duration,
    /// ARNs of CloudWatch alarms that must stay OK while traffic moves.
    pub alarms: Vec<String>,
    /// Whether green is compared with blue.
    pub analysis: Analysis,
    /// What tells the clusters' answers apart; with it a step counts as done only when its answers show that it has reached the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<Marker>,
}

/// How long blue is kept ready after the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Bake {
    /// How long, at most 30 days.
    pub duration: Duration,
    /// ARNs of CloudWatch alarms that break it.
    pub alarms: Vec<String>,
}

/// How people are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Approval {
    /// How long an answer is awaited, at most 30 days; at least an hour where no answer means yes.
    pub timeout: Duration,
    /// What no answer means.
    pub on_timeout: OnTimeout,
    /// How many people must say yes; one no is enough.
    #[schemars(range(min = 1, max = 10))]
    pub approvers: u32,
}

/// What no answer in time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnTimeout {
    /// As if people had said no.
    #[default]
    Abort,
    /// As if people had said yes.
    Approve,
}

/// What becomes of green when the migration goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnAbort {
    /// Everything that Bascule created is deleted.
    #[default]
    Delete,
    /// Green stays, without production traffic.
    Keep,
}

const fn ok() -> u16 {
    200
}

impl Default for Cutover {
    fn default() -> Self {
        Self {
            steps: vec![100],
            step_duration: Duration::from_mins(5),
            deadline: Duration::from_hours(4),
            alarms: Vec::new(),
            analysis: Analysis::default(),
            marker: None,
        }
    }
}

impl Default for Bake {
    fn default() -> Self {
        Self { duration: Duration::from_days(1), alarms: Vec::new() }
    }
}

impl Default for Approval {
    fn default() -> Self {
        Self { timeout: Duration::from_days(7), on_timeout: OnTimeout::Abort, approvers: 1 }
    }
}

impl Input {
    /// Reads the input.
    ///
    /// # Errors
    /// Every problem at once, each with its JSON path.
    pub fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        read::input(value)
    }

    /// Every alarm that guards the migration, each once.
    #[must_use]
    pub fn guards(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.cutover.alarms.iter().chain(&self.bake.alarms).collect();
        all.into_iter().cloned().collect()
    }

    /// The longest that a cleanup can take from the start of its machine, which people may start again: what its locks must last for.
    #[must_use]
    pub fn longest_cleanup(&self) -> Duration {
        let approval = if self.cleanup.approval { self.approval.timeout.as_secs() } else { 0 };
        Duration::from_secs(approval + Duration::from_days(1).as_secs())
    }

    /// The longest that the migration can take from its start to the end of its first cleanup; the expiry of its locks.
    #[must_use]
    pub fn longest_total(&self) -> Duration {
        let building = Duration::from_days(1).as_secs();
        Duration::from_secs(
            building
                + self.approval.timeout.as_secs()
                + self.cutover.deadline.as_secs()
                + self.bake.duration.as_secs()
                + self.cleanup.after.as_secs()
                + self.longest_cleanup().as_secs(),
        )
    }
}
