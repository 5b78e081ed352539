//! How long a migration takes and what two clusters side by side cost, as far as that can be said before it starts.

use crate::{
    Duration, Input,
    usd::{PerHour, dollars},
};
use serde::{Deserialize, Serialize};

/// What the plan says of time and money.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// How long each state takes, in the order of the machine.
    pub times: Vec<Time>,
    /// What green costs as long as blue is there too.
    pub costs: Vec<Cost>,
    /// Which prices these are, and when they were looked up.
    pub prices: String,
}

/// Where in the machine a state stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Branch {
    /// Network, control plane and nodes.
    Cluster,
    /// Load balancer, VPC link and temporary API, beside the former.
    Edge,
    /// After both, until people are asked.
    Qualification,
    /// From their yes until green serves.
    Switch,
}

/// How long one state takes, polls included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Time {
    /// The branch that it is part of.
    pub branch: Branch,
    /// The state.
    pub state: String,
    /// In minutes, about.
    pub minutes: u32,
}

/// What something of green costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// What it is.
    pub of: String,
    /// How many of it there are.
    pub count: u32,
    /// What an hour of one costs. Nothing where Bascule knows no price of it and the input has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<PerHour>,
}

impl Cost {
    /// In US cents a day.
    #[must_use]
    pub fn cents_per_day(&self) -> u64 {
        self.per_hour.map_or(0, |price| price.cents_per_day(self.count.into()))
    }
}

impl Estimate {
    /// How long a branch takes, in minutes.
    #[must_use]
    pub fn minutes(&self, branch: Branch) -> u32 {
        self.times.iter().filter(|time| time.branch == branch).map(|time| time.minutes).sum()
    }

    /// How long it takes until people are asked, in minutes: the longer of the branches that run side by side, and what comes after.
    #[must_use]
    pub fn minutes_to_question(&self) -> u32 {
        self.minutes(Branch::Cluster).max(self.minutes(Branch::Edge)) + self.minutes(Branch::Qualification)
    }

    /// What green costs a day as long as blue is there too, in US cents.
    #[must_use]
    pub fn cents_per_day(&self) -> u64 {
        self.costs.iter().map(Cost::cents_per_day).sum()
    }

    /// What it costs until the cleanup starts, in US cents, where people answer at once.
    #[must_use]
    pub fn cents_to_cleanup(&self, input: &Input) -> u64 {
        let minutes = u64::from(self.minutes_to_question() + self.minutes(Branch::Switch));
        let seconds =
            Duration::from_mins(minutes).as_secs() + input.bake.duration.as_secs() + input.cleanup.after.as_secs();
        self.cents_per_day() * seconds / Duration::from_days(1).as_secs()
    }

    /// How long it takes, as people read it.
    #[must_use]
    pub fn durations(&self, input: &Input) -> Vec<String> {
        let states = |branch| {
            let of_branch = self.times.iter().filter(|time| time.branch == branch);
            let states: Vec<_> = of_branch.map(|time| format!("{} {}", time.state, time.minutes)).collect();
            format!("{} min ({})", self.minutes(branch), states.join(", "))
        };
        let critical =
            if self.minutes(Branch::Cluster) >= self.minutes(Branch::Edge) { "the cluster's" } else { "the edge's" };
        vec![
            format!("the cluster's branch about {}", states(Branch::Cluster)),
            format!("the edge's branch, beside it, about {}", states(Branch::Edge)),
            format!("after both about {}", states(Branch::Qualification)),
            format!(
                "people are asked after about {} min: the critical path is {critical} branch; then up to {} for their answer",
                self.minutes_to_question(),
                input.approval.timeout
            ),
            format!("from their yes until green serves everything about {}", states(Branch::Switch)),
            format!(
                "the bake {}, and {} more until {}",
                input.bake.duration,
                input.cleanup.after,
                if input.keeps_blue() { "what was temporary is taken away; blue stays" } else { "blue is deleted" }
            ),
        ]
    }

    /// What it costs, as people read it.
    #[must_use]
    pub fn money(&self, input: &Input) -> Vec<String> {
        let mut lines: Vec<String> = self.costs.iter().map(Cost::line).collect();
        let unpriced = self.costs.iter().any(|cost| cost.per_hour.is_none());
        lines.push(format!(
            "together about {} a day, about {} until the cleanup starts where people answer at once{}, without volumes and traffic; {}",
            dollars(self.cents_per_day()),
            dollars(self.cents_to_cleanup(input)),
            if unpriced { ", without what has no price here" } else { "" },
            self.prices
        ));
        lines
    }
}

impl Cost {
    fn line(&self) -> String {
        match self.per_hour {
            Some(_) => format!("{} × {}: about {} a day", self.count, self.of, dollars(self.cents_per_day())),
            None => format!("{} × {}: no price known; name it in the input under \"prices\"", self.count, self.of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn estimate() -> Estimate {
        let time = |branch, state: &str, minutes| Time { branch, state: state.to_owned(), minutes };
        Estimate {
            times: vec![
                time(Branch::Cluster, "ProvisionControlPlane", 12),
                time(Branch::Cluster, "ProvisionNodes", 6),
                time(Branch::Edge, "ProvisionEdge", 8),
                time(Branch::Qualification, "Validate", 4),
                time(Branch::Switch, "ShiftTraffic", 10),
            ],
            costs: vec![
                Cost { of: "control-plane".into(), count: 1, per_hour: Some(PerHour::from_micros(100_000)) },
                Cost { of: "m6i.large".into(), count: 3, per_hour: Some(PerHour::from_micros(96_000)) },
                Cost { of: "x9.huge".into(), count: 1, per_hour: None },
            ],
            prices: "prices of us-east-1".into(),
        }
    }

    fn input() -> Input {
        let input = json!({
            "blue": { "cluster": "b" }, "green": { "cluster": "g" }, "gateway": { "restApiId": "a", "stage": "s" },
            "workloads": { "manifests": ["s3://b/k"] }, "bake": { "duration": "1d" }, "cleanup": { "after": "9d" },
        });
        Input::read(&input).unwrap()
    }

    #[test]
    fn branches_side_by_side_take_as_long_as_the_longer_one() {
        let mut estimate = estimate();
        assert_eq!(estimate.minutes_to_question(), 18 + 4);
        assert!(estimate.durations(&input())[3].contains("the critical path is the cluster's branch"));
        estimate.times[2].minutes = 40;
        assert_eq!(estimate.minutes_to_question(), 40 + 4);
        assert!(estimate.durations(&input())[3].contains("the critical path is the edge's branch"));
    }

    #[test]
    fn costs_are_summed_a_day_and_until_the_cleanup_and_what_has_no_price_is_told() {
        let (estimate, input) = (estimate(), input());
        assert_eq!(estimate.cents_per_day(), 240 + 692);
        // Ten days and 32 minutes.
        assert_eq!(estimate.cents_to_cleanup(&input), 932 * 10 + 932 * 32 / (24 * 60));
        let lines = estimate.money(&input);
        assert_eq!(lines[1], "3 × m6i.large: about $6.92 a day");
        assert!(lines[2].starts_with("1 × x9.huge: no price known"), "{}", lines[2]);
        assert!(
            lines[3].starts_with("together about $9.32 a day, about $93.40 until the cleanup starts"),
            "{}",
            lines[3]
        );
    }
}
