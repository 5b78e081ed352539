//! Everything between the public API and the clusters, as preflight found them.

pub mod api;
pub mod balancer;
pub mod integration;

pub use api::{Api, Canary, Quota, Stage, Throttle, UsagePlan, VpcLink};
pub use balancer::{Attached, HealthCheck, Listener, LoadBalancer, TargetGroup};
pub use integration::{Connection, Integration, LinkedMethod};

use serde::{Deserialize, Serialize};

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
    /// The longest time that a request through blue's link may take, in milliseconds
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
    pub longest_timeout_millis: u32,
}

impl Edge {
    /// The deployment that production has when the migration starts.
    #[must_use]
    pub fn deployment_b(&self) -> &str {
        &self.stage.deployment_id
    }
}
