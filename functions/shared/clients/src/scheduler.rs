//! Schedules, on Amazon EventBridge Scheduler
//! (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).

use crate::{Account, error::code, error::phase_error};
use aws_sdk_scheduler::{
    Client,
    primitives::DateTime,
    types::{ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target},
};
use domain::{
    PhaseError,
    ports::{
        Schedules,
        schedules::{Appointment, When},
    },
};

/// How long Scheduler tries a target that does not answer, in seconds: as long as it can. What it gives up is kept in a queue.
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html>
const OLDEST_EVENT: i32 = 86_400;

impl Schedules for Account {
    async fn schedule(&self, appointment: &Appointment) -> Result<(), PhaseError> {
        let client = Client::new(self.config());
        let group = self.setting("BASCULE_SCHEDULE_GROUP")?;
        let window = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| PhaseError::refused(error.to_string()))?;
        let target = Target::builder()
            .arn(&appointment.target_arn)
            .role_arn(self.setting("BASCULE_SCHEDULE_ROLE_ARN")?)
            .input(appointment.input.to_string())
            .retry_policy(RetryPolicy::builder().maximum_event_age_in_seconds(OLDEST_EVENT).build())
            .dead_letter_config(DeadLetterConfig::builder().arn(self.setting("BASCULE_DEAD_LETTERS_ARN")?).build())
            .build()
            .map_err(|error| PhaseError::refused(error.to_string()))?;
        let (expression, span) = (expression(appointment.when), span(appointment.when));
        let (start, end) = span.unzip();
        let created = client
            .create_schedule()
            .name(&appointment.name)
            .group_name(group)
            .schedule_expression(&expression)
            .set_start_date(start)
            .set_end_date(end)
            .flexible_time_window(window.clone())
            .target(target.clone())
            .action_after_completion(ActionAfterCompletion::Delete)
            .send()
            .await;
        match created {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == "ConflictException" => client
                .update_schedule()
                .name(&appointment.name)
                .group_name(group)
                .schedule_expression(expression)
                .set_start_date(start)
                .set_end_date(end)
                .flexible_time_window(window)
                .target(target)
                .action_after_completion(ActionAfterCompletion::Delete)
                .send()
                .await
                .map(|_| ())
                .map_err(|error| phase_error("moving a schedule", &error)),
            Err(error) => Err(phase_error("creating a schedule", &error)),
        }
    }

    async fn unschedule(&self, name: &str) -> Result<(), PhaseError> {
        let group = self.setting("BASCULE_SCHEDULE_GROUP")?;
        match Client::new(self.config()).delete_schedule().name(name).group_name(group).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == "ResourceNotFoundException" => Ok(()),
            Err(error) => Err(phase_error("deleting a schedule", &error)),
        }
    }
}

/// `at(yyyy-mm-ddThh:mm:ss)` in UTC, whole seconds, or `rate(…)`
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).
fn expression(when: When) -> String {
    match when {
        When::At(at) => format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S")),
        When::Every { minutes: 1, .. } => "rate(1 minute)".to_owned(),
        When::Every { minutes, .. } => format!("rate({minutes} minutes)"),
    }
}

/// When a schedule that repeats begins and ends; a one-time schedule takes neither.
fn span(when: When) -> Option<(DateTime, DateTime)> {
    match when {
        When::At(_) => None,
        When::Every { from, until, .. } => {
            Some((DateTime::from_secs(from.as_second()), DateTime::from_secs(until.as_second())))
        }
    }
}

#[cfg(test)]
mod tests {
    //! Requests and errors: <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>,
    //! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html>,
    //! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteSchedule.html>.

    use super::*;
    use crate::scenario::{Scenario, answer, fault};
    use domain::Condition;
    use serde_json::json;

    const ARN: &str = r#"{"ScheduleArn":"arn:aws:scheduler:us-west-2:123456789012:schedule/bascule/end-of-bake"}"#;

    fn appointment() -> Appointment {
        Appointment {
            name: "end-of-bake".to_owned(),
            when: When::At("2026-11-20T13:00:00.75Z".parse().unwrap()),
            target_arn: "arn:aws:lambda:us-west-2:123456789012:function:bascule-observe:live".to_owned(),
            input: json!({ "step": "bake" }),
        }
    }

    #[tokio::test]
    async fn a_schedule_is_of_whole_seconds_runs_once_and_is_moved_where_it_exists() {
        let exists = fault(409, "ConflictException", "Schedule end-of-bake already exists.");
        let scenario = Scenario::of([answer(200, ARN), exists, answer(200, ARN)]);
        assert_eq!(scenario.account.schedule(&appointment()).await, Ok(()));
        assert_eq!(scenario.account.schedule(&appointment()).await, Ok(()));

        let (create, update) = ("POST /schedules/end-of-bake", "PUT /schedules/end-of-bake");
        assert_eq!(scenario.lines(), [create, create, update]);
        for index in 0..3 {
            let mut sent = scenario.json(index);
            assert!(sent["ClientToken"].take().is_string());
            let expected = json!({
                "ActionAfterCompletion": "DELETE",
                "ClientToken": null,
                "FlexibleTimeWindow": { "Mode": "OFF" },
                "GroupName": "bascule",
                // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time
                "ScheduleExpression": "at(2026-11-20T13:00:00)",
                "Target": {
                    "Arn": "arn:aws:lambda:us-west-2:123456789012:function:bascule-observe:live",
                    "RoleArn": "arn:aws:iam::123456789012:role/bascule-schedule",
                    "Input": r#"{"step":"bake"}"#,
                    "RetryPolicy": { "MaximumEventAgeInSeconds": 86400 },
                    "DeadLetterConfig": { "Arn": "arn:aws:sqs:us-west-2:123456789012:bascule-dead-letters" },
                },
            });
            assert_eq!(sent, expected);
        }
    }

    #[tokio::test]
    async fn a_schedule_that_is_gone_is_deleted() {
        let gone = fault(404, "ResourceNotFoundException", "Schedule end-of-bake does not exist.");
        let scenario = Scenario::of([answer(200, "{}"), gone]);
        assert_eq!(scenario.account.unschedule("end-of-bake").await, Ok(()));
        assert_eq!(scenario.account.unschedule("end-of-bake").await, Ok(()));
        let line = &scenario.lines()[0];
        assert!(line.starts_with("DELETE /schedules/end-of-bake?") && line.contains("groupName=bascule"), "{line}");
    }

    #[tokio::test]
    async fn what_scheduler_refuses_is_told_by_its_condition() {
        for (status, code, condition) in [
            (429, "ThrottlingException", Condition::Unavailable),
            (500, "InternalServerException", Condition::Unavailable),
            (403, "AccessDeniedException", Condition::Denied),
            (402, "ServiceQuotaExceededException", Condition::Refused),
            (400, "ValidationException", Condition::Refused),
        ] {
            let scenario = Scenario::of([fault(status, code, "no"), fault(status, code, "no")]);
            assert_eq!(scenario.account.schedule(&appointment()).await.unwrap_err().condition, condition, "{code}");
            assert_eq!(scenario.account.unschedule("x").await.unwrap_err().condition, condition, "{code}");
        }
    }

    #[tokio::test]
    async fn a_schedule_that_repeats_has_a_beginning_and_an_end() {
        let (from, until) = ("2026-11-20T13:00:00.75Z".parse().unwrap(), "2026-11-21T13:00:00.75Z".parse().unwrap());
        for (minutes, rate) in [(1, "rate(1 minute)"), (5, "rate(5 minutes)")] {
            let watch = Appointment { when: When::Every { minutes, from, until }, ..appointment() };
            let scenario = Scenario::of([answer(200, ARN)]);
            assert_eq!(scenario.account.schedule(&watch).await, Ok(()));
            let sent = scenario.json(0);
            // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
            assert_eq!(sent["ScheduleExpression"], rate);
            assert_eq!((&sent["StartDate"], &sent["EndDate"]), (&json!(1_795_179_600), &json!(1_795_266_000)));
        }
    }
}
