//! Metrics of migrations, in Amazon CloudWatch under the namespace `Bascule`.

use strum::VariantArray;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, VariantArray)]
pub enum Metric {
    /// 1 while something stands against giving production back to blue, else 0: of each look while green serves.
    WayBackDegraded,
    /// 1 for each reminder of a question that nobody has answered.
    ApprovalsNearTheirDeadline,
    /// Percentage of the traffic that green has: of each look while traffic moves.
    TrafficOnGreen,
    /// Percentage of the compared requests that blue failed.
    BlueErrors,
    /// Percentage of the compared requests that green failed.
    GreenErrors,
    /// Milliseconds that 95 % of blue's answers to them did not exceed.
    BlueLatency,
    /// Milliseconds that 95 % of green's answers to them did not exceed.
    GreenLatency,
}

impl Metric {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        Self::VARIANTS
    }

    /// As CloudWatch shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its unit, as CloudWatch calls it
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::WayBackDegraded => "None",
            Self::ApprovalsNearTheirDeadline => "Count",
            Self::TrafficOnGreen | Self::BlueErrors | Self::GreenErrors => "Percent",
            Self::BlueLatency | Self::GreenLatency => "Milliseconds",
        }
    }
}

/// Where metrics go.
pub trait Metrics: Sync {
    /// Reports some values of now. Nothing waits for it, and nothing fails with it.
    fn report(&self, migration: &str, values: &[(Metric, f64)]);
}
