//! The callers of this function: the state machine, the bake's schedules, or EventBridge with an alarm
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>).

use crate::{bake, guard, sight};
use domain::{
    Invocation, MigrationId, Outcome, PhaseError, Step as _, TaskToken,
    answered::answered,
    ports::{Alarms, Approvals, Clock, Kubernetes, Ledger, Messages, Migrations, Schedules, Settings, Stages, Tokens},
};
use serde::Deserialize;

/// An event of this function.
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
    /// `CloudWatch Alarm State Change` or `CloudWatch Alarm Configuration Change`.
    #[serde(rename = "detail-type")]
    pub detail_type: String,
    /// The alarm's ARN.
    pub resources: Vec<String>,
    /// The alarm's state or configuration.
    #[serde(default)]
    pub detail: serde_json::Value,
}

impl AlarmEvent {
    /// Whether the event itself says that the alarm is not OK: that counts even where the alarm is OK again by now.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.detail_type == "CloudWatch Alarm State Change" && self.detail["state"]["value"] != "OK"
    }
}

/// The call of a schedule of the bake.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The migration.
    pub migration_id: MigrationId,
    /// Always `bake`.
    pub watch: String,
}

/// The state machine's call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// The migration.
    pub migration_id: MigrationId,
    /// The state of the machine: a [`Step`].
    pub step: Option<String>,
    /// The token of the waiting state, for `bake` only.
    pub task_token: Option<TaskToken>,
}

/// The states of the migrate machine that run this function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Step {
    /// Watches one step of the switch.
    Guard,
    /// Begins the bake, and lets the state wait for its end.
    Bake,
}

/// The ports of this function.
pub trait Ports:
    Ledger + Migrations + Alarms + Approvals + Schedules + Tokens + Messages + Stages + Kubernetes + Settings + Clock
{
}

impl<T> Ports for T where
    T: Ledger
        + Migrations
        + Alarms
        + Approvals
        + Schedules
        + Tokens
        + Messages
        + Stages
        + Kubernetes
        + Settings
        + Clock
{
}

/// Handles one event.
///
/// # Errors
/// `InvalidInput` for a step that is not a [`Step`] or lacks its task token, and the errors of the guard and the bake.
pub async fn handle<P: Ports>(ports: &P, event: Event, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let now = ports.now();
    match event {
        Event::Alarm(alarm) => alarms(ports, &alarm, &invocation, now).await,
        Event::Watch(call) => {
            let (_, migration) = ports.load(&call.migration_id, invocation.deadline).await?;
            // Boxed: what two clusters are read with is large.
            let look = Box::pin(sight::see(ports, &migration));
            bake::watch(ports, &migration, look, now).await
        }
        Event::State(state) => match (Step::read(state.step.as_deref())?, state.task_token) {
            (Step::Guard, None) => {
                let (_, migration) = ports.load(&state.migration_id, invocation.deadline).await?;
                let edge = &migration.plan.edge;
                let found = ports.stage(&edge.api.id, &edge.stage.name).await?;
                guard::converge(ports, &migration, found.as_ref(), now).await
            }
            (Step::Bake, Some(token)) => {
                let begun = async {
                    let (_, migration) = ports.load(&state.migration_id, invocation.deadline).await?;
                    bake::begin(ports, &migration, token.clone(), &ports.observe_arn()?, now).await
                };
                answered(ports, &token, begun.await).await
            }
            (Step::Guard, Some(_)) => {
                Err(PhaseError::invalid_input("$.taskToken: the guard does not wait for an answer"))
            }
            (Step::Bake, None) => Err(PhaseError::invalid_input("$.taskToken: missing; the bake waits for its end")),
        },
    }
}

async fn alarms<P: Ports>(
    ports: &P,
    event: &AlarmEvent,
    invocation: &Invocation,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let mut watchers = 0_u32;
    for arn in &event.resources {
        for id in ports.watchers(arn).await? {
            let (_, migration) = ports.load(&id, invocation.deadline).await?;
            bake::alarm(ports, &migration, arn, event.fired(), now).await?;
            watchers += 1;
        }
    }
    Ok(Outcome::done().with("watchers", watchers))
}
