//! Everything between the public API and the clusters, as preflight found them.

pub mod api;
pub mod balancer;
pub mod integration;

pub use api::{Api, BasePath, Canary, Quota, Stage, Throttle, UsagePlan, VpcLink};
pub use balancer::{Attached, HealthCheck, Listener, LoadBalancer, TargetGroup};
pub use integration::{Connection, Integration, LinkedMethod};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything between the public API and the clusters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The public API.
    pub api: Api,
    /// Its stage that production uses; its deployment is B.
    pub stage: Stage,
    /// Every method of the API whose integration goes through blue's VPC link.
    pub integrations: Vec<LinkedMethod>,
    /// Blue's VPC link.
    pub vpc_link: VpcLink,
    /// The load balancer behind it.
    pub load_balancer: LoadBalancer,
    /// The load balancer's target groups.
    pub target_groups: Vec<TargetGroup>,
    /// The load balancer's listeners.
    pub listeners: Vec<Listener>,
    /// The usage plans that cover the stage, with the ids of their API keys.
    pub usage_plans: Vec<UsagePlan>,
    /// What of custom domains is mapped to the stage.
    pub base_paths: Vec<BasePath>,
    /// The longest time that a request through blue's link may take, in milliseconds
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
    pub longest_timeout_millis: u32,
}

impl Edge {
    /// Whether a connection goes to blue on a stage with these variables: through blue's VPC link, or through a VPC link V2 to
    /// blue's load balancer or one of its listeners.
    #[must_use]
    pub fn is_blue(&self, connection: &Connection, variables: &BTreeMap<String, String>) -> bool {
        match connection {
            Connection::VpcLinkV2 { target, .. } => {
                *target == self.load_balancer.arn || self.listeners.iter().any(|listener| listener.arn == *target)
            }
            other => other.vpc_link(variables).is_some_and(|id| id == self.vpc_link.id),
        }
    }

    /// The deployment that production has when the migration starts.
    #[must_use]
    pub fn deployment_b(&self) -> &str {
        &self.stage.deployment_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_goes_to_blue_by_its_link_or_by_its_load_balancer() {
        let edge = Edge {
            vpc_link: VpcLink { id: "blue1".to_owned(), ..VpcLink::default() },
            load_balancer: LoadBalancer { arn: "arn:balancer".to_owned(), ..LoadBalancer::default() },
            listeners: vec![Listener { arn: "arn:listener".to_owned(), ..Listener::default() }],
            ..Edge::default()
        };
        let variables = [("link".to_owned(), "blue1".to_owned()), ("other".to_owned(), "green1".to_owned())].into();
        for (id, target, expected) in [
            ("blue1", "", true),
            ("green1", "", false),
            ("${stageVariables.link}", "", true),
            ("${stageVariables.other}", "", false),
            ("${stageVariables.missing}", "", false),
            ("v2", "arn:balancer", true),
            ("v2", "arn:listener", true),
            ("v2", "arn:another", false),
            ("", "", false),
        ] {
            assert_eq!(edge.is_blue(&Connection::of("", id, target), &variables), expected, "{id:?} to {target:?}");
        }
    }
}
