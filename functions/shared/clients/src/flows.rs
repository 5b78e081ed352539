//! What flows through Network Load Balancers, from Amazon CloudWatch
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html>).

use crate::{Account, error::phase_error};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use domain::PhaseError;
use domain::ports::Flows;

/// Network Load Balancers report once a minute.
const PERIOD_SECONDS: i32 = 60;

impl Flows for Account {
    async fn active_flows(
        &self,
        load_balancer_arn: &str,
        since: jiff::Timestamp,
        until: jiff::Timestamp,
    ) -> Result<Option<f64>, PhaseError> {
        let answer = Client::new(self.config())
            .get_metric_statistics()
            .namespace("AWS/NetworkELB")
            .metric_name("ActiveFlowCount")
            .dimensions(Dimension::builder().name("LoadBalancer").value(dimension(load_balancer_arn)).build())
            .start_time(DateTime::from_secs(since.as_second()))
            .end_time(DateTime::from_secs(until.as_second()))
            .period(PERIOD_SECONDS)
            .statistics(Statistic::Maximum)
            .send()
            .await
            .map_err(|error| phase_error(&format!("reading the flows of {load_balancer_arn}"), &error))?;
        Ok(answer.datapoints().iter().filter_map(|point| point.maximum()).reduce(f64::max))
    }
}

/// The dimension `LoadBalancer` is the last part of the ARN: `net/name/id`.
fn dimension(arn: &str) -> &str {
    arn.split_once("loadbalancer/").map_or(arn, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    //! Requests and answers: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>.

    use super::*;
    use crate::scenario::{Scenario, answer, cbor};
    use domain::Condition;
    use serde_json::json;

    const ARN: &str =
        "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/shop-blue/50dc6c495c0c9188";

    #[test]
    fn the_dimension_is_the_end_of_the_arn() {
        assert_eq!(super::dimension(ARN), "net/shop-blue/50dc6c495c0c9188");
    }

    #[tokio::test]
    async fn the_flows_are_the_highest_of_any_minute_and_nothing_where_none_was_reported() {
        let point = |minute: u32, maximum: f64| json!({ "Timestamp": 1_480_000_000 + 60 * minute, "Maximum": maximum, "Unit": "Count" });
        let reported =
            json!({ "Label": "ActiveFlowCount", "Datapoints": [point(1, 3.0), point(0, 17.0), point(2, 0.0)] });
        let silent = json!({ "Label": "ActiveFlowCount", "Datapoints": [] });
        let spoken = |body| answer(200, cbor::encoded(body)).header("smithy-protocol", "rpc-v2-cbor");
        let refused = answer(403, cbor::encoded(&json!({ "message": "no" })))
            .header("smithy-protocol", "rpc-v2-cbor")
            .header("x-amzn-query-error", "AccessDenied;Sender");
        let scenario = Scenario::of([spoken(&reported), spoken(&silent), refused]);
        let since = jiff::Timestamp::from_second(1_480_000_000).unwrap();
        let until = jiff::Timestamp::from_second(1_480_000_900).unwrap();
        assert_eq!(scenario.account.active_flows(ARN, since, until).await, Ok(Some(17.0)));
        assert_eq!(scenario.account.active_flows(ARN, since, until).await, Ok(None));
        assert_eq!(scenario.account.active_flows(ARN, since, until).await.unwrap_err().condition, Condition::Denied);

        assert_eq!(scenario.lines()[0], "POST /service/GraniteServiceVersion20100801/operation/GetMetricStatistics");
        let mut sent = cbor::decoded(&scenario.bytes(0));
        assert_eq!(sent["EndTime"].take().as_f64(), Some(1_480_000_900.0));
        assert_eq!(sent["StartTime"].take().as_f64(), Some(1_480_000_000.0));
        let expected = json!({
            "Namespace": "AWS/NetworkELB",
            "MetricName": "ActiveFlowCount",
            "Dimensions": [{ "Name": "LoadBalancer", "Value": "net/shop-blue/50dc6c495c0c9188" }],
            "StartTime": null,
            "EndTime": null,
            "Period": 60,
            "Statistics": ["Maximum"],
        });
        assert_eq!(sent, expected);
    }
}
