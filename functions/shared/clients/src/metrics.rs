//! Metrics as lines of the log in CloudWatch's embedded metric format, which needs no call and no permission
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use crate::Account;
use domain::ports::{Metrics, metrics::Metric};
use serde_json::{Value, json};
use std::io::Write;

/// The namespace of all of them.
const NAMESPACE: &str = "Bascule";

impl Metrics for Account {
    fn report(&self, migration: &str, values: &[(Metric, f64)]) {
        let line = line(migration, values, jiff::Timestamp::now());
        if let Err(error) = writeln!(std::io::stdout(), "{line}") {
            tracing::warn!(%error, "metrics were not written");
        }
    }
}

/// Without dimensions: a metric is one series for all migrations, of which one is under way for each cluster, and the line itself says
/// which.
fn line(migration: &str, values: &[(Metric, f64)], now: jiff::Timestamp) -> Value {
    let metrics: Vec<Value> =
        values.iter().map(|(metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit() })).collect();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics });
    let mut line = json!({
        "_aws": { "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] },
        "migration": migration,
    });
    for (metric, value) in values {
        line[metric.name()] = json!(value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_the_embedded_metric_format() {
        let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let found = line("move", &[(Metric::WayBackDegraded, 1.0), (Metric::GreenLatency, 12.5)], now);
        // The members that the specification requires, at the root.
        let expected = json!({
            "_aws": {
                "Timestamp": 1_767_225_600_000_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Bascule",
                    "Dimensions": [[]],
                    "Metrics": [
                        { "Name": "WayBackDegraded", "Unit": "None" },
                        { "Name": "GreenLatency", "Unit": "Milliseconds" },
                    ],
                }],
            },
            "migration": "move",
            "WayBackDegraded": 1.0,
            "GreenLatency": 12.5,
        });
        assert_eq!(found, expected);
    }
}
