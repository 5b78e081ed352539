//! Requests, errors and latencies of production's stages by the side that served, from what API Gateway tells CloudWatch.

use crate::{
    served::{self, Stay},
    sight::Sight,
};
use domain::{
    PhaseError,
    plan::edge::Edge,
    ports::{
        StageMetrics,
        stage_metrics::{Figures, Metered, Stretch},
    },
};
use futures::future::join_all;
use std::time::Duration;

/// How long the report waits for CloudWatch: it is made while somebody waits for it, and says the rest without it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What CloudWatch says of the stage of an API.
#[derive(Debug, Clone, PartialEq)]
pub struct OfStage {
    /// Id of the API.
    pub api: String,
    /// Name of the stage.
    pub stage: String,
    /// The figures of each time in which the same side served, or why there are none.
    pub rows: Result<Vec<Row>, String>,
}

/// The figures of a time in which the same side served.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// That time, and who served.
    pub stay: Stay,
    /// All together.
    pub sum: Sum,
}

/// Figures of several periods together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sum {
    /// Periods of which CloudWatch has anything.
    pub periods: usize,
    /// Requests.
    pub requests: Known,
    /// Those that were answered 400 to 499.
    pub client_errors: Known,
    /// Those that were answered 500 to 599.
    pub server_errors: Known,
    /// Milliseconds of all answers.
    pub latency: Known,
    /// How many answers that are.
    pub answers: f64,
    /// Of each period the milliseconds that 99 % of its answers did not exceed, the lowest first.
    pub p99: Vec<f64>,
}

/// A sum with the number of periods that it is known of.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known {
    /// The sum.
    pub sum: f64,
    /// Of so many periods.
    pub of: usize,
}

impl Known {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.of += 1;
        }
    }
}

impl Sum {
    fn add(&mut self, figures: &Figures) {
        self.periods += 1;
        self.requests.add(figures.requests);
        self.client_errors.add(figures.client_errors);
        self.server_errors.add(figures.server_errors);
        self.latency.add(figures.latency.map(|(total, _)| total));
        self.answers += figures.latency.map_or(0.0, |(_, answers)| answers);
        if let Some(p99) = figures.p99 {
            let at = self.p99.partition_point(|other| *other <= p99);
            self.p99.insert(at, p99);
        }
    }
}

/// Asks CloudWatch about each stage, side by side. That it does not answer is part of the report, and no error.
pub async fn read<P: StageMetrics>(ports: &P, sight: &Sight) -> Vec<OfStage> {
    let stays = served::stays(sight);
    if stays.is_empty() {
        return Vec::new();
    }
    let stretches = served::stretches(&stays, sight.now);
    let stays = served::tellable(stays, &stretches);
    let apis = sight.migration.per_api();
    let mut asked = Vec::new();
    for migration in &apis {
        asked.push(of_stage(ports, &migration.plan.edge, &stays, &stretches));
    }
    join_all(asked).await
}

async fn of_stage<P: StageMetrics>(ports: &P, edge: &Edge, stays: &[Stay], stretches: &[Stretch]) -> OfStage {
    let rows = match tokio::time::timeout(PATIENCE, rows(ports, edge, stays, stretches)).await {
        Ok(rows) => rows.map_err(|error| error.message),
        Err(_) => Err(format!("CloudWatch did not answer within {} seconds", PATIENCE.as_secs())),
    };
    OfStage { api: edge.api.id.clone(), stage: edge.stage.name.clone(), rows }
}

async fn rows<P: StageMetrics>(
    ports: &P,
    edge: &Edge,
    stays: &[Stay],
    stretches: &[Stretch],
) -> Result<Vec<Row>, PhaseError> {
    let mut rows: Vec<Row> = stays.iter().map(|stay| Row { stay: *stay, sum: Sum::default() }).collect();
    let api = Metered::of(&edge.api);
    for stretch in stretches {
        for (at, figures) in ports.stage_metrics(&api, &edge.stage.name, stretch).await? {
            if let Some(row) = served::stay_of(stays, at, stretch.period).and_then(|index| rows.get_mut(index)) {
                row.sum.add(&figures);
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
