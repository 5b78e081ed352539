//! Everything between the public API and the clusters, as preflight found them.

pub mod api;
pub mod balancer;
pub mod function;
pub mod integration;
pub mod other_api;
pub mod service;

pub use api::{Api, Canary, Protocol, Quota, Stage, Throttle, UsagePlan, VpcLink};
pub use balancer::{Attached, HealthCheck, Listener, LoadBalancer, TargetGroup};
pub use function::InvokedFunction;
pub use integration::{Connection, Integration, LinkedMethod};
pub use other_api::OtherApi;
pub use service::Service;

use super::ExistingEdge;
use serde::{Deserialize, Serialize};

/// Everything between the public API and the clusters. Where several APIs are switched, what belongs to one of them is here for the first,
/// and in `others` for each further one: see [`Edge::per_api`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The public API.
    pub api: Api,
    /// The VPC endpoint that Bascule's requests and people's go through to a private API by a host name of its own; `None` of other APIs, and
    /// of a private one that is reached under its private DNS name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint: Option<String>,
    /// Its stage that production uses; its deployment is B.
    pub stage: Stage,
    /// Every method of the API whose integration goes to blue's load balancer through a VPC link.
    pub integrations: Vec<LinkedMethod>,
    /// The Lambda functions that the stage invokes by their resource policies, which do not name the temporary API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<InvokedFunction>,
    /// Blue's VPC link V1; without an id where its methods go through VPC links V2.
    pub vpc_link: VpcLink,
    /// The load balancer behind it.
    pub load_balancer: LoadBalancer,
    /// The Service of blue that the load balancer belongs to: green's comes with the Service of the same name, and each goes with its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The load balancer's target groups.
    pub target_groups: Vec<TargetGroup>,
    /// The load balancer's listeners.
    pub listeners: Vec<Listener>,
    /// The usage plans that cover the stage, with the ids of their API keys.
    pub usage_plans: Vec<UsagePlan>,
    /// The longest time that a request through blue's link may take, in milliseconds
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
    pub longest_timeout_millis: u32,
    /// The APIs that are switched after the first. Their methods go through the same link, or to the same load balancer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherApi>,
    /// Green's load balancer and VPC link, where the user built them: then nothing above is cloned for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<ExistingEdge>,
}

impl Edge {
    /// The deployment that production has when the migration starts.
    #[must_use]
    pub fn deployment_b(&self) -> &str {
        &self.stage.deployment_id
    }

    /// Blue's VPC link V1, where its methods go through one: green gets one of its own. A VPC link V2 stays, and leads to green.
    #[must_use]
    pub fn own_link(&self) -> Option<&VpcLink> {
        Some(&self.vpc_link).filter(|link| !link.id.is_empty())
    }

    /// The stage variable that holds the id of blue's VPC link, where its methods name the link so.
    #[must_use]
    pub fn link_variable(&self) -> Option<&str> {
        self.integrations.first()?.integration.connection.variable()
    }

    /// What blue's methods go through, for people.
    #[must_use]
    pub fn entrance(&self) -> String {
        match self.own_link() {
            Some(link) => format!("VPC link {}", link.id),
            None => format!("load balancer {}", self.load_balancer.name),
        }
    }
}
