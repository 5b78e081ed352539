//! What API Gateway tells Amazon CloudWatch of the stage of an API
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>).

use crate::PhaseError;
use crate::plan::edge::{Api, Protocol};
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
    /// Those that were answered 400 to 499: `Sum` of `4XXError`, or `4xx`.
    pub client_errors: Option<f64>,
    /// Those that were answered 500 to 599: `Sum` of `5XXError`, or `5xx`.
    pub server_errors: Option<f64>,
    /// The milliseconds of all answers together, and how many they are: `Sum` and `SampleCount` of `Latency`.
    pub latency: Option<(f64, f64)>,
    /// Milliseconds that 99 % of the answers did not exceed: `p99` of `Latency`.
    pub p99: Option<f64>,
}

/// How CloudWatch knows an API, and what its errors are called there: REST APIs by name
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>), HTTP APIs by id
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// The dimension: `ApiName` or `ApiId`.
    pub dimension: &'static str,
    /// Its value. REST APIs of one name are one.
    pub value: String,
    /// The metric of the answers 400 to 499.
    pub client_errors: &'static str,
    /// The metric of the answers 500 to 599.
    pub server_errors: &'static str,
}

impl Metered {
    /// This API. Of the name of a REST API the characters that are ASCII are in the dimension, and its id where it has no others.
    #[must_use]
    pub fn of(api: &Api) -> Self {
        match api.protocol {
            Protocol::Rest => {
                let ascii: String = api.name.chars().filter(char::is_ascii).collect();
                let value = if ascii.is_empty() { api.id.clone() } else { ascii };
                Self { dimension: "ApiName", value, client_errors: "4XXError", server_errors: "5XXError" }
            }
            Protocol::Http => {
                Self { dimension: "ApiId", value: api.id.clone(), client_errors: "4xx", server_errors: "5xx" }
            }
        }
    }
}

/// The metrics of stages.
pub trait StageMetrics: Sync {
    /// What CloudWatch has of the stage of this API, by the beginning of each period that it has something of, in a few calls side by side.
    fn stage_metrics(
        &self,
        api: &Metered,
        stage: &str,
        stretch: &Stretch,
    ) -> impl Future<Output = Result<BTreeMap<Timestamp, Figures>, PhaseError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_api_is_known_by_the_ascii_of_its_name_or_by_its_id() {
        // Examples of "API Gateway removes non-ASCII characters from the ApiName dimension before sending metrics to CloudWatch. If the APIName
        // contains no ASCII characters, the API ID is used as the ApiName."
        for (name, wanted) in
            [("shop", "shop"), ("L\u{e4}den of Ana", "Lden of Ana"), ("\u{5e97}", "a1b2c3d4e5"), ("", "a1b2c3d4e5")]
        {
            let api = Api { id: "a1b2c3d4e5".to_owned(), name: name.to_owned(), ..Api::default() };
            assert_eq!((Metered::of(&api).dimension, Metered::of(&api).value.as_str()), ("ApiName", wanted));
        }
    }

    #[test]
    fn an_http_api_is_known_by_its_id_and_its_errors_have_other_names() {
        let (id, name) = ("a1b2c3d4e5".to_owned(), "shop".to_owned());
        let metered = Metered::of(&Api { id, name, protocol: Protocol::Http, ..Api::default() });
        assert_eq!((metered.dimension, metered.value.as_str()), ("ApiId", "a1b2c3d4e5"));
        assert_eq!((metered.client_errors, metered.server_errors), ("4xx", "5xx"));
    }
}
