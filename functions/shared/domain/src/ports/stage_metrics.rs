//! What API Gateway tells Amazon CloudWatch of the stage of a REST API
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>).

use crate::PhaseError;
use jiff::Timestamp;
use std::{collections::BTreeMap, future::Future};

/// The most periods that CloudWatch tells of at once
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>).
pub const MOST_PERIODS: i64 = 1_440;

/// A time that is looked at in periods of the same length, at most [`MOST_PERIODS`] of them. Both ends are multiples of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The beginning of the first period.
    pub from: Timestamp,
    /// The end of the last period.
    pub until: Timestamp,
    /// Seconds of a period: 60, 300 or 3,600.
    pub period: i32,
}

/// What CloudWatch has of a stage in one period; nothing where it has no value of a metric. Nothing is not zero: where requests came,
/// API Gateway reports each of them, and the errors among them as zero or more.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Requests: `SampleCount` of `Count`.
    pub requests: Option<f64>,
    /// Those that were answered 400 to 499: `Sum` of `4XXError`.
    pub client_errors: Option<f64>,
    /// Those that were answered 500 to 599: `Sum` of `5XXError`.
    pub server_errors: Option<f64>,
    /// The milliseconds of all answers together, and how many they are: `Sum` and `SampleCount` of `Latency`.
    pub latency: Option<(f64, f64)>,
    /// Milliseconds that 99 % of the answers did not exceed: `p99` of `Latency`.
    pub p99: Option<f64>,
}

/// How API Gateway names an API in the dimension `ApiName`: without the characters of its name that are not ASCII, or by its id where it has no
/// others.
#[must_use]
pub fn dimension(api_name: &str, api_id: &str) -> String {
    let ascii: String = api_name.chars().filter(char::is_ascii).collect();
    if ascii.is_empty() { api_id.to_owned() } else { ascii }
}

/// The metrics of stages.
pub trait StageMetrics: Sync {
    /// What CloudWatch has of the stage of the API of this [`dimension`], by the beginning of each period that it has something of, in a few calls
    /// side by side. API Gateway has the name of an API in the dimension, not its id: those of one name are one.
    fn stage_metrics(
        &self,
        api_name: &str,
        stage: &str,
        stretch: &Stretch,
    ) -> impl Future<Output = Result<BTreeMap<Timestamp, Figures>, PhaseError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::dimension;

    #[test]
    fn an_api_is_known_by_the_ascii_of_its_name_or_by_its_id() {
        // Examples of "API Gateway removes non-ASCII characters from the ApiName dimension before sending metrics to CloudWatch. If the APIName
        // contains no ASCII characters, the API ID is used as the ApiName."
        for (name, wanted) in
            [("shop", "shop"), ("L\u{e4}den of Ana", "Lden of Ana"), ("\u{5e97}", "a1b2c3d4e5"), ("", "a1b2c3d4e5")]
        {
            assert_eq!(dimension(name, "a1b2c3d4e5"), wanted);
        }
    }
}
