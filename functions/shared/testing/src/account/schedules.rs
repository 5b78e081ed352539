//! Amazon EventBridge Scheduler.

use super::Account;
use domain::PhaseError;
use domain::ports::Schedules;
use domain::ports::schedules::Appointment;

impl Schedules for Account {
    async fn schedule(&self, appointment: &Appointment) -> Result<(), PhaseError> {
        self.change("scheduler:CreateSchedule", |aws| {
            // The wording is of no document. That it is refused: DefangLabs/pulumi-defang#425, and getmoto/moto#8172 for a start.
            if appointment.when.time() <= aws.now() {
                return Err(PhaseError::refused("ValidationException: the time of the schedule has passed"));
            }
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
