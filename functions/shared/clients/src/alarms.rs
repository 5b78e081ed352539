//! Alarms, on Amazon CloudWatch
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).

use crate::{Account, error::phase_error};
use aws_sdk_cloudwatch::{
    Client,
    types::{AlarmType, StateValue},
};
use domain::{
    PhaseError,
    ports::{Alarms, alarms::AlarmState},
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
            let mut pages = client
                .describe_alarms()
                .set_alarm_names(Some(names.iter().map(ToString::to_string).collect()))
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| phase_error("reading alarms", &error))?;
                let metric = page.metric_alarms().iter().map(|alarm| (alarm.alarm_arn(), alarm.state_value()));
                let composite = page.composite_alarms().iter().map(|alarm| (alarm.alarm_arn(), alarm.state_value()));
                found.extend(
                    metric.chain(composite).filter_map(|(arn, state)| Some((arn?.to_owned(), state_of(state)))),
                );
            }
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
    //! Requests and answers: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>, as
    //! CBOR (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>).

    use super::*;
    use crate::scenario::{Answer, Scenario, answer, cbor};
    use domain::Condition;
    use serde_json::{Value, json};

    fn spoken(status: u16, body: &Value) -> Answer {
        answer(status, cbor::encoded(body)).header("smithy-protocol", "rpc-v2-cbor")
    }

    fn arn(region: &str, name: &str) -> String {
        format!("arn:aws:cloudwatch:{region}:123456789012:alarm:{name}")
    }

    fn alarm(region: &str, name: &str, state: &str) -> Value {
        json!({ "AlarmArn": arn(region, name), "AlarmName": name, "StateValue": state, "StateUpdatedTimestamp": 1_480_000_000.5 })
    }

    #[test]
    fn the_name_of_an_alarm_is_the_rest_of_its_arn() {
        assert_eq!(super::name("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx: shop"), "5xx: shop");
    }

    #[tokio::test]
    async fn alarms_are_read_page_by_page_and_told_in_the_order_asked() {
        let first = json!({
            "MetricAlarms": [alarm("eu-central-1", "5xx", "ALARM"), alarm("eu-central-1", "slow", "INSUFFICIENT_DATA")],
            "NextToken": "more",
        });
        let second = json!({
            "MetricAlarms": [alarm("eu-central-1", "elsewhere", "OK")],
            "CompositeAlarms": [alarm("eu-central-1", "shop", "OK")],
        });
        let scenario = Scenario::of([spoken(200, &first), spoken(200, &second)]);
        let arns = [
            arn("eu-central-1", "shop"),
            arn("eu-central-1", "5xx"),
            // The alarm of this name in the Lambda's own Region is another one.
            arn("us-east-1", "elsewhere"),
            arn("eu-central-1", "slow"),
        ];
        let states = scenario.account.states(&arns).await.unwrap();
        assert_eq!(states, [AlarmState::Ok, AlarmState::Alarm, AlarmState::Missing, AlarmState::InsufficientData]);

        let line = "POST /service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        assert_eq!(scenario.lines(), [line, line]);
        assert_eq!(scenario.headers("smithy-protocol"), ["rpc-v2-cbor", "rpc-v2-cbor"]);
        let mut sent = json!({ "AlarmNames": ["shop", "5xx", "elsewhere", "slow"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
        assert_eq!(cbor::decoded(&scenario.bytes(0)), sent);
        sent["NextToken"] = json!("more");
        assert_eq!(cbor::decoded(&scenario.bytes(1)), sent);
    }

    #[tokio::test]
    async fn more_alarms_than_one_call_takes_are_asked_about_in_several() {
        let scenario = Scenario::of([spoken(200, &json!({})), spoken(200, &json!({}))]);
        let arns: Vec<_> = (0..101).map(|number| arn("eu-central-1", &format!("alarm-{number}"))).collect();
        assert_eq!(scenario.account.states(&arns).await, Ok(vec![AlarmState::Missing; 101]));
        assert_eq!(cbor::decoded(&scenario.bytes(0))["AlarmNames"].as_array().unwrap().len(), 100);
        assert_eq!(cbor::decoded(&scenario.bytes(1))["AlarmNames"], json!(["alarm-100"]));
    }

    #[tokio::test]
    async fn alarms_that_cannot_be_read_are_no_missing_alarms() {
        for (status, code, condition) in [
            (400, "Throttling", Condition::Unavailable),
            (403, "AccessDenied", Condition::Denied),
            (500, "InternalFailure", Condition::Unavailable),
        ] {
            // Codes are those of the query protocol: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#x-amzn-query-error>.
            let refused = spoken(status, &json!({ "__type": "com.amazonaws.cloudwatch#Fault", "message": "no" }));
            let scenario = Scenario::of([refused.header("x-amzn-query-error", &format!("{code};Sender"))]);
            let error = scenario.account.states(&[arn("eu-central-1", "5xx")]).await.unwrap_err();
            assert_eq!((error.condition, error.message), (condition, format!("reading alarms: {code}: no")));
        }
    }
}
