//! What CloudWatch has of stages: what a test put there, minute by minute. Of longer periods it is the sum, and of percentiles, which
//! have no sum, the highest.

use super::{Account, pair};
use domain::PhaseError;
use domain::ports::StageMetrics;
use domain::ports::stage_metrics::{Figures, MOST_PERIODS, Metered, Stretch};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl StageMetrics for Account {
    async fn stage_metrics(
        &self,
        api: &Metered,
        stage: &str,
        stretch: &Stretch,
    ) -> Result<BTreeMap<Timestamp, Figures>, PhaseError> {
        let minutes = self.read("cloudwatch:GetMetricStatistics", |aws| {
            aws.stage_metrics.get(&pair(&api.value, stage)).cloned().unwrap_or_default()
        })?;
        let period = i64::from(stretch.period);
        let length = stretch.until.duration_since(stretch.from).as_secs();
        if length / period > MOST_PERIODS {
            return Err(PhaseError::invalid_input(format!(
                "InvalidParameterCombination: more than {MOST_PERIODS} points"
            )));
        }
        let mut periods = BTreeMap::<Timestamp, Figures>::new();
        for (at, figures) in minutes.range(stretch.from..stretch.until) {
            let begin = Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(period)).unwrap_or(*at);
            let sum = periods.entry(begin).or_default();
            *sum = Figures {
                requests: added(sum.requests, figures.requests, |a, b| a + b),
                client_errors: added(sum.client_errors, figures.client_errors, |a, b| a + b),
                server_errors: added(sum.server_errors, figures.server_errors, |a, b| a + b),
                latency: added(sum.latency, figures.latency, |a, b| (a.0 + b.0, a.1 + b.1)),
                p99: added(sum.p99, figures.p99, f64::max),
            };
        }
        Ok(periods)
    }
}

fn added<T>(one: Option<T>, other: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(add(one, other)),
        (one, other) => one.or(other),
    }
}
