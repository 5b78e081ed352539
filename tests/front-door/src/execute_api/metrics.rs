//! What API Gateway tells Amazon CloudWatch of REST APIs, "Amazon API Gateway dimensions and metrics"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>), and of HTTP APIs, "Work with
//! metrics for HTTP APIs" (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>).
//!
//! Simulated are `Count`, `4XXError`, `5XXError`, `Latency` and `IntegrationLatency`, for a REST API by its name and for each of its stages; of
//! HTTP APIs, which go by their ids, the errors are called `4xx` and `5xx`. A request counts in the minute in which it came, and in whole
//! milliseconds; AWS says neither. Not simulated: metrics of caches and of data processed, and the detailed metrics of methods and routes, which
//! a stage has to ask for.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;

const MINUTE: i64 = 60;

/// Values of a metric in a minute, for `PutMetricData`
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datum {
    /// The metric's name.
    pub metric: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Name and value of each dimension.
    pub dimensions: Vec<(&'static str, String)>,
    /// The beginning of the minute.
    pub minute: Timestamp,
    /// Each value with how often it came, lowest first.
    pub values: Vec<(u64, u64)>,
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Metric {
    Count,
    ClientError,
    ServerError,
    Latency,
    IntegrationLatency,
}

impl Metric {
    const fn name_and_unit(self, of: &Known) -> (&'static str, &'static str) {
        match self {
            Self::Count => ("Count", "Count"),
            Self::ClientError if of.is_http => ("4xx", "Count"),
            Self::ServerError if of.is_http => ("5xx", "Count"),
            Self::ClientError => ("4XXError", "Count"),
            Self::ServerError => ("5XXError", "Count"),
            Self::Latency => ("Latency", "Milliseconds"),
            Self::IntegrationLatency => ("IntegrationLatency", "Milliseconds"),
        }
    }
}

/// What `CloudWatch` knows an API by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    is_http: bool,
    /// Of a REST API its name, of an HTTP API its id.
    by: String,
}

impl Known {
    pub(crate) fn rest(name: &str, id: &str) -> Self {
        Self { is_http: false, by: dimension(name, id) }
    }

    pub(crate) fn http(id: &str) -> Self {
        Self { is_http: true, by: id.to_owned() }
    }

    fn dimension(self) -> (&'static str, String) {
        (if self.is_http { "ApiId" } else { "ApiName" }, self.by)
    }
}

/// What is known of a request by its end.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// The API and the stage; of a request that reaches no stage nothing is counted.
    pub(crate) stage: OnceLock<(Known, String)>,
    /// From when it was relayed to the backend until the backend's answer; nothing where it was not relayed.
    pub(crate) integration: OnceLock<Duration>,
}

impl Observed {
    /// Notes the stage of a request.
    pub(crate) fn reached(&self, api: Known, stage: &str) {
        self.stage.get_or_init(|| (api, stage.to_owned()));
    }

    /// Waits for the backend, and notes how long it took.
    pub(crate) async fn relayed<T>(&self, call: impl Future<Output = T>) -> T {
        let begin = std::time::Instant::now();
        let answer = call.await;
        self.integration.get_or_init(|| begin.elapsed());
        answer
    }
}

/// "API Gateway removes non-ASCII characters from the `ApiName` dimension before sending metrics to `CloudWatch`. If the `APIName` contains no
/// ASCII characters, the API ID is used as the `ApiName`."
fn dimension(name: &str, id: &str) -> String {
    let ascii: String = name.chars().filter(char::is_ascii).collect();
    if ascii.is_empty() { id.to_owned() } else { ascii }
}

/// Second, at which the minute begins, API, stage and metric.
type Key = (i64, Known, Option<String>, Metric);

/// What has been counted and not been taken yet.
#[derive(Debug, Default)]
pub struct Metrics {
    counted: Mutex<BTreeMap<Key, BTreeMap<u64, u64>>>,
}

impl Metrics {
    /// Counts a request that came at this time.
    pub(crate) fn count(&self, observed: &Observed, at: Timestamp, status: StatusCode, latency: Duration) {
        let Some((api, stage)) = observed.stage.get() else { return };
        let second = at.as_second() - at.as_second().rem_euclid(MINUTE);
        let values = [
            (Metric::Count, Some(1)),
            (Metric::ClientError, Some(u64::from(status.is_client_error()))),
            (Metric::ServerError, Some(u64::from(status.is_server_error()))),
            (Metric::Latency, Some(milliseconds(latency))),
            (Metric::IntegrationLatency, observed.integration.get().map(|time| milliseconds(*time))),
        ];
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for stage in [None, Some(stage)] {
            for (metric, value) in values.into_iter().filter_map(|(metric, value)| Some((metric, value?))) {
                let of = counted.entry((second, api.clone(), stage.cloned(), metric)).or_default();
                *of.entry(value).or_default() += 1;
            }
        }
    }

    /// Takes what has been counted since the last time. Of one minute there may be more the next time: `CloudWatch` adds it up.
    #[must_use]
    pub fn take(&self) -> Vec<Datum> {
        let counted = std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner));
        let datum = |((second, api, stage, metric), values): (Key, BTreeMap<u64, u64>)| {
            let (metric, unit) = metric.name_and_unit(&api);
            let mut dimensions = vec![api.dimension()];
            dimensions.extend(stage.map(|stage| ("Stage", stage)));
            let minute = Timestamp::from_second(second).unwrap_or_default();
            Datum { metric, unit, dimensions, minute, values: values.into_iter().collect() }
        };
        counted.into_iter().map(datum).collect()
    }
}

/// To the next whole one.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from((time + Duration::from_micros(500)).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(metrics: &Metrics, second: i64, status: u16, latency: u64, integration: Option<u64>) {
        let observed = Observed::default();
        observed.reached(Known::rest("shop", "a1b2c3d4e5"), "prod");
        if let Some(time) = integration {
            observed.integration.set(Duration::from_millis(time)).unwrap();
        }
        let at = Timestamp::from_second(second).unwrap();
        metrics.count(&observed, at, StatusCode::from_u16(status).unwrap(), Duration::from_millis(latency));
    }

    /// The values of a metric in a minute, of the API and of the stage alike.
    fn values(data: &[Datum], metric: &str, second: i64) -> Vec<(u64, u64)> {
        let of = |dimensions: &[(&str, &str)]| {
            let wanted: Vec<_> = dimensions.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            let is_it = |datum: &&Datum| {
                (datum.metric, datum.minute.as_second()) == (metric, second) && datum.dimensions == wanted
            };
            data.iter().find(is_it).map(|datum| datum.values.clone()).unwrap_or_default()
        };
        let stage = of(&[("ApiName", "shop"), ("Stage", "prod")]);
        assert_eq!(of(&[("ApiName", "shop")]), stage);
        stage
    }

    #[test]
    fn each_request_counts_once_in_its_minute_and_its_error_or_none_too() {
        let metrics = Metrics::default();
        for (second, status, latency, integration) in
            [(60, 200, 3, Some(2)), (61, 200, 5, Some(2)), (119, 404, 1, None), (120, 504, 29_000, Some(29_000))]
        {
            count(&metrics, second, status, latency, integration);
        }
        let data = metrics.take();
        for (metric, first, second) in [
            ("Count", vec![(1, 3)], vec![(1, 1)]),
            ("4XXError", vec![(0, 2), (1, 1)], vec![(0, 1)]),
            ("5XXError", vec![(0, 3)], vec![(1, 1)]),
            ("Latency", vec![(1, 1), (3, 1), (5, 1)], vec![(29_000, 1)]),
            ("IntegrationLatency", vec![(2, 2)], vec![(29_000, 1)]),
        ] {
            assert_eq!((values(&data, metric, 60), values(&data, metric, 120)), (first, second), "{metric}");
        }
        // What was taken is not taken again.
        assert_eq!(metrics.take(), []);
    }

    #[test]
    fn an_http_api_is_known_by_its_id_and_has_names_of_its_own_for_errors() {
        let metrics = Metrics::default();
        let observed = Observed::default();
        observed.reached(Known::http("a1b2c3d4e5"), "$default");
        metrics.count(&observed, Timestamp::UNIX_EPOCH, StatusCode::SERVICE_UNAVAILABLE, Duration::from_millis(7));
        let data = metrics.take();
        let names: Vec<_> = data.iter().filter(|datum| datum.dimensions.len() == 2).map(|datum| datum.metric).collect();
        assert_eq!(names, ["Count", "4xx", "5xx", "Latency"]);
        let wanted = vec![("ApiId", "a1b2c3d4e5".to_owned()), ("Stage", "$default".to_owned())];
        let failed = data.iter().find(|datum| datum.metric == "5xx" && datum.dimensions == wanted).unwrap();
        assert_eq!(failed.values, [(1, 1)]);
    }

    #[test]
    fn an_api_is_known_by_the_ascii_of_its_name_or_by_its_id() {
        for (name, wanted) in
            [("shop", "shop"), ("Läden of Ana", "Lden of Ana"), ("店", "a1b2c3d4e5"), ("", "a1b2c3d4e5")]
        {
            assert_eq!(dimension(name, "a1b2c3d4e5"), wanted);
        }
    }

    #[test]
    fn what_reaches_no_stage_is_nobodys() {
        let metrics = Metrics::default();
        metrics.count(&Observed::default(), Timestamp::UNIX_EPOCH, StatusCode::FORBIDDEN, Duration::ZERO);
        assert_eq!(metrics.take(), []);
    }
}
