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
    async fn active_flows(&self, load_balancer_arn: &str, since: jiff::Timestamp) -> Result<Option<f64>, PhaseError> {
        let answer = Client::new(self.config())
            .get_metric_statistics()
            .namespace("AWS/NetworkELB")
            .metric_name("ActiveFlowCount")
            .dimensions(Dimension::builder().name("LoadBalancer").value(dimension(load_balancer_arn)).build())
            .start_time(DateTime::from_secs(since.as_second()))
            .end_time(DateTime::from_secs(jiff::Timestamp::now().as_second()))
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
    #[test]
    fn the_dimension_is_the_end_of_the_arn() {
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/shop-blue/50dc6c495c0c9188";
        assert_eq!(super::dimension(arn), "net/shop-blue/50dc6c495c0c9188");
    }
}
