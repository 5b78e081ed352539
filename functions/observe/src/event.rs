//! Who calls: the state machine, the bake's schedules, or EventBridge with an alarm
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>).

use crate::{bake, guard, sight};
use clients::{Account, Invocation, token};
use domain::{
    MigrationId, Outcome, PhaseError,
    ports::{Approvals, Stages, approvals::TaskToken},
};
use serde::Deserialize;

/// What may come.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// An alarm changed its state or its configuration.
    Alarm(AlarmEvent),
    /// A schedule of the bake.
    Watch(Watch),
    /// A state of the machine.
    State(State),
}

/// An event of CloudWatch.
#[derive(Debug, Deserialize)]
pub struct AlarmEvent {
    /// What happened.
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    /// The alarm's ARN.
    pub resources: Vec<String>,
    /// What it is now.
    #[serde(default)]
    pub detail: serde_json::Value,
}

impl AlarmEvent {
    /// Whether the event itself says that the alarm left OK: it counts even where the alarm is OK again by now.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.detail_type == "CloudWatch Alarm State Change" && self.detail["state"]["value"] != "OK"
    }
}

/// The schedule's call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// Which migration.
    pub migration_id: MigrationId,
    /// Always `bake`.
    pub watch: String,
}

/// The state machine's call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// Which migration.
    pub migration_id: MigrationId,
    /// Always "converge".
    #[serde(default)]
    pub direction: domain::Direction,
    /// `guard` or `bake`.
    pub step: String,
    /// What waits, for `bake`.
    pub task_token: Option<TaskToken>,
}

/// Handles one event.
///
/// # Errors
/// Whatever the guard or the bake answer.
pub async fn handle(account: &Account, event: Event, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let now = jiff::Timestamp::now();
    match event {
        Event::Alarm(alarm) => alarms(account, &alarm, &invocation, now).await,
        Event::Watch(call) => {
            let (_, migration) = account.load(&call.migration_id, &call.watch, invocation.deadline).await?;
            // Boxed: what two clusters are read with is large.
            let look = Box::pin(sight::see(account, &migration));
            bake::watch(account, &migration, look, now).await
        }
        Event::State(state) => {
            let (_, migration) = account.load(&state.migration_id, &state.step, invocation.deadline).await?;
            match (state.step.as_str(), state.task_token) {
                ("guard", None) => {
                    let edge = &migration.plan.edge;
                    let found = account.stage(&edge.api.id, &edge.stage.name).await?;
                    guard::converge(account, &migration, found.as_ref(), now).await
                }
                ("bake", Some(token)) => {
                    let observe = account.setting("BASCULE_OBSERVE_ARN")?;
                    let begun = bake::begin(account, &migration, token.clone(), observe, now).await;
                    token::answered(account, &token, begun).await
                }
                (step, _) => Err(PhaseError::invalid_input(format!(
                    "$.step: found {step:?}, expected guard, or bake with a task token"
                ))),
            }
        }
    }
}

async fn alarms(
    account: &Account,
    event: &AlarmEvent,
    invocation: &Invocation,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let mut watchers = 0_u32;
    for arn in &event.resources {
        for id in account.watchers(arn).await? {
            let (_, migration) = account.load(&id, "bake", invocation.deadline).await?;
            bake::alarm(account, &migration, arn, event.fired(), now).await?;
            watchers += 1;
        }
    }
    Ok(Outcome::done().with("watchers", watchers))
}
