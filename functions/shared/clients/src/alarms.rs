//! Alarms, on Amazon CloudWatch
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).

use crate::{Account, error::phase_error};
use aws_sdk_cloudwatch::{
    Client,
    types::{AlarmType, StateValue},
};
use domain::{
    PhaseError,
    ports::{Alarms, approvals::AlarmState},
};
use std::collections::HashMap;

/// `DescribeAlarms` takes at most 100 names.
const NAMES: usize = 100;

impl Alarms for Account {
    async fn states(&self, arns: &[String]) -> Result<Vec<AlarmState>, PhaseError> {
        let client = Client::new(self.config());
        let names: Vec<&str> = arns.iter().map(|arn| name(arn)).collect();
        let mut found: HashMap<String, AlarmState> = HashMap::new();
        for names in names.chunks(NAMES) {
            let answer = client
                .describe_alarms()
                .set_alarm_names(Some(names.iter().map(ToString::to_string).collect()))
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .send()
                .await
                .map_err(|error| phase_error("reading alarms", &error))?;
            let metric = answer.metric_alarms().iter().map(|alarm| (alarm.alarm_arn(), alarm.state_value()));
            let composite = answer.composite_alarms().iter().map(|alarm| (alarm.alarm_arn(), alarm.state_value()));
            found.extend(metric.chain(composite).filter_map(|(arn, state)| Some((arn?.to_owned(), state_of(state)))));
        }
        // By ARN and not by name: an alarm of that name in another account or Region is another alarm.
        Ok(arns.iter().map(|arn| found.get(arn).copied().unwrap_or(AlarmState::Missing)).collect())
    }
}

fn name(arn: &str) -> &str {
    arn.splitn(7, ':').nth(6).unwrap_or(arn)
}

const fn state_of(state: Option<&StateValue>) -> AlarmState {
    match state {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        _ => AlarmState::InsufficientData,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_name_of_an_alarm_is_the_rest_of_its_arn() {
        assert_eq!(super::name("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx: shop"), "5xx: shop");
    }
}
