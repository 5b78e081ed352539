//! Amazon CloudWatch Logs in memory.

use super::Yard;
use domain::{
    PhaseError,
    ports::{LogGroups, log_groups::LogGroup},
};

impl LogGroups for Yard {
    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>, PhaseError> {
        self.read(|grounds| grounds.log_groups.get(name).cloned())
    }

    async fn create_log_group(&self, group: &LogGroup) -> Result<(), PhaseError> {
        let name = &group.name;
        self.change(Some(format!("LogGroup {name}")), |grounds| {
            if grounds.log_groups.contains_key(name) {
                return Err(PhaseError::conflict(format!("ResourceAlreadyExistsException: {name}")));
            }
            let created = LogGroup {
                arn: format!("arn:aws:logs:eu-central-1:123456789012:log-group:{name}"),
                created_at: 1_767_225_600_000,
                retention_in_days: None,
                deletion_protection: false,
                metric_filters: 0,
                ..group.clone()
            };
            grounds.log_groups.insert(name.clone(), created);
            Ok(())
        })
    }

    async fn set_retention(&self, name: &str, days: i32) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            let group = grounds.log_groups.get_mut(name);
            let group = group.ok_or_else(|| PhaseError::refused(format!("ResourceNotFoundException: {name}")))?;
            group.retention_in_days = Some(days);
            Ok(())
        })
    }

    async fn delete_log_group(&self, name: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            if grounds.log_groups.get(name).is_some_and(|group| group.deletion_protection) {
                return Err(PhaseError::refused(format!("ValidationException: {name} is protected")));
            }
            grounds.log_groups.remove(name);
            Ok(())
        })
    }
}
