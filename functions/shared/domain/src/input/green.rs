//! The cluster that replaces blue, and what of it the user built.

use super::NodeGroupChange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cluster that replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Green {
    /// The name that the new EKS cluster gets, or has already where it is `existing`.
    #[schemars(length(min = 1, max = 100), regex(pattern = "^[0-9A-Za-z][A-Za-z0-9_-]*$"))]
    pub cluster: String,
    /// Whether the user built the cluster, with its nodes, network and identities, by Terraform, eksctl or otherwise: then it is compared with
    /// blue and used as it is, nothing of it is deleted, and it has no `version`, `subnetIds` and `nodeGroups` here.
    #[serde(default)]
    pub existing: bool,
    /// ARN of a Network Load Balancer that the user built for green, with listeners and target groups like blue's: used instead of a clone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^arn:[^:]+:elasticloadbalancing:[^:]+:[0-9]{12}:loadbalancer/net/.+$"))]
    pub load_balancer: Option<String>,
    /// Id of a VPC link that the user built to `loadBalancer`: used instead of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub vpc_link: Option<String>,
    /// Its Kubernetes version; blue's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^1\\.[0-9]{2}$"))]
    pub version: Option<String>,
    /// Its subnets, in blue's VPC; blue's where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub subnet_ids: Vec<String>,
    /// Node groups that differ from blue's of the same name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node_groups: Vec<NodeGroupChange>,
}
