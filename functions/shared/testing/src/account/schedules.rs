//! Amazon EventBridge Scheduler.

use super::Account;
use domain::PhaseError;
use domain::ports::Schedules;
use domain::ports::schedules::Appointment;

impl Schedules for Account {
    async fn schedule(&self, appointment: &Appointment) -> Result<(), PhaseError> {
        self.change("scheduler:CreateSchedule", |aws| {
            aws.schedules.insert(appointment.name.clone(), appointment.clone());
            Ok(())
        })
    }

    async fn unschedule(&self, name: &str) -> Result<(), PhaseError> {
        self.change("scheduler:DeleteSchedule", |aws| {
            aws.schedules.remove(name);
            Ok(())
        })
    }
}
