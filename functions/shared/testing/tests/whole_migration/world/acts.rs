//! What comes from outside of the machines: events, schedules and people.

use super::World;
use crate::people::{Letter, Visit};
use crate::ways::{ALARM, Outside};
use domain::ports::alarms::AlarmState;
use domain::ports::schedules::{Appointment, When};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testing::states::Status;

/// What is about to happen.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// An asynchronous invocation, tried this often before.
    Invoke { function: &'static str, payload: Value, tries: u32 },
    /// Somebody visits the approval page.
    Visit { letter: Letter, visit: Visit },
    /// The alarm fires.
    Alarm,
    /// Somebody starts the rollback machine.
    Rollback,
    /// Somebody starts the cleanup machine.
    Cleanup,
    /// Somebody answers every task token with a yes.
    AnswerTokens,
    /// Somebody stops the migrate execution.
    Stop,
    /// Somebody starts another migration.
    Another,
}

impl World<'_> {
    /// The status rule of infra/template.yaml.
    pub(super) fn rule(&self) -> Option<Status> {
        // EventBridge delivers with best effort.
        if self.way.outside == Outside::StoppedUnheard {
            return None;
        }
        let status = self.machines.status(self.id.as_str()).ok()?;
        let failed = matches!(status, Status::Failed | Status::TimedOut | Status::Aborted);
        (failed && !self.rule_has_run).then_some(status)
    }

    /// The rule of infra/template.yaml for every end: an execution of whose end it has not told yet, with the event
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>).
    pub(super) fn unheard(&self) -> Option<(String, Value)> {
        let lost = |arn: &str| self.way.outside == Outside::StoppedUnheard && arn == self.id.as_str();
        let mut ended = self.machines.ended().into_iter();
        let (arn, status, input) = ended.find(|(arn, ..)| !self.heard.contains(arn) && !lost(arn))?;
        let machine = arn.rsplit(':').nth(1).unwrap_or_default().trim_end_matches("Machine").to_lowercase();
        let event = json!({
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": arn,
                "stateMachineArn": format!("arn:aws:states:eu-central-1:123456789012:stateMachine:bascule-{machine}"),
                "status": status.name(),
                "input": input.to_string(),
            },
        });
        Some((arn, event))
    }

    pub(super) fn start(&mut self, machine: &str, input: Value) {
        self.started += 1;
        let name = format!("{machine}-{}", self.started);
        self.machines.start_execution(machine, &name, input).unwrap();
    }

    /// The schedule that calls next.
    pub(super) fn next_schedule(&self) -> Option<(Timestamp, Appointment)> {
        let aws = self.account.aws();
        let times = aws.schedules.values().filter_map(|schedule| {
            let at = match schedule.when {
                When::At(at) => at,
                When::Every { .. } => *self.ticks.get(&schedule.name)?,
            };
            Some((at, schedule.clone()))
        });
        times.min_by_key(|(at, _)| *at)
    }

    pub(super) async fn fire(&mut self, schedule: Appointment) {
        let now = self.account.aws().now();
        match schedule.when {
            When::Every { minutes, until, .. } if now < until => {
                self.ticks.insert(schedule.name, now + SignedDuration::from_mins(i64::from(minutes)));
            }
            // `ActionAfterCompletion: DELETE`.
            When::At(_) | When::Every { .. } => {
                self.account.aws().schedules.remove(&schedule.name);
            }
        }
        let function = match schedule.target_arn.rsplit(':').next() {
            Some("bascule-cleanup") => return self.start("CleanupMachine", schedule.input),
            Some("bascule-decide") => "Decide",
            Some("bascule-observe") => "Observe",
            other => panic!("a schedule calls {other:?}"),
        };
        self.carry_out(Act::Invoke { function, payload: schedule.input, tries: 0 }).await;
    }

    pub(super) async fn carry_out(&mut self, act: Act) {
        match act {
            Act::Invoke { function, payload, tries } => {
                let (answer, _) = self.run(function, payload.clone()).await;
                // Twice again, after one and two minutes
                // (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
                if answer.is_err() && tries < 2 {
                    let again = Act::Invoke { function, payload, tries: tries + 1 };
                    self.plan(SignedDuration::from_mins(i64::from(tries) + 1), again);
                } else if answer.is_err() {
                    self.witness.dead_letters += 1;
                }
            }
            Act::Visit { letter, visit } => {
                let (answer, _) = self.run("Decide", visit.event(&letter)).await;
                let answer = answer.unwrap_or_else(|_| json!({ "statusCode": 502 }));
                let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
                let page = answer["body"].as_str().unwrap_or_default();
                self.witness.shown.insert(page.to_owned());
                if let Some(visit) = visit.next(status.unwrap_or(502), page) {
                    self.plan(SignedDuration::from_mins(1), Act::Visit { letter, visit });
                }
            }
            Act::Alarm => {
                self.account.aws().alarms.insert(ALARM.to_owned(), AlarmState::Alarm);
                let event = json!({
                    "detail-type": "CloudWatch Alarm State Change",
                    "resources": [ALARM],
                    "detail": { "state": { "value": "ALARM" } },
                });
                self.plan(SignedDuration::from_secs(1), Act::Invoke { function: "Observe", payload: event, tries: 0 });
            }
            Act::Rollback => self.start("RollbackMachine", json!({ "migrationId": self.id, "reason": "Requested" })),
            Act::Cleanup => self.start("CleanupMachine", json!({ "migrationId": self.id })),
            Act::AnswerTokens => {
                for token in self.machines.open_tokens() {
                    self.machines.send_task_success(&token, json!({ "decision": "approved" })).unwrap();
                }
            }
            Act::Stop => self.machines.stop_execution(self.id.as_str(), None, None).unwrap(),
            Act::Another => {
                let mut input = self.way.input.clone();
                input["green"]["cluster"] = json!("shop-other");
                self.start("MigrateMachine", input);
            }
        }
    }
}
