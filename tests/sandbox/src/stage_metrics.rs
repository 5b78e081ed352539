//! What the data plane counts, brought to `CloudWatch` every minute, as API Gateway itself does
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>).
//!
//! AWS keeps namespaces that begin with `AWS/` for its services; ministack lets the administrator put data there. On AWS metrics come some minutes
//! late; here at the end of a minute.

use std::sync::Arc;
use std::time::Duration;

use front_door::execute_api::{Datum, Metrics};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::error::{Context, Result};

const VERSION: &str = "2010-08-01";
const MINUTE: u64 = 60;

/// The most values of a metric that `PutMetricData` takes at once
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
const MOST_VALUES: usize = 150;

/// Brings the figures until it is dropped.
#[derive(Debug)]
pub struct StageMetrics {
    metrics: Arc<Metrics>,
    aws: Aws,
    task: JoinHandle<()>,
}

impl StageMetrics {
    /// Begins with the minute that goes on. The emulator is asked without the front door, whose calls are those of users and functions.
    #[must_use]
    pub fn start(metrics: Arc<Metrics>, aws: Aws) -> Self {
        let (counted, of) = (Arc::clone(&metrics), aws.clone());
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(until_next_minute(Timestamp::now())).await;
                if let Err(error) = put(&of, &counted.take()).await {
                    tracing::warn!(%error, "CloudWatch does not take what API Gateway counted");
                }
            }
        });
        Self { metrics, aws, task }
    }

    /// Brings what has been counted so far, also of the minute that goes on.
    ///
    /// # Errors
    /// The refusal of `CloudWatch`.
    pub async fn bring(&self) -> Result<()> {
        put(&self.aws, &self.metrics.take()).await
    }
}

impl Drop for StageMetrics {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn until_next_minute(now: Timestamp) -> Duration {
    let second = u64::try_from(now.as_second().rem_euclid(60)).unwrap_or_default();
    Duration::from_secs(MINUTE - second)
}

async fn put(aws: &Aws, data: &[Datum]) -> Result<()> {
    if data.is_empty() {
        return Ok(());
    }
    let parameters = parameters(data);
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    aws.query("monitoring", VERSION, "PutMetricData", &parameters).await.context("API Gateway's metrics").map(drop)
}

fn parameters(data: &[Datum]) -> Vec<(String, String)> {
    let mut parameters = vec![("Namespace".to_owned(), "AWS/ApiGateway".to_owned())];
    let parts = data.iter().flat_map(|datum| datum.values.chunks(MOST_VALUES).map(move |values| (datum, values)));
    for (number, (datum, values)) in (1..).zip(parts) {
        let mut put = |name: &str, value: String| {
            parameters.push((format!("MetricData.member.{number}.{name}"), value));
        };
        put("MetricName", datum.metric.to_owned());
        put("Unit", datum.unit.to_owned());
        put("Timestamp", datum.minute.to_string());
        for (place, (name, value)) in (1..).zip(&datum.dimensions) {
            put(&format!("Dimensions.member.{place}.Name"), (*name).to_owned());
            put(&format!("Dimensions.member.{place}.Value"), value.clone());
        }
        for (place, (value, count)) in (1..).zip(values) {
            put(&format!("Values.member.{place}"), value.to_string());
            put(&format!("Counts.member.{place}"), count.to_string());
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_ends_with_the_next_whole_one() {
        for (second, wanted) in [(0, 60), (1, 59), (59, 1), (120, 60)] {
            let now = Timestamp::from_second(second).unwrap();
            assert_eq!(until_next_minute(now), Duration::from_secs(wanted));
        }
    }

    #[test]
    fn the_data_are_parameters_of_the_query_protocol_and_no_metric_has_more_values_than_are_taken() {
        let datum = |metric, values: Vec<(u64, u64)>| Datum {
            metric,
            unit: "Count",
            dimensions: vec![("ApiName", "shop".to_owned()), ("Stage", "prod".to_owned())],
            minute: Timestamp::from_second(60).unwrap(),
            values,
        };
        let parameters = parameters(&[datum("5XXError", vec![(0, 7), (1, 2)])]);
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            parameters,
            [
                ("Namespace", "AWS/ApiGateway"),
                ("MetricData.member.1.MetricName", "5XXError"),
                ("MetricData.member.1.Unit", "Count"),
                ("MetricData.member.1.Timestamp", "1970-01-01T00:01:00Z"),
                ("MetricData.member.1.Dimensions.member.1.Name", "ApiName"),
                ("MetricData.member.1.Dimensions.member.1.Value", "shop"),
                ("MetricData.member.1.Dimensions.member.2.Name", "Stage"),
                ("MetricData.member.1.Dimensions.member.2.Value", "prod"),
                ("MetricData.member.1.Values.member.1", "0"),
                ("MetricData.member.1.Counts.member.1", "7"),
                ("MetricData.member.1.Values.member.2", "1"),
                ("MetricData.member.1.Counts.member.2", "2"),
            ]
        );
        let many = super::parameters(&[datum("Latency", (0..301).map(|value| (value, 1)).collect())]);
        let of = |number| {
            let prefix = format!("MetricData.member.{number}.Values");
            many.iter().filter(|(name, _)| name.starts_with(&prefix)).count()
        };
        assert_eq!((of(1), of(2), of(3), of(4)), (150, 150, 1, 0));
    }
}
