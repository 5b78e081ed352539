//! `PutMetricData`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>

use crate::{query_client::QueryClient, query_protocol::Fault};

/// One value of a metric, at the time it is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Datum {
    /// The metric's name.
    pub(crate) name: &'static str,
    /// `Count` or `Bytes`.
    pub(crate) unit: &'static str,
    /// The value.
    pub(crate) value: f64,
    /// Dimensions by name.
    pub(crate) dimensions: Vec<(&'static str, String)>,
}

/// Sends values to a namespace.
pub(crate) async fn put_metric_data(client: &QueryClient, namespace: &str, data: &[Datum]) -> Result<(), Fault> {
    // One call takes up to 1,000 values, more than there ever are.
    let mut parameters = vec![("Namespace".to_owned(), namespace.to_owned())];
    for (at, datum) in data.iter().enumerate() {
        let prefix = format!("MetricData.member.{}", at + 1);
        parameters.push((format!("{prefix}.MetricName"), datum.name.to_owned()));
        parameters.push((format!("{prefix}.Unit"), datum.unit.to_owned()));
        parameters.push((format!("{prefix}.Value"), datum.value.to_string()));
        for (number, (name, value)) in datum.dimensions.iter().enumerate() {
            parameters.push((format!("{prefix}.Dimensions.member.{}.Name", number + 1), (*name).to_owned()));
            parameters.push((format!("{prefix}.Dimensions.member.{}.Value", number + 1), value.clone()));
        }
    }
    client.call("monitoring", "2010-08-01", "PutMetricData", &parameters).await.map(drop)
}
