//! One-time schedules, on Amazon EventBridge Scheduler
//! (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).

use crate::{Account, error::code, error::phase_error};
use aws_sdk_scheduler::{
    Client,
    types::{ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target},
};
use domain::{
    PhaseError,
    ports::{Schedules, approvals::Appointment},
};

/// How long Scheduler tries a target that does not answer, in seconds.
const OLDEST_EVENT: i32 = 3_600;

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
            .build()
            .map_err(|error| PhaseError::refused(error.to_string()))?;
        let at = expression(appointment.at);
        let created = client
            .create_schedule()
            .name(&appointment.name)
            .group_name(group)
            .schedule_expression(&at)
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
                .schedule_expression(at)
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

/// `at(yyyy-mm-ddThh:mm:ss)` in UTC, whole seconds
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time>).
fn expression(at: jiff::Timestamp) -> String {
    format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_one_time_schedule_is_written_in_whole_seconds_of_utc() {
        let at = "2026-11-20T13:00:00.75Z".parse().unwrap();
        assert_eq!(super::expression(at), "at(2026-11-20T13:00:00)");
    }
}
