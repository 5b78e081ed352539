//! What validate saw of green beside blue: the evidence that people approve. Validate writes it, request-approval binds the answer to
//! it, the approval page shows it, and releases after it are told by its digests.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What validate saw, once all of it was right at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Evidence {
    /// Everything that makes Pods, by `Kind/namespace/name`.
    pub workloads: BTreeMap<String, Workload>,
    /// Green's target groups, by the name of the one of blue that each is a clone of.
    pub targets: BTreeMap<String, Targets>,
    /// The requests that both sides were tried with.
    pub smoke: Vec<Smoke>,
    /// The state of each alarm that guards the migration, as CloudWatch calls it, by ARN.
    pub alarms: BTreeMap<String, String>,
    /// Objects that are on blue and in no bundle.
    pub only_on_blue: OnlyOnBlue,
    /// Custom resources that did not become ready on green in time, and why, by `Kind/namespace/name`: some can be only once production's
    /// names lead to green.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unready: BTreeMap<String, String>,
}

/// A workload on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Workload {
    /// The images of its containers on green.
    pub images: Option<Vec<String>>,
    /// A digest of what blue runs; absent where blue has none, such as a Job that was removed after its end.
    pub blue: Option<String>,
    /// A digest of what green runs.
    pub green: Option<String>,
    /// How many Pods green asks for; absent where the kind does not count.
    pub replicas: Option<i64>,
    /// How many Pods blue asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue_replicas: Option<i64>,
    /// How many of green's Pods are ready; absent where its status does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<i64>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Targets {
    /// Targets that are healthy.
    pub healthy: usize,
    /// All of them.
    pub targets: usize,
}

/// A request to both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Smoke {
    /// The id of the API, where there are several.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api: String,
    /// The path below the stage.
    pub path: String,
    /// The HTTP status that blue answered; absent where it could not be asked, since the API has no default endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blue: Option<u16>,
    /// The HTTP status that green answered.
    pub green: u16,
    /// How long blue took, in milliseconds, with the handshake of the connection.
    pub blue_millis: u32,
    /// How long green took.
    pub green_millis: u32,
}

/// Objects that are on blue and in no bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OnlyOnBlue {
    /// How many.
    pub count: usize,
    /// The names of the first ones.
    pub names: Vec<String>,
}

impl Smoke {
    /// The request, for people.
    #[must_use]
    pub fn what(&self) -> String {
        if self.api.is_empty() { self.path.clone() } else { format!("{} {}", self.api, self.path) }
    }

    /// Whether green answered as blue did; where blue was not asked, green answered as the input expects, or there were no evidence.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        self.blue.is_none_or(|blue| blue == self.green)
    }
}

impl Evidence {
    /// Whether both say the same but for how long answers took, which is never the same twice.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        let untimed = |evidence: &Self| {
            let mut evidence = evidence.clone();
            for smoke in &mut evidence.smoke {
                (smoke.blue_millis, smoke.green_millis) = (0, 0);
            }
            evidence
        };
        untimed(self) == untimed(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_another_one_where_more_than_a_latency_differs() {
        let smoke = |green, green_millis| Smoke {
            path: "/".to_owned(),
            blue: Some(200),
            green,
            blue_millis: 5,
            green_millis,
            ..Smoke::default()
        };
        let evidence = |smoke| Evidence { smoke: vec![smoke], ..Evidence::default() };
        assert!(evidence(smoke(200, 7)).says_as(&evidence(smoke(200, 8))));
        assert!(!evidence(smoke(200, 7)).says_as(&evidence(smoke(404, 7))));
    }
}
