//! Amazon CloudWatch Logs.

use super::Account;
use domain::PhaseError;
use domain::ports::{LogGroups, log_groups::LogGroup};

impl LogGroups for Account {
    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>, PhaseError> {
        self.read("logs:DescribeLogGroups", |aws| aws.log_groups.get(name).cloned())
    }

    async fn create_log_group(&self, group: &LogGroup) -> Result<(), PhaseError> {
        self.change("logs:CreateLogGroup", |aws| {
            let name = &group.name;
            if aws.log_groups.contains_key(name) {
                return Err(PhaseError::conflict(format!("ResourceAlreadyExistsException: {name}")));
            }
            aws.create("LogGroup", "", name);
            let created = LogGroup {
                arn: format!("arn:aws:logs:eu-central-1:123456789012:log-group:{name}"),
                created_at: aws.now().as_millisecond(),
                retention_in_days: None,
                deletion_protection: false,
                metric_filters: 0,
                ..group.clone()
            };
            aws.log_groups.insert(name.clone(), created);
            Ok(())
        })
    }

    async fn set_retention(&self, name: &str, days: i32) -> Result<(), PhaseError> {
        self.change("logs:PutRetentionPolicy", |aws| {
            let group = aws.log_groups.get_mut(name);
            let group = group.ok_or_else(|| PhaseError::refused(format!("ResourceNotFoundException: {name}")))?;
            group.retention_in_days = Some(days);
            Ok(())
        })
    }

    async fn delete_log_group(&self, name: &str) -> Result<(), PhaseError> {
        self.change("logs:DeleteLogGroup", |aws| {
            if aws.log_groups.get(name).is_some_and(|group| group.deletion_protection) {
                return Err(PhaseError::refused(format!("ValidationException: {name} is protected")));
            }
            aws.log_groups.remove(name);
            Ok(())
        })
    }
}
