//! Amazon CloudWatch alarms.

use super::Account;
use domain::PhaseError;
use domain::ports::Alarms;
use domain::ports::alarms::AlarmState;

impl Alarms for Account {
    async fn states(&self, arns: &[String]) -> Result<Vec<AlarmState>, PhaseError> {
        self.read("cloudwatch:DescribeAlarms", |aws| {
            arns.iter().map(|arn| aws.alarms.get(arn).copied().unwrap_or(AlarmState::Ok)).collect()
        })
    }
}
