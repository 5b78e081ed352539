//! The callers of this function: the state machine, schedules, or EventBridge with an alarm
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>) or an execution that ended
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>).

use crate::{bake, ending, execution, guard, reminder, sight, way_back};
use domain::{
    Direction, Invocation, MigrationId, Outcome, PhaseError, Step as _, TaskToken,
    answered::answered,
    approval::Question,
    ended::Ended,
    ports::{
        Alarms, Approvals, Clock, Executions, Kubernetes, Ledger, Messages, Metrics, Migrations, Probes, Schedules,
        Settings, Signatures, Stages, TargetGroups, Tokens, UsagePlans, VpcLinks,
    },
};
use serde::Deserialize;

/// An event of this function.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// An alarm changed its state or its configuration.
    Alarm(AlarmEvent),
    /// An execution of one of Bascule's machines ended.
    Ended(ExecutionEvent),
    /// A schedule of the migration or of its bake.
    Watch(Watch),
    /// A state of the machine.
    State(State),
}

/// An event of CloudWatch.
#[derive(Debug, Deserialize)]
pub struct AlarmEvent {
    /// What changed.
    #[serde(rename = "detail-type")]
    pub detail_type: AlarmChange,
    /// The alarm's ARN.
    pub resources: Vec<String>,
    /// The alarm's state or configuration.
    #[serde(default)]
    pub detail: serde_json::Value,
}

/// What changed of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum AlarmChange {
    /// Its state.
    #[serde(rename = "CloudWatch Alarm State Change")]
    State,
    /// Its configuration; it may have been deleted.
    #[serde(rename = "CloudWatch Alarm Configuration Change")]
    Configuration,
}

/// An event of Step Functions.
#[derive(Debug, Deserialize)]
pub struct ExecutionEvent {
    /// What changed.
    #[serde(rename = "detail-type")]
    pub detail_type: ExecutionChange,
    /// How the execution ended.
    pub detail: Ended,
}

/// What changed of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ExecutionChange {
    /// Its status.
    #[serde(rename = "Step Functions Execution Status Change")]
    Status,
}

impl AlarmEvent {
    /// Whether the event itself says that the alarm is not OK: that counts even where the alarm is OK again by now.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.detail_type == AlarmChange::State && self.detail["state"]["value"] != "OK"
    }
}

/// The call of a schedule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The migration.
    pub migration_id: MigrationId,
    /// At what it looks.
    pub watch: Watched,
    /// Of which question people are reminded.
    #[serde(default)]
    pub question: Option<Question>,
    /// The number of that question.
    #[serde(default)]
    pub number: Option<u32>,
}

/// At what a schedule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// The bake.
    Bake,
    /// The execution of the migration.
    Execution,
    /// The way back, from the end of the bake on.
    WayBack,
    /// Whether people have answered.
    Reminder,
}

/// The state machine's call.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// The migration.
    pub migration_id: MigrationId,
    /// Always "converge", as in the payload of every phase.
    #[serde(default)]
    pub direction: Direction,
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
    Ledger
    + Migrations
    + Alarms
    + Approvals
    + Schedules
    + Tokens
    + Executions
    + Messages
    + Metrics
    + Stages
    + Kubernetes
    + TargetGroups
    + VpcLinks
    + UsagePlans
    + Probes
    + Settings
    + Signatures
    + Clock
{
}

impl<T> Ports for T where
    T: Ledger
        + Migrations
        + Alarms
        + Approvals
        + Schedules
        + Tokens
        + Executions
        + Messages
        + Metrics
        + Stages
        + Kubernetes
        + TargetGroups
        + VpcLinks
        + UsagePlans
        + Probes
        + Settings
        + Signatures
        + Clock
{
}

/// Handles one event. An error also fails the task that waits, where one does.
///
/// # Errors
/// `InvalidInput` for a step that is not a [`Step`] or lacks its task token, and the errors of the guard and the bake.
pub async fn handle<P: Ports>(ports: &P, event: Event, invocation: Invocation) -> Result<Outcome, PhaseError> {
    let now = ports.now();
    match event {
        Event::Alarm(alarm) => alarms(ports, &alarm, &invocation, now).await,
        Event::Ended(event) => ending::tell(ports, &event.detail, invocation.deadline).await,
        Event::Watch(call) => {
            let (meta, migration) = ports.load(&call.migration_id, invocation.deadline).await?;
            // Boxed: what two clusters are read with is large.
            match call.watch {
                Watched::Execution => execution::look(ports, &migration, now).await,
                Watched::WayBack => Box::pin(way_back::watch(ports, &meta, &migration, now)).await,
                Watched::Reminder => {
                    reminder::remind(ports, &meta, &migration, (call.question, call.number), now).await
                }
                Watched::Bake => {
                    let look = Box::pin(sight::see(ports, &migration, now));
                    bake::watch(ports, &migration, look, now).await
                }
            }
        }
        Event::State(state) => {
            let token = state.task_token.clone();
            let outcome = called(ports, state, &invocation, now).await;
            match token {
                Some(token) => answered(ports, &token, outcome).await,
                None => outcome,
            }
        }
    }
}

async fn called<P: Ports>(
    ports: &P,
    state: State,
    invocation: &Invocation,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    match (Step::read(state.step.as_deref())?, state.task_token) {
        (Step::Guard, None) => {
            let (_, migration) = ports.load(&state.migration_id, invocation.deadline).await?;
            let stages = sight::stages(ports, &migration).await?;
            Box::pin(guard::converge(ports, &migration, &stages, now)).await
        }
        (Step::Bake, Some(token)) => {
            let (_, migration) = ports.load(&state.migration_id, invocation.deadline).await?;
            bake::begin(ports, &migration, token, &ports.observe_arn()?, now).await
        }
        (Step::Guard, Some(_)) => Err(PhaseError::invalid_input("$.taskToken: the guard does not wait for an answer")),
        (Step::Bake, None) => Err(PhaseError::invalid_input("$.taskToken: missing; the bake waits for its end")),
    }
}

/// A migration that cannot be read or told does not keep the alarm from the others; its error is the answer in the end, so that
/// Lambda tries the event again.
async fn alarms<P: Ports>(
    ports: &P,
    event: &AlarmEvent,
    invocation: &Invocation,
    now: jiff::Timestamp,
) -> Result<Outcome, PhaseError> {
    let (mut watchers, mut failed) = (0_u32, None);
    for arn in &event.resources {
        for id in ports.watchers(arn).await? {
            let told = async {
                let (_, migration) = ports.load(&id, invocation.deadline).await?;
                bake::alarm(ports, &migration, arn, event.fired(), now).await
            };
            match told.await {
                Ok(_) => watchers += 1,
                Err(error) => {
                    tracing::error!(%error, migration = %id, alarm = %arn, "a migration was not told of its alarm");
                    failed = Some(failed.unwrap_or(error));
                }
            }
        }
    }
    failed.map_or_else(|| Ok(Outcome::done().with("watchers", watchers)), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payloads_of_guard_and_bake_are_read_as_calls_of_a_state() {
        for payload in [
            serde_json::json!({ "migrationId": "arn", "direction": "converge", "step": "guard" }),
            serde_json::json!({ "migrationId": "arn", "direction": "converge", "step": "bake", "taskToken": "t" }),
        ] {
            assert!(matches!(serde_json::from_value(payload.clone()), Ok(Event::State(_))), "{payload}");
        }
    }
}
