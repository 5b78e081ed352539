//! What API Gateway tells Amazon CloudWatch of stages
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>).

use crate::{Account, error::phase_error};
use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Datapoint, Dimension, Statistic},
};
use domain::{
    PhaseError,
    ports::{
        StageMetrics,
        stage_metrics::{Figures, Metered, Stretch},
    },
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The percentile of `Latency`, as CloudWatch writes it.
const P99: &str = "p99";

impl StageMetrics for Account {
    async fn stage_metrics(
        &self,
        api: &Metered,
        stage: &str,
        stretch: &Stretch,
    ) -> Result<BTreeMap<Timestamp, Figures>, PhaseError> {
        let asked = Asked { client: Client::new(self.config()), api, stage, stretch };
        let (count, client_errors, server_errors, latency, p99) = futures::try_join!(
            Box::pin(asked.of("Count", vec![Statistic::SampleCount])),
            Box::pin(asked.of(api.client_errors, vec![Statistic::Sum])),
            Box::pin(asked.of(api.server_errors, vec![Statistic::Sum])),
            Box::pin(asked.of("Latency", vec![Statistic::Sum, Statistic::SampleCount])),
            // CloudWatch takes percentiles and other statistics in calls of their own.
            Box::pin(asked.of("Latency", Vec::new())),
        )?;
        let mut all = BTreeMap::<Timestamp, Figures>::new();
        let mut put = |points: Vec<Datapoint>, write: fn(&mut Figures, &Datapoint)| {
            for point in points {
                // A point without a time belongs to no period.
                if let Some(at) = point.timestamp().and_then(|at| Timestamp::from_second(at.secs()).ok()) {
                    write(all.entry(at).or_default(), &point);
                }
            }
        };
        put(count, |figures, point| figures.requests = point.sample_count());
        put(client_errors, |figures, point| figures.client_errors = point.sum());
        put(server_errors, |figures, point| figures.server_errors = point.sum());
        put(latency, |figures, point| figures.latency = point.sum().zip(point.sample_count()));
        put(p99, |figures, point| {
            figures.p99 = point.extended_statistics().and_then(|values| values.get(P99)).copied();
        });
        Ok(all)
    }
}

/// The stage and the time that are asked about.
struct Asked<'a> {
    client: Client,
    api: &'a Metered,
    stage: &'a str,
    stretch: &'a Stretch,
}

impl Asked<'_> {
    /// The points of a metric; with its percentile where no statistics are named.
    async fn of(&self, metric: &str, statistics: Vec<Statistic>) -> Result<Vec<Datapoint>, PhaseError> {
        let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let percentiles = statistics.is_empty().then(|| vec![P99.to_owned()]);
        let answer = self
            .client
            .get_metric_statistics()
            .namespace("AWS/ApiGateway")
            .metric_name(metric)
            .dimensions(dimension(self.api.dimension, &self.api.value))
            .dimensions(dimension("Stage", self.stage))
            .start_time(DateTime::from_secs(self.stretch.from.as_second()))
            .end_time(DateTime::from_secs(self.stretch.until.as_second()))
            .period(self.stretch.period)
            .set_statistics(Some(statistics).filter(|statistics| !statistics.is_empty()))
            .set_extended_statistics(percentiles)
            .send()
            .await;
        let of = || format!("reading {metric} of the stage {} of {}", self.stage, self.api.value);
        Ok(answer.map_err(|error| phase_error(&of(), &error))?.datapoints.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
