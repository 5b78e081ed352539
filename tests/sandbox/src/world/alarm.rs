//! The alarm that watches the shop, and what happens when it changes.

use http::Method;
use serde_json::json;

use crate::aws::{ACCOUNT, Aws, REGION};
use crate::error::{Context, Result};

/// The alarm's name.
pub const NAME: &str = "shop-api-5xx";
const VERSION: &str = "2010-08-01";

/// The alarm's ARN.
#[must_use]
pub fn arn() -> String {
    format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME}")
}

/// Makes the alarm on the API's server errors, and puts it into OK, where quiet traffic would bring it.
///
/// # Errors
/// The refusal of `CloudWatch`.
pub async fn build(aws: &Aws) -> Result<()> {
    let alarm = [
        ("AlarmName", NAME),
        ("Namespace", "AWS/ApiGateway"),
        ("MetricName", "5XXError"),
        ("Dimensions.member.1.Name", "ApiName"),
        ("Dimensions.member.1.Value", "shop"),
        ("Statistic", "Sum"),
        ("Period", "60"),
        ("EvaluationPeriods", "1"),
        ("Threshold", "5"),
        ("ComparisonOperator", "GreaterThanThreshold"),
        ("TreatMissingData", "notBreaching"),
    ];
    aws.query("monitoring", VERSION, "PutMetricAlarm", &alarm).await?;
    set(aws, "OK").await
}

async fn set(aws: &Aws, state: &str) -> Result<()> {
    let parameters = [("AlarmName", NAME), ("StateValue", state), ("StateReason", "set by the sandbox")];
    aws.query("monitoring", VERSION, "SetAlarmState", &parameters).await.map(drop)
}

/// Fires the alarm and delivers its event.
///
/// On AWS every change of an alarm's state is an event on the account's default bus, `EventBridge` matches it against the
/// rules, and the rule's target gets it. ministack emits no such event and refuses `PutEvents` with a source `aws.*`, so
/// the sandbox does what `EventBridge` would: it asks `EventBridge` whether the rule's own pattern matches the event
/// (`TestEventPattern`) and, only then, invokes the rule's own targets with it.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
///
/// # Errors
/// A refusal of one of the services, or no rule that matches.
pub async fn fire(aws: &Aws) -> Result<()> {
    set(aws, "ALARM").await?;
    let now = jiff::Timestamp::now().to_string();
    let event = json!({
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": now,
        "region": REGION,
        "resources": [arn()],
        "detail": {
            "alarmName": NAME,
            "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": {"dimensions": {"ApiName": "shop"}, "name": "5XXError", "namespace": "AWS/ApiGateway"}, "period": 60, "stat": "Sum"}, "returnData": true}]},
            "previousState": {"reason": "set by the sandbox", "timestamp": now, "value": "OK"},
            "state": {"reason": "Threshold Crossed: 1 datapoint [42.0] was greater than the threshold (5.0).", "timestamp": now, "value": "ALARM"},
        },
    });
    let mut delivered = 0;
    let rules = aws.json("events", "AWSEvents.ListRules", &json!({})).await?;
    for rule in rules["Rules"].as_array().into_iter().flatten() {
        let Some(pattern) = rule["EventPattern"].as_str() else {
            continue;
        };
        let question = json!({"EventPattern": pattern, "Event": event.to_string()});
        let answer = aws.json("events", "AWSEvents.TestEventPattern", &question).await?;
        if answer["Result"] != true || rule["State"] != "ENABLED" {
            continue;
        }
        let targets = aws.json("events", "AWSEvents.ListTargetsByRule", &json!({"Rule": rule["Name"]})).await?;
        for target in targets["Targets"].as_array().into_iter().flatten() {
            let function = crate::aws::percent(target["Arn"].as_str().context("the target's ARN")?);
            aws.rest("lambda", Method::POST, &format!("/2015-03-31/functions/{function}/invocations"), Some(&event))
                .await?;
            delivered += 1;
        }
    }
    (delivered > 0).then_some(()).context("a rule of the template that matches a change of an alarm's state")
}
